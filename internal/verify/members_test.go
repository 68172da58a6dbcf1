package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/verify"
)

// The code of a composite permit tells programs every member as it stands, and why one
// is not permitted; another file that claims its identifier tells nothing of them, and
// what is no composite has none.
func TestMembers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := newService(t, d)
		c, plain := w.Issue(t, kind), w.Issue(t, kind)
		s.Members = func(_ context.Context, id string) ([]verify.Member, error) {
			if id != c.ID {
				return nil, nil
			}
			return []verify.Member{
				{Kind: "food_operation", Name: "食品经营许可证", Number: "JY1", Issuer: "青禾县市场监督管理局", Required: true, Permitted: true, Status: "effective", StatusName: "有效"},
				{Kind: "road_transport", Name: "道路运输经营许可证", Number: "9", Issuer: "青禾县市场监督管理局", Status: "suspended", StatusName: "暂扣"},
			}, nil
		}
		st, err := s.Code(t.Context(), c.Code)
		must(t, err)
		data, err := json.Marshal(st)
		must(t, err)
		var got struct {
			Members []map[string]any `json:"members"`
		}
		must(t, json.Unmarshal(data, &got))
		if len(got.Members) != 2 || got.Members[0]["permitted"] != true || got.Members[0]["reason"] != nil || got.Members[0]["required"] != true {
			t.Fatalf("%s", data)
		}
		if m := got.Members[1]; m["permitted"] != false || m["status"] != "suspended" || m["name"] != "道路运输经营许可证" || !strings.Contains(m["reason"].(string), "暂扣") {
			t.Errorf("%v", m)
		}
		if !st.Members[1].Passes() {
			t.Error("what is suspended does not pass")
		}
		for name, v := range map[string]*verify.Verdict{
			"an altered one": verdict(t, s, append(bytes.Clone(w.Document(t, c)), 0)), "no composite": verdict(t, s, w.Document(t, plain)),
		} {
			data, err := json.Marshal(v)
			must(t, err)
			if v.Register == nil || bytes.Contains(data, []byte(`"members"`)) {
				t.Errorf("%s: %s", name, data)
			}
		}
	})
}

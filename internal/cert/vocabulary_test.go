package cert_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/seal/sealtest"
)

// The record says its status by the words of another body, to who may see it.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "road_transport")
		c := l.Issue(t, "road_transport")
		want := func(name, vocabulary string, o state.Outside) {
			t.Helper()
			got, err := l.Cert.GetIn(l.issuer, c.ID, vocabulary)
			must(t, err)
			o.Vocabulary = vocabulary
			if got.Outside == nil || *got.Outside != o {
				t.Errorf("%s: %+v", name, got.Outside)
			}
		}
		want("effective", "mot", state.Outside{Code: "10", Name: "有效"})
		_, err := l.act(c.ID, "report_lost")
		must(t, err)
		want("lost", "mot", state.Outside{Code: "09", Name: "无效（其他）", Description: "已挂失", Inferred: true})
		want("lost, without a code", "guangdong", state.Outside{Description: "没有表示挂失的代码"})
		got, err := l.Cert.GetIn(l.issuer, c.ID, "")
		must(t, err)
		if got.Outside != nil {
			t.Errorf("nobody asked for %+v", got.Outside)
		}
		before := len(rows(t, l.World, "cert/"+c.ID))
		for _, name := range []string{"nobody", "mohurd-operation", "MOT", "mot "} {
			_, err := l.Cert.GetIn(l.issuer, c.ID, name)
			wantFault(t, err, fault.Invalid, "cert.vocabulary", "vocabulary", "unknown")
			if f := fault.As(err); !strings.Contains(f.Hint, "mohurd-special-work、mohurd-safety-staff、mot、guangdong、shandong、gtmap") {
				t.Errorf("the way out is %s", f.Hint)
			}
		}
		if n := len(rows(t, l.World, "cert/"+c.ID)); n != before {
			t.Errorf("what was refused left %d rows", n-before)
		}
		land := l.Hire(t, "land", "clerk", sealtest.Land)
		if _, err := l.Cert.GetIn(land, c.ID, "mot"); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("another unit: %v", err)
		}
	})
}

func TestVocabularyRoutes(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "road_transport")
	c := w.Issue(t, "road_transport")
	r := httpx.New(httpx.Options{Authorizer: acting{"clerk": w.Hire(t, "clerk", "clerk", sealtest.Market), "app": w.Client}})
	w.Cert.Routes(r)
	must(t, r.Err())
	get := func(who, path string, into any) int {
		req := httptest.NewRequest("GET", path, nil)
		req.Header.Set("Acting", who)
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, req)
		if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
			t.Errorf("%s: %v in %s", path, err, rec.Body)
		}
		return rec.Code
	}
	for who, status := range map[string]int{"clerk": 200, "app": 200, "": 401} {
		var list struct{ Items []state.Vocabulary }
		if got := get(who, "/api/v1/status-vocabularies", &list); got != status || status == 200 && (len(list.Items) != 7 || len(list.Items[0].Lines) != len(state.Statuses())) {
			t.Errorf("%q: %d, %d vocabularies", who, got, len(list.Items))
		}
	}
	var one struct {
		Status map[string]any `json:"outside_status"`
	}
	if got := get("clerk", "/api/v1/certificates/"+c.ID+"?vocabulary=gtmap", &one); got != 200 || one.Status["code"] != "1" || one.Status["name"] != "现势" || one.Status["vocabulary"] != "gtmap" || one.Status["description"] != "" {
		t.Errorf("%d: %v", got, one.Status)
	}
	var problem map[string]any
	if got := get("clerk", "/api/v1/certificates/"+c.ID+"?vocabulary=x", &problem); got != 422 || problem["code"] != "cert.vocabulary" {
		t.Errorf("%d: %v", got, problem)
	}
}

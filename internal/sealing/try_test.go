package sealing_test

import (
	"context"
	"maps"
	"reflect"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd"
)

// What is tried is what is asked for afterwards, and nothing is left of it.
func TestTry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		a := sealingtest.Request(t, 3, w.Step(sealtest.Market, 0, 20, 200), sealing.StepAsk{Seal: w.Seals[sealtest.Land].ID, Order: 1, Places: []sealing.Place{{Straddle: &sealing.Straddle{}, Y: 100}}})
		before := rows(t, w)
		tried, err := w.Sealing.Try(w.Asker, a)
		must(t, err)
		frozen := a
		frozen.Steps = []sealing.StepAsk{{Seal: "nosuchseal", Places: a.Steps[0].Places}}
		if _, err := w.Sealing.Try(w.Asker, frozen); fault.As(err) == nil {
			t.Errorf("a seal that is not there: %v", err)
		}
		if after := rows(t, w); !reflect.DeepEqual(before, after) {
			t.Errorf("rows before %v, after %v", before, after)
		}
		r, err := w.Sealing.Ask(w.Asker, a)
		must(t, err)
		if tried.Pages != 3 || tried.Original != r.Original || tried.Converted || len(tried.Steps) != 2 {
			t.Fatalf("tried: %+v", tried)
		}
		for i, st := range r.Steps {
			got := tried.Steps[i]
			if got.Seal != st.Seal || got.SealName != st.SealName || got.SealOrg != st.SealOrg || got.Order != st.Order || got.Rule != st.Rule || !reflect.DeepEqual(got.Levels, st.Levels) || !reflect.DeepEqual(got.Places, st.Places) {
				t.Errorf("step %d tried %+v, asked for %+v", i, got, st)
			}
		}
	})
}

// rows counts what trying must not add to.
func rows(t *testing.T, w *sealingtest.World) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"sealing_request", "sealing_step", "audit_entry", "outbox_event"} {
			var n int64
			if err := tx.Get(`select count(*) from `+table, nil, &n); err != nil {
				return err
			}
			out[table] = n
		}
		return nil
	}))
	return out
}

// Beside what is wrong stand the places that are right.
func TestPlacesBesideWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		doc, err := ofd.Open(sealingtest.Document(t, "通知", 2))
		must(t, err)
		id := w.Seals[sealtest.Market].ID
		spots, err := w.Sealing.Places(w.Asker, doc, []sealing.StepAsk{
			{Seal: id, Places: []sealing.Place{{Page: 1, X: 20, Y: 200}, {Page: 9, X: 20, Y: 200}}}, {Seal: id, Places: []sealing.Place{{Keyword: "没有的字"}}},
		})
		f := fault.As(err)
		if f == nil || f.Code != "sealing.place" || len(f.Fields) != 2 || f.Fields[0].Name != "steps[0].places[1]" || f.Fields[1].Name != "steps[1].places[0]" || f.Fields[1].Code != "keyword" {
			t.Fatalf("%+v", err)
		}
		if len(spots) != 2 || len(spots[0]) != 1 || spots[0][0].Page != 1 || len(spots[1]) != 0 {
			t.Errorf("spots %+v", spots)
		}
		if _, err := w.Sealing.Places(w.Asker, doc, []sealing.StepAsk{{Seal: "nosuchseal", Places: []sealing.Place{{Page: 1}}}}); fault.As(err) == nil {
			t.Errorf("a seal that is not there: %v", err)
		}
	})
}

// sameRefusal tells whether trying refuses as asking does.
func sameRefusal(t *testing.T, w *sealingtest.World, by context.Context, a sealing.Ask, asked error) {
	t.Helper()
	_, tried := w.Sealing.Try(by, a)
	x, y := fault.As(asked), fault.As(tried)
	if (asked == nil) != (tried == nil) || (x == nil) != (y == nil) || x != nil && (x.Kind != y.Kind || x.Code != y.Code || !reflect.DeepEqual(x.Fields, y.Fields)) {
		t.Errorf("asking: %v; trying: %v", asked, tried)
	}
}

func TestTryRoute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		c := serve(t, w)
		fields := map[string]string{
			"title": "通知", "purpose": "公文", "reason": "对外发布",
			"steps": `[{"seal":"` + w.Seals[sealtest.Market].ID + `","places":[{"keyword":"` + sealingtest.Keyword + `"}]}]`,
		}
		document := sealingtest.Document(t, "通知", 1)
		const check = requests + "/check"
		before := rows(t, w)
		var got sealing.Trial
		c.form(w.Asker, check, fields, document, 200, &got)
		if got.Pages != 1 || len(got.Steps) != 1 || len(got.Steps[0].Places) != 1 || got.Steps[0].Levels[0] != seal.ByCustodian {
			t.Errorf("%+v", got)
		}
		c.form(context.Background(), check, fields, document, 401, nil)
		c.form(w.System, check, fields, document, 403, nil)
		c.form(w.Asker, check, fields, nil, 422, nil)
		for name, v := range map[string]string{"steps": `[{"seal":"nosuchseal","places":[{"page":1}]}]`, "org": sealtest.Land, "account": "x"} {
			changed := maps.Clone(fields)
			changed[name] = v
			c.form(w.Asker, check, changed, document, map[string]int{"steps": 404, "org": 403, "account": 422}[name], nil)
		}
		delete(before, "audit_entry") // what the door refuses is recorded there
		after := rows(t, w)
		delete(after, "audit_entry")
		if !reflect.DeepEqual(before, after) {
			t.Errorf("rows before %v, after %v", before, after)
		}
	})
}

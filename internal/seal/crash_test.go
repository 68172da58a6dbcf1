package seal_test

import (
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// died is what a process that dies after a step does.
type died string

// until runs fn to a step, as a process that dies there.
func until(w *sealtest.World, step string, fn func()) (reached bool) {
	w.Seal.Step = func(name string) {
		if name == step {
			panic(died(step))
		}
	}
	defer func() {
		w.Seal.Step = nil
		if p := recover(); p != nil {
			if _, ok := p.(died); !ok {
				panic(p)
			}
			reached = true
		}
	}()
	fn()
	return false
}

// After a crash at any step of making and filing, a repetition ends with one
// seal, one key and one digital certificate.
func TestCrashMake(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		w := sealtest.In(t, d, dir)
		o, err := w.IAM.Org(t.Context(), sealtest.Market)
		must(t, err)
		before := held(t, w.PKI, o.ID)
		for i, step := range []string{"plan", "key", "certificate", "certified", "sign", "keep", "file"} {
			r := w.Request(t, sealtest.Market, seal.LegalName)
			r.ID = "yz-" + step
			file := seal.FileRequest{Authority: pkitest.Root}
			if !until(w, step, func() {
				x, err := w.Seal.Make(w.Keeper, r)
				must(t, err)
				_, err = w.Seal.File(w.Keeper, x.ID, file)
				must(t, err)
			}) {
				t.Errorf("step %s was not reached", step)
			}
			next, err := sealtest.Open(t.Context(), d, dir, w.App.ID)
			must(t, err)
			keeper, err := next.IAM.As(t.Context(), sealtest.Account(w.Keeper))
			must(t, err)
			x, err := next.Seal.Make(keeper, r)
			must(t, err)
			x, err = next.Seal.File(keeper, x.ID, file)
			must(t, err)
			if x.ID != r.ID || x.State != seal.Effective || x.Number == "" {
				t.Errorf("after %s: %+v", step, x)
			}
			if n := held(t, next.PKI, o.ID); n != before+i+1 {
				t.Errorf("after %s: %d digital certificates, want %d", step, n, before+i+1)
			}
		}
	})
}

func held(t testing.TB, p *pki.Service, org string) int {
	t.Helper()
	all, err := p.HeldBy(t.Context(), org)
	must(t, err)
	keys := map[string]bool{}
	for _, c := range all {
		keys[c.Key] = true
	}
	if len(keys) != len(all) {
		t.Errorf("%d keys for %d digital certificates", len(keys), len(all))
	}
	return len(all)
}

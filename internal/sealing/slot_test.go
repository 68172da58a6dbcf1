package sealing_test

import (
	"slices"
	"testing"

	"sidian/gm"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses/sestest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func prepared(t testing.TB, data []byte) *ofd.Document {
	t.Helper()
	d, err := sealing.Take(data)
	must(t, err)
	return d
}

func reopened(t testing.TB, d *ofd.Document) *ofd.Document {
	t.Helper()
	b, err := d.Bytes()
	must(t, err)
	d, err = ofd.Open(b)
	must(t, err)
	return d
}

// wantClean wants that every signature of a document is valid, by itself, and
// that nothing is to be warned of.
func wantClean(t testing.TB, d *ofd.Document, o sign.Options, n int) *sign.Report {
	t.Helper()
	b, err := d.Bytes()
	must(t, err)
	r := sign.Verify(b, o)
	if r.Verdict != sign.Valid || len(r.Signatures) != n || len(r.Uncovered)+len(r.Unreferenced)+len(r.Warnings) > 0 {
		t.Fatalf("%s with %d signatures: %+v", r.Verdict, len(r.Signatures), r)
	}
	return r
}

// Stamps that are made over one base, in whatever order, stand together: each
// valid, none covering another, no number twice. Then the next group.
func TestSlots(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := sign.Options{Anchors: pki.Anchors(), CRLs: []*gm.RevocationList{pki.CRL()}, Now: sestest.Now}
	stamp := func(d *ofd.Document, x float64) *ofd.Document {
		t.Helper()
		out, err := sign.Stamp(d, sign.StampOptions{
			Seal: pki.Seal(), Signer: pki.SignerKey, Certificate: pki.Signer, Time: sestest.Now,
			Places: []sign.Place{{X: x, Y: 200, W: 40, H: 40}, {X: x, Y: 100, W: 40, H: 40}},
		})
		must(t, err)
		return out
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0}, {2}} {
		d := prepared(t, sealingtest.Document(t, "并列盖章", 2))
		for group := range 2 {
			base := d
			for _, n := range order {
				in, err := sealing.Slot(base, n)
				must(t, err)
				d, err = sealing.Join(d, stamp(in, float64(10+45*n)))
				must(t, err)
				d = reopened(t, d)
			}
			wantClean(t, d, o, (group+1)*len(order))
		}
		seen := map[string]bool{}
		for _, rec := range d.Signatures() {
			f, err := d.Signature(rec)
			must(t, err)
			ids := []string{rec.ID}
			for _, s := range f.Stamps {
				ids = append(ids, s.ID)
			}
			for _, id := range ids {
				if seen[id] {
					t.Errorf("order %v: the number %s is there twice", order, id)
				}
				seen[id] = true
			}
		}
	}
}

// A slot is a document of its own: what is approved for one is not approved for
// another, and the same each time.
func TestSlotsDiffer(t *testing.T) {
	t.Parallel()
	d := prepared(t, sealingtest.Document(t, "并列盖章", 1))
	var all []gm.Digest
	for n := range 4 {
		for range 2 {
			in, err := sealing.Slot(d, n)
			must(t, err)
			c, err := contentOf(in)
			must(t, err)
			all = append(all, c)
		}
		if all[2*n] != all[2*n+1] || slices.Contains(all[:2*n], all[2*n]) {
			t.Errorf("slot %d is not one document of its own", n)
		}
	}
}

package lasting_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/lasting"
	"sidian/internal/seal/sealtest"
)

const kind = "road_transport"

// aged is a certificate's document under an authority of its day, and others in
// the same batch.
func aged(t *testing.T, d *db.DB) (w *world, c *certtest.World, id string, document []byte) {
	t.Helper()
	c = certtest.New(t, d, kind)
	made := c.Issue(t, kind)
	document = c.Document(t, made)
	w = over(t, d, c.World.World)
	trust, err := c.PKI.Trust(t.Context())
	must(t, err)
	w.trust.Anchors, w.trust.Intermediates, w.trust.CRLs = trust.Anchors, trust.Intermediates, trust.Lists
	ids := w.note(t, sealtest.Market, append([][]byte{document}, texts(4)...)...)
	return w, c, ids[0], document
}

// later moves the clock, with a new authority that alone is trusted then.
func (w *world) later(t *testing.T, years int, fresh bool) {
	t.Helper()
	w.now = w.now.AddDate(years, 0, 0)
	if fresh {
		w.by = newAuthority(t, w.now, 12)
		w.trust.Anchors, w.trust.Intermediates, w.trust.CRLs = nil, nil, nil
	}
}

// Thirty years on, after authorities and their keys have come and gone, a document
// still proves that it was valid on the day on which it was first stamped.
func TestThirtyYears(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c, id, document := aged(t, d)
		w.Lead = 400 * 24 * time.Hour
		began := w.now
		if n := w.work(t); n != 1 {
			t.Fatalf("%d time stamps for one batch", n)
		}
		made := 1
		for year := 1; year <= 30; year++ {
			w.later(t, 1, year%10 == 9)
			made += w.work(t)
		}
		if made != 4 {
			t.Errorf("%d time stamps in thirty years", made)
		}
		p, err := w.Proof(c.Client, id)
		must(t, err)
		if p.State != lasting.Stamped || p.Report.Result != lasting.Valid || p.Since.Sub(began).Abs() > time.Second || len(p.Record.Stamps) != made || !p.Until.After(w.now) {
			t.Fatalf("%+v with %d time stamps", p.Report, len(p.Record.Stamps))
		}
		// An outsider needs the record, the document and the roots of all times.
		der, err := w.DER(c.Client, id)
		must(t, err)
		r, err := lasting.Parse(der)
		must(t, err)
		o, err := w.Options(t.Context())
		must(t, err)
		if got := lasting.Verify(document, r, o); got.Result != lasting.Valid {
			t.Errorf("read from DER: %+v", got)
		}
		o.Anchors = gm.NewPool(w.by.root)
		if got := lasting.Verify(document, r, o); got.Result != lasting.Undetermined || !slices.Contains(codes(got), "anchor") {
			t.Errorf("without the old roots: %+v", got)
		}
		b, err := json.Marshal(p.Record)
		must(t, err)
		back := &lasting.Record{}
		must(t, json.Unmarshal(b, back))
		o, err = w.Options(t.Context())
		must(t, err)
		if got := lasting.Verify(document, back, o); got.Result != lasting.Valid {
			t.Errorf("read from JSON: %+v", got)
		}
	})
}

// Renewed too late, or not at all, it cannot be told any more.
func TestGap(t *testing.T) {
	t.Parallel()
	w, c, id, document := aged(t, dbtest.New(t, "sqlite"))
	w.work(t)
	w.later(t, 13, true)
	p, err := w.Proof(c.Client, id)
	must(t, err)
	if p.Report.Result != lasting.Undetermined || !slices.Equal(codes(p.Report), []string{"lapsed"}) {
		t.Errorf("never renewed: %+v", p.Report)
	}
	w.work(t)
	p, err = w.Proof(c.Client, id)
	must(t, err)
	if p.Report.Result != lasting.Undetermined || !slices.Equal(codes(p.Report), []string{"gap"}) || p.Report.Problems[0].Stamp != 1 || !strings.Contains(p.Report.Problems[0].Message, "到期") {
		t.Errorf("renewed too late: %+v", p.Report)
	}
	o, err := w.Options(t.Context())
	must(t, err)
	o.Now = p.Record.Stamps[0].At.AddDate(0, 0, -1)
	r := *p.Record
	r.Stamps = r.Stamps[:1]
	if got := lasting.Verify(document, &r, o); !slices.Contains(codes(got), "future") {
		t.Errorf("before it was made: %+v", got)
	}
	o.Now = p.Record.Stamps[0].At.AddDate(1, 0, 0)
	o.Algorithms = lasting.Algorithms{lasting.SM3: o.Now.AddDate(1, 0, 0), lasting.SM2: o.Now.AddDate(0, -1, 0)}
	if got := lasting.Verify(document, &r, o); got.Result != lasting.Undetermined || !slices.Equal(codes(got), []string{"algorithm"}) {
		t.Errorf("after its algorithm: %+v", got)
	}
}

// What was altered is told, whatever it is.
func TestTampered(t *testing.T) {
	t.Parallel()
	w, c, id, document := aged(t, dbtest.New(t, "sqlite"))
	w.work(t)
	w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
	w.by = newAuthority(t, w.now, 12)
	w.work(t)
	p, err := w.Proof(c.Client, id)
	must(t, err)
	if len(p.Record.Stamps) != 2 || p.Report.Result != lasting.Valid {
		t.Fatalf("%d time stamps, %+v", len(p.Record.Stamps), p.Report)
	}
	o, err := w.Options(t.Context())
	must(t, err)
	flip := func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b }
	whole, err := json.Marshal(p.Record)
	must(t, err)
	for name, x := range map[string]struct {
		change func(r *lasting.Record, d []byte) []byte
		code   string
	}{
		"the document":     {func(_ *lasting.Record, d []byte) []byte { return flip(d) }, "imprint"},
		"another document": {func(*lasting.Record, []byte) []byte { return texts(1)[0] }, "imprint"},
		"the tree": {func(r *lasting.Record, d []byte) []byte {
			r.Stamps[0].Path[1][0] = flip(r.Stamps[0].Path[1][0])
			return d
		}, "token"},
		"a shorter tree": {func(r *lasting.Record, d []byte) []byte { r.Stamps[0].Path = r.Stamps[0].Path[:1]; return d }, "token"},
		"no tree":        {func(r *lasting.Record, d []byte) []byte { r.Stamps[0].Path = nil; return d }, "imprint"},
		"more in the group": {func(r *lasting.Record, d []byte) []byte {
			x := gm.Sum(nil)
			r.Stamps[0].Path[0] = append(r.Stamps[0].Path[0], x[:])
			return d
		}, "imprint"},
		"the material":          {func(r *lasting.Record, d []byte) []byte { r.Stamps[0].Material = flip(r.Stamps[0].Material); return d }, "imprint"},
		"the first token":       {func(r *lasting.Record, d []byte) []byte { r.Stamps[0].Token = flip(r.Stamps[0].Token); return d }, "token"},
		"the second token":      {func(r *lasting.Record, d []byte) []byte { r.Stamps[1].Token = flip(r.Stamps[1].Token); return d }, "token"},
		"the first is left out": {func(r *lasting.Record, d []byte) []byte { r.Stamps = r.Stamps[1:]; return d }, "imprint"},
		"the order":             {func(r *lasting.Record, d []byte) []byte { slices.Reverse(r.Stamps); return d }, "imprint"},
		"the last twice":        {func(r *lasting.Record, d []byte) []byte { r.Stamps = append(r.Stamps, r.Stamps[1]); return d }, "imprint"},
		"another authority's": {func(r *lasting.Record, d []byte) []byte {
			r.Stamps[0].Token, _ = newAuthority(t, w.now, 1).stamp([]byte("x"), w.now)
			return d
		}, "token"},
		"nothing":               {func(r *lasting.Record, d []byte) []byte { r.Stamps = nil; return d }, "shape"},
		"of an unknown version": {func(r *lasting.Record, d []byte) []byte { r.Version = 2; return d }, "shape"},
		"a document not sealed": {func(r *lasting.Record, _ []byte) []byte { return unsealed(t, w, r) }, "document"},
	} {
		r := &lasting.Record{}
		must(t, json.Unmarshal(whole, r))
		got := lasting.Verify(x.change(r, document), r, o)
		if got.Result == lasting.Valid || !slices.Contains(codes(got), x.code) || got.Problems[0].Message == "" {
			t.Errorf("%s: %+v", name, got)
		}
		if x.code != "document" && got.Result != lasting.Invalid {
			t.Errorf("%s is %s", name, got.Result)
		}
	}
}

// unsealed makes a record that holds, of a document that nobody sealed.
func unsealed(t *testing.T, w *world, r *lasting.Record) []byte {
	t.Helper()
	data := []byte("no document of ours")
	leaf, material := gm.Sum(data), gm.Sum(r.Stamps[0].Material)
	a, b := leaf[:], material[:]
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	token, err := w.by.stamp(slices.Concat(a, b), w.now)
	must(t, err)
	r.Stamps = []lasting.Stamp{{Path: [][][]byte{{a, b}}, Material: r.Stamps[0].Material, Token: token}}
	return data
}

// A time stamp whose authority was revoked for its key proves nothing; one that
// merely ceased does, until then.
func TestRefuses(t *testing.T) {
	t.Parallel()
	w, c, id, _ := aged(t, dbtest.New(t, "sqlite"))
	p, err := w.Proof(c.Client, id)
	must(t, err)
	if p.State != lasting.Waiting || p.Report != nil {
		t.Errorf("before the first time stamp: %+v", p)
	}
	_, err = w.DER(c.Client, id)
	if f := fault.As(err); f == nil || f.Code != "lasting.waiting" {
		t.Errorf("its record: %v", err)
	}
	w.work(t)
	stranger := c.Hire(t, "stranger9", "clerk", sealtest.Land)
	for name, x := range map[string]struct {
		who  context.Context
		id   string
		kind fault.Kind
	}{"another unit": {stranger, id, fault.Forbidden}, "nobody": {context.Background(), id, fault.Unauthorized}, "no certificate": {c.Client, "none", fault.NotFound}} {
		_, err := w.Proof(x.who, x.id)
		_, also := w.DER(x.who, x.id)
		if a, _ := fault.Of(err); a != x.kind {
			t.Errorf("%s: %v", name, err)
		}
		if a, _ := fault.Of(also); a != x.kind {
			t.Errorf("%s: %v", name, also)
		}
	}
	// An anchor that somebody put into the database is not trusted.
	must(t, w.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`update lasting_anchor set data = $1`, newAuthority(t, w.now, 1).root.Raw)
		return err
	}))
	if _, err := w.Proof(c.Client, id); err == nil {
		t.Error("an anchor that was put in is trusted")
	}
}

package annotation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/db/dbtest"
	"sidian/internal/verify"
	"sidian/ofd/sign"
)

// verifier is a verdict that knows copies, as the program wires it.
func (w *world) verifier() *verify.Service {
	return &verify.Service{DB: w.DB, PKI: w.PKI, Cert: w.Cert, Cache: sign.NewChainCache(), Copies: func(ctx context.Context, d gm.Digest) (*verify.Copy, error) {
		f, err := w.copies.Lookup(ctx, d)
		if err != nil {
			return nil, err
		}
		return &verify.Copy{Number: f.Number, MadeAt: f.MadeAt, ExpiresAt: f.ExpiresAt, Certificate: f.Certificate}, nil
	}}
}

// The verdict on a copy says what has become of it, and of its original.
func TestVerdict(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Now().Truncate(time.Second)
	d.Now = func() time.Time { return now }
	w := newWorld(t, d)
	s := w.verifier()
	wants := func(data []byte, stands bool, words ...string) {
		t.Helper()
		v, err := s.Document(t.Context(), "加注件.ofd", data)
		must(t, err)
		if v.Report.Verdict != sign.Valid || v.Stands() || v.CopyStands() != stands || v.Copy == nil || v.Register == nil {
			t.Errorf("%s, copy %+v, register %+v", v.Report.Verdict, v.Copy, v.Register)
		}
		said := v.LegalEffect + strings.Join(v.Reasons, "\n")
		for _, word := range words {
			if !strings.Contains(said, word) {
				t.Errorf("it does not say %s: %s", word, said)
			}
		}
		if strings.Contains(said, "不一致") {
			t.Errorf("it takes the copy for a bad original: %s", said)
		}
	}
	c := w.Issue(t, kind)
	short, long := w.request(c.ID), w.request(c.ID)
	short.ExpiresAt = now.AddDate(0, 0, 1).Format(time.RFC3339)
	a, err := w.copies.Make(w.app, short)
	must(t, err)
	b, err := w.copies.Make(w.app, long)
	must(t, err)
	first, second := w.file(t, a), w.file(t, b)
	wants(first, true, a.Number, "原件附在其中，目前有效")
	now = now.AddDate(0, 0, 2)
	wants(first, false, "到期", "已过期")
	wants(second, true, b.Number)
	_, err = w.Cert.Act(w.staff, cert.ActRequest{ID: c.ID, Action: "cancel", Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
	must(t, err)
	wants(second, false, "原件", "注销", "不再有效")
	v, err := s.Document(t.Context(), "原件.ofd", w.Document(t, c))
	must(t, err)
	if v.Copy != nil || v.Register == nil || !v.Register.SameDocument {
		t.Errorf("the original is taken for a copy: %+v", v.Copy)
	}
	second[len(second)/2] ^= 1
	if v, err = s.Document(t.Context(), "改动.ofd", second); err != nil || v.CopyStands() || v.Copy != nil {
		t.Errorf("an altered copy: %+v %v", v, err)
	}
}

package pack

import (
	"bytes"
	"errors"
	"testing"
)

// TestWhole: a package of ours passes every check, and none that can be made is
// left out.
func TestWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := w.write(w.dossier())
	o := w.options()
	o.Expected = &Expected{Files: 5, Bytes: int64(len(data))}
	r := w.check(data, o)
	for _, c := range r.Checks {
		if c.Result != Pass {
			t.Errorf("%s %s: %s %s", c.ID, c.Name, c.Result, c.Evidence)
		}
	}
	if r.Result != Pass || r.Blocks() || r.Number != "Z109-2026-000001" || r.Files != 5 || r.Meta.ApplyName != "样例 & <公司>" || !r.Meta.ArchiveTime.Equal(now) {
		t.Errorf("report %+v", r)
	}
	if len(r.Checks) != len(checks) || r.Signer != w.pki.Signer.SubjectName() {
		t.Errorf("%d checks, signer %q", len(r.Checks), r.Signer)
	}
}

// TestSameBytes: what does not depend on the signature's chance is the same.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.dossier()
	s := &recorded{Key: w.signer()}
	var a, b bytes.Buffer
	w.must(p.Write(&a, s))
	w.must(p.Write(&b, s))
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two writings differ")
	}
}

// recorded signs once.
type recorded struct {
	*Key
	value []byte
}

func (r *recorded) SignDetached(content []byte) (value []byte, err error) {
	if r.value == nil {
		r.value, err = r.Key.SignDetached(content)
	}
	return r.value, err
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		id     string
		change func(*Package)
	}{
		"no number":            {"2-2-1", func(p *Package) { p.Number = "" }},
		"number is a path":     {"2-2-1", func(p *Package) { p.Number = "../x" }},
		"no fonds":             {"2-2-1", func(p *Package) { p.Meta.FondsID = "" }},
		"too long":             {"1-2-3", func(p *Package) { p.Meta.FondsID = "Z1234567890123456" }},
		"wrong code":           {"1-2-4", func(p *Package) { p.Meta.SocialCode = "11100000MB0143028X" }},
		"unknown period":       {"1-2-5", func(p *Package) { p.Meta.Retention = "定期7年" }},
		"done before received": {"1-2-6", func(p *Package) { p.Meta.TransactTime = p.Meta.ReceiveTime.Add(-1e9) }},
		"events out of order":  {"1-2-6", func(p *Package) { p.Events[0], p.Events[1] = p.Events[1], p.Events[0] }},
		"event without time":   {"1-2-6", func(p *Package) { p.Events[0].At = p.Events[0].At.AddDate(-3000, 0, 0) }},
		"turned text":          {"1-2-7", func(p *Package) { p.Meta.ProjectName = "a\u202eb" }},
		"code twice":           {"1-2-2", func(p *Package) { p.Filing[0].Code, p.Results[0].Code = "A1", "A1" }},
		"name twice":           {"1-2-2", func(p *Package) { p.Filing[1].Name = p.Filing[0].Name; p.Filing[1].Media = "" }},
		"no result":            {"2-2-2", func(p *Package) { p.Results, p.Signatures = nil, nil }},
		"path as name":         {"4-2-1", func(p *Package) { p.Filing[0].Name = "../a.pdf" }},
		"program":              {"4-2-1", func(p *Package) { p.Filing[0].Name = "a.exe" }},
		"empty file":           {"4-2-1", func(p *Package) { p.Filing[0].Data = nil }},
		"media and ending":     {"3-2-3", func(p *Package) { p.Filing[0].Media = "image/png" }},
		"signature of nothing": {"1-4-2", func(p *Package) { p.Signatures[0].File = "结果文件/C9.ofd" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.dossier()
			c.change(p)
			var refused *RefusedError
			if err := p.Write(&bytes.Buffer{}, w.signer()); !errors.As(err, &refused) || refused.ID != c.id {
				t.Errorf("%v, want a refusal by %s", err, c.id)
			}
		})
	}
	t.Run("what nobody can verify", func(t *testing.T) {
		t.Parallel()
		s := w.signer()
		for _, s := range []Signer{&forger{Key: s}, &forger{Key: s, value: []byte("nothing")}} {
			if err := w.dossier().Write(&bytes.Buffer{}, s); err == nil {
				t.Error("written")
			}
		}
	})
}

// forger gives a signature over something else.
type forger struct {
	*Key
	value []byte
}

func (f *forger) SignDetached([]byte) ([]byte, error) {
	if f.value != nil {
		return f.value, nil
	}
	return f.Key.SignDetached([]byte("something else"))
}

package sign

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"sidian/ses/sestest"
)

// checkReport sees what must hold of every report.
func checkReport(t *testing.T, r *Report) {
	t.Helper()
	if r.Warnings == nil || r.Signatures == nil || r.Uncovered == nil || r.Unreferenced == nil {
		t.Error("a list would be null in JSON")
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	want := Unsigned
	if len(r.Signatures) > 0 {
		want = Valid
	}
	for _, s := range r.Signatures {
		own := Valid
		if len(s.Checks) != len(CheckCodes) {
			t.Errorf("%d checks", len(s.Checks))
		}
		for _, c := range s.Checks {
			switch {
			case c.Result == Fail:
				own = Invalid
			case c.Result == Unknown && own == Valid:
				own = Undetermined
			}
		}
		if s.Verdict != own {
			t.Errorf("verdict %s of checks that say %s", s.Verdict, own)
		}
		want = worse(want, own)
	}
	if r.Verdict != want && r.Verdict != Refused {
		t.Errorf("verdict %s of signatures that say %s", r.Verdict, want)
	}
}

func FuzzVerify(f *testing.F) {
	files, err := filepath.Glob("testdata/signed/*.ofd")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	o := sampleOptions(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkReport(t, Verify(data, o)) })
}

// FuzzSignature puts noise where a signer's software writes: nothing but the
// signature itself may verify, and nothing may crash.
func FuzzSignature(f *testing.F) {
	pki := sestest.New(f)
	p := (&variant{}).stamped(f, pki)
	list, xml, value := p.files[listPart], p.files[signDir+"Signature.xml"], p.files[signDir+"SignedValue.dat"]
	f.Add(list, xml, value)
	bare := (&variant{kind: "Sign", value: func(xml []byte) []byte { v, _ := pki.SignerKey.Sign(xml); return v }}).stamped(f, pki)
	f.Add(bare.files[listPart], bare.files[signDir+"Signature.xml"], bare.files[signDir+"SignedValue.dat"])
	o := options(pki)
	o.ChainCache = NewChainCache()
	f.Fuzz(func(t *testing.T, l, x, v []byte) {
		q := &pack{names: p.names, files: maps.Clone(p.files)}
		q.files[listPart], q.files[signDir+"Signature.xml"], q.files[signDir+"SignedValue.dat"] = l, x, v
		r := Verify(q.zip(t), o)
		checkReport(t, r)
		if r.Verdict == Valid && string(x) != string(xml) {
			show(t, r)
			t.Error("another Signature.xml than the one signed verifies")
		}
	})
}

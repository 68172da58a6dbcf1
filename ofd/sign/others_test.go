package sign

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/ofd"
	"sidian/ses/sestest"
)

// others are documents of other producers, and what stamping them does: it
// works, or is refused by a rule.
var others = map[string]string{
	"gen-whole.ofd": "closed", "ofdrw_converter_V4RideRight.ofd": "closed", "ofdrw_sign_allprotected.ofd": "closed",
	"ofdrw_converter_h.ofd": "closed", "easy-4_gen_13_riding_seal.ofd": "closed", "ofdrw_crypto_hello-integrity.ofd": "integrity_list",
}

// TestStampOthers seals what others wrote: ours is valid and covers everything,
// theirs is judged as before; or the refusal names its rule and the way out.
func TestStampOthers(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	for _, dir := range []string{filepath.Join("testdata", "signed"), filepath.Join("..", "..", "..", "shared", "samples", "open")} {
		names, err := filepath.Glob(filepath.Join(dir, "*.ofd"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			t.Run(filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				doc, err := ofd.Open(data)
				if err != nil {
					return // what is not opened is not stamped; TestSamples tells which
				}
				stampOther(t, pki, doc, data, others[filepath.Base(name)])
			})
		}
	}
}

func stampOther(t *testing.T, pki *sestest.PKI, doc *ofd.Document, data []byte, refused string) {
	t.Helper()
	before := Verify(data, options(pki))
	o := stampOptions(pki)
	out, err := Stamp(doc, o)
	var r *RefusedError
	switch {
	case errors.As(err, &r):
		if r.Code != refused || !strings.Contains(r.Reason, "请") {
			t.Fatalf("refused by %s: %s", r.Code, r.Reason)
		}
		return
	case err != nil:
		t.Fatalf("neither stamped nor refused: %v", err)
	case refused != "":
		t.Fatalf("not refused by %s", refused)
	}
	sealed, err := out.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	after := Verify(sealed, options(pki))
	if len(after.Signatures) != len(before.Signatures)+1 {
		t.Fatalf("%d signatures, there were %d", len(after.Signatures), len(before.Signatures))
	}
	for i := range before.Signatures {
		a, b := before.Signatures[i], after.Signatures[i]
		if a.Verdict != b.Verdict {
			t.Errorf("signature %s was %s and is %s", a.ID, a.Verdict, b.Verdict)
		}
		for k := range a.Checks {
			if a.Checks[k].Code != CheckCoverage && a.Checks[k].Result != b.Checks[k].Result {
				t.Errorf("signature %s: %s was %s and is %s: %s", a.ID, a.Checks[k].Code, a.Checks[k].Result, b.Checks[k].Result, b.Checks[k].Message)
			}
		}
	}
	ours := after.Signatures[len(after.Signatures)-1]
	if ours.Verdict != Valid {
		show(t, after)
		t.Errorf("our signature is %s", ours.Verdict)
	}
	if again, err := ofd.Open(sealed); err != nil {
		t.Error(err)
	} else if len(again.Parts()) != len(out.Parts()) {
		t.Error("parts were lost in writing")
	} else {
		unchanged(t, doc, again)
	}
}

// unchanged sees that no part of the document was touched but the list of
// signatures, and OFD.xml where it named none.
func unchanged(t *testing.T, before, after *ofd.Document) {
	t.Helper()
	for _, p := range before.Parts() {
		q := after.Part(p.Name)
		if q == nil {
			t.Errorf("%s is gone", p.Name)
			continue
		}
		a, errA := p.Data()
		b, errB := q.Data()
		if errA != nil || errB != nil {
			t.Errorf("%s: %v %v", p.Name, errA, errB)
			continue
		}
		listed := before.Body().SignaturesPart != "" && before.Part(before.Body().SignaturesPart) != nil
		if !bytes.Equal(a, b) && !isSignatureList(after, p.Name) && (listed || p.Name != "OFD.xml") {
			t.Errorf("%s was changed", p.Name)
		}
	}
}

// TestStampOddities seals documents that break the standard in one way each.
func TestStampOddities(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	replace := func(part, old, text string) func(p *pack) {
		return func(p *pack) {
			if !strings.Contains(string(p.files[part]), old) {
				t.Errorf("%s lacks %s", part, old)
			}
			p.set(part, strings.ReplaceAll(string(p.files[part]), old, text))
		}
	}
	sealed := func(edit func(p *pack)) func() *pack {
		return func() *pack { v := variant{after: edit}; return v.stamped(t, pki) }
	}
	unsealed := func(edit func(p *pack)) func() *pack {
		return func() *pack { p := plain(); edit(p); return p }
	}
	record := `<ofd:MaxSignId>2</ofd:MaxSignId>`
	tests := []struct {
		name    string
		make    func() *pack
		prefix  string
		refused string
	}{
		{"the old namespace", unsealed(replace("OFD.xml", "http://www.ofdspec.org/2016", "http://www.ofdspec.org")), "", ""},
		{"no namespace", unsealed(replace("OFD.xml", ` xmlns:ofd="http://www.ofdspec.org/2016"`, ` xmlns:ofd=""`)), "", ""},
		{"another prefix", unsealed(replace("OFD.xml", "ofd:", "x:")), "", ""},
		{"the default namespace", unsealed(func(p *pack) {
			p.set("OFD.xml", strings.NewReplacer("xmlns:ofd=", "xmlns=", "<ofd:", "<", "</ofd:", "</").Replace(string(p.files["OFD.xml"])))
		}), "", ""},
		{"bytes before the archive", unsealed(func(*pack) {}), "\xef\xbb\xbf  \r\n", ""},
		{"a list that is named and missing", unsealed(replace("OFD.xml", "</ofd:DocRoot>", "</ofd:DocRoot><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>")), "", ""},
		{"a list that is not named", unsealed(func(p *pack) { p.set(listPart, head+`<ofd:Signatures`+ns+`/>`) }), "", "unlinked_list"},
		{"an empty list without an end tag", sealed(func(p *pack) {
			p.set(listPart, head+`<ofd:Signatures`+ns+`/>`)
		}), "", ""},
		{"no largest number", sealed(replace(listPart, record, "")), "", ""},
		{"a largest number too low", sealed(replace(listPart, record, "<ofd:MaxSignId>0</ofd:MaxSignId>")), "", ""},
		{"a largest number that is none", sealed(replace(listPart, record, "<ofd:MaxSignId>none</ofd:MaxSignId>")), "", ""},
		{"the largest number last", sealed(func(p *pack) {
			p.set(listPart, strings.Replace(strings.Replace(string(p.files[listPart]), record, "", 1), "</ofd:Signatures>", "<ofd:MaxSignId>s005</ofd:MaxSignId></ofd:Signatures>", 1))
		}), "", ""},
		{"identifiers with letters", sealed(replace(listPart, `ID="1"`, `ID="s001"`)), "", ""},
		{"a folder that is taken", sealed(func(p *pack) { p.set("Doc_0/Signs/Sign_1/left.txt", "over") }), "", ""},
		{"a signature that cannot be read", sealed(func(p *pack) { p.remove(signDir + "Signature.xml") }), "", "unreadable_signature"},
		{"encrypted", unsealed(func(p *pack) { p.set("Encryptions.xml", head+`<ofd:Encryptions`+ns+`/>`) }), "", "encrypted"},
		{"pages of one number", unsealed(replace("Doc_0/Document.xml", `<ofd:Page ID="2"`, `<ofd:Page ID="1"`)), "", "page_id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := append([]byte(tt.prefix), tt.make().zip(t)...)
			o := stampOptions(pki)
			o.Places = []Place{{PageIndex: 1, X: 10, Y: 10, W: 40, H: 40}}
			d, err := Stamp(open(t, data), o)
			var r *RefusedError
			switch {
			case errors.As(err, &r):
				if r.Code != tt.refused || !strings.Contains(r.Reason, "请") {
					t.Fatalf("refused by %s: %s", r.Code, r.Reason)
				}
				return
			case err != nil:
				t.Fatalf("neither stamped nor refused: %v", err)
			case tt.refused != "":
				t.Fatalf("not refused by %s", tt.refused)
			}
			report := VerifyDocument(reopened(t, d), options(pki))
			for _, s := range report.Signatures {
				if s.Verdict != Valid {
					show(t, report)
					t.Fatalf("signature %s is %s", s.ID, s.Verdict)
				}
			}
			if len(report.Signatures) == 0 {
				t.Fatal("nothing is signed")
			}
		})
	}
}

// TestDamagedPart refuses to seal what nobody can read.
func TestDamagedPart(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	p := plain()
	p.set("Doc_0/Res/a.ttf", strings.Repeat("not really a font, but long enough to be deflated ", 20))
	data := p.zip(t)
	at := bytes.Index(data, []byte("Doc_0/Res/a.ttf")) + len("Doc_0/Res/a.ttf")
	data[at+4] ^= 0xFF
	doc, err := ofd.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "damaged", func() error { _, err := Stamp(doc, stampOptions(pki)); return err })
}

func TestStraddlePages(t *testing.T) {
	t.Parallel()
	boxes := func(n int) []ofd.Box {
		out := make([]ofd.Box, n)
		for i := range out {
			out[i] = ofd.Box{W: 200 + float64(i%3), H: 297}
		}
		return out
	}
	for _, tt := range []struct {
		name        string
		pages       int
		first, last int
		w           float64
		groups      []int
	}{
		{"two pages", 2, 0, 1, 42, []int{2}},
		{"thirty pages", 30, 0, 29, 42, []int{30}},
		{"as many as slices of a millimetre", 42, 0, 41, 42, []int{42}},
		{"one page more", 43, 0, 42, 42, []int{21, 22}},
		{"a hundred", 100, 0, 99, 42, []int{33, 33, 34}},
		{"some of the pages", 10, 2, 4, 42, []int{3}},
		{"a narrow seal", 7, 0, 6, 3, []int{2, 2, 3}},
		{"one page", 3, 1, 1, 42, nil},
		{"pages that are not there", 3, 0, 3, 42, nil},
		{"backwards", 3, 2, 0, 42, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := boxes(tt.pages)
			places := StraddlePages(all, tt.first, tt.last, 100, tt.w, 42)
			at := 0
			for _, n := range tt.groups {
				covered := 0.0
				for i := range n {
					p := places[at]
					if p.PageIndex != tt.first+at || p.W != tt.w || p.Clip.W < LeastSlice-1e-9 {
						t.Fatalf("place %d is %+v, clip %+v", at, p, p.Clip)
					}
					// The slice ends at the page's right edge and follows the one before.
					if right := p.X + p.Clip.X + p.Clip.W - all[p.PageIndex].W; right > 1e-9 || right < -1e-9 {
						t.Errorf("slice %d of its group ends %g mm beside the edge", i, right)
					}
					if d := p.Clip.X - covered; d > 1e-9 || d < -1e-9 {
						t.Errorf("slice %d begins at %g, want %g", i, p.Clip.X, covered)
					}
					covered += p.Clip.W
					at++
				}
				if covered < tt.w-1e-9 || covered > tt.w+1e-9 {
					t.Errorf("a group shows %g mm of the seal", covered)
				}
			}
			if at != len(places) {
				t.Errorf("%d places, want %d", len(places), at)
			}
		})
	}
}

package sign

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
	"sidian/ses/sestest"
)

var onFirstPage = []Place{{PageIndex: 0, X: 120, Y: 220, W: 40, H: 40}}

func stampOptions(pki *sestest.PKI) StampOptions {
	return StampOptions{
		Seal: pki.Seal(), Signer: pki.SignerKey, Certificate: pki.Signer, Places: onFirstPage, Time: sestest.Now,
	}
}

func signOptions(pki *sestest.PKI) SignOptions {
	return SignOptions{Signer: pki.SignerKey, Certificate: pki.Signer, Time: sestest.Now}
}

// reopened writes a document and reads it again.
func reopened(t testing.TB, d *ofd.Document) *ofd.Document {
	t.Helper()
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return open(t, data)
}

func stamp(t testing.TB, d *ofd.Document, o StampOptions) *ofd.Document {
	t.Helper()
	out, err := Stamp(d, o)
	if err != nil {
		t.Fatal(err)
	}
	return reopened(t, out)
}

// clean sees that every signature is valid and that nothing is to be warned of.
func clean(t *testing.T, d *ofd.Document, o Options, signatures int) *Report {
	t.Helper()
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(data, o)
	if r.Verdict != Valid || len(r.Warnings) > 0 || len(r.Uncovered) > 0 || len(r.Unreferenced) > 0 || len(r.Signatures) != signatures {
		show(t, r)
		t.Fatalf("verdict %s with %d signatures", r.Verdict, len(r.Signatures))
	}
	return r
}

func partText(t testing.TB, d *ofd.Document, name string) string {
	t.Helper()
	p := d.Part(name)
	if p == nil {
		t.Fatalf("no part %s", name)
	}
	data, err := p.Data()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestStamp(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := stampOptions(pki)
	o.Places = append(slices.Clone(o.Places), Place{PageIndex: 1, X: 10.5, Y: 20.25, W: 40, H: 40})
	before := open(t, plain().zip(t))
	d := stamp(t, before, o)
	if len(before.Signatures()) != 0 {
		t.Error("the document given was changed")
	}
	r := clean(t, d, options(pki), 1)
	s := r.Signatures[0]
	if s.Type != "Seal" || s.Form != FormSESv4 || s.TimeSource != TimeClaimed || s.SigningTime != "2026-03-02T08:30:00Z" || s.Seal.Name != "测试专用章" {
		show(t, r)
	}
	for _, c := range s.Checks {
		if want := map[string]Result{CheckTimestamp: Skipped}[c.Code]; c.Result != Pass && c.Result != want {
			t.Errorf("%s is %s", c.Code, c.Result)
		}
	}
	for _, name := range []string{"OFD.xml", "Doc_0/Document.xml", "Doc_0/Res/a.ttf", "Doc_0/Attachs/a.txt", "Doc_0/Signs/Sign_0/Seal.esl"} {
		if !slices.Contains(s.Covered, name) {
			t.Errorf("%s is not covered", name)
		}
	}
	xml := partText(t, d, "Doc_0/Signs/Sign_0/Signature.xml")
	for _, want := range []string{
		`<ofd:StampAnnot ID="2" PageRef="1" Boundary="120 220 40 40"/>`, `<ofd:StampAnnot ID="3" PageRef="2" Boundary="10.5 20.25 40 40"/>`,
		`<ofd:SignatureDateTime>2026-03-02 16:30:00</ofd:SignatureDateTime>`, `CheckMethod="1.2.156.10197.1.401"`,
		`<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>`, `FileRef="/OFD.xml"`,
	} {
		if !strings.Contains(xml, want) {
			t.Errorf("Signature.xml lacks %s:\n%s", want, xml)
		}
	}
	order := regexp.MustCompile(`Provider .*SignatureMethod.*SignatureDateTime.*References.*StampAnnot.*Seal>.*SignedInfo>.*SignedValue`)
	if !order.MatchString(strings.ReplaceAll(xml, "\n", "")) {
		t.Error("Signature.xml is not in the schema's order")
	}
	if strings.Contains(xml, "Signatures.xml") || strings.Contains(xml, `FileRef="/Doc_0/Signs/Sign_0/Signature.xml"`) {
		t.Error("something is covered that cannot be")
	}
	list := partText(t, d, listPart)
	if !strings.Contains(list, `ID="1" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"`) || !strings.Contains(list, "<ofd:MaxSignId>3<") {
		t.Errorf("Signatures.xml: %s", list)
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	for name, form := range map[string]gm.Form{"attributes": gm.FormAttributes, "digest": gm.FormDigest, "content": gm.FormContent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := signOptions(pki)
			o.Form = form
			d, err := Sign(open(t, plain().zip(t)), o)
			if err != nil {
				t.Fatal(err)
			}
			r := clean(t, reopened(t, d), options(pki), 1)
			s := r.Signatures[0]
			if s.Type != "Sign" || s.Form != FormGBT35275 || s.Seal != nil || s.SES != nil || !strings.Contains(s.Signer, "测试签章人") {
				show(t, r)
				t.Error("not as signed")
			}
		})
	}
}

// Later signatures keep earlier ones valid, cover them, and are numbered on.
func TestSequence(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	d := stamp(t, open(t, plain().zip(t)), stampOptions(pki))
	second, err := Sign(d, signOptions(pki))
	if err != nil {
		t.Fatal(err)
	}
	d = stamp(t, reopened(t, second), stampOptions(pki))
	r := clean(t, d, options(pki), 3)
	var ids []string
	for _, s := range r.Signatures {
		ids = append(ids, s.ID)
	}
	if fmt.Sprint(ids) != "[1 3 4]" { // 2 and 5 are the stamps'
		t.Errorf("IDs %v", ids)
	}
	if list := partText(t, d, listPart); !strings.Contains(list, "<ofd:MaxSignId>5<") {
		t.Errorf("Signatures.xml: %s", list)
	}
	for _, name := range []string{"Sign_0/Signature.xml", "Sign_0/SignedValue.dat", "Sign_0/Seal.esl", "Sign_1/Signature.xml", "Sign_1/SignedValue.dat"} {
		if !slices.Contains(r.Signatures[2].Covered, "Doc_0/Signs/"+name) {
			t.Errorf("the third signature does not cover %s", name)
		}
	}
	t.Run("a broken first leaves the others to themselves", func(t *testing.T) {
		data := partText(t, d, "Doc_0/Signs/Sign_0/SignedValue.dat")
		bad, err := d.With(ofd.NewPart("Doc_0/Signs/Sign_0/SignedValue.dat", flipLast([]byte(data))))
		if err != nil {
			t.Fatal(err)
		}
		r := VerifyDocument(bad, options(pki))
		if r.Verdict != Invalid || r.Signatures[0].Check(CheckValue).Result != Fail || r.Signatures[2].Check(CheckDigest).Result != Fail || r.Signatures[2].Check(CheckValue).Result != Pass {
			show(t, r)
			t.Error("not reported signature by signature")
		}
	})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := stampOptions(pki)
	o.Closed = true
	d := stamp(t, open(t, plain().zip(t)), o)
	r := clean(t, d, options(pki), 1)
	if !slices.Contains(r.Signatures[0].Covered, listPart) {
		t.Error("Signatures.xml is not covered")
	}
	wantRefused(t, "closed", func() error { _, err := Stamp(d, stampOptions(pki)); return err })
	wantRefused(t, "closed", func() error { _, err := Sign(d, signOptions(pki)); return err })
}

func wantRefused(t *testing.T, code string, f func() error) {
	t.Helper()
	var refused *RefusedError
	if err := f(); !errors.As(err, &refused) || refused.Code != code || refused.Reason == "" {
		t.Errorf("got %v, want refused: %s", err, code)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	v1, err := ses.ParseSeal(pki.SealDER(sestest.Form{Version: ses.V1}))
	if err != nil {
		t.Fatal(err)
	}
	rootCovered := func() *pack { // a signature covers OFD.xml of a document that links no list for the second one
		p := (&variant{}).stamped(t, pki)
		p.set("Doc_1/Document.xml", string(p.files["Doc_0/Document.xml"]))
		edit("OFD.xml", "</ofd:DocBody>", "</ofd:DocBody><ofd:DocBody><ofd:DocInfo><ofd:DocID>ffff</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody>")(p)
		return p
	}
	for _, tc := range []struct {
		code   string
		pack   func() *pack
		change func(*StampOptions)
	}{
		{code: "permission", pack: func() *pack {
			p := plain()
			edit("Doc_0/Document.xml", "</ofd:Pages>", "</ofd:Pages><ofd:Permissions><ofd:Signature>false</ofd:Signature></ofd:Permissions>")(p)
			return p
		}},
		{code: "integrity_list", pack: func() *pack { p := plain(); p.set("OFDEntries.xml", head+`<ofd:DocEntries`+ns+`/>`); return p }},
		{code: "root_covered", pack: rootCovered, change: func(o *StampOptions) { o.DocIndex = 1 }},
		{code: "unreadable_signature", pack: func() *pack {
			p := (&variant{}).stamped(t, pki)
			p.set(signDir+"Signature.xml", "<a>")
			return p
		}},
		{code: "no_such_document", change: func(o *StampOptions) { o.DocIndex = 1 }},
		{code: "no_such_page", change: func(o *StampOptions) { o.Places = []Place{{PageIndex: 2, W: 1, H: 1}} }},
		{code: "bad_place", change: func(o *StampOptions) { o.Places = []Place{{W: 0, H: 1}} }},
		{code: "bad_place", change: func(o *StampOptions) { o.Places = []Place{{W: 40, H: 40, Clip: &Clip{X: 30, W: 20, H: 40}}} }},
		{code: "no_place", change: func(o *StampOptions) { o.Places = nil }},
		{code: "seal_version", change: func(o *StampOptions) { o.Seal = v1 }},
		{code: "seal_version", change: func(o *StampOptions) { o.Seal = nil }},
		{code: "key_mismatch", change: func(o *StampOptions) { o.Signer = pki.MakerKey }},
		{code: "signer_not_in_seal", change: func(o *StampOptions) { o.Signer, o.Certificate = pki.MakerKey, pki.Maker }},
		{code: "seal_not_valid", change: func(o *StampOptions) { o.Time = sestest.Now.AddDate(2, 6, 0) }},
		{code: "certificate_not_valid", change: func(o *StampOptions) { o.Time = sestest.Now.AddDate(5, 0, 0) }},
	} {
		t.Run(tc.code, func(t *testing.T) {
			t.Parallel()
			p := plain()
			if tc.pack != nil {
				p = tc.pack()
			}
			o := stampOptions(pki)
			if tc.change != nil {
				tc.change(&o)
			}
			d := open(t, p.zip(t))
			wantRefused(t, tc.code, func() error { _, err := Stamp(d, o); return err })
		})
	}
}

// A seal that straddles pages has an equal slice on each.
func TestStraddle(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := stampOptions(pki)
	o.Places = Straddle(0, 1, 210, 100, 40, 40)
	d := stamp(t, open(t, plain().zip(t)), o)
	clean(t, d, options(pki), 1)
	xml := partText(t, d, "Doc_0/Signs/Sign_0/Signature.xml")
	for _, want := range []string{`PageRef="1" Boundary="190 100 40 40" Clip="0 0 20 40"`, `PageRef="2" Boundary="170 100 40 40" Clip="20 0 20 40"`} {
		if !strings.Contains(xml, want) {
			t.Errorf("no %s in %s", want, xml)
		}
	}
	if len(Straddle(0, 5, 210, 40, 40, 40)) != 6 || Straddle(3, 2, 210, 40, 40, 40) != nil {
		t.Error("wrong number of slices")
	}
	o.Places = Straddle(0, 6, 210, 100, 40, 40)[:2] // sevenths do not come out even
	clean(t, stamp(t, open(t, plain().zip(t)), o), options(pki), 1)
}

// Signing twice gives the same bytes but for what is random by its nature.
func TestStampDeterministic(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := stampOptions(pki)
	a, b := stamp(t, open(t, plain().zip(t)), o), stamp(t, open(t, plain().zip(t)), o)
	for _, p := range a.Parts() {
		if strings.HasSuffix(p.Name, "SignedValue.dat") {
			continue
		}
		if partText(t, a, p.Name) != partText(t, b, p.Name) {
			t.Errorf("%s differs", p.Name)
		}
	}
}

// Parts that were not added are copied as they were.
func TestStampKeepsParts(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	p := (&variant{}).stamped(t, pki)
	d := stamp(t, open(t, p.zip(t)), stampOptions(pki))
	for name, data := range p.files {
		if name != listPart && !bytes.Equal(data, []byte(partText(t, d, name))) {
			t.Errorf("%s was changed", name)
		}
	}
	clean(t, d, options(pki), 2)
}

// Every changed octet of a covered part, and of the signature, shows.
func TestFlippedOctets(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	d := stamp(t, open(t, plain().zip(t)), stampOptions(pki))
	o := options(pki)
	o.ChainCache = NewChainCache()
	for _, p := range d.Parts() {
		if p.Name == listPart {
			continue // not protected, so that further signatures can be added
		}
		data := []byte(partText(t, d, p.Name))
		step := 1 + len(data)/200
		for i := 0; i < len(data); i += step {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << (i % 7)
			changed, err := d.With(ofd.NewPart(p.Name, bad))
			if err != nil {
				continue // no longer a document
			}
			if r := VerifyDocument(changed, o); r.Verdict == Valid {
				t.Errorf("%s: octet %d changed, still valid", p.Name, i)
			}
		}
	}
}

func TestVerifyUnsigned(t *testing.T) {
	t.Parallel()
	r := Verify(plain().zip(t), Options{File: "a.ofd", Now: time.Now()})
	if r.Verdict != Unsigned || r.File != "a.ofd" || r.Signatures == nil || r.Warnings == nil || r.Uncovered == nil || r.Unreferenced == nil {
		show(t, r)
		t.Error("not unsigned")
	}
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("hello"), "zip without OFD.xml": (&pack{}).zip(t)} {
		if r := Verify(data, Options{}); r.Verdict != Refused || len(r.Warnings) != 1 || r.Warnings[0].Code == "" {
			show(t, r)
			t.Errorf("%s: %s", name, r.Verdict)
		}
	}
}

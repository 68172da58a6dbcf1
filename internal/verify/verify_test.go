package verify_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/verify"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const kind = "approval" // the one whose validity ends

func newService(t testing.TB, d *db.DB) (*certtest.World, *verify.Service) {
	t.Helper()
	w := certtest.New(t, d, kind)
	return w, &verify.Service{DB: d, PKI: w.PKI, Cert: w.Cert, Cache: sign.NewChainCache()}
}

func verdict(t testing.TB, s *verify.Service, data []byte) *verify.Verdict {
	t.Helper()
	v, err := s.Document(t.Context(), "文件.ofd", data)
	must(t, err)
	if v.LegalEffect == "" || len(v.Reasons) == 0 {
		t.Errorf("a verdict without effect or reason: %s", v.Report.Verdict)
	}
	return v
}

func says(v *verify.Verdict, words string) bool {
	return strings.Contains(v.LegalEffect+strings.Join(v.Reasons, "\n"), words)
}

func TestRegistered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w, s := newService(t, d)
		c := w.Issue(t, kind)
		data := w.Document(t, c)
		v := verdict(t, s, data)
		if v.Report.Verdict != sign.Valid || !v.Stands() || !v.Register.SameDocument || v.Register.Identifier != c.Identifier || !says(v, "同等法律效力") {
			t.Errorf("%s %+v %s", v.Report.Verdict, v.Register, v.LegalEffect)
		}
		for _, code := range []string{c.Code, c.Identifier} {
			st, err := s.Code(t.Context(), code)
			must(t, err)
			if !st.Stands() || st.Certificate.ID != c.ID {
				t.Errorf("%s: %+v", code, st)
			}
		}
		_, err := s.Code(t.Context(), "none")
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("an unknown code: %v", err)
		}

		// A cancelled seal does not undo what it stamped under a time stamp.
		now = now.Add(time.Hour)
		must(t, w.Seal.SetState(w.Keeper, w.Seals[seal.LegalName].ID, seal.Cancelled, "撤并"))
		if v := verdict(t, s, data); !v.Stands() {
			t.Errorf("after the seal was cancelled: %s %v", v.Report.Verdict, v.Reasons)
		}

		now = now.AddDate(3, 0, 0)
		v = verdict(t, s, data)
		if v.Stands() || v.Register.Status != cert.Expired || says(v, "同等法律效力") || !says(v, "过期") {
			t.Errorf("expired: %s %+v %v", v.LegalEffect, v.Register, v.Reasons)
		}
	})
}

// The same identifier, another file: the register says so, and does not tell
// where the original is shown.
func TestAltered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := newService(t, d)
		c := w.Issue(t, kind)
		data := w.Document(t, c)

		v := verdict(t, s, altered(t, data))
		if v.Report.Verdict != sign.Invalid || v.Register == nil || v.Register.SameDocument || v.Stands() || !says(v, "不一致") || !says(v, "不具有") {
			t.Errorf("altered: %s %+v %v", v.Report.Verdict, v.Register, v.Reasons)
		}
		if v.Register != nil && v.Register.VerifyURL != "" {
			t.Error("a forger is told the code")
		}

		v = verdict(t, s, append(bytes.Clone(data), 0)) // bytes that no reader looks at
		if v.Stands() || v.Register == nil || v.Register.SameDocument {
			t.Errorf("with a byte more: %s %+v", v.Report.Verdict, v.Register)
		}

		flipped := bytes.Clone(data)
		flipped[len(flipped)/2] ^= 1
		if v := verdict(t, s, flipped); v.Stands() || v.Report.Verdict == sign.Valid {
			t.Errorf("with a flipped bit: %s", v.Report.Verdict)
		}
	})
}

// altered changes one part and leaves the rest.
func altered(t testing.TB, data []byte) []byte {
	t.Helper()
	doc, err := ofd.Open(data)
	must(t, err)
	const name = "Doc_0/Pages/Page_0/Content.xml"
	page, err := doc.Part(name).Data()
	must(t, err)
	doc, err = doc.With(ofd.NewPart(name, append(bytes.Clone(page), ' ')))
	must(t, err)
	out, err := doc.Bytes()
	must(t, err)
	return out
}

// stranger seals a document with an authority that we do not know.
func stranger(t testing.TB, doc *ofd.Document) []byte {
	t.Helper()
	key, err := gm.GenerateKey()
	must(t, err)
	c, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "某某局"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}, key.Public(), nil, key)
	must(t, err)
	made, err := ses.MakeSeal(ses.SealOptions{
		ID: "x", VendorID: "x", Type: 1, Name: "某某局", Signers: []*gm.Certificate{c}, Created: time.Now(),
		ValidFrom: c.NotBefore, ValidTo: c.NotAfter, Picture: ses.Picture{Type: "PNG", Data: []byte{1}, Width: 42, Height: 42},
	}, key, c)
	must(t, err)
	out, err := sign.Stamp(doc, sign.StampOptions{Seal: made, Signer: key, Certificate: c, Places: []sign.Place{{X: 1, Y: 1, W: 42, H: 42}}, Time: time.Now()})
	must(t, err)
	data, err := out.Bytes()
	must(t, err)
	return data
}

func blank(t testing.TB, custom ...ofd.CustomData) *ofd.Document {
	t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "1", CustomDatas: custom})
	b.AddPage(210, 140)
	d, err := b.Build()
	must(t, err)
	return d
}

func TestForeign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, s := newService(t, d)
		v := verdict(t, s, stranger(t, blank(t)))
		if v.Report.Verdict != sign.Undetermined || v.Register != nil || !says(v, "不能确认") || !says(v, "没有登记") {
			t.Errorf("foreign: %s %+v %v", v.Report.Verdict, v.Register, v.Reasons)
		}
		c := w.Issue(t, kind)
		v = verdict(t, s, stranger(t, blank(t, ofd.CustomData{Name: "ZZBS", Value: c.Identifier})))
		if v.Report.Verdict == sign.Valid || v.Stands() || v.Register == nil || v.Register.SameDocument || v.Register.VerifyURL != "" {
			t.Errorf("foreign with our identifier: %s %+v", v.Report.Verdict, v.Register)
		}
		// Ours by seal, unknown to the register: said to be just that.
		token := sealedOutside(t, w)
		if v := verdict(t, s, token); v.Report.Verdict != sign.Valid || v.Register != nil || v.Stands() || !says(v, "没有它的登记") {
			t.Errorf("sealed by us, not registered: %s %+v %s", v.Report.Verdict, v.Register, v.LegalEffect)
		}
	})
}

// sealedOutside stamps something that is no certificate with our seal.
func sealedOutside(t testing.TB, w *certtest.World) []byte {
	t.Helper()
	doc := blank(t)
	content, err := seal.Content(doc)
	must(t, err)
	var token *seal.Token
	must(t, w.DB.Write(w.Client, func(tx *db.Tx) (err error) {
		token, err = w.Seal.IntendTx(tx, w.Seals[seal.LegalName], "test/1", "x", content)
		return err
	}))
	out, err := w.Seal.Stamp(w.Client, token, doc, sign.Place{X: 1, Y: 1, W: 42, H: 42})
	must(t, err)
	data, err := out.Bytes()
	must(t, err)
	return data
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	w, s := newService(t, dbtest.New(t, "sqlite"))
	c := w.Issue(t, kind)
	for name, doc := range map[string]*ofd.Document{"blank": blank(t), "claims": blank(t, ofd.CustomData{Name: "ZZBS", Value: c.Identifier})} {
		data, err := doc.Bytes()
		must(t, err)
		v := verdict(t, s, data)
		if v.Report.Verdict != sign.Unsigned || v.Stands() || (v.Register != nil) != (name == "claims") || !says(v, "没有电子签章") {
			t.Errorf("%s: %s %+v %v", name, v.Report.Verdict, v.Register, v.Reasons)
		}
	}
}

// Whatever the bytes are, there is a verdict on them.
func TestNoise(t *testing.T) {
	t.Parallel()
	_, s := newService(t, dbtest.New(t, "sqlite"))
	noise := make([]byte, 5<<20)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(noise)
	for name, data := range map[string][]byte{
		"nothing": {}, "text": []byte("你好"), "noise": noise, "noise that begins as a zip": append([]byte("PK\x03\x04"), noise...),
		"bomb": bomb(t), "pdf": []byte("%PDF-1.7\n"), "empty zip": append([]byte("PK\x05\x06"), make([]byte, 18)...),
	} {
		v := verdict(t, s, data)
		if v.Report.Verdict != sign.Refused || v.Register != nil || v.Stands() {
			t.Errorf("%s: %s", name, v.Report.Verdict)
		}
		b, err := json.Marshal(v)
		must(t, err)
		if !bytes.Contains(b, []byte(`"register":null`)) || !bytes.Contains(b, []byte(`"verdict":"refused"`)) {
			t.Errorf("%s: %s", name, b)
		}
	}
}

// bomb is a small file that says it is an OFD and holds a hundred megabytes.
func bomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("OFD.xml")
	must(t, err)
	zeros := make([]byte, 1<<20)
	for range 100 {
		_, err = f.Write(zeros)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// What anyone is told of a person is masked.
func TestVerdictMasked(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "marriage")
	s := &verify.Service{DB: w.DB, PKI: w.PKI, Cert: w.Cert, Cache: sign.NewChainCache()}
	c := w.Issue(t, "marriage")
	b, err := json.Marshal(verdict(t, s, w.Document(t, c)))
	must(t, err)
	for _, h := range certtest.Example(t, "marriage").Holders {
		if bytes.Contains(b, []byte(h.Name)) || bytes.Contains(b, []byte(h.ID)) {
			t.Error("the verdict names a person in full")
		}
	}
}

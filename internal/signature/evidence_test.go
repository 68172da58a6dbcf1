package signature_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
	"sidian/ofd"
	"sidian/ofd/render"
	"sidian/ofd/sign"
)

// show writes a page for people to look at, where SHOW names a directory.
func show(t testing.TB, name string, data []byte) {
	t.Helper()
	dir := os.Getenv("SHOW")
	d, err := ofd.Open(data)
	must(t, err)
	var b bytes.Buffer
	warnings, err := render.PNG(d, 0, &b, render.Options{DPI: 80})
	must(t, err)
	if len(warnings) > 0 {
		t.Errorf("%s draws with %v", name, warnings)
	}
	if dir != "" {
		must(t, os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o600))
	}
}

// checkEvidence wants evidence that proves itself and says what the document does.
func checkEvidence(t testing.TB, w *signaturetest.World, x *signature.Task, people ...signaturetest.Person) *sign.Report {
	t.Helper()
	_, data, err := w.Signature.EvidenceFile(w.Clerk, x.ID)
	must(t, err)
	_, again, err := w.Signature.EvidenceFile(w.Clerk, x.ID)
	must(t, err)
	if !bytes.Equal(data, again) {
		t.Error("evidence is made twice")
	}
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	report := sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
	if report.Verdict != sign.Valid || len(report.Signatures) != 1 {
		t.Fatalf("evidence is %s: %+v", report.Verdict, report.Signatures)
	}
	d, err := ofd.Open(data)
	must(t, err)
	files, err := d.Attachments()
	must(t, err)
	raw, err := d.Part(files[0].File).Data()
	must(t, err)
	var e signature.Evidence
	must(t, json.Unmarshal(raw, &e))
	last := e.Original
	for _, s := range e.Signers {
		if s.Before != last || s.Factor != "totp" || s.Serial == "" || s.Signature == "" || s.Confirmed.IsZero() {
			t.Errorf("a signer's part is %+v", s)
		}
		last = s.After
	}
	if last != e.Document || e.Document != x.Document || len(e.Intents) != 1 || e.Intents[0].Text != signature.IntentText("1") || len(e.Events) == 0 {
		t.Errorf("evidence says %+v", e)
	}
	for _, p := range people {
		for _, secret := range []string{p.Name, p.Citizen, p.Account} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("evidence tells %d characters of a person", len(secret))
			}
		}
	}
	show(t, "evidence-"+report.Signatures[0].Type, data)
	return report
}

// Evidence is signed by the platform, or sealed by the unit whose custodian allows it.
func TestEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Enrolled(t, "王小明"), w.Enrolled(t, "李四")
		begin := func() *signature.Task {
			x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)), b.Invite([]signature.Place{{Field: signaturetest.Field}}))
			w.Sign(t, a, x.ID, 1)
			return w.Sign(t, b, x.ID, 2)
		}
		x := begin()
		if r := checkEvidence(t, w, x, a, b); r.Signatures[0].Type != "Sign" {
			t.Errorf("without a seal it is a %s", r.Signatures[0].Type)
		}
		_, data, err := w.Signature.File(w.Clerk, x.ID)
		must(t, err)
		show(t, "document", data)
		_, _, err = w.Signature.EvidenceFile(w.Person(t, "赵五").Ctx, x.ID)
		wantFault(t, err, fault.NotFound, "signature.unknown")

		s := w.Make(t, sealtest.Market, seal.LegalName)
		_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: s.ID, Purpose: signature.EvidencePurpose, Until: d.Now().AddDate(1, 0, 0), Reason: "测试"})
		must(t, err)
		y := begin()
		if r := checkEvidence(t, w, y, a, b); r.Signatures[0].Type != "Seal" || r.Signatures[0].Seal.Name != s.Name {
			t.Errorf("with a seal it is a %s of %+v", r.Signatures[0].Type, r.Signatures[0].Seal)
		}
		uses, err := w.Seal.UsesOf(t.Context(), "signature/"+y.ID)
		must(t, err)
		if len(uses) != 1 || uses[0].State != seal.Done {
			t.Errorf("the seal's uses are %+v", uses)
		}
	})
}

// A process is killed while it makes evidence: the next finishes it, under the same
// use of the seal.
func TestEvidenceCrash(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, step := range []string{"evidence.intend", "evidence.stamp"} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				t.Cleanup(func() { d.Close() })
				w := signaturetest.In(t, d, dir)
				s := w.Make(t, sealtest.Market, seal.LegalName)
				_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: s.ID, Purpose: signature.EvidencePurpose, Until: d.Now().AddDate(1, 0, 0), Reason: "测试"})
				must(t, err)
				a := w.Enrolled(t, "王小明")
				x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
				x = w.Sign(t, a, x.ID, 1)
				crash(t, url, dir, w.App.ID, a.Account, x.ID, "", step)
				_, _, err = w.Signature.EvidenceFile(w.Clerk, x.ID)
				wantFault(t, err, fault.Conflict, "signature.evidence") // the dead one's lease
				now := d.Now
				d.Now = func() time.Time { return now().Add(time.Hour) }
				_, _, err = w.Signature.Resume(t.Context())
				must(t, err)
				checkEvidence(t, w, x, a)
				uses, err := w.Seal.UsesOf(t.Context(), "signature/"+x.ID)
				must(t, err)
				if len(uses) != 1 || uses[0].State != seal.Done || uses[0].Attempts != 2 {
					t.Errorf("the seal's uses are %+v", uses)
				}
			})
		}
	}
}

// What a signer signed without a picture is verified by openssl alone.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	w := signaturetest.New(t, dbtest.New(t, "sqlite"))
	a := w.Enrolled(t, "王小明")
	p := a.Invite(nil)
	p.Way = signature.Plain
	x := w.Begin(t, p)
	x = w.Sign(t, a, x.ID, 1)
	_, data, err := w.Signature.File(w.Clerk, x.ID)
	must(t, err)
	d, err := ofd.Open(data)
	must(t, err)
	file, err := d.Signature(d.Signatures()[0])
	must(t, err)
	part := func(name string) []byte {
		b, err := d.Part(name).Data()
		must(t, err)
		return b
	}
	signed, err := gm.ParseSignedData(part(file.Value))
	must(t, err)
	dir := t.TempDir()
	openssl := func(args ...string) []byte {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
		return out
	}
	attributes := append([]byte{0x31}, signed.Signer.Attributes[1:]...)
	for name, b := range map[string][]byte{"certificate": signed.SignerCertificate().Raw, "signature": signed.Signer.Signature, "attributes": attributes, "xml": part(file.Part)} {
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, "public"), openssl("x509", "-inform", "DER", "-in", "certificate", "-pubkey", "-noout"), 0o600))
	openssl("dgst", "-sm3", "-verify", "public", "-sigopt", "distid:1234567812345678", "-signature", "signature", "attributes")
	if !bytes.Contains(attributes, openssl("dgst", "-sm3", "-binary", "xml")) {
		t.Error("the attributes do not hold openssl's SM3 of Signature.xml")
	}
}

// What others added to a document later does not hide our signatures, and a
// document that was altered has none.
func TestRecords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a := w.Enrolled(t, "王小明")
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
		x = w.Sign(t, a, x.ID, 1)
		_, data, err := w.Signature.File(a.Ctx, x.ID)
		must(t, err)
		doc, err := ofd.Open(data)
		must(t, err)
		key, err := gm.GenerateKey()
		must(t, err)
		c, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: "样例"}, KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: d.Now().Add(-time.Hour), NotAfter: d.Now().Add(time.Hour)}, key.Public(), nil, key)
		must(t, err)
		more, err := sign.Sign(doc, sign.SignOptions{Signer: key, Certificate: c, Time: d.Now()})
		must(t, err)
		added, err := more.Bytes()
		must(t, err)
		v, err := w.Signature.Verify(t.Context(), "b.ofd", added)
		must(t, err)
		if len(v.Records) != 1 || v.Known != nil || v.Records[0].Task != x.ID {
			t.Errorf("with another signature: %+v %+v", v.Records, v.Known)
		}
		page := doc.Pages()[0].Part
		altered, err := doc.With(ofd.NewPart(page, []byte(`<?xml version="1.0"?><ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"/>`)))
		must(t, err)
		raw, err := altered.Bytes()
		must(t, err)
		v, err = w.Signature.Verify(t.Context(), "c.ofd", raw)
		must(t, err)
		if v.Report.Verdict != sign.Invalid || len(v.Records) != 0 || v.Known != nil {
			t.Errorf("altered: %s %+v %+v", v.Report.Verdict, v.Records, v.Known)
		}
		_, err = w.Signature.RecordOf(t.Context(), gm.Sum([]byte("x")))
		wantFault(t, err, fault.NotFound, "signature.unknown")
		named, err := w.Signature.Named(t.Context(), []gm.Digest{gm.Sum(data), gm.Sum(raw)})
		must(t, err)
		if !named[gm.Sum(data)] || named[gm.Sum(raw)] {
			t.Errorf("named are %v", named)
		}
	})
}

// Nothing personal stands in the tables in plain, and a rotation seals all again.
func TestReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Enrolled(t, "王小明"), w.Enrolled(t, "李四")
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)), b.Invite(signaturetest.At(signaturetest.Second)))
		w.Ready(t, a, x.ID, 1)
		must(t, w.Keys.Rotate(t.Context(), keys.Field))
		left := 0
		for after, rounds := "", 0; rounds < 50; rounds++ {
			var next string
			must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) {
				var n int
				next, n, err = w.Signature.Resealer().Reseal(tx, after, 1)
				left += n
				return err
			}))
			if after = next; after == "" {
				break
			}
		}
		if left != 5 { // two identities, two signers, one task
			t.Errorf("%d rows were sealed again", left)
		}
		var n int64
		must(t, d.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = w.Signature.Resealer().Count(tx); return err }))
		if n != 5 {
			t.Errorf("%d rows are counted", n)
		}
		_, err := w.Signature.Sign(a.Ctx, x.ID, 1, signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"})
		must(t, err)
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.All(`select role || places || factor || agent || address from signature_signer order by task, number`, nil, func(scan func(...any) error) error {
				var s string
				err := scan(&s)
				if strings.Contains(s, a.Name) || strings.Contains(s, a.Citizen) {
					t.Error("a signer stands in plain")
				}
				return err
			})
		}))
	})
}

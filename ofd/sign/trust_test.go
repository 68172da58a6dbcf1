package sign

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
	"sidian/ses/sestest"
)

func stampedBy(t testing.TB, pki *sestest.PKI, change func(*StampOptions)) *ofd.Document {
	t.Helper()
	o := stampOptions(pki)
	if change != nil {
		change(&o)
	}
	return stamp(t, open(t, plain().zip(t)), o)
}

func revoke(c *gm.Certificate, at time.Time, reason int) gm.Revoked {
	return gm.Revoked{Serial: c.SerialNumber, At: at, Reason: reason}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	at := sestest.Now.Add(time.Minute)
	d := stampedBy(t, pki, func(o *StampOptions) { o.Timestamp = pki.Timestamp(at) })
	o := options(pki)
	o.Now = at.Add(time.Hour)
	r := clean(t, d, o, 1)
	s := r.Signatures[0]
	if s.Check(CheckTimestamp).Result != Pass || s.TimeSource != TimeStamped || !s.Time.Equal(at) {
		show(t, r)
		t.Error("the time stamp does not count")
	}
	t.Run("authority not trusted", func(t *testing.T) {
		t.Parallel()
		other := sestest.New(t)
		d := stampedBy(t, pki, func(o *StampOptions) { o.Timestamp = other.Timestamp(at) })
		r := VerifyDocument(d, o)
		s := r.Signatures[0]
		if r.Verdict != Valid || !r.HasWarning("timestamp_untrusted") || s.TimeSource != TimeClaimed || s.Check(CheckTimestamp).Result != Warn {
			show(t, r)
			t.Error("an untrusted authority proves nothing")
		}
	})
	t.Run("authority revoked before", func(t *testing.T) {
		t.Parallel()
		o := o
		o.CRLs = []*gm.RevocationList{pki.CRL(revoke(pki.TSA, at.Add(-time.Hour), gm.ReasonKeyCompromise))}
		if r := VerifyDocument(d, o); r.Verdict != Invalid || r.Signatures[0].Check(CheckTimestamp).Result != Fail {
			show(t, r)
			t.Error("a revoked authority counts")
		}
	})
	t.Run("over another value", func(t *testing.T) {
		t.Parallel()
		d := stampedBy(t, pki, func(o *StampOptions) {
			o.Timestamp = func([]byte) ([]byte, error) { return pki.Timestamp(at)([]byte("another")) }
		})
		if r := VerifyDocument(d, o); r.Verdict != Invalid || r.Signatures[0].Check(CheckTimestamp).Result != Fail {
			show(t, r)
			t.Error("a token over something else counts")
		}
	})
	t.Run("tampered", func(t *testing.T) {
		t.Parallel()
		d := stampedBy(t, pki, func(o *StampOptions) {
			o.Timestamp = func(v []byte) ([]byte, error) {
				token, err := pki.Timestamp(at)(v)
				return flipLast(token), err
			}
		})
		if r := VerifyDocument(d, o); r.Verdict != Invalid || r.Signatures[0].Check(CheckTimestamp).Result != Fail {
			show(t, r)
			t.Error("a changed token counts")
		}
	})
	t.Run("certificate not for time stamps", func(t *testing.T) {
		t.Parallel()
		wrong := *pki
		wrong.TSA = pki.Issue(sestest.Template("不是时间戳"), pki.TSAKey)
		wrong.TSA.ExtKeyUsage = []asn1.ObjectIdentifier{gm.OIDTimeStamping} // so that it stamps at all; Raw says otherwise
		token := (&wrong).Timestamp(at)
		if _, err := token([]byte("x")); err != nil {
			t.Fatal(err)
		}
		d := stampedBy(t, pki, func(o *StampOptions) { o.Timestamp = token })
		if r := VerifyDocument(d, o); r.Verdict != Invalid || r.Signatures[0].Check(CheckTimestamp).Result != Fail {
			show(t, r)
			t.Error("any certificate may stamp times")
		}
	})
	t.Run("over the TBS_Sign or the element", func(t *testing.T) {
		t.Parallel()
		form := sestest.Form{Timestamp: func(v []byte) []byte {
			var e []byte
			e = append(append(e, 0x03, byte(len(v)+1), 0), v...)
			token, err := pki.Timestamp(at)(e)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}}
		v := variant{form: form}
		r := Verify(v.stamped(t, pki).zip(t), o)
		if r.Verdict != Valid || r.Signatures[0].TimeSource != TimeStamped || !r.HasWarning(gm.NoteImprint) {
			show(t, r)
			t.Error("a token over the BIT STRING is not told apart")
		}
	})
	t.Run("claimed time later", func(t *testing.T) {
		t.Parallel()
		d := stampedBy(t, pki, func(o *StampOptions) {
			o.Timestamp = pki.Timestamp(sestest.Now)
			o.Time = sestest.Now.Add(8 * time.Hour)
		})
		o := o
		o.Now = sestest.Now.Add(24 * time.Hour)
		if r := VerifyDocument(d, o); r.Verdict != Valid || !r.HasWarning("timestamp_before_claim") || !r.Signatures[0].Time.Equal(sestest.Now) {
			show(t, r)
			t.Error("the time stamp does not win over the claimed time")
		}
	})
}

func TestSealTimestamp(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	token, err := pki.Timestamp(sestest.Now)([]byte("another seal"))
	if err != nil {
		t.Fatal(err)
	}
	v := variant{form: sestest.Form{Version: ses.V5, SealTimestamp: token}}
	if r := Verify(v.stamped(t, pki).zip(t), options(pki)); r.Verdict != Invalid || r.Signatures[0].Check(CheckTimestamp).Result != Fail {
		show(t, r)
		t.Error("a seal's time stamp over another seal counts")
	}
}

// V1 may hold a token instead of a time: it proves the time all the same.
func TestV1Token(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	v := variant{xml: func(s string) string { return s }}
	v.form.Version = ses.V1
	hash := gm.Digest{}
	v.xml = func(s string) string {
		hash = gm.Sum([]byte(s))
		token, err := pki.Timestamp(sestest.Now)(hash[:])
		if err != nil {
			t.Fatal(err)
		}
		var b cryptobyte.Builder
		b.AddASN1BitString(token)
		v.form.TimeInfo = b.BytesOrPanic()
		return s
	}
	r := Verify(v.stamped(t, pki).zip(t), options(pki))
	if s := r.Signatures[0]; r.Verdict != Valid || len(r.Warnings) > 0 || s.TimeSource != TimeStamped || !s.Time.Equal(sestest.Now) {
		show(t, r)
		t.Error("the token does not count")
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	claimed := stampedBy(t, pki, nil)
	proven := stampedBy(t, pki, func(o *StampOptions) { o.Timestamp = pki.Timestamp(sestest.Now) })
	later := sestest.Now.Add(48 * time.Hour)
	before, after := sestest.Now.Add(-time.Hour), sestest.Now.Add(time.Hour)
	stranger := sestest.New(t)
	for _, tc := range []struct {
		name    string
		doc     *ofd.Document
		lists   []*gm.RevocationList
		at      time.Time
		strict  bool
		verdict Verdict
		result  Result
		warn    string
	}{
		{name: "none revoked", doc: claimed, lists: []*gm.RevocationList{pki.CRL()}, verdict: Valid, result: Pass},
		{name: "signer revoked before", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, before, 1))}, verdict: Invalid, result: Fail},
		{name: "signer revoked before the stamped time", doc: proven, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, before, 1))}, verdict: Invalid, result: Fail},
		{name: "signer revoked after, claimed", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, after, 4))}, verdict: Valid, result: Warn, warn: "revoked_after"},
		{name: "signer revoked after, proven", doc: proven, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, after, 4))}, verdict: Valid, result: Pass},
		{name: "signer revoked later than asked", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, after, 4))}, at: sestest.Now.Add(time.Minute), verdict: Valid, result: Pass},
		{name: "removed from the list", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Signer, before, gm.ReasonRemoveFromCRL))}, verdict: Valid, result: Pass},
		{name: "maker revoked before the seal", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Maker, sestest.Now.AddDate(0, -2, 0), 4))}, verdict: Invalid, result: Fail},
		{name: "maker superseded between", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Maker, before, 4))}, verdict: Valid, result: Warn, warn: "maker_revoked_after"},
		{name: "maker compromised between", doc: claimed, lists: []*gm.RevocationList{pki.CRL(revoke(pki.Maker, before, gm.ReasonKeyCompromise))}, verdict: Invalid, result: Fail},
		{name: "no list", doc: claimed, verdict: Valid, result: Warn, warn: "no_revocation_data"},
		{name: "no list, strict", doc: claimed, strict: true, verdict: Undetermined, result: Unknown, warn: "no_revocation_data"},
		{name: "list of a stranger", doc: claimed, lists: []*gm.RevocationList{stranger.CRL()}, verdict: Valid, result: Warn, warn: "no_revocation_data"},
		{name: "a stranger's revocation", doc: claimed, lists: []*gm.RevocationList{pki.CRL(), stranger.CRL(revoke(pki.Signer, before, 1))}, verdict: Valid, result: Pass},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Anchors: pki.Anchors(), CRLs: tc.lists, Now: later, At: tc.at, Strict: tc.strict}
			r := VerifyDocument(tc.doc, o)
			if r.Verdict != tc.verdict || r.Signatures[0].Check(CheckRevocation).Result != tc.result || tc.warn != "" && !r.HasWarning(tc.warn) {
				show(t, r)
				t.Errorf("verdict %s, want %s with revocation %s", r.Verdict, tc.verdict, tc.result)
			}
		})
	}
	t.Run("list replaced since", func(t *testing.T) {
		t.Parallel()
		o := Options{Anchors: pki.Anchors(), CRLs: []*gm.RevocationList{pki.CRL()}, Now: sestest.Now.AddDate(0, 6, 0)}
		if r := VerifyDocument(claimed, o); r.Verdict != Valid || !r.HasWarning("crl_stale") {
			show(t, r)
			t.Error("an old list is not told")
		}
	})
}

func TestChain(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	d := stampedBy(t, pki, nil)
	stranger := sestest.New(t)
	for _, tc := range []struct {
		name    string
		anchors *gm.Pool
		verdict Verdict
	}{
		{"root", pki.Anchors(), Valid},
		{"no anchors", nil, Undetermined},
		{"another root of the same name", stranger.Anchors(), Undetermined},
		{"signer and maker themselves", gm.NewPool(pki.Signer, pki.Maker), Valid},
		{"signer only", gm.NewPool(pki.Signer), Undetermined},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := options(pki)
			o.Anchors = tc.anchors
			r := VerifyDocument(d, o)
			if r.Verdict != tc.verdict {
				show(t, r)
				t.Errorf("verdict %s, want %s", r.Verdict, tc.verdict)
			}
		})
	}
}

func TestIntermediate(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	caKey := sestest.Key(t)
	template := sestest.Template("签发机构")
	template.IsCA, template.MaxPathLen, template.KeyUsage = true, 0, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	template.NotAfter = sestest.Now.AddDate(0, 0, -1)
	for _, tc := range []struct {
		name    string
		end     time.Time
		given   bool
		verdict Verdict
	}{
		{"given", sestest.Now.AddDate(1, 0, 0), true, Valid},
		{"not given", sestest.Now.AddDate(1, 0, 0), false, Undetermined},
		{"expired when signing", sestest.Now.AddDate(0, 0, -1), true, Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			template := *template
			template.NotAfter = tc.end
			ca := pki.Issue(&template, caKey)
			leaf, err := gm.CreateCertificate(sestest.Template("下级签名人"), pki.SignerKey.Public(), ca, caKey)
			if err != nil {
				t.Fatal(err)
			}
			o := signOptions(pki)
			o.Certificate = leaf
			d, err := Sign(open(t, plain().zip(t)), o)
			if err != nil {
				t.Fatal(err)
			}
			v := options(pki)
			if tc.given {
				v.Intermediates = gm.NewPool(ca)
			}
			if r := VerifyDocument(d, v); r.Verdict != tc.verdict {
				show(t, r)
				t.Errorf("verdict %s, want %s", r.Verdict, tc.verdict)
			}
			o.Chain = []*gm.Certificate{ca}
			if d, err = Sign(open(t, plain().zip(t)), o); err != nil {
				t.Fatal(err)
			}
			want := tc.verdict
			if want == Undetermined {
				want = Valid // the certificate came with the signature
			}
			if r := VerifyDocument(d, options(pki)); r.Verdict != want {
				show(t, r)
				t.Errorf("embedded: verdict %s, want %s", r.Verdict, want)
			}
		})
	}
}

// Signing refuses certificates that may not sign; verifying finds them too.
func TestCertificateUsage(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	encryption := sestest.Template("加密证书")
	encryption.KeyUsage = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
	bad := *pki
	bad.Signer = pki.Issue(encryption, pki.SignerKey)
	o := signOptions(&bad)
	wantRefused(t, "certificate_usage", func() error { _, err := Sign(open(t, plain().zip(t)), o); return err })
	r := Verify((&variant{}).stamped(t, &bad).zip(t), options(pki))
	if r.Verdict != Invalid || r.Signatures[0].Check(CheckChain).Result != Fail {
		show(t, r)
		t.Error("an encryption certificate may sign")
	}
	// A user's certificate is no authority.
	leaf, err := gm.ParseCertificate(pki.Signer.Raw)
	if err != nil {
		t.Fatal(err)
	}
	leaf.IsCA, leaf.KeyUsage = true, leaf.KeyUsage|x509.KeyUsageCertSign // so that it issues at all; Raw says otherwise
	forged, err := gm.CreateCertificate(sestest.Template("冒名"), pki.SignerKey.Public(), leaf, pki.SignerKey)
	if err != nil {
		t.Fatal(err)
	}
	bad.Signer = forged
	o2 := options(pki)
	o2.Intermediates = gm.NewPool(pki.Signer)
	if r := Verify((&variant{}).stamped(t, &bad).zip(t), o2); r.Verdict != Invalid || r.Signatures[0].Check(CheckChain).Result != Fail {
		show(t, r)
		t.Error("a user's certificate issues others")
	}
}

func TestExpiredSince(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := options(pki)
	o.Now = sestest.Now.AddDate(20, 0, 0)
	r := VerifyDocument(stampedBy(t, pki, nil), o)
	if r.Verdict != Valid || !r.HasWarning("expired_since") {
		show(t, r)
		t.Error("a certificate that expired after signing is not told")
	}
}

// A bare SEQUENCE{r, s} tells no signer (an old form of ofdrw).
func TestBareValue(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	v := variant{kind: "Sign", value: func(xml []byte) []byte {
		value, err := pki.SignerKey.Sign(xml)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}}
	r := Verify(v.stamped(t, pki).zip(t), options(pki))
	if s := r.Signatures[0]; r.Verdict != Undetermined || s.Form != FormBare || s.Check(CheckValue).Result != Unknown || s.Check(CheckDigest).Result != Pass {
		show(t, r)
		t.Errorf("verdict %s", r.Verdict)
	}
	v.kind = "-"
	if r := Verify(v.stamped(t, pki).zip(t), options(pki)); r.Verdict != Undetermined || !r.HasWarning("signature_type") {
		show(t, r)
		t.Error("a Type left out over a digital signature is not told")
	}
}

// Each document of a package has a list of its own.
func TestTwoDocuments(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	p := plain()
	for _, name := range slices.Clone(p.names) {
		if name != "OFD.xml" {
			p.set("Doc_1"+name[len("Doc_0"):], string(p.files[name]))
		}
	}
	edit("OFD.xml", "</ofd:DocBody>", "</ofd:DocBody><ofd:DocBody><ofd:DocInfo><ofd:DocID>ffff</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody>")(p)
	d := open(t, p.zip(t))
	for i := range 2 { // both lists must be linked before OFD.xml is covered
		prepared, err := d.PrepareSignatures(i)
		if err != nil {
			t.Fatal(err)
		}
		d = prepared
	}
	d = stamp(t, d, stampOptions(pki))
	r := clean(t, d, options(pki), 1)
	if !slices.Contains(r.Signatures[0].Covered, "Doc_1/Document.xml") {
		t.Error("the second document is not covered")
	}
	o := stampOptions(pki)
	o.DocIndex = 1
	d = stamp(t, d, o)
	r = clean(t, d, options(pki), 2)
	if r.Signatures[1].Part != "Doc_1/Signs/Sign_0/Signature.xml" {
		t.Errorf("second signature at %s", r.Signatures[1].Part)
	}
}

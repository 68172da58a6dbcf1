package interop

import (
	"regexp"
	"testing"
	"time"

	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/signature/signaturetest"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// A digital certificate is revoked: what a time stamp proves to be older is
// valid still, what is newer is not, and what only claims to be older is told
// apart, by us and by openssl.
func TestRevokedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 120, 200))
	w.Approve(t, r, 0)
	unit, _, err := w.Sealing.File(w.Asker, r.ID)
	must(t, err)
	a := w.people.Enrolled(t, "王小明")
	x := w.people.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
	w.people.Sign(t, a, x.ID, 1)
	_, person, err := w.people.Signature.File(w.people.Clerk, x.ID)
	must(t, err)
	h := w.held(t, w.Seals[sealtest.Market].ID)
	_, was := w.published(t)

	set(w.DB, -24*time.Hour)
	must(t, w.Seal.SetState(w.Admin, w.Seals[sealtest.Market].ID, seal.Cancelled, "密钥可能泄露"))
	must(t, w.people.Signature.Cancel(a.Ctx, "不再使用"))
	set(w.DB, -12*time.Hour)
	after := w.stolen(t, h, w.DB.Now(), true)
	claimed := w.stolen(t, h, time.Now().Add(-47*time.Hour), false)
	set(w.DB, 0)
	roots, list := w.published(t)

	for _, c := range []struct {
		name    string
		data    []byte
		verdict sign.Verdict
		result  sign.Result // of the check of revocation
		proven  bool
		older   bool
	}{
		{"a unit sealed before", unit, sign.Valid, sign.Pass, true, true},
		{"a person signed before", person, sign.Valid, sign.Pass, true, true},
		{"sealed after", after, sign.Invalid, sign.Fail, true, false},
		{"claims to be sealed before", claimed, sign.Valid, sign.Warn, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report := command(t, c.data, roots, list)
			s := report.Signatures[0]
			if s.Verdict != c.verdict || s.Check(sign.CheckRevocation).Result != c.result {
				t.Errorf("we say %s: %+v", s.Verdict, s.Check(sign.CheckRevocation))
			}
			o := newOpenssl(t, roots, c.data)
			m := o.believe(o.signatures()[0])
			if m.proven != c.proven {
				t.Errorf("openssl finds a time stamp: %v", m.proven)
			}
			// Who kept the list of the day of signing may ask with that; the list of
			// today knows when the digital certificate was revoked.
			if c.older {
				if good, at := o.inForce(was, m.signer, m.at.Add(time.Minute)); !good {
					t.Errorf("by the list of the day of signing it was revoked at %v", at)
				}
			}
			if good, at := o.inForce(list, m.signer, time.Now()); good || m.at.Before(at) != c.older {
				t.Errorf("by the list of today: signed at %v, revoked at %v", m.at, at)
			}
		})
	}
}

// stolen is a document sealed by who has the key and no more to do with us.
func (w *world) stolen(t *testing.T, h holding, at time.Time, stamped bool) []byte {
	t.Helper()
	d, err := ofd.Open(sealingtest.Document(t, "越权盖章", 1))
	must(t, err)
	o := sign.StampOptions{Seal: h.seal, Signer: h.signer, Certificate: h.certificate, Time: at, Places: []sign.Place{{X: 120, Y: 200, W: 42, H: 42}}}
	if stamped {
		o.Timestamp = func(value []byte) ([]byte, error) { return w.PKI.TimeStamp(t.Context(), value) }
	}
	d, err = sign.Stamp(d, o)
	must(t, err)
	b, err := d.Bytes()
	must(t, err)
	return b
}

var (
	revocation = regexp.MustCompile(`Serial Number: ([0-9A-F]+)\s+Revocation Date: (.+)`)
	serialLine = regexp.MustCompile(`serial=(\w+)`)
	updateLine = regexp.MustCompile(`(?:Last|Next) Update: (.+)`)
)

// inForce tells whether a list that was current at a time knew a digital
// certificate for good, and when the list says that it was revoked. openssl 3.0
// cannot be asked with -crl_check: it gives no identifier to the issuer's SM2
// signature on the list. So the signature is verified by itself.
func (o *openssl) inForce(list, certificate []byte, at time.Time) (good bool, revokedAt time.Time) {
	o.t.Helper()
	outer := o.children(list)
	pub := o.file("issuing.pub", o.run("x509", "-in", "issuing.pem", "-pubkey", "-noout"))
	o.run("dgst", "-sm3", "-verify", pub, "-sigopt", distid, "-signature", o.file("sig", outer[2].bits()), o.file("message", outer[0].whole))
	text := o.run("crl", "-inform", "DER", "-in", o.file("list.crl", list), "-noout", "-text")
	updates := updateLine.FindAllSubmatch(text, -1)
	if at.Before(o.time(updates[0][1])) || at.After(o.time(updates[1][1])) {
		o.t.Errorf("the list of %s to %s says nothing of %v", updates[0][1], updates[1][1], at)
	}
	serial := serialLine.FindSubmatch(o.run("x509", "-inform", "DER", "-in", o.file("cert.der", certificate), "-noout", "-serial"))[1]
	for _, m := range revocation.FindAllSubmatch(text, -1) {
		if string(m[1]) == string(serial) {
			return false, o.time(m[2])
		}
	}
	return true, time.Time{}
}

func (o *openssl) time(text []byte) time.Time {
	o.t.Helper()
	at, err := time.Parse("Jan _2 15:04:05 2006 MST", string(text))
	must(o.t, err)
	return at
}

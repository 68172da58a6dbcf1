package lasting_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/lasting"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		if f := fault.As(err); f != nil {
			t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
		}
		t.Fatal(err)
	}
}

// An authority is a root with a time stamp authority under it, made in a year of
// its own with keys of its own.
type authority struct {
	root *gm.Certificate
	tsa  gm.TimestampAuthority
}

func newAuthority(t testing.TB, from time.Time, years int) *authority {
	t.Helper()
	a := &authority{}
	issue := func(name string, parent *gm.Certificate, by *gm.PrivateKey, ca bool) (*gm.Certificate, *gm.PrivateKey) {
		key, err := gm.GenerateKey()
		must(t, err)
		tmpl := &gm.CertificateTemplate{Subject: pkix.Name{CommonName: fmt.Sprintf("%s %d", name, from.Year())}, NotBefore: from.Add(-time.Hour), NotAfter: from.AddDate(years, 0, 0), MaxPathLen: -1}
		if tmpl.IsCA = ca; ca {
			tmpl.KeyUsage, by = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, key
		} else {
			tmpl.KeyUsage, tmpl.ExtKeyUsage = x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{gm.OIDTimeStamping}
		}
		c, err := gm.CreateCertificate(tmpl, key.Public(), parent, by)
		must(t, err)
		return c, key
	}
	root, key := issue("样例根", nil, nil, true)
	stamp, own := issue("样例时间戳", root, key, false)
	a.root, a.tsa = root, gm.TimestampAuthority{Certificate: stamp, Signer: own, Policy: asn1.ObjectIdentifier{2, 25, 1}}
	return a
}

func (a *authority) stamp(message []byte, now time.Time) ([]byte, error) {
	q, err := gm.NewTimestampRequest(message, nil)
	if err != nil {
		return nil, err
	}
	r, err := a.tsa.Respond(q, now)
	if err != nil {
		return nil, err
	}
	return gm.ParseTimestampResponse(r)
}

// A world is a service whose clock and authorities the test moves.
type world struct {
	*lasting.Service
	db    *db.DB
	now   time.Time
	by    *authority
	trust sign.Options // beside by
	docs  map[gm.Digest][]byte
}

// over makes a service in d with an authority of the day.
func over(t testing.TB, d *db.DB, p *pkitest.World) *world {
	t.Helper()
	w := &world{db: d, now: d.Now(), docs: map[gm.Digest][]byte{}}
	d.Now = func() time.Time { return w.now }
	w.by = newAuthority(t, w.now, 12)
	w.Service = &lasting.Service{
		DB:        d,
		Document:  func(_ context.Context, x gm.Digest) ([]byte, error) { return w.docs[x], nil },
		TimeStamp: func(_ context.Context, m []byte) ([]byte, error) { return w.by.stamp(m, w.now) },
		Trust: func(context.Context) (sign.Options, error) {
			o := w.trust
			o.Anchors = gm.NewPool(append(o.Anchors.Certificates(), w.by.root)...)
			return o, nil
		},
	}
	var err error
	w.Mac, err = p.Keys.Index(t.Context(), "lasting.anchor")
	must(t, err)
	return w
}

// note tells of documents as the events of their issue do.
func (w *world) note(t testing.TB, issuer string, documents ...[]byte) (ids []string) {
	t.Helper()
	var all []outbox.Event
	for i, b := range documents {
		x := gm.Sum(b)
		w.docs[x] = b
		ids = append(ids, fmt.Sprintf("c%04d-%x", i, x[:4]))
		body, err := json.Marshal(event.Certificate{ID: ids[i], Issuer: issuer, Document: fmt.Sprintf("%x", x)})
		must(t, err)
		all = append(all, outbox.Event{Topic: event.Issued, Body: json.RawMessage(body)})
	}
	for range 2 { // an event comes once at least
		must(t, w.db.Write(t.Context(), func(tx *db.Tx) error { return w.Consumer().HandleAll(tx, all) }))
	}
	return ids
}

// texts are documents that are no certificates.
func texts(n int) (out [][]byte) {
	for i := range n {
		out = append(out, fmt.Appendf(nil, "document %d", i))
	}
	return out
}

func (w *world) work(t testing.TB) int {
	t.Helper()
	n, err := w.Work(t.Context())
	must(t, err)
	return n
}

// codes are those of a report's problems.
func codes(r *lasting.Report) (out []string) {
	for _, p := range r.Problems {
		out = append(out, p.Code)
	}
	return out
}

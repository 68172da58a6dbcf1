package pki_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/httpx"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

const (
	unitName = "青禾县市场监督管理局"
	unitCode = "11999999000000001X"
)

// ca is an outside authority: a root that is an anchor by configuration, and an
// issuing authority below it, which nobody here knows beforehand.
type ca struct {
	outside
	issuing    *gm.Certificate
	key        *gm.PrivateKey
	lists      string // where its revocation lists are, or ""
	responders string
}

func newCA(t testing.TB, name string) *ca {
	t.Helper()
	c := &ca{outside: newOutside(t)}
	g := c.given(t, func(x *gm.CertificateTemplate) { x.Subject.CommonName, x.MaxPathLen = name, 1 })
	c.issuing, c.key = g.Certificate, g.Key
	return c
}

// certify signs a key as authorities do, changed as a test wants it.
func (c *ca) certify(t testing.TB, public *gm.PublicKey, change func(*gm.CertificateTemplate)) *gm.Certificate {
	t.Helper()
	tmpl := &gm.CertificateTemplate{
		Subject:   pkix.Name{Country: []string{"CN"}, Organization: []string{unitName}, CommonName: unitName, SerialNumber: unitCode},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, CRLURL: c.lists, OCSPURL: c.responders,
	}
	if change != nil {
		change(tmpl)
	}
	made, err := gm.CreateCertificate(tmpl, public, c.issuing, c.key)
	must(t, err)
	return made
}

// list signs a revocation list.
func (c *ca) list(t testing.TB, number int64, at time.Time, life time.Duration, revoked ...*gm.Certificate) []byte {
	t.Helper()
	tmpl := &gm.CRLTemplate{Number: big.NewInt(number), ThisUpdate: at.UTC().Truncate(time.Second), NextUpdate: at.Add(life).UTC().Truncate(time.Second)}
	for _, x := range revoked {
		tmpl.Revoked = append(tmpl.Revoked, gm.Revoked{Serial: x.SerialNumber, At: at.UTC().Truncate(time.Second), Reason: pki.KeyCompromise})
	}
	made, err := gm.CreateCRL(tmpl, c.issuing, c.key)
	must(t, err)
	return made.Raw
}

// answer is what an authority sends back: PEM, ours first.
func answer(all ...*gm.Certificate) (b []byte) {
	for _, c := range all {
		b = append(b, c.PEM()...)
	}
	return b
}

// ask makes a request for the unit.
func ask(t testing.TB, w *pkitest.World) *pki.CertificateRequest {
	t.Helper()
	r, err := w.PKI.Request(w.System, pki.RequestFor{Use: pki.Unit, Org: pkitest.Root, Name: unitName, Code: unitCode, Authority: "样例省电子认证"})
	must(t, err)
	return r
}

// server serves what it was told last, and counts.
type server struct {
	host  string
	body  atomic.Pointer[[]byte]
	fail  atomic.Bool
	count atomic.Int64
}

func serve(t testing.TB) (*server, *httpx.Client) {
	t.Helper()
	s := &server{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.count.Add(1)
		if b := s.body.Load(); b != nil && !s.fail.Load() {
			_, _ = w.Write(*b) // a caller that went away is its own matter
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(h.Close)
	u, err := url.Parse(h.URL)
	must(t, err)
	s.host = u.Host
	return s, httpx.NewClient(httpx.ClientOptions{Hosts: []string{u.Host}, Private: []string{u.Host}})
}

func (s *server) say(b []byte) { s.body.Store(&b) }

func result(found []pki.Finding, code string) pki.Result {
	for _, f := range found {
		if f.Code == code {
			return f.Result
		}
	}
	return ""
}

func check(t testing.TB, w *pkitest.World, c *gm.Certificate, chain ...*gm.Certificate) []pki.Finding {
	t.Helper()
	return w.PKI.Check(context.Background(), pki.CheckRequest{Certificate: c, Chain: chain, Name: unitName, Code: unitCode, Use: pki.Unit})
}

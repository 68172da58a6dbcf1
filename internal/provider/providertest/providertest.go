// Package providertest gives other packages' tests seal providers that are not
// ours: each with an authority, a seal maker, a unit that stamps, and a server
// that answers as package provider's documentation says, or as it is told to
// misbehave. It writes the protocol by itself: it shares no code with package
// provider, so that one checks the other.
package providertest

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/provider"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

// A Mode is how a provider answers.
type Mode string

// Modes.
const (
	Honest    Mode = ""
	Down      Mode = "down"      // 500
	Slow      Mode = "slow"      // never answers
	Drip      Mode = "drip"      // begins, and never ends
	Lying     Mode = "lying"     // calls everything valid
	Invalid   Mode = "invalid"   // calls everything invalid
	Revoked   Mode = "revoked"   // calls everything revoked
	Unknown   Mode = "unknown"   // knows none of its own
	Silent    Mode = "silent"    // answers for nothing
	Foreign   Mode = "foreign"   // answers for every signature
	Replay    Mode = "replay"    // gives its first answer again and again
	Nonce     Mode = "nonce"     // another nonce
	Document  Mode = "document"  // another document
	Name      Mode = "name"      // another provider's id
	Key       Mode = "key"       // another key
	Algorithm Mode = "algorithm" // {"alg":"none"}
	Type      Mode = "type"      // another type of text
	Stale     Mode = "stale"     // answered an hour ago
	Early     Mode = "early"     // answered in an hour
	Oversize  Mode = "oversize"  // 3 MiB
	Bomb      Mode = "bomb"      // nested without end
	Garbage   Mode = "garbage"   // no JSON
	Redirect  Mode = "redirect"  // to another host
	Many      Mode = "many"      // a hundred thousand signatures
)

// A Provider is one simulated provider.
type Provider struct {
	ID      string
	URL     string // its endpoint
	Host    string // host:port, for the list of hosts that may be called
	CA      *gm.Certificate
	Maker   *gm.Certificate
	Unit    *gm.Certificate
	Answers *gm.Certificate // of the key that it answers with

	caKey, makerKey, unitKey, answerKey *gm.PrivateKey
	seal                                *ses.Seal
	now                                 func() time.Time
	stop                                chan struct{}

	mode  atomic.Value
	Calls atomic.Int64
	mu    sync.Mutex
	first []byte // of Replay
	names []string
}

// New starts a provider. now is the clock that it lives by; nil: the real one.
func New(t testing.TB, id string, now func() time.Time) *Provider {
	t.Helper()
	if now == nil {
		now = time.Now
	}
	p := &Provider{ID: id, now: now, stop: make(chan struct{})}
	p.mode.Store(Honest)
	p.CA, p.caKey = p.certificate(t, "样例第三方根·"+id, true, nil, nil)
	p.Maker, p.makerKey = p.certificate(t, "样例第三方制章·"+id, false, p.CA, p.caKey)
	p.Unit, p.unitKey = p.certificate(t, "样例企业·"+id, false, p.CA, p.caKey)
	p.Answers, p.answerKey = p.certificate(t, "样例第三方核验·"+id, false, nil, nil)
	var err error
	p.seal, err = ses.MakeSeal(ses.SealOptions{
		ID: "third-" + id, VendorID: "third", Type: 1, Name: "样例企业·" + id, Signers: []*gm.Certificate{p.Unit}, Created: now(),
		ValidFrom: p.Unit.NotBefore, ValidTo: p.Unit.NotAfter, Picture: ses.Picture{Type: "PNG", Data: []byte{1}, Width: 42, Height: 42},
	}, p.makerKey, p.Maker)
	must(t, err)
	s := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() { close(p.stop); s.Close() })
	u, err := url.Parse(s.URL)
	must(t, err)
	p.URL, p.Host = s.URL+"/api/v1", u.Host
	return p
}

func (p *Provider) certificate(t testing.TB, name string, ca bool, parent *gm.Certificate, parentKey *gm.PrivateKey) (*gm.Certificate, *gm.PrivateKey) {
	t.Helper()
	key, err := gm.GenerateKey()
	must(t, err)
	signer := parentKey
	if signer == nil {
		signer = key
	}
	now := p.now().UTC().Truncate(time.Second)
	usage := x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if ca {
		usage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	c, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0), KeyUsage: usage, IsCA: ca, MaxPathLen: -1,
	}, key.Public(), parent, signer)
	must(t, err)
	return c, key
}

// Behave says how it answers from now on.
func (p *Provider) Behave(m Mode) { p.mode.Store(m) }

// Request proposes it, by its authority, for an organisation.
func (p *Provider) Request(org string) provider.Request {
	return provider.Request{
		ID: p.ID, Org: org, Name: "样例签章服务商·" + p.ID, Operator: "样例科技有限公司", Zone: provider.Internet, Endpoint: p.URL,
		Certificate: string(p.Answers.PEM()), Authorities: []string{string(p.CA.PEM())}, Reason: "已签订互认协议",
	}
}

// Stamp stamps a document with its seal.
func (p *Provider) Stamp(t testing.TB, d *ofd.Document) *ofd.Document {
	t.Helper()
	out, err := sign.Stamp(d, sign.StampOptions{
		Seal: p.seal, Signer: p.unitKey, Certificate: p.Unit, Places: []sign.Place{{X: 10, Y: 10, W: 42, H: 42}}, Time: p.now(),
	})
	must(t, err)
	return out
}

// Sealed is a document of one page with its seal.
func (p *Provider) Sealed(t testing.TB) []byte {
	t.Helper()
	b, err := p.Stamp(t, Blank(t)).Bytes()
	must(t, err)
	return b
}

// Blank is a document of one empty page.
func Blank(t testing.TB) *ofd.Document {
	t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "2"})
	b.AddPage(210, 140)
	d, err := b.Build()
	must(t, err)
	return d
}

// Altered changes a page of a document and leaves its signatures.
func Altered(t testing.TB, data []byte) []byte {
	t.Helper()
	d, err := ofd.Open(data)
	must(t, err)
	const name = "Doc_0/Pages/Page_0/Content.xml"
	page, err := d.Part(name).Data()
	must(t, err)
	d, err = d.With(ofd.NewPart(name, append(page[:len(page):len(page)], ' ')))
	must(t, err)
	out, err := d.Bytes()
	must(t, err)
	return out
}

// Names are the names of the files that it was asked about.
func (p *Provider) Names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.names...)
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	p.Calls.Add(1)
	file, header, err := r.FormFile("file")
	if err != nil || !strings.HasSuffix(r.URL.Path, "/verify") || r.URL.Query().Get("signed") != "1" {
		http.Error(w, "not the protocol", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.names = append(p.names, header.Filename)
	p.mu.Unlock()
	data, err := io.ReadAll(file)
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	mode, _ := p.mode.Load().(Mode)
	if p.misbehave(w, r, mode) {
		return
	}
	_, _ = w.Write(p.answer(data, r.URL.Query().Get("nonce"), mode))
}

// misbehave answers in the modes that need no answer.
func (p *Provider) misbehave(w http.ResponseWriter, r *http.Request, mode Mode) bool {
	switch mode {
	case Down:
		http.Error(w, "down", http.StatusInternalServerError)
	case Slow:
		p.hang(r)
	case Drip:
		_, _ = io.WriteString(w, `{"answer":"`)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // net/http's own
		p.hang(r)
	case Oversize:
		_, _ = w.Write([]byte(`{"answer":"` + strings.Repeat("a", 3<<20) + `"}`))
	case Bomb:
		_, _ = io.WriteString(w, strings.Repeat(`{"answer":`, 100_000))
	case Garbage:
		_, _ = io.WriteString(w, "<html>维护中</html>")
	case Redirect:
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusTemporaryRedirect)
	default:
		return false
	}
	return true
}

func (p *Provider) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.stop:
	}
}

// answer is what the protocol asks for, but for what the mode makes of it.
func (p *Provider) answer(data []byte, nonce string, mode Mode) []byte {
	if mode == Replay {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.first == nil {
			p.first = p.write(data, nonce, Honest)
		}
		return p.first
	}
	return p.write(data, nonce, mode)
}

func (p *Provider) write(data []byte, nonce string, mode Mode) []byte {
	rep := sign.Verify(data, sign.Options{Anchors: gm.NewPool(p.CA), Now: p.now()})
	own := []string{}
	for i := range rep.Signatures {
		sig := &rep.Signatures[i]
		mine := sig.SES != nil && sig.SES.Seal.Maker.Equal(p.Maker)
		if mine || mode == Foreign {
			own = append(own, sig.ID)
		}
		switch {
		case !mine:
		case mode == Lying:
			sig.Verdict = sign.Valid
		case mode == Invalid:
			sig.Verdict = sign.Invalid
		case mode == Revoked, mode == Unknown:
			sig.Verdict = sign.Verdict(mode)
		}
	}
	document := gm.Sum(data)
	var m map[string]any
	b, _ := json.Marshal(rep)
	_ = json.Unmarshal(b, &m)
	at := p.now()
	m["provider"], m["document"], m["nonce"], m["own"], m["remarks"] = p.ID, hex.EncodeToString(document[:]), nonce, own, []string{"印章状态：有效"}
	switch mode {
	case Silent:
		m["own"] = []string{}
	case Nonce:
		m["nonce"] = nonce + "0"
	case Document:
		m["document"] = strings.Repeat("0", 64)
	case Name:
		m["provider"] = "somebody-else"
	case Stale:
		at = at.Add(-time.Hour)
	case Early:
		at = at.Add(time.Hour)
	case Many:
		m["own"] = strings.Split(strings.Repeat("1,", 20_000)+"1", ",")
	}
	m["answered_at"] = at.UTC().Format(time.RFC3339Nano)
	payload, _ := json.Marshal(m)
	out, _ := json.Marshal(map[string]any{"answer": p.jws(payload, mode), "verdict": "valid", "ignored": []int{1}})
	return out
}

// jws signs a payload as the documentation of package provider says.
func (p *Provider) jws(payload []byte, mode Mode) string {
	header := map[string]any{"alg": "SM2-SM3", "typ": "sidian-answer+json"}
	key := p.answerKey
	switch mode {
	case Key:
		key = p.makerKey
	case Algorithm:
		header["alg"] = "none"
	case Type:
		header["typ"] = "sidian-providers+json"
	}
	h, _ := json.Marshal(header)
	enc := base64.RawURLEncoding
	input := enc.EncodeToString(h) + "." + enc.EncodeToString(payload)
	der, err := key.Sign([]byte(input))
	if err != nil {
		return ""
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		return ""
	}
	raw := make([]byte, 64)
	rs.R.FillBytes(raw[:32])
	rs.S.FillBytes(raw[32:])
	return input + "." + enc.EncodeToString(raw)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

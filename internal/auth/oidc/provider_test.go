package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth/oidc"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	clientID = "sidian"
	secret   = "a-secret-of-some-length-0123456789"
	redirect = "https://zhengwu.example/auth/oidc/province"
)

var b64 = base64.RawURLEncoding.EncodeToString

// keys of the test provider, made once: RSA takes its time.
var keys = sync.OnceValue(func() (k struct {
	rsa, weak *rsa.PrivateKey
	ec        *ecdsa.PrivateKey
	ed        ed25519.PrivateKey
	err       error
}) {
	if k.rsa, k.err = rsa.GenerateKey(rand.Reader, 2048); k.err != nil {
		return k
	}
	if k.weak, k.err = rsa.GenerateKey(rand.Reader, 1024); k.err != nil {
		return k
	}
	if k.ec, k.err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); k.err != nil {
		return k
	}
	_, k.ed, k.err = ed25519.GenerateKey(rand.Reader)
	return k
})

func digest(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }

// signers make the third part of a token, each by the means of the standard
// library alone (RFC 7518 §3, RFC 8037 §3.1).
var signers = map[string]func(s string) ([]byte, error){
	"RS256": func(s string) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, keys().rsa, crypto.SHA256, digest(s))
	},
	"PS256": func(s string) ([]byte, error) {
		return rsa.SignPSS(rand.Reader, keys().rsa, crypto.SHA256, digest(s), &rsa.PSSOptions{SaltLength: 32})
	},
	"weak": func(s string) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, keys().weak, crypto.SHA256, digest(s))
	},
	"ES256": func(s string) ([]byte, error) {
		r, t, err := ecdsa.Sign(rand.Reader, keys().ec, digest(s))
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), t.FillBytes(make([]byte, 32))...), nil
	},
	"EdDSA": func(s string) ([]byte, error) { return ed25519.Sign(keys().ed, []byte(s)), nil },
	"none":  func(string) ([]byte, error) { return nil, nil },
}

func mac(key []byte) func(string) ([]byte, error) {
	return func(s string) ([]byte, error) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(s))
		return h.Sum(nil), nil
	}
}

func rsaJWK(kid string, k *rsa.PublicKey) map[string]any {
	return map[string]any{"kty": "RSA", "use": "sig", "kid": kid, "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

func jwks() []map[string]any {
	k := keys()
	point, err := k.ec.PublicKey.Bytes()
	if err != nil {
		return nil
	}
	pub, _ := k.ed.Public().(ed25519.PublicKey)
	return []map[string]any{
		rsaJWK("rsa", &k.rsa.PublicKey), rsaJWK("weak", &k.weak.PublicKey),
		{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "ec", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "ed", "x": b64(pub)},
		{"kty": "oct", "kid": "oct", "k": b64([]byte(secret))},
		{"kty": "EC", "crv": "P-521", "kid": "p521", "x": "AA", "y": "AA"},
		{"kty": "RSA", "use": "enc", "kid": "enc", "n": b64(k.rsa.N.Bytes()), "e": "AQAB"},
	}
}

// provider is an identity provider of these tests, as honest or malicious as
// its fields make it.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	codes map[string]url.Values // of the authorization request
	calls map[string]int

	discovery func(map[string]any)
	keys      func([]map[string]any) any
	alg       string // of the header; RS256 when empty
	kid       any    // "rsa" when nil
	header    map[string]any
	claims    func(map[string]any)
	sign      func(string) ([]byte, error) // by alg when nil
	token     func(string) string
	answer    func(w http.ResponseWriter) bool // instead of the token endpoint's
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	if err := keys().err; err != nil {
		t.Fatal(err)
	}
	p := &provider{codes: map[string]url.Values{}, calls: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[r.URL.Path]++
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		d := map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
			"id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
		}
		if p.discovery != nil {
			p.discovery(d)
		}
		write(w, d)
	case "/keys":
		var set any = jwks()
		if p.keys != nil {
			set = p.keys(jwks())
		}
		write(w, map[string]any{"keys": set})
	case "/token":
		p.tokens(w, r)
	default:
		http.NotFound(w, r)
	}
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "李明 110101199003070011"})
}

func (p *provider) tokens(w http.ResponseWriter, r *http.Request) {
	if p.answer != nil && p.answer(w) {
		return
	}
	asked, ok := p.codes[r.PostFormValue("code")]
	if r.PostFormValue("client_secret") != secret || r.PostFormValue("client_id") != clientID {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	delete(p.codes, r.PostFormValue("code"))
	h := digest(r.PostFormValue("code_verifier"))
	if !ok || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != b64(h) || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	token, err := p.make(asked.Get("nonce"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token})
}

func (p *provider) make(nonce string) (string, error) {
	head := map[string]any{"alg": "RS256", "kid": "rsa", "typ": "JWT"}
	if p.alg != "" {
		head["alg"] = p.alg
	}
	if p.kid != nil {
		head["kid"] = p.kid
	}
	if p.kid == "" {
		delete(head, "kid")
	}
	maps.Copy(head, p.header)
	claims := map[string]any{
		"iss": p.URL, "sub": "person-1", "aud": clientID, "nonce": nonce, "iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(),
		"name": "李明", "citizen": "110101199003070011", "acr": "L3",
	}
	if p.claims != nil {
		p.claims(claims)
	}
	h, err := json.Marshal(head)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := b64(h) + "." + b64(c)
	sign := p.sign
	if sign == nil {
		alg, _ := head["alg"].(string)
		sign = signers[alg]
	}
	signature, err := sign(text)
	if err != nil {
		return "", err
	}
	out := text + "." + b64(signature)
	if p.token != nil {
		out = p.token(out)
	}
	return out, nil
}

// authorize is what the browser and the person do at the provider.
func (p *provider) authorize(t testing.TB, a oidc.Attempt) url.Values {
	t.Helper()
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if strings.TrimSuffix(a.URL, "?"+u.RawQuery) != p.URL+"/authorize" || q.Get("response_type") != "code" || q.Get("client_id") != clientID ||
		q.Get("redirect_uri") != redirect || q.Get("state") != a.State || q.Get("nonce") != a.Nonce || !strings.Contains(q.Get("scope"), "openid") {
		t.Fatalf("authorization request %s", a.URL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

func (p *provider) config() oidc.Provider {
	return oidc.Provider{
		Name: "province", Issuer: p.URL, ClientID: clientID, ClientSecret: secret, Redirect: redirect, Scopes: []string{"profile"}, Kind: oidc.Staff,
		Claims: oidc.Claims{Citizen: "citizen", Levels: map[string]int{"L2": 2, "L3": 3, "L0": 0}},
	}
}

func (p *provider) relying(t testing.TB) *oidc.Relying {
	t.Helper()
	r, err := oidc.New(p.config(), p.Client())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

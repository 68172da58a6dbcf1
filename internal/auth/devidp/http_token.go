package devidp

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// verifierForm is RFC 7636 §4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// refused answers as RFC 6749 §5.2 wants.
func refused(w http.ResponseWriter, status int, code string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="devidp"`)
	}
	answer(w, status, map[string]string{"error": code})
}

// token exchanges a code (Core §3.1.3).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.URL.RawQuery != "" || r.ParseForm() != nil { // secrets stand in the body, never in an address
		refused(w, http.StatusBadRequest, "invalid_request")
		return
	}
	f := r.PostForm
	for _, v := range f {
		if len(v) > 1 {
			refused(w, http.StatusBadRequest, "invalid_request")
			return
		}
	}
	c, ok := p.authenticated(r)
	switch {
	case !ok:
		refused(w, http.StatusUnauthorized, "invalid_client")
		return
	case f.Get("grant_type") != "authorization_code":
		refused(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	now := p.opts.Now()
	g, token, ok := p.redeem(f, c, now)
	if !ok {
		refused(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	id, err := p.idToken(g, token, now)
	if err != nil {
		refused(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(TokenLife.Seconds()), "id_token": id, "scope": strings.Join(g.scopes, " "),
	})
}

// authenticated finds the client that asks: by header, or by form, never by
// both (RFC 6749 §2.3).
func (p *Provider) authenticated(r *http.Request) (Client, bool) {
	id, secret, header := r.BasicAuth()
	if header {
		if r.PostForm.Has("client_secret") || r.PostForm.Has("client_id") && r.PostForm.Get("client_id") != id {
			return Client{}, false
		}
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			return Client{}, false
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	c, ok := p.client(id)
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(c.Secret))
	return c, ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// redeem spends a code. Whoever brings it a second time ends what the first one
// got: one of the two stole it.
func (p *Provider) redeem(f url.Values, c Client, now time.Time) (grant, string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[f.Get("code")]
	if !ok {
		return grant{}, "", false
	}
	if g.used {
		delete(p.tokens, g.token)
		return grant{}, "", false
	}
	g.used = true // whatever comes of it
	h := sha256.Sum256([]byte(f.Get("code_verifier")))
	if g.client != c.ID || g.redirect != f.Get("redirect_uri") || now.Sub(g.at) > CodeLife || now.Before(g.at) ||
		!verifierForm.MatchString(f.Get("code_verifier")) || base64.RawURLEncoding.EncodeToString(h[:]) != g.challenge {
		return grant{}, "", false
	}
	g.token = rand.Text()
	p.tokens[g.token] = access{person: g.person, scopes: g.scopes, until: now.Add(TokenLife)}
	return *g, g.token, true
}

func about(x Person, scopes []string) map[string]any {
	claims := map[string]any{"sub": x.Subject, "kind": "holder"}
	if x.Staff {
		claims["kind"] = "staff"
	}
	if slices.Contains(scopes, "profile") {
		claims["name"] = x.Name
		if x.Citizen != "" {
			claims["id_number"] = x.Citizen
		}
	}
	return claims
}

// idToken makes and signs the token (RFC 7515 compact form, ES256).
func (p *Provider) idToken(g grant, token string, now time.Time) (string, error) {
	half := sha256.Sum256([]byte(token))
	b64 := base64.RawURLEncoding.EncodeToString
	claims := about(g.person, g.scopes)
	for k, v := range map[string]any{
		"iss": p.issuer, "aud": g.client, "iat": now.Unix(), "exp": now.Add(TokenLife).Unix(), "auth_time": g.at.Unix(),
		"acr": fmt.Sprintf("L%d", g.person.Level), "at_hash": b64(half[:16]),
	} {
		claims[k] = v
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	head, err := json.Marshal(map[string]string{"alg": "ES256", "typ": "JWT", "kid": p.keyID})
	if err != nil {
		return "", fmt.Errorf("devidp: making a token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("devidp: making a token: %w", err)
	}
	text := b64(head) + "." + b64(body)
	h := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, h[:])
	if err != nil {
		return "", fmt.Errorf("devidp: signing a token: %w", err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + b64(signature[:]), nil
}

// userinfo says again what the ID token says (Core §5.3).
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	p.mu.Lock()
	a, ok := p.tokens[token]
	p.mu.Unlock()
	if !ok || !strings.EqualFold(scheme, "Bearer") || p.opts.Now().After(a.until) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	answer(w, http.StatusOK, about(a.person, a.scopes))
}

package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"sidian/internal/fault"
)

// Finish takes the query with which the browser came back, exchanges the code,
// and checks the ID token. Every refusal is a fault; none repeats what the
// provider said of a person.
func (r *Relying) Finish(ctx context.Context, a Attempt, query url.Values, now time.Time) (Identity, error) {
	meta, err := r.returned(ctx, a, query, now)
	if err != nil {
		return Identity{}, err
	}
	code := query["code"]
	if len(code) != 1 || code[0] == "" || len(code[0]) > 4096 {
		return Identity{}, errProvider
	}
	tokens, err := r.wire.exchange(ctx, r.config(meta), code[0], a.Verifier)
	if err != nil {
		return Identity{}, err
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok || len(raw) > maxToken || strings.Count(raw, ".") != 2 {
		return Identity{}, errToken
	}
	token, err := r.verify(ctx, meta, raw, now)
	if err != nil {
		return Identity{}, err
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(tokens.AccessToken) != nil {
		return Identity{}, errToken
	}
	return r.identity(token, a, now)
}

// returned checks what came back with the browser against the attempt, before
// anything is asked of anyone: state (RFC 6749 §10.12), then who answers (RFC
// 9207 §2.4), then whether it is a refusal.
func (r *Relying) returned(ctx context.Context, a Attempt, query url.Values, now time.Time) (metadata, error) {
	if a.Provider != r.p.Name || a.State == "" || a.Nonce == "" || a.Verifier == "" {
		return metadata{}, errAttempt
	}
	if age := now.Sub(a.At); age < 0 || age > Lifetime {
		return metadata{}, errExpired
	}
	if state := query["state"]; len(state) != 1 || !same(state[0], a.State) {
		return metadata{}, errState
	}
	meta, err := r.metadata(ctx, now)
	if err != nil {
		return metadata{}, err
	}
	if iss := query["iss"]; len(iss) > 1 || len(iss) == 1 && iss[0] != meta.Issuer || len(iss) == 0 && meta.NamesIssuer {
		return metadata{}, errIssuer
	}
	switch e := query.Get("error"); {
	case e == "access_denied":
		return metadata{}, errDenied
	case errorCode.MatchString(e):
		return metadata{}, because(errProvider, fmt.Errorf("oidc: the authorization endpoint answered %s", e))
	case query.Has("error"):
		return metadata{}, errProvider
	}
	return meta, nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// verify checks signature, issuer and audience; go-oidc is the judge, and what
// it refused is named here.
func (r *Relying) verify(ctx context.Context, meta metadata, raw string, now time.Time) (*gooidc.IDToken, error) {
	h, ok := readHeader(raw)
	switch {
	case !ok:
		return nil, errToken
	case !slices.Contains(algorithms(), h.Alg):
		return nil, errAlgorithm
	case h.Type != "" && !strings.EqualFold(h.Type, "JWT"): // an access or logout token is no ID token (RFC 8725 §3.11)
		return nil, errToken
	}
	v := &verifier{r: r, meta: meta, now: now}
	token, err := gooidc.NewVerifier(r.p.Issuer, v, &gooidc.Config{
		ClientID: r.p.ClientID, SupportedSigningAlgs: algorithms(),
		SkipExpiryCheck: true, // ours, with our allowance, stands in identity
	}).Verify(ctx, raw)
	if err == nil {
		return token, nil
	}
	if v.refused != nil {
		return nil, v.refused
	}
	return nil, r.name(raw)
}

// name says in our words why go-oidc refused a token whose signature is good.
func (r *Relying) name(raw string) error {
	var c struct {
		Issuer   string `json:"iss"`
		Audience any    `json:"aud"`
	}
	if parts := strings.Split(raw, "."); json.Unmarshal(octets(parts[1]), &c) != nil {
		return errToken
	}
	many, _ := c.Audience.([]any)
	switch {
	case c.Issuer != r.p.Issuer:
		return errIssuer
	case c.Audience != r.p.ClientID && !slices.Contains(many, any(r.p.ClientID)):
		return errAudience
	}
	return errToken
}

// identity holds the claims to this attempt and this time (Core §3.1.3.7).
func (r *Relying) identity(t *gooidc.IDToken, a Attempt, now time.Time) (Identity, error) {
	var claims map[string]json.RawMessage
	if t.Claims(&claims) != nil {
		return Identity{}, errToken
	}
	azp, err := text(claims, "azp", 255)
	if err != nil {
		return Identity{}, err
	}
	auth, ok := instant(claims, "auth_time", t.IssuedAt)
	before, hasBefore := instant(claims, "nbf", t.IssuedAt)
	switch {
	case t.Issuer != r.p.Issuer: // go-oidc forgives one provider its two names
		return Identity{}, errIssuer
	case len(t.Audience) > 1 && azp == "", azp != "" && azp != r.p.ClientID:
		return Identity{}, errAudience
	case !same(t.Nonce, a.Nonce):
		return Identity{}, errNonce
	case !ok || !hasBefore || now.After(t.Expiry.Add(Skew)) || !past(t.IssuedAt, now) || !past(auth, now) || !past(before, now),
		t.IssuedAt.Before(a.At.Add(-Skew)): // made before this attempt: for another one
		return Identity{}, errTime
	case t.Subject == "" || len(t.Subject) > 255:
		return Identity{}, errSubject
	}
	return r.person(claims, Identity{Provider: r.p.Name, Kind: r.p.Kind, Issuer: t.Issuer, Subject: t.Subject, At: auth.UTC()})
}

func past(t, now time.Time) bool { return t.Unix() > 0 && !t.After(now.Add(Skew)) }

// person reads what the provider says about the person.
func (r *Relying) person(claims map[string]json.RawMessage, i Identity) (Identity, error) {
	var err error
	if i.Name, err = text(claims, r.p.Claims.Name, 300); err != nil {
		return Identity{}, err
	}
	if r.p.Claims.Citizen != "" {
		if i.Citizen, err = text(claims, r.p.Claims.Citizen, 64); err != nil {
			return Identity{}, err
		}
	}
	level, err := text(claims, r.p.Claims.Level, 255)
	if err != nil {
		return Identity{}, err
	}
	i.Level = 1 // that the provider knows the person at all
	if l, ok := r.p.Claims.Levels[level]; ok && level != "" {
		i.Level = l
	}
	return i, nil
}

// text reads a claim: a string of one line, or a number as it stands. Absent or
// null is empty.
func text(claims map[string]json.RawMessage, name string, limit int) (string, error) {
	raw, ok := claims[name]
	if !ok || string(raw) == "null" {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			return "", claimWrong(name)
		}
		s = n.String()
	}
	s = strings.TrimSpace(s)
	if len(s) > limit || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", claimWrong(name)
	}
	return s, nil
}

func claimWrong(name string) *fault.Error {
	c := *errClaims
	c.Err = fmt.Errorf("oidc: claim %q is not a short text", name)
	return &c
}

// instant reads a claim of seconds since 1970; absent, it is otherwise.
func instant(claims map[string]json.RawMessage, name string, otherwise time.Time) (time.Time, bool) {
	raw, ok := claims[name]
	if !ok || string(raw) == "null" {
		return otherwise, true
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

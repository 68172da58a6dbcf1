package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	metaLife = time.Hour        // how long a discovery document is believed
	retry    = 10 * time.Second // how long a provider that did not answer is left alone
)

// metadata is what we use of a discovery document (OpenID Connect Discovery
// 1.0 §3, RFC 8414 §2, RFC 9207 §3).
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	NamesIssuer   bool     `json:"authorization_response_iss_parameter_supported"`

	until  time.Time // when it is to be fetched again
	failed error     // fetched and not usable; until then nobody asks again
}

// metadata returns the provider's document, fetched when it is needed.
func (r *Relying) metadata(ctx context.Context, now time.Time) (metadata, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.meta.until) && r.meta.until.Sub(now) <= metaLife {
		return r.meta, r.meta.failed
	}
	// What is fetched is for everyone: that this browser went away is no reason to stop. The client bounds the time.
	m, err := r.fetchMetadata(context.WithoutCancel(ctx))
	switch {
	case err == nil:
		m.until = now.Add(metaLife)
		r.meta = m
	case r.meta.failed == nil && !r.meta.until.IsZero() && r.meta.Issuer != "":
		r.meta.until = now.Add(retry) // the last good one serves on
	default:
		r.meta = metadata{until: now.Add(retry), failed: because(errUnavailable, err)}
	}
	return r.meta, r.meta.failed
}

func (r *Relying) fetchMetadata(ctx context.Context) (metadata, error) {
	b, err := r.wire.get(ctx, strings.TrimSuffix(r.p.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return metadata{}, err
	}
	var m metadata
	if err := json.Unmarshal(b, &m); err != nil {
		return metadata{}, fmt.Errorf("oidc: the discovery document is not of the form expected")
	}
	if m.Issuer != r.p.Issuer { // Discovery §4.3: exactly, a slash at the end included
		return metadata{}, fmt.Errorf("oidc: the discovery document is of another issuer than %s", r.p.Issuer)
	}
	for what, address := range map[string]string{"authorization": m.Authorization, "token": m.Token, "keys": m.Keys} {
		if !secure(address) {
			return metadata{}, fmt.Errorf("oidc: the discovery document's address for %s is not an https URL", what)
		}
	}
	return m, nil
}

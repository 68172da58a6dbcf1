package iam

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Token is the answer of the token endpoint (RFC 6749 §5.1).
type Token struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in" doc:"秒"`
	Scope   string `json:"scope"`
}

// An OAuthError is a refusal of the token endpoint (RFC 6749 §5.2).
type OAuthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (e *OAuthError) Error() string { return e.Code }

var errClient = &OAuthError{"invalid_client", "client_id 或 client_secret 不正确"}

// Issue answers the client-credentials grant (RFC 6749 §4.4). Without scope
// the token has all of the client's scopes. A refusal is an *OAuthError.
func (s *Service) Issue(ctx context.Context, id, secret, scope string) (Token, error) {
	c, used, err := s.authenticate(ctx, id, secret)
	if err != nil {
		return Token{}, err
	}
	scopes := c.Scopes
	if scope != "" {
		scopes = strings.Fields(scope)
		for _, one := range scopes {
			if !slices.Contains(c.Scopes, one) {
				return Token{}, &OAuthError{"invalid_scope", "应用没有所要求的权限"}
			}
		}
	}
	token, hash := newToken()
	t := Token{Access: token, Type: "Bearer", Expires: int64(s.opts.TokenLife / time.Second), Scope: strings.Join(scopes, " ")}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.insertToken(tx, hash, c.ID, t.Scope, s.opts.TokenLife); err != nil {
			return err
		}
		if tx.Now().Sub(timeOf(used.used)) > time.Minute {
			if err := useSecret(tx, used.key); err != nil {
				return err
			}
		}
		actor := audit.ActorFrom(ctx)
		actor.App, actor.Org, actor.Name = c.ID, c.Org, c.Name
		return audit.Put(tx, audit.Entry{Actor: actor, Action: "auth.token", Object: "client/" + c.ID})
	})
	return t, err
}

func (s *Service) authenticate(ctx context.Context, id, secret string) (*clientRow, *secretRow, error) {
	var c *clientRow
	var secrets []*secretRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if c, err = getClient(tx, id); err != nil || c == nil {
			return err
		}
		secrets, err = liveSecrets(tx, id)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	given := gm.Sum([]byte(secret))
	var used *secretRow
	for _, r := range secrets {
		if subtle.ConstantTimeCompare(given[:], r.hash) == 1 {
			used = r
		}
	}
	switch {
	case c == nil:
		return nil, nil, errClient // nobody's secret was tried; what was typed is not recorded
	case used == nil || c.dead(s.DB.Now()):
		return nil, nil, s.refuseClient(ctx, c.ID)
	case !intact(s.guards.clients, c):
		s.alarm(ctx, "iam_client", c.ID)
		return nil, nil, s.refuseClient(ctx, c.ID)
	case !intact(s.guards.secrets, used):
		s.alarm(ctx, "iam_secret", used.key)
		return nil, nil, s.refuseClient(ctx, c.ID)
	}
	return c, used, nil
}

func (s *Service) refuseClient(ctx context.Context, id string) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "auth.token", Object: "client/" + id, Result: audit.Refused})
	})
	if err != nil {
		return err
	}
	return errClient
}

// tokenEntry is a token that was looked up, kept for CacheFor.
type tokenEntry struct {
	principal *Principal
	expires   time.Time
}

var errToken = fault.Unauthorized.New("访问令牌无效或已过期").WithCode("auth.token").WithHint("请向 /oauth/token 重新申请")

// Bearer returns the client that a bearer token belongs to. One that is unknown,
// over, or of a closed client is a fault.Unauthorized.
func (s *Service) Bearer(ctx context.Context, token string) (*Principal, error) {
	if len(token) != 43 { // 256 bits in base64
		return nil, errToken
	}
	hash := gm.Sum([]byte(token))
	e, cached := s.tokens.GetIfPresent(hash)
	if !cached {
		var err error
		if e, err = s.loadToken(ctx, hash); err != nil {
			return nil, err
		}
	}
	if !s.DB.Now().Before(e.expires) {
		return nil, errToken
	}
	if !cached {
		s.tokens.Set(hash, e)
	}
	return e.principal, nil
}

func (s *Service) loadToken(ctx context.Context, hash gm.Digest) (*tokenEntry, error) {
	var c *clientRow
	var scopes string
	var expires int64
	var mac []byte
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		var id string
		if id, scopes, expires, mac, err = getToken(tx, hash); err != nil {
			return err
		}
		c, err = clientTx(tx, id)
		return err
	})
	if err != nil {
		if fault.As(err) != nil {
			return nil, errToken
		}
		return nil, err
	}
	switch {
	case c.dead(s.DB.Now()):
		return nil, errToken
	case !intact(s.guards.clients, c):
		s.alarm(ctx, "iam_client", c.ID)
		return nil, errToken
	case subtle.ConstantTimeCompare(mac, s.tokenMac(hash, c.ID, scopes, expires)) != 1:
		s.alarm(ctx, "iam_token", c.ID)
		return nil, errToken
	}
	p, err := s.clientPrincipal(ctx, &c.Client, strings.Fields(scopes))
	if err != nil {
		return nil, err
	}
	return &tokenEntry{p, time.UnixMilli(expires)}, nil
}

func (s *Service) clientPrincipal(ctx context.Context, c *Client, scopes []string) (*Principal, error) {
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	// A scope that the client has lost since is not in its tokens either.
	scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(c.Scopes, scope) })
	return &Principal{Name: c.Name, Org: c.Org, Client: c.ID, Scopes: scopes, orgs: c.Orgs, Strict: s.opts.Strict, live: &s.live}, nil
}

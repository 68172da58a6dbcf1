package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Client is a program that calls the platform on behalf of organisations.
type Client struct {
	ID     string   `json:"client_id"`
	Name   string   `json:"name"`
	Org    string   `json:"org" doc:"所属单位"`
	Scopes []string `json:"scopes" doc:"权限"`
	Orgs   []string `json:"orgs" doc:"可代表的单位，含其下级"`
	Closed bool     `json:"closed,omitempty"`
}

// ClientRequest registers a client.
type ClientRequest struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100"`
	Org    string   `json:"org" doc:"所属单位"`
	Scopes []string `json:"scopes" minItems:"1" uniqueItems:"true"`
	Orgs   []string `json:"orgs,omitempty" doc:"可代表的单位，含其下级；不填则为所属单位"`
}

// NewClient is a client with the secret that is told once.
type NewClient struct {
	Client
	Secret string `json:"client_secret"`
}

// A Secret is one of a client's secrets, without itself.
type Secret struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created_at"`
}

// maxSecrets may be valid at once: the old one and the one that replaces it.
const maxSecrets = 2

// CreateClient registers a client with its first secret.
func (s *Service) CreateClient(ctx context.Context, r ClientRequest) (NewClient, error) {
	if len(r.Orgs) == 0 {
		r.Orgs = []string{r.Org}
	}
	for _, org := range append([]string{r.Org}, r.Orgs...) {
		if err := Allow(ctx, "client.manage", org); err != nil {
			return NewClient{}, err
		}
	}
	if err := s.checkScopes(r.Scopes); err != nil {
		return NewClient{}, err
	}
	n := NewClient{Client: Client{ID: newID(), Name: strings.TrimSpace(r.Name), Org: r.Org, Scopes: slices.Clone(r.Scopes), Orgs: slices.Clone(r.Orgs)}}
	var hash gm.Digest
	n.Secret, hash = newToken()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, org := range append([]string{r.Org}, r.Orgs...) {
			if _, err := OrgTx(tx, org); err != nil {
				return err
			}
		}
		if err := insertClient(tx, n.Client); err != nil {
			return err
		}
		if err := insertSecret(tx, newID(), n.ID, hash); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.create", Object: "client/" + n.ID})
	})
	return n, err
}

// checkScopes lets programs have what the policy says of them: no program is an
// administrator.
func (s *Service) checkScopes(scopes []string) error {
	bad := fault.Invalid.New("授权范围不符合规则").WithCode("client.scope")
	for _, scope := range scopes {
		if !s.InForce().ForClients(scope) {
			bad = bad.WithField("scopes", "client.scope", "应用不得拥有此权限，或没有此权限："+scopeName(scope))
		}
	}
	return bad.OrNil()
}

// scopeName repeats a scope only if it looks like one.
func scopeName(s string) string {
	if len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz.-") == "" {
		return s
	}
	return "（格式不符）"
}

// AddSecret gives a client a second secret, so that it can change over without
// a pause. The old one goes with EndSecret.
func (s *Service) AddSecret(ctx context.Context, client string) (id, secret string, err error) {
	id = newID()
	secret, hash := newToken()
	err = s.withClient(ctx, client, func(tx *db.Tx) error {
		live, err := liveSecrets(tx, client)
		if err != nil {
			return err
		}
		if len(live) >= maxSecrets {
			return fault.Conflict.New("应用至多同时有 %d 个有效密钥", maxSecrets).WithCode("client.secrets").WithHint("请先停用不再使用的密钥")
		}
		if err := insertSecret(tx, id, client, hash); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.secret-add", Object: "client/" + client})
	})
	return id, secret, err
}

// EndSecret ends one of a client's secrets at once, and the tokens with it.
func (s *Service) EndSecret(ctx context.Context, client, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.withClient(ctx, client, func(tx *db.Tx) error {
		n, err := endSecret(tx, client, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFound.New("没有这个有效的密钥").WithCode("client.secret")
		}
		if err := endTokens(tx, client); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.secret-end", Object: "client/" + client, Reason: reason})
	})
}

// CloseClient ends a client, its secrets and its tokens.
func (s *Service) CloseClient(ctx context.Context, client, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.withClient(ctx, client, func(tx *db.Tx) error {
		if err := closeClient(tx, client); err != nil {
			return err
		}
		if err := endTokens(tx, client); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.close", Object: "client/" + client, Reason: reason})
	})
}

func (s *Service) withClient(ctx context.Context, id string, fn func(*db.Tx) error) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := clientTx(tx, id)
		if err != nil {
			return err
		}
		if err := Allow(ctx, "client.manage", c.Org); err != nil {
			return err
		}
		if c.Closed {
			return fault.Conflict.New("应用已停用").WithCode("client.closed")
		}
		return fn(tx)
	})
	for hash, p := range s.tokens.All() {
		if p.principal.Client == id {
			s.tokens.Invalidate(hash)
		}
	}
	return err
}

// Clients lists the clients that the caller manages.
func (s *Service) Clients(ctx context.Context) ([]Client, error) {
	if err := Allow(ctx, "client.manage", ""); err != nil {
		return nil, err
	}
	scope := Orgs(ctx, "client.manage")
	var list []Client
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = allClients(tx); return err })
	return slices.DeleteFunc(list, func(c Client) bool { _, found := slices.BinarySearch(scope, c.Org); return !found }), err
}

// Secrets lists a client's valid secrets.
func (s *Service) Secrets(ctx context.Context, client string) (list []Secret, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := clientTx(tx, client)
		if err != nil {
			return err
		}
		if err := Allow(ctx, "client.manage", c.Org); err != nil {
			return err
		}
		rows, err := liveSecrets(tx, client)
		for _, r := range rows {
			list = append(list, Secret{ID: r.id, Created: time.UnixMilli(r.created).UTC()})
		}
		return err
	})
	return list, err
}

func clientTx(tx *db.Tx, id string) (Client, error) {
	c, err := getClient(tx, id)
	if err != nil && fault.As(err) != nil {
		return c, fault.NotFound.New("没有这个应用").WithCode("client.unknown")
	}
	return c, err
}

package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A ClientQuery asks for a page of clients.
type ClientQuery struct {
	Org    string // those of one organisation and below
	Text   string // in the name
	Closed bool   // also those that are closed
	Cursor string
	Limit  int // at most 200; 50
}

// A ClientPage is a page of clients, newest first.
type ClientPage struct {
	Items []Client `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// ClientEdit changes a client; nil fields stay.
type ClientEdit struct {
	Name   *string    `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Scopes []string   `json:"scopes,omitempty" uniqueItems:"true"`
	Orgs   []string   `json:"orgs,omitempty"`
	Until  *time.Time `json:"until,omitempty" doc:"到期停用"`
	Reason string     `json:"reason" minLength:"1" maxLength:"500"`
}

// A Client is a program that calls the platform on behalf of organisations.
type Client struct {
	ID     string   `json:"client_id"`
	Name   string   `json:"name"`
	Org    string   `json:"org" doc:"所属单位"`
	Scopes []string `json:"scopes" doc:"权限"`
	Orgs   []string `json:"orgs" doc:"可代表的单位，含其下级"`
	Closed bool     `json:"closed,omitempty"`

	OrgName string    `json:"org_name,omitempty" doc:"列表才有"`
	Until   time.Time `json:"until,omitzero" doc:"到期停用；没有则长期"`
	Created time.Time `json:"created_at,omitzero"`
	Used    time.Time `json:"used_at,omitzero" doc:"最近一次换取令牌；列表才有"`
}

// ClientRequest registers a client.
type ClientRequest struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100"`
	Org    string   `json:"org" doc:"所属单位"`
	Scopes []string `json:"scopes" minItems:"1" uniqueItems:"true"`
	Orgs   []string `json:"orgs,omitempty" doc:"可代表的单位，含其下级；不填则为所属单位"`

	Until time.Time `json:"until,omitzero" required:"false" doc:"到期停用；不填则长期"`
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
	Until   time.Time `json:"until,omitzero" doc:"到期停用"`
	Used    time.Time `json:"used_at,omitzero" doc:"最近一次使用"`
}

// maxSecrets may be valid at once: the old one and the one that replaces it.
const maxSecrets = 2

// CreateClient registers a client with its first secret.
func (s *Service) CreateClient(ctx context.Context, r ClientRequest) (NewClient, error) {
	if len(r.Orgs) == 0 {
		r.Orgs = []string{r.Org}
	}
	if err := s.mayRegister(ctx, append([]string{r.Org}, r.Orgs...)); err != nil {
		return NewClient{}, err
	}
	if err := s.checkScopes(r.Scopes); err != nil {
		return NewClient{}, err
	}
	row := &clientRow{Client: Client{ID: newID(), Name: strings.TrimSpace(r.Name), Org: r.Org, Scopes: slices.Clone(r.Scopes), Orgs: slices.Clone(r.Orgs), Until: r.Until.UTC().Truncate(time.Millisecond)}}
	secret, hash := newToken()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := checkClient(tx, &row.Client); err != nil {
			return err
		}
		row.Created = tx.Now().UTC()
		if err := s.insertClient(tx, row); err != nil {
			return err
		}
		first := &secretRow{key: newID(), client: row.ID, hash: hash[:], created: tx.Now().UnixMilli()}
		if err := s.insertSecret(tx, first); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.create", Object: "client/" + row.ID, After: digestOf(row.fields())})
	})
	return NewClient{row.Client, secret}, err
}

// mayRegister asks for each organisation that a client is to act for.
func (s *Service) mayRegister(ctx context.Context, orgs []string) error {
	for _, org := range orgs {
		if org == "" {
			return fault.Invalid.New("须填写单位").WithCode("org.unknown").WithField("org", "required", "必填")
		}
		if err := Allow(ctx, "client.manage", org); err != nil {
			return s.refused(ctx, "client.create", "client/new", err)
		}
	}
	return nil
}

// checkClient looks at what only the database knows.
func checkClient(tx *db.Tx, c *Client) error {
	if c.Name == "" {
		return fault.Invalid.New("须填写应用名称").WithCode("client.name").WithField("name", "required", "必填")
	}
	if !c.Until.IsZero() && !c.Until.After(tx.Now()) {
		return fault.Invalid.New("到期时间应在将来").WithCode("client.until").WithField("until", "past", "应在将来")
	}
	for _, org := range append([]string{c.Org}, c.Orgs...) {
		o, err := OrgTx(tx, org)
		if err != nil {
			return err
		}
		if o.Closed {
			return fault.Conflict.New("单位已停用").WithCode("org.closed")
		}
	}
	return nil
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
	err = s.withClient(ctx, client, func(tx *db.Tx, _ *clientRow) error {
		live, err := liveSecrets(tx, client)
		if err != nil {
			return err
		}
		if len(live) >= maxSecrets {
			return fault.Conflict.New("应用至多同时有 %d 个有效密钥", maxSecrets).WithCode("client.secrets").WithHint("请先停用不再使用的密钥")
		}
		if err := s.insertSecret(tx, &secretRow{key: id, client: client, hash: hash[:], created: tx.Now().UnixMilli()}); err != nil {
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
	return s.withClient(ctx, client, func(tx *db.Tx, _ *clientRow) error {
		live, err := liveSecrets(tx, client)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(live, func(r *secretRow) bool { return r.key == id })
		if i < 0 {
			return fault.NotFound.New("没有这个有效的密钥").WithCode("client.secret")
		}
		live[i].ended = tx.Now().UnixMilli()
		if err := s.saveSecret(tx, live[i]); err != nil {
			return err
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
	return s.withClient(ctx, client, func(tx *db.Tx, row *clientRow) error {
		row.closedAt = tx.Now().UnixMilli()
		if err := s.saveClient(tx, row); err != nil {
			return err
		}
		if err := endTokens(tx, client); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.close", Object: "client/" + client, Reason: reason})
	})
}

func (s *Service) withClient(ctx context.Context, id string, fn func(*db.Tx, *clientRow) error) error {
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		denied = nil
		c, err := clientTx(tx, id)
		if err != nil {
			return err
		}
		if denied = Allow(ctx, "client.manage", c.Org); denied != nil {
			return denied
		}
		switch {
		case c.Closed:
			return fault.Conflict.New("应用已停用").WithCode("client.closed")
		case !intact(s.guards.clients, c):
			return errAltered()
		}
		return fn(tx, c)
	})
	if denied != nil {
		return s.refused(ctx, "client.manage", "client/"+id, denied)
	}
	for hash, p := range s.tokens.All() {
		if p.principal.Client == id {
			s.tokens.Invalidate(hash)
		}
	}
	return err
}

// ClientsPage pages through the clients that the caller manages or may read,
// newest first.
func (s *Service) ClientsPage(ctx context.Context, q ClientQuery) (*ClientPage, error) {
	roots, t, err := s.reach(ctx, "client.manage", "client.read")
	if err != nil {
		return nil, err
	}
	if q.Org != "" {
		if err := allowAny(ctx, q.Org, "client.manage", "client.read"); err != nil {
			return nil, err
		}
		roots = []string{q.Org}
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit)
	page := &ClientPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []Client{}, ""
		list, err := pageOfClients(tx, q, t.spans(roots), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = db.Cursor(list[limit-1].Created.UnixMilli(), list[limit-1].ID)
		}
		return s.showClients(tx, list, page)
	})
	return page, err
}

func (s *Service) showClients(tx *db.Tx, list []*clientRow, page *ClientPage) error {
	var ids, orgs []string
	for _, c := range list {
		ids, orgs = append(ids, c.ID), append(orgs, c.Org)
	}
	used, err := usedAt(tx, ids)
	if err != nil {
		return err
	}
	names, err := orgNames(tx, orgs)
	for _, c := range list {
		c.Used, c.OrgName = used[c.ID], names[c.Org]
		page.Items = append(page.Items, c.Client)
	}
	return err
}

// EditClient changes what a client may do, within what the caller manages. Its
// tokens follow at once.
func (s *Service) EditClient(ctx context.Context, id string, e ClientEdit) (Client, error) {
	if err := needReason(e.Reason); err != nil {
		return Client{}, err
	}
	if err := s.mayRegister(ctx, e.Orgs); err != nil {
		return Client{}, err
	}
	if err := s.checkScopes(e.Scopes); err != nil {
		return Client{}, err
	}
	var out Client
	err := s.withClient(ctx, id, func(tx *db.Tx, row *clientRow) error {
		before := digestOf(row.fields())
		if e.Name != nil {
			row.Name = strings.TrimSpace(*e.Name)
		}
		if len(e.Scopes) > 0 {
			row.Scopes = slices.Clone(e.Scopes)
		}
		if len(e.Orgs) > 0 {
			row.Orgs = slices.Clone(e.Orgs)
		}
		if e.Until != nil {
			row.Until = e.Until.UTC().Truncate(time.Millisecond)
		}
		if err := checkClient(tx, &row.Client); err != nil {
			return err
		}
		out = row.Client
		if err := s.saveClient(tx, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "client.edit", Object: "client/" + id, Reason: e.Reason, Before: before, After: digestOf(row.fields())})
	})
	return out, err
}

// Secrets lists a client's valid secrets.
func (s *Service) Secrets(ctx context.Context, client string) (list []Secret, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := clientTx(tx, client)
		if err != nil {
			return err
		}
		if err := allowAny(ctx, c.Org, "client.manage", "client.read"); err != nil {
			return err
		}
		rows, err := liveSecrets(tx, client)
		list = nil
		for _, r := range rows {
			list = append(list, Secret{ID: r.key, Created: timeOf(r.created), Until: timeOf(r.until), Used: timeOf(r.used)})
		}
		return err
	})
	return list, err
}

func clientTx(tx *db.Tx, id string) (*clientRow, error) {
	c, err := getClient(tx, id)
	if err == nil && c == nil {
		return nil, fault.NotFound.New("没有这个应用").WithCode("client.unknown")
	}
	return c, err
}

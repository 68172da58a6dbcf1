// Package iamtest gives other packages' tests a small county with people who
// act: one of each role, a holder, and a client.
package iamtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
	"sidian/internal/outbox"
)

// Organisations of the county, by id.
const (
	Root   = "county" // 青禾县人民政府
	Market = "market" // 青禾县市场监督管理局, below Root
	Land   = "land"   // 青禾县自然资源局, below Root
)

// HolderCitizen is the holder's citizen ID; its division is nobody's.
const HolderCitizen = "999999198504120116"

// County is a bootstrapped service.
type County struct {
	*iam.Service
	Keys *keys.Store
	// People by role code: those of business belong to Market; the three
	// administrators and the supervisor to Root. "holder" is a holder, and
	// "outsider" an issuer of Land.
	People map[string]iam.Account
	// App may do what an issuing program may, for all organisations of the county.
	App iam.NewClient
}

// New makes the county in d, with default rules.
func New(t testing.TB, d *db.DB) *County { return NewWith(t, d, iam.Options{}) }

// NewWith makes the county with other rules.
func NewWith(t testing.TB, d *db.DB, o iam.Options) *County {
	t.Helper()
	ctx := context.Background()
	if o.CacheFor == 0 {
		o.CacheFor = time.Nanosecond // what changes is seen at once
	}
	c := &County{Keys: keystest.New(t, d), People: map[string]iam.Account{}}
	s, err := iam.New(ctx, d, c.Keys, o)
	must(t, err)
	c.Service = s
	s.Outbox = outbox.New()
	s.Due = &due.Service{DB: d, Outbox: s.Outbox}
	c.begin(ctx, t)
	for _, role := range []string{"clerk", "reviewer", "issuer", "custodian", "sealadmin", "archivist", "designer", "manager", "counter", "officer", "integrator"} {
		c.Hire(t, role, role, Market)
	}
	c.Hire(t, "supervisor", "supervisor", Root)
	c.Hire(t, "outsider", "issuer", Land)
	holder, err := s.CreateAccount(c.Ctx(t, "system"), iam.AccountRequest{Username: "holder", Kind: iam.Holder, Name: "张样例", Citizen: HolderCitizen, Phone: "13800138000"})
	must(t, err)
	c.People["holder"] = holder
	c.App, err = s.CreateClient(c.Ctx(t, "security"), iam.ClientRequest{Name: "样例审批系统", Org: Market, Orgs: []string{Root},
		Scopes: []string{"cert.issue", "cert.read", "cert.status", "cert.annotate", "kind.read"}})
	must(t, err)
	return c
}

func (c *County) begin(ctx context.Context, t testing.TB) {
	t.Helper()
	person := func(username, name string) iam.AccountRequest {
		return iam.AccountRequest{Username: username, Name: name, Org: Root, Kind: iam.Staff}
	}
	made, err := c.Bootstrap(ctx, iam.BootstrapRequest{
		Root:   iam.OrgRequest{ID: Root, Name: "青禾县人民政府", Region: "", Tier: "county"},
		System: person("system", "样例·系统管理员"), Security: person("security", "样例·安全管理员"), Audit: person("audit", "样例·审计管理员"),
	})
	must(t, err)
	for i, role := range []string{"system", "security", "audit"} {
		c.People[role] = made[i]
	}
	for id, name := range map[string]string{Market: "青禾县市场监督管理局", Land: "青禾县自然资源局"} {
		_, err := c.CreateOrg(c.Ctx(t, "system"), iam.OrgRequest{ID: id, Parent: Root, Name: name, Tier: "county"})
		must(t, err)
	}
}

// Hire opens a staff account with one role for org.
func (c *County) Hire(t testing.TB, username, role, org string) iam.Account {
	t.Helper()
	a, err := c.CreateAccount(c.Ctx(t, "system"), iam.AccountRequest{Username: username, Kind: iam.Staff, Name: "样例·" + username, Org: org})
	must(t, err)
	g, err := c.ProposeGrant(c.Ctx(t, "system"), iam.GrantRequest{Account: a.ID, Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, c.DecideGrant(c.Ctx(t, "security"), g.ID, true, "测试"))
	c.People[username] = a
	return a
}

// Release ends all roles of one of People, so that their account can be closed.
func (c *County) Release(t testing.TB, who string) {
	t.Helper()
	page, err := c.GrantsPage(c.Ctx(t, "security"), iam.GrantQuery{Account: c.People[who].ID, State: iam.Effective})
	must(t, err)
	for _, g := range page.Items {
		must(t, c.RevokeGrant(c.Ctx(t, "security"), g.ID, "离岗"))
	}
}

// Ctx is a context in which one of People acts.
func (c *County) Ctx(t testing.TB, who string) context.Context {
	t.Helper()
	a, ok := c.People[who]
	if !ok {
		t.Fatalf("iamtest: nobody is called %q", who)
	}
	ctx, err := c.As(context.Background(), a.ID)
	must(t, err)
	return ctx
}

// Acting is a header for tests of routes: its value is one of People.
const Acting = "Acting"

// Identify makes a County an httpx.Authorizer that believes the header Acting,
// and knows bearer tokens.
func (c *County) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx := r.Context()
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p, err := c.Bearer(ctx, token)
		if err != nil {
			return ctx, httpx.Caller{}, err
		}
		return iam.With(ctx, p), httpx.Caller{ID: "client/" + p.Client}, nil
	}
	a, ok := c.People[r.Header.Get(Acting)]
	if !ok {
		return ctx, httpx.Caller{}, nil
	}
	acting, err := c.As(ctx, a.ID)
	if err != nil {
		return ctx, httpx.Caller{}, err
	}
	return acting, httpx.Caller{ID: "account/" + a.ID}, nil
}

// AppCtx is a context in which App acts.
func (c *County) AppCtx(t testing.TB) context.Context {
	t.Helper()
	ctx, err := c.AsClient(context.Background(), c.App.ID)
	must(t, err)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

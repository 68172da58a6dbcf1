// Package sealapplytest gives other packages' tests an instance with a province,
// a city and a county, their authorities, units that want seals, and people for
// each part that is played in an application.
package sealapplytest

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/status"
	"sidian/ofd/draw/imprint"
)

// Organisations, by id: a government of each tier with its authority, and below
// the county those that want seals.
const (
	Prov, ProvAuth     = "prov", "provauth"
	City, CityAuth     = "city", "cityauth"
	County, CountyAuth = "gov", "approval"
	Market, Land       = "market", "land"
	Enterprise         = "works"
)

var names = map[string]string{
	Prov: "样例省人民政府", ProvAuth: "样例省政务服务管理局", City: "样例市人民政府", CityAuth: "样例市行政审批服务管理局",
	County: "青禾县人民政府", CountyAuth: "青禾县行政审批服务管理局", Market: "青禾县市场监督管理局", Land: "青禾县自然资源局", Enterprise: "青禾县样例机械有限公司",
}

// A World is an instance, with people as contexts in which they act.
type World struct {
	DB     *db.DB
	Keys   *keys.Store
	IAM    *iam.Service
	PKI    *pki.Service
	Seal   *seal.Service
	Notice *notice.Service
	Due    *due.Service
	Outbox *outbox.Outbox
	Blobs  *blob.Store
	Apply  *sealapply.Service

	System, Security context.Context // administrators of the province
	// Keeper keeps the seals of Market, and applies for them; Second is another
	// custodian of it; Other is a custodian of Land.
	Keeper, Second, Other context.Context
	// The reviewers of the tiers: sealadmin at each authority. Another is a second
	// one of the county, who makes and files.
	OfCounty, Another, OfCity, OfProv context.Context
	// Clerk of Market may neither apply nor review.
	Clerk context.Context
	// Holder is a person whose identity is verified; Boss is staff of Enterprise.
	Holder, Boss context.Context

	known known
}

// New makes an instance in d. Its units have no seals yet.
func New(t testing.TB, d *db.DB) *World { return In(t, d, t.TempDir()) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	ctx := context.Background()
	must(t, keys.CreateMaster(filepath.Join(dir, "master.key")))
	k, err := keys.Create(ctx, d, filepath.Join(dir, "master.key"))
	must(t, err)
	store, err := blob.CreateDir(filepath.Join(dir, "documents"))
	must(t, err)
	w, err := wire(ctx, d, k, store)
	must(t, err)
	person := func(username string) iam.AccountRequest {
		return iam.AccountRequest{Username: username, Name: "样例·" + username}
	}
	made, err := w.IAM.Bootstrap(ctx, iam.BootstrapRequest{
		Root:   iam.OrgRequest{ID: Prov, Name: names[Prov], Region: "990000", Tier: "province", Type: "government", USCC: code(t, 0)},
		System: person("system"), Security: person("security"), Audit: person("audit"),
	})
	must(t, err)
	w.System, w.Security = w.as(t, made[0].ID), w.as(t, made[1].ID)
	must(t, w.PKI.Setup(ctx, pki.SetupRequest{Name: "样例"}))
	must(t, w.Seal.Setup(ctx, "样例制章"))
	w.units(t)
	w.people(t)
	return w
}

func (w *World) units(t testing.TB) {
	t.Helper()
	for i, o := range []iam.OrgRequest{
		{ID: ProvAuth, Parent: Prov, Tier: "province", Type: "authority"},
		{ID: City, Parent: Prov, Tier: "city", Type: "government", Region: "999900"},
		{ID: CityAuth, Parent: City, Tier: "city", Type: "authority"},
		{ID: County, Parent: City, Tier: "county", Type: "government", Region: "999999"},
		{ID: CountyAuth, Parent: County, Tier: "county", Type: "authority"},
		{ID: Market, Parent: County, Tier: "county", Type: "department"},
		{ID: Land, Parent: County, Tier: "county", Type: "department"},
		{ID: Enterprise, Parent: County, Tier: "county", Type: "enterprise"},
	} {
		o.Name, o.USCC = names[o.ID], code(t, i+1)
		_, err := w.IAM.CreateOrg(w.System, o)
		must(t, err)
	}
}

func (w *World) people(t testing.TB) {
	t.Helper()
	w.Keeper = w.Hire(t, "keeper", "custodian", Market)
	w.Second = w.Hire(t, "second", "custodian", Market)
	w.Other = w.Hire(t, "other", "custodian", Land)
	w.Clerk = w.Hire(t, "clerk", "clerk", Market)
	w.OfCounty = w.Hire(t, "of-county", "sealadmin", CountyAuth)
	w.Another = w.Hire(t, "another", "sealadmin", CountyAuth)
	w.OfCity = w.Hire(t, "of-city", "sealadmin", CityAuth)
	w.OfProv = w.Hire(t, "of-prov", "sealadmin", ProvAuth)
	w.Boss = w.Hire(t, "boss", "custodian", Enterprise)
	h, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: "holder", Kind: iam.Holder, Name: "张样例", Citizen: "999999198504120116"})
	must(t, err)
	w.Holder = w.as(t, h.ID)
	w.Know(h.ID, "张样例", 2)
}

// Open opens what In made in d and dir, as another process would. Nobody acts
// in it: see Again.
func Open(ctx context.Context, d *db.DB, dir string) (*World, error) {
	k, err := keys.Open(ctx, d, filepath.Join(dir, "master.key"))
	if err != nil {
		return nil, err
	}
	store, err := blob.OpenDir(filepath.Join(dir, "documents"))
	if err != nil {
		return nil, err
	}
	return wire(ctx, d, k, store)
}

func wire(ctx context.Context, d *db.DB, k *keys.Store, e blob.Engine) (*World, error) {
	people, err := iam.New(ctx, d, k, iam.Options{CacheFor: 1})
	if err != nil {
		return nil, err
	}
	blobs, err := blob.New(ctx, e, k)
	if err != nil {
		return nil, err
	}
	o := outbox.New()
	w := &World{DB: d, Keys: k, IAM: people, Blobs: blobs, Outbox: o, Due: &due.Service{DB: d, Outbox: o}, Notice: &notice.Service{DB: d}}
	w.PKI = &pki.Service{DB: d, Keys: k, BaseURL: "https://zz.example"}
	w.Seal = &seal.Service{DB: d, Keys: k, PKI: w.PKI, IAM: people, Status: &status.Service{DB: d, Keys: k, BaseURL: "https://zz.example"},
		Notice: w.Notice, Due: w.Due, Outbox: o, Person: w.known.check}
	people.Due, people.Outbox = w.Due, o
	w.Apply, err = sealapply.New(ctx, sealapply.Parts{DB: d, Keys: k, IAM: people, Blobs: blobs, Seals: w.Seal, PKI: w.PKI, Notices: w.Notice, Due: w.Due, Outbox: o})
	return w, err
}

// Hire opens a staff account with a role for an organisation, and returns a
// context in which it acts.
func (w *World) Hire(t testing.TB, username, role, org string) context.Context {
	t.Helper()
	a, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: username, Kind: iam.Staff, Name: "样例·" + username, Org: org})
	must(t, err)
	return w.Grant(t, w.as(t, a.ID), role, org)
}

// Grant gives whoever acts in ctx a role beside those they have, and returns a
// context in which they act with it.
func (w *World) Grant(t testing.TB, ctx context.Context, role, org string) context.Context {
	t.Helper()
	g, err := w.IAM.ProposeGrant(w.System, iam.GrantRequest{Account: Account(ctx), Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, w.IAM.DecideGrant(w.Security, g.ID, true, "测试"))
	return w.as(t, Account(ctx))
}

func (w *World) as(t testing.TB, account string) context.Context {
	t.Helper()
	ctx, err := w.IAM.As(context.Background(), account)
	must(t, err)
	return ctx
}

// Again is a context of this process in which the same person acts.
func (w *World) Again(t testing.TB, ctx context.Context) context.Context {
	t.Helper()
	return w.as(t, Account(ctx))
}

// Account is the id of the account that acts in a context.
func Account(ctx context.Context) string { return audit.ActorFrom(ctx).Account }

// Name is the legal name of one of the organisations.
func Name(org string) string { return names[org] }

// Code is the credit code of an organisation.
func (w *World) Code(t testing.TB, org string) string {
	t.Helper()
	o, err := w.IAM.Org(t.Context(), org)
	must(t, err)
	return o.USCC
}

// PDF is a file that looks like one.
func PDF(text string) []byte {
	return []byte("%PDF-1.7\n" + text + "\n%%EOF\n")
}

// Fields fill in the country's form for a unit.
func (w *World) Fields(t testing.TB, org string) map[string]string {
	t.Helper()
	return map[string]string{
		"org_name": names[org], "uscc": w.Code(t, org), "legal_person": "李样例", "handler": "王样例", "handler_phone": "13800138000", "use": "政务服务",
	}
}

// Filled begins an application for a unit's seal with all that it needs, as its
// custodian does, and leaves it a draft.
func (w *World) Filled(t testing.TB, by context.Context, org, kind, name string) *sealapply.Application {
	t.Helper()
	a, err := w.Apply.Create(by, sealapply.CreateRequest{Kind: sealapply.Apply, Org: org, SealKind: kind, SealName: name, Custodian: Account(by), Fields: w.Fields(t, org)})
	must(t, err)
	return w.Complete(t, by, a)
}

// Complete adds files, imprint and statement to an application.
func (w *World) Complete(t testing.TB, by context.Context, a *sealapply.Application) *sealapply.Application {
	t.Helper()
	_, _, files, err := w.Apply.FormFor(by, a.Org, a.Kind, a.SealKind)
	must(t, err)
	for _, f := range files {
		if f.Required {
			a, err = w.Apply.Attach(by, a.ID, sealapply.Upload{Code: f.Code, Name: f.Label + ".pdf", Data: PDF(f.Code)})
			must(t, err)
		}
	}
	if !a.Kind.Makes() {
		return a
	}
	a, err = w.Apply.SetImprint(by, a.ID, Imprint(t, a.OrgName), 42, 42)
	must(t, err)
	forms, err := w.Apply.Forms(by)
	must(t, err)
	version := ""
	for _, f := range forms {
		if f.Region == a.FormRegion && f.Version.String() == a.FormDate {
			version = f.Statement.Version
		}
	}
	a, err = w.Apply.Declare(by, a.ID, version, a.Imprint.Digest)
	must(t, err)
	return a
}

// Pass has every tier approve an application, and returns it approved.
func (w *World) Pass(t testing.TB, id string) *sealapply.Application {
	t.Helper()
	var a *sealapply.Application
	for _, step := range []struct {
		tier string
		by   context.Context
	}{{"county", w.OfCounty}, {"city", w.OfCity}, {"province", w.OfProv}} {
		now, err := w.Apply.Get(step.by, id)
		must(t, err)
		if now.Tier != step.tier {
			continue
		}
		a, err = w.Apply.Review(step.by, id, sealapply.ReviewRequest{Tier: step.tier, Approve: true, Opinion: "同意"})
		must(t, err)
	}
	return a
}

// Filed is a seal of a unit that went the whole way.
func (w *World) Filed(t testing.TB, by context.Context, org, kind, name string) *sealapply.Application {
	t.Helper()
	a := w.Filled(t, by, org, kind, name)
	_, err := w.Apply.Submit(by, a.ID)
	must(t, err)
	w.Pass(t, a.ID)
	_, err = w.Apply.Make(w.Another, a.ID)
	must(t, err)
	a, err = w.Apply.File(w.Another, a.ID, sealapply.FileRequest{})
	must(t, err)
	return a
}

// Imprint draws the imprint of a name.
func Imprint(t testing.TB, name string) []byte {
	t.Helper()
	imprints.Lock()
	defer imprints.Unlock()
	if imprints.drawn[name] == nil {
		b, err := imprint.PNG(imprint.Spec{Name: name, Code: "999900001", Width: 42, Height: 42})
		must(t, err)
		imprints.drawn[name] = b
	}
	return bytes.Clone(imprints.drawn[name])
}

// Drawing takes a tenth of a second, and tests ask for the same few.
var imprints = struct {
	sync.Mutex
	drawn map[string][]byte
}{drawn: map[string][]byte{}}

// Know says how well the platform knows whoever has an account (实名等级).
func (w *World) Know(account, name string, level int) {
	w.known.mu.Lock()
	defer w.known.mu.Unlock()
	if w.known.people == nil {
		w.known.people = map[string]person{}
	}
	w.known.people[account] = person{name, level}
}

// known is who the platform knows, how well, and by which name.
type known struct {
	mu     sync.Mutex
	people map[string]person
}

type person struct {
	name  string
	level int
}

func (k *known) check(_ *db.Tx, account, name string) (int, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.people[account]
	return p.level, p.name == name, nil
}

func code(t testing.TB, n int) string {
	t.Helper()
	area, err := gbcode.ParseDivision("999999")
	must(t, err)
	org, err := gbcode.NewOrgCode(fmt.Sprintf("%08d", 990_100+n))
	must(t, err)
	c, err := gbcode.NewCreditCode('1', '1', area, org)
	must(t, err)
	return c.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

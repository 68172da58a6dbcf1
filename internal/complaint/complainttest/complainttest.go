// Package complainttest gives other packages' tests an instance with a province,
// a city and a county, their authorities, units that are complained about, and
// people for each part that is played in a complaint.
package complainttest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/blob"
	"sidian/internal/complaint"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
)

// Organisations, by id: a government of each tier with its authority, and below
// the county those that are complained about.
const (
	Prov, ProvAuth     = "prov", "provauth"
	City, CityAuth     = "city", "cityauth"
	County, CountyAuth = "gov", "approval"
	Market, Land       = "market", "land"
)

var names = map[string]string{
	Prov: "样例省人民政府", ProvAuth: "样例省政务服务管理局", City: "样例市人民政府", CityAuth: "样例市行政审批服务管理局",
	County: "青禾县人民政府", CountyAuth: "青禾县行政审批服务管理局", Market: "青禾县市场监督管理局", Land: "青禾县自然资源局",
}

// HolderName and HolderCitizen are who complains.
const (
	HolderName    = "张样例"
	HolderCitizen = "999999198504120116"
)

// A World is an instance, with people as contexts in which they act.
type World struct {
	DB        *db.DB
	Keys      *keys.Store
	IAM       *iam.Service
	Notice    *notice.Service
	Due       *due.Service
	Outbox    *outbox.Outbox
	Blobs     *blob.Store
	Complaint *complaint.Service

	System, Security context.Context // administrators of the province
	// Clerk explains for Market, Other for Land; At is a clerk of the county's
	// authority.
	Clerk, Other, At context.Context
	// OfCounty, OfCity and OfProv decide; Both decides for the county and is a clerk
	// for all of it.
	OfCounty, OfCity, OfProv, Both context.Context
	// Supervisor reads what is added up about the county.
	Supervisor context.Context
	// Holder and Neighbour are persons whose identity is verified; Stranger is one
	// whose identity is not.
	Holder, Neighbour, Stranger context.Context
}

// New makes an instance in d.
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
		Root:   iam.OrgRequest{ID: Prov, Name: names[Prov], Region: "990000", Tier: "province", Type: "government"},
		System: person("system"), Security: person("security"), Audit: person("audit"),
	})
	must(t, err)
	w.System, w.Security = w.As(t, made[0].ID), w.As(t, made[1].ID)
	w.units(t)
	w.people(t)
	return w
}

func (w *World) units(t testing.TB) {
	t.Helper()
	for _, o := range []iam.OrgRequest{
		{ID: ProvAuth, Parent: Prov, Tier: "province", Type: "authority"},
		{ID: City, Parent: Prov, Tier: "city", Type: "government", Region: "999900"},
		{ID: CityAuth, Parent: City, Tier: "city", Type: "authority"},
		{ID: County, Parent: City, Tier: "county", Type: "government", Region: "999999"},
		{ID: CountyAuth, Parent: County, Tier: "county", Type: "authority"},
		{ID: Market, Parent: County, Tier: "county", Type: "department"},
		{ID: Land, Parent: County, Tier: "county", Type: "department"},
	} {
		o.Name = names[o.ID]
		_, err := w.IAM.CreateOrg(w.System, o)
		must(t, err)
	}
}

func (w *World) people(t testing.TB) {
	t.Helper()
	w.Clerk = w.Hire(t, "clerk", "clerk", Market, Market)
	w.Other = w.Hire(t, "other", "clerk", Land, Land)
	w.At = w.Hire(t, "at", "clerk", CountyAuth, CountyAuth)
	w.OfCounty = w.Hire(t, "of-county", "sealadmin", CountyAuth, County)
	w.OfCity = w.Hire(t, "of-city", "sealadmin", CityAuth, City)
	w.OfProv = w.Hire(t, "of-prov", "sealadmin", ProvAuth, Prov)
	w.Both = w.Grant(t, w.Hire(t, "both", "sealadmin", CountyAuth, County), "clerk", County)
	w.Supervisor = w.Hire(t, "supervisor", "supervisor", County, County)
	w.Holder = w.holder(t, "holder", HolderName, HolderCitizen, 2)
	w.Neighbour = w.holder(t, "neighbour", "李样例", "999999199008230281", 2)
	w.Stranger = w.holder(t, "stranger", "王样例", "", 0)
}

func (w *World) holder(t testing.TB, username, name, citizen string, level int) context.Context {
	t.Helper()
	if citizen == "" {
		citizen = "999999197803050352"
	}
	h, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: username, Kind: iam.Holder, Name: name, Citizen: citizen})
	must(t, err)
	p, err := w.IAM.Principal(context.Background(), h.ID, iam.Proof{Level: level})
	must(t, err)
	return iam.With(context.Background(), p)
}

// Open opens what In made in d and dir, as another process would. Nobody acts in
// it: see As.
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
	people.Due, people.Outbox = w.Due, o
	w.Complaint, err = complaint.New(ctx, complaint.Parts{DB: d, Keys: k, IAM: people, Blobs: blobs, Notices: w.Notice, Due: w.Due, Outbox: o})
	return w, err
}

// Hire opens a staff account of a unit with a role for an organisation, and
// returns a context in which it acts.
func (w *World) Hire(t testing.TB, username, role, unit, org string) context.Context {
	t.Helper()
	a, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: username, Kind: iam.Staff, Name: "样例·" + username, Org: unit})
	must(t, err)
	return w.Grant(t, w.As(t, a.ID), role, org)
}

// Grant gives whoever acts in ctx a role beside those they have, and returns a
// context in which they act with it.
func (w *World) Grant(t testing.TB, ctx context.Context, role, org string) context.Context {
	t.Helper()
	g, err := w.IAM.ProposeGrant(w.System, iam.GrantRequest{Account: Account(ctx), Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, w.IAM.DecideGrant(w.Security, g.ID, true, "测试"))
	return w.As(t, Account(ctx))
}

// As is a context in which an account acts.
func (w *World) As(t testing.TB, account string) context.Context {
	t.Helper()
	ctx, err := w.IAM.As(context.Background(), account)
	must(t, err)
	return ctx
}

// Account is the id of the account that acts in a context.
func Account(ctx context.Context) string { return audit.ActorFrom(ctx).Account }

// Name is the legal name of one of the organisations.
func Name(org string) string { return names[org] }

// Filing is a filing about a unit that lacks nothing.
func (w *World) Filing(org string) complaint.Filing {
	return complaint.Filing{Org: org, What: complaint.Refused, Way: complaint.Window, Happened: w.DB.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02"),
		Item: "企业变更登记", Number: "青禾证〔2026〕12号", Text: "我是张样例，身份证 999999198504120116，窗口说只认盖红章的纸质件。"}
}

// File files it as Holder.
func (w *World) File(t testing.TB, org string) *complaint.Complaint {
	t.Helper()
	c, err := w.Complaint.File(w.Holder, w.Filing(org))
	must(t, err)
	return c
}

// OFD is a file that looks like a document.
func OFD(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range map[string]string{"OFD.xml": `<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>`} {
		f, err := z.Create(name)
		must(t, err)
		_, err = fmt.Fprint(f, body, "<!--", text, "-->")
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

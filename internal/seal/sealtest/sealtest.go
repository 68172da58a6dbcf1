// Package sealtest gives other packages' tests an instance with units that have
// seals, a custodian who keeps them, and a program that may use them.
package sealtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/status"
	"sidian/ofd/draw/imprint"
)

// Units of the county, by id, both below [pkitest.Root].
const (
	Market = "market"
	Land   = "land"
)

var names = map[string]string{Market: "青禾县市场监督管理局", Land: "青禾县自然资源局"}

// A World is an instance as far as this package knows it.
type World struct {
	*pkitest.World
	Seal   *seal.Service
	Status *status.Service
	Notice *notice.Service

	Keeper context.Context // keeps the county's seals, and manages them: custodian and sealadmin
	Admin  context.Context // manages the county's seals and keeps none: sealadmin
	Clerk  context.Context // of Market: may ask for stamps
	Client context.Context // a program that acts for the county
	App    iam.NewClient   // the same

	known known
}

// New makes an instance in d. Its units have no seals yet.
func New(t testing.TB, d *db.DB) *World { return In(t, d, t.TempDir()) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	w := wire(pkitest.In(t, d, dir))
	must(t, w.Seal.Setup(t.Context(), "青禾县样例制章"))
	for i, id := range []string{Market, Land} {
		_, err := w.IAM.CreateOrg(w.System, iam.OrgRequest{
			ID: id, Parent: pkitest.Root, Name: names[id], USCC: creditCode(t, i), Region: "999999", Tier: "county",
		})
		must(t, err)
	}
	w.Keeper = w.Grant(t, w.Hire(t, "keeper", "custodian", pkitest.Root), "sealadmin", pkitest.Root)
	w.Admin = w.Hire(t, "sealadmin", "sealadmin", pkitest.Root)
	w.Clerk = w.Hire(t, "sealclerk", "clerk", Market)
	var err error
	w.App, err = w.IAM.CreateClient(w.Security, iam.ClientRequest{
		Name: "样例审批系统", Org: pkitest.Root, Scopes: []string{"cert.issue", "cert.read", "kind.read", "seal.read"},
	})
	must(t, err)
	w.Client, err = w.IAM.AsClient(context.Background(), w.App.ID)
	must(t, err)
	return w
}

// Open opens what In made in d and dir, as another process would; the program
// acts in it.
func Open(ctx context.Context, d *db.DB, dir, client string) (*World, error) {
	p, err := pkitest.Open(ctx, d, dir)
	if err != nil {
		return nil, err
	}
	w := wire(p)
	w.Client, err = w.IAM.AsClient(ctx, client)
	return w, err
}

func wire(p *pkitest.World) *World {
	o := outbox.New()
	w := &World{World: p, Status: &status.Service{DB: p.DB, Keys: p.Keys, BaseURL: pkitest.BaseURL}, Notice: &notice.Service{DB: p.DB}}
	w.Seal = &seal.Service{
		DB: p.DB, Keys: p.Keys, PKI: p.PKI, TimeStamps: true, IAM: p.IAM, Status: w.Status, Notice: w.Notice, Outbox: o,
		Due: &due.Service{DB: p.DB, Outbox: o}, Person: w.known.check,
	}
	p.IAM.Watch(w.Seal.Watcher())
	return w
}

func creditCode(t testing.TB, n int) string {
	t.Helper()
	area, err := gbcode.ParseDivision("999999")
	must(t, err)
	org, err := gbcode.NewOrgCode(fmt.Sprintf("%08d", 990_000+n))
	must(t, err)
	code, err := gbcode.NewCreditCode('1', '1', area, org)
	must(t, err)
	return code.String()
}

// Imprint draws the imprint of a name.
func Imprint(t testing.TB, name string) seal.Imprint {
	t.Helper()
	imprints.Lock()
	defer imprints.Unlock()
	if imprints.drawn[name] == nil {
		b, err := imprint.PNG(imprint.Spec{Name: name, Code: "999900001", Width: 42, Height: 42})
		must(t, err)
		imprints.drawn[name] = b
	}
	return seal.Imprint{PNG: imprints.drawn[name], Width: 42, Height: 42}
}

// Drawing takes a tenth of a second, and tests ask for the same few.
var imprints = struct {
	sync.Mutex
	drawn map[string][]byte
}{drawn: map[string][]byte{}}

// Request asks for a unit's seal of a kind, as it may be made.
func (w *World) Request(t testing.TB, unit, kind string) seal.MakeRequest {
	t.Helper()
	o, err := w.IAM.Org(t.Context(), unit)
	must(t, err)
	r := seal.MakeRequest{
		Org: unit, OrgName: o.Name, OrgCode: o.USCC, Kind: kind, Name: o.Name, Imprint: Imprint(t, o.Name), Custodian: Account(w.Keeper),
		Statement: gm.Sum([]byte("印模声明")), Application: "sq-1",
	}
	r.Name += map[string]string{seal.Special: "电子证照专用章", seal.Internal: "办公室", seal.Branch: "城关所"}[kind]
	return r
}

// Make makes and files a unit's seal of a kind.
func (w *World) Make(t testing.TB, unit, kind string) *seal.Seal {
	t.Helper()
	return w.MakeOf(t, w.Request(t, unit, kind))
}

// MakeOf makes and files a seal.
func (w *World) MakeOf(t testing.TB, r seal.MakeRequest) *seal.Seal {
	t.Helper()
	x, err := w.Seal.Make(w.Keeper, r)
	must(t, err)
	x, err = w.Seal.File(w.Keeper, x.ID, seal.FileRequest{Authority: pkitest.Root, Reason: "测试"})
	must(t, err)
	return x
}

// Permit lets the program use a seal for every purpose, for three years.
func (w *World) Permit(t testing.TB, x *seal.Seal) *seal.Policy {
	t.Helper()
	p, err := w.Seal.Grant(w.Keeper, seal.Policy{
		Seal: x.ID, App: w.App.ID, Purpose: seal.Any, Until: w.DB.Now().AddDate(3, 0, 0), Reason: "测试",
	})
	must(t, err)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

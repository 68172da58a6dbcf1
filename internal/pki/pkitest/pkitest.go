// Package pkitest gives other packages' tests an instance with its authorities
// set up and a county of people who act.
package pkitest

import (
	"context"
	"path/filepath"
	"testing"

	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
)

// Root is the county, above every other unit.
const Root = "county"

// BaseURL is where the instance is found.
const BaseURL = "https://zz.example"

// A World is an instance as far as this package knows it.
type World struct {
	DB   *db.DB
	Keys *keys.Store
	IAM  *iam.Service
	PKI  *pki.Service

	System, Security context.Context // administrators of the county
}

// New makes an instance in d, with everything of it in directories of the test.
func New(t testing.TB, d *db.DB) *World { return In(t, d, t.TempDir()) }

// In is New with the master key in dir, where Open finds it.
func In(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	w := Bare(t, d, dir)
	must(t, w.PKI.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例"}))
	return w
}

// Bare is In without authorities.
func Bare(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	ctx := context.Background()
	must(t, keys.CreateMaster(master(dir)))
	k, err := keys.Create(ctx, d, master(dir))
	must(t, err)
	w, err := wire(ctx, d, k)
	must(t, err)
	person := func(username string) iam.AccountRequest {
		return iam.AccountRequest{Username: username, Name: "样例·" + username}
	}
	made, err := w.IAM.Bootstrap(ctx, iam.BootstrapRequest{
		Root:   iam.OrgRequest{ID: Root, Name: "青禾县人民政府", Region: "999999", Tier: "county"},
		System: person("system"), Security: person("security"), Audit: person("audit"),
	})
	must(t, err)
	w.System, err = w.IAM.As(ctx, made[0].ID)
	must(t, err)
	w.Security, err = w.IAM.As(ctx, made[1].ID)
	must(t, err)
	return w
}

// Open opens what In made in d and dir, as another process would. Nobody acts
// in it.
func Open(ctx context.Context, d *db.DB, dir string) (*World, error) {
	k, err := keys.Open(ctx, d, master(dir))
	if err != nil {
		return nil, err
	}
	return wire(ctx, d, k)
}

func master(dir string) string { return filepath.Join(dir, "master.key") }

func wire(ctx context.Context, d *db.DB, k *keys.Store) (*World, error) {
	s, err := iam.New(ctx, d, k, iam.Options{})
	return &World{DB: d, Keys: k, IAM: s, PKI: &pki.Service{DB: d, Keys: k, BaseURL: BaseURL}}, err
}

// Hire opens a staff account with a role for an organisation, and returns a
// context in which it acts.
func (w *World) Hire(t testing.TB, username, role, org string) context.Context {
	t.Helper()
	a, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: username, Kind: iam.Staff, Name: "样例·" + username, Org: org})
	must(t, err)
	g, err := w.IAM.ProposeGrant(w.System, iam.GrantRequest{Account: a.ID, Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, w.IAM.DecideGrant(w.Security, g.ID, true, "测试"))
	ctx, err := w.IAM.As(context.Background(), a.ID)
	must(t, err)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

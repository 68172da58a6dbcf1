package sealapply

import (
	"context"
	"testing"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/todo"
	"sidian/internal/web/page/pagetest"
)

var must = pagetest.Must

// site is the pages over an instance with a province, a city and a county.
type site struct {
	*sealapplytest.World
	*pagetest.Site
	t      *testing.T
	people map[string]context.Context
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := sealapplytest.New(t, d), pagetest.Kit(t)
	people := map[string]context.Context{"keeper": w.Keeper, "second": w.Second, "other": w.Other, "clerk": w.Clerk, "county": w.OfCounty, "another": w.Another,
		"city": w.OfCity, "prov": w.OfProv, "holder": w.Holder, "system": w.System}
	s := &Service{Kit: kit, Apply: w.Apply, Seal: w.Seal, IAM: w.IAM, Todo: &todo.Service{DB: w.DB, Due: w.Due}}
	s.Account = func(ctx context.Context, username string) (id string, err error) {
		err = w.DB.Read(ctx, func(tx *db.Tx) error {
			x, err := iam.SubjectNamedTx(tx, username)
			id = x.ID
			return err
		})
		if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
			return "", nil
		}
		return id, err
	}
	return &site{World: w, Site: pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: people}, s), t: t, people: people}
}

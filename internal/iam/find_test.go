package iam_test

import (
	"errors"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// An organisation is found by its credit code while it is open, a holder by theirs.
func TestWithCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		const code = "91350100M000100Y43"
		o, err := c.CreateOrg(c.Ctx(t, "system"), iam.OrgRequest{Parent: iamtest.Root, Name: "样例有限公司", USCC: code, Tier: "county", Type: "enterprise"})
		if err != nil {
			t.Fatal(err)
		}
		find := func(code string) (id string) {
			t.Helper()
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				found, err := iam.WithCodeTx(tx, code)
				if found != nil {
					id = found.ID
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return id
		}
		if got := find(code); got != o.ID {
			t.Errorf("found %q", got)
		}
		for _, other := range []string{"", "91350100M000100Y4", "%"} {
			if got := find(other); got != "" {
				t.Errorf("by %q found %q", other, got)
			}
		}
		if err := c.CloseOrg(c.Ctx(t, "system"), o.ID, "已注销"); err != nil {
			t.Fatal(err)
		}
		if got := find(code); got != "" {
			t.Errorf("found %q, which is closed", got)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			account, err := c.HolderOfTx(tx, iamtest.HolderCitizen)
			if err != nil || account != c.People["holder"].ID {
				t.Errorf("the holder is %q: %v", account, err)
			}
			_, err = c.HolderOfTx(tx, "999999198001010011")
			return err
		})
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("nobody is found: %v", err)
		}
	})
}

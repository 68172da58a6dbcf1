package iam_test

import (
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// Records tell who did something by id alone; names are asked for.
func TestNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		clerk, holder := c.People["clerk"], c.People["holder"]
		got, err := c.Names(t.Context(), []string{clerk.ID, holder.ID, clerk.ID, "nobody", ""})
		if err != nil || len(got) != 2 || got[clerk.ID] != clerk.Name || got[holder.ID] != "张**" {
			t.Errorf("names %v, %v", got, err)
		}
		if _, err := c.ProposeGrant(c.Ctx(t, "system"), iam.GrantRequest{Account: clerk.ID, Role: "reviewer", Org: iamtest.Market, Reason: "试"}); err != nil {
			t.Fatal(err)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			entries, _, err := audit.List(tx, audit.Query{Limit: 1000})
			if len(entries) < 20 {
				t.Errorf("only %d entries", len(entries))
			}
			for _, e := range entries {
				if e.Actor.Name != "" && e.Actor.App == "" {
					t.Errorf("%s names somebody", e.Action)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

package iam_test

import (
	"slices"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// Who holds a permission for a unit are those granted a role with it there or
// above, and nobody whose grant has ended.
func TestHolding(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		keeper := c.People["custodian"].ID
		whole := c.Hire(t, "all", "custodian", iamtest.Root)
		for org, want := range map[string][]string{iamtest.Market: {keeper, whole.ID}, iamtest.Land: {whole.ID}} {
			got, err := c.Holding(t.Context(), "seal.use", org)
			ok(t, err)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", org, got, want)
			}
		}
		grants, err := c.GrantsPage(c.Ctx(t, "security"), iam.GrantQuery{Account: keeper})
		ok(t, err)
		ok(t, c.RevokeGrant(c.Ctx(t, "security"), grants.Items[0].ID, "调离"))
		if got, err := c.Holding(t.Context(), "seal.use", iamtest.Market); err != nil || slices.Contains(got, keeper) {
			t.Errorf("after the grant ended: %v, %v", got, err)
		}
	})
}

//go:build scale

package iam_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// Looking a holder up by blind index costs the same among 10,000 people and
// among 1,000,000.
func TestLookUpStaysFlat(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			d := dbtest.New(t, engine)
			c := iamtest.New(t, d)
			people := 0
			var took []time.Duration
			for _, n := range []int{10_000, 100_000, 1_000_000} {
				crowd(t, d, n-people)
				people = n
				took = append(took, lookUps(t, c, 5000))
				t.Logf("%7d people: %s a look-up", n, took[len(took)-1])
			}
			if first, last := took[0], took[len(took)-1]; last > 3*first+50*time.Microsecond {
				t.Errorf("a look-up took %s among 10,000 people, and %s among 1,000,000", first, last)
			}
		})
	}
}

func lookUps(t *testing.T, c *iamtest.County, n int) time.Duration {
	t.Helper()
	since := time.Now()
	for range n {
		if _, err := c.HolderOf(t.Context(), iamtest.HolderCitizen); err != nil {
			t.Fatal(err)
		}
	}
	page, err := c.FindAccounts(c.Ctx(t, "system"), iam.AccountQuery{Citizen: iamtest.HolderCitizen})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	return time.Since(since) / time.Duration(n)
}

// crowd puts n holders into the table whose sealed values are noise.
func crowd(t *testing.T, d *db.DB, n int) {
	t.Helper()
	for n > 0 {
		some := min(n, 2000)
		n -= some
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for range some {
				id := strings.ToLower(rand.Text())
				index, name := make([]byte, 32), make([]byte, 60)
				rand.Read(index)
				rand.Read(name)
				_, err := tx.Exec(`insert into iam_account (id, username, kind, org, name, citizen, citizen_index, created_at) values ($1, $2, 'holder', '', $3, $3, $4, 1)`,
					id, fmt.Sprintf("h-%s", id), name, index)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

package auth_test

import (
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/outbox"
)

// Whoever has a password that ends is reminded of it in time; a new one begins
// a new term, and an account that is closed owes nothing.
func TestPasswordsEndByPromise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		promises := &due.Service{DB: d, Outbox: outbox.New()}
		c := authtest.NewWith(t, d, auth.Options{Due: promises, PasswordDays: 90, PasswordHistory: 5})
		clerk := c.People["clerk"]
		open := func(account string) (list []due.Promise) {
			t.Helper()
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				page, err := promises.Mine(tx, due.Query{Account: account, Limit: 10})
				if err == nil {
					list = page.Items
				}
				return err
			}))
			return list
		}
		first := open(clerk.ID)
		if len(first) != 1 || first[0].Topic != "password.expire" || first[0].Permission != "" || first[0].Link != "/me/password" {
			t.Fatalf("promises %+v", first)
		}
		if left := first[0].Due.Sub(d.Now()); left < 89*24*time.Hour || left > 92*24*time.Hour {
			t.Errorf("it ends in %v", left)
		}
		if n := len(open(c.People["holder"].ID)); n != 0 {
			t.Errorf("a holder has %d promises", n)
		}
		must(t, c.Auth.ChangePassword(c.Ctx(t, "clerk"), c.Passwords["clerk"].Password, "Quite-Other-41"))
		if now := open(clerk.ID); len(now) != 1 || now[0].ID == first[0].ID {
			t.Errorf("after a new password: %+v", now)
		}
		c.Release(t, "clerk")
		must(t, c.CloseAccount(c.Ctx(t, "system"), clerk.ID, "离职"))
		if n := len(open(clerk.ID)); n != 0 {
			t.Errorf("a closed account has %d promises", n)
		}
	})
}

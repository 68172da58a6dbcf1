package auth_test

import (
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// Approving asks again who sits there: a code is good once, and guessing locks.
func TestStepUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.New(t, d)
		clerk := c.Passwords["clerk"]
		signed, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: clerk.Password})
		must(t, err)
		in := with(t, c.Auth, signed.Token())
		if way, err := c.Auth.Way(in); err != nil || way != auth.WayCode {
			t.Fatalf("way %q, %v", way, err)
		}
		_, err = c.Auth.StepUp(in, "")
		wantCode(t, err, "confirm.needed")
		now := code(t, d, clerk.TOTP)
		if way, err := c.Auth.StepUp(in, now); err != nil || way != auth.WayCode {
			t.Fatalf("right code: %q, %v", way, err)
		}
		_, err = c.Auth.StepUp(in, now)
		wantCode(t, err, "confirm.needed")
		clock.add(time.Minute)
		_, err = c.Auth.StepUp(in, code(t, d, clerk.TOTP))
		must(t, err)
		_, err = c.Auth.StepUp(t.Context(), now)
		wantCode(t, err, "auth.session")
		_, err = c.Auth.StepUp(in, clerk.Password)
		wantCode(t, err, "confirm.needed")
		for range 4 {
			_, err = c.Auth.StepUp(in, "000000")
		}
		if err == nil {
			t.Fatal("a guess was right")
		}
		clock.add(time.Minute)
		if _, err = c.Auth.StepUp(in, code(t, d, clerk.TOTP)); err == nil {
			t.Fatal("after five wrong ones the account still confirms")
		}
	})
}

// Who has no one-time codes confirms with the password; who came from a
// platform, by having come lately.
func TestStepUpOtherwise(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setClock(d)
		c := authtest.New(t, d)
		clerk := c.Passwords["clerk"]
		signed, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: clerk.Password})
		must(t, err)
		in := with(t, c.Auth, signed.Token())
		must(t, c.Auth.Confirm(in, clerk.Password))
		begun, err := c.Auth.BeginTOTP(in)
		must(t, err)
		_, err = c.Auth.EnrolTOTP(in, code(t, d, begun.Secret))
		must(t, err)
		must(t, c.Auth.RemoveFactor(in, string(auth.TOTP)))
		if way, err := c.Auth.StepUp(in, clerk.Password); err != nil || way != auth.WayPassword {
			t.Fatalf("by password: %q, %v", way, err)
		}
	})
}

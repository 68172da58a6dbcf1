package auth_test

import (
	"context"
	"encoding/base32"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// from is the context of a stranger's request from an address.
func from(t *testing.T, address string) context.Context {
	return httpx.WithMeta(t.Context(), httpx.Meta{Address: netip.MustParseAddr(address), UserAgent: "test"})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
}

// clock is a database's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func setClock(d *db.DB) *clock {
	c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	d.Now = func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
	return c
}

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

func TestSignInLocksTheAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.New(t, d)
		clerk := c.Passwords["clerk"]
		wrong := auth.SignInRequest{Username: "clerk", Password: "Wrong-password-1"}
		right := auth.SignInRequest{Username: " Clerk ", Password: clerk.Password}
		for _, user := range []string{"clerk", "nobody"} {
			for i := range 5 {
				_, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: user, Password: wrong.Password})
				if fault.As(err) == nil || fault.As(err).Code != "auth.failed" {
					t.Fatalf("%s, attempt %d: %v", user, i, err)
				}
			}
			_, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: user, Password: wrong.Password})
			wantCode(t, err, "auth.locked") // the same for who does not exist
		}
		_, err := c.Auth.SignIn(from(t, "192.0.2.2"), right)
		wantCode(t, err, "auth.locked") // the right password, too, from anywhere
		clock.add(31 * time.Minute)
		if _, err := c.Auth.SignIn(from(t, "192.0.2.2"), right); err != nil {
			t.Fatalf("after the lock: %v", err)
		}
		for range 5 {
			_, err := c.Auth.SignIn(from(t, "192.0.2.1"), wrong)
			wantCode(t, err, "auth.failed")
		}
		wantCode(t, c.Auth.Unlock(c.Ctx(t, "clerk"), clerk.ID, "忘记密码"), "auth.permission")
		if err := c.Auth.Unlock(c.Ctx(t, "security"), clerk.ID, "本人到场核实"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Auth.SignIn(from(t, "192.0.2.2"), right); err != nil {
			t.Fatalf("after unlocking: %v", err)
		}
	})
}

func TestSignInAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		var judged sync.Map
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				_, err := c.Auth.SignIn(from(t, "192.0.2.9"), auth.SignInRequest{Username: "clerk", Password: "Guess-number-1"})
				if e := fault.As(err); e != nil && e.Code == "auth.failed" {
					judged.Store(i, true)
				}
			})
		}
		wg.Wait()
		n := 0
		judged.Range(func(_, _ any) bool { n++; return true })
		if n > 5 {
			t.Errorf("%d guesses at once were judged; the limit is 5", n)
		}
	})
}

func TestCredentialStuffingLocksTheAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.NewWith(t, d, auth.Options{AddrFails: 6})
		for i := range 6 {
			_, err := c.Auth.SignIn(from(t, "198.51.100.7"), auth.SignInRequest{Username: "user" + string(rune('a'+i)), Password: "Leaked-password-1"})
			wantCode(t, err, "auth.failed")
		}
		right := auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password}
		_, err := c.Auth.SignIn(from(t, "198.51.100.7"), right)
		wantCode(t, err, "auth.locked")
		if _, err := c.Auth.SignIn(from(t, "198.51.100.8"), right); err != nil {
			t.Fatalf("another address: %v", err)
		}
	})
}

func TestSuccessDoesNotClearTheAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.NewWith(t, d, auth.Options{AddrFails: 4})
		own := auth.SignInRequest{Username: "issuer", Password: c.Passwords["issuer"].Password}
		locked := false
		for i := range 8 { // an insider signs in between guesses
			_, err := c.Auth.SignIn(from(t, "198.51.100.9"), auth.SignInRequest{Username: "victim" + string(rune('a'+i)), Password: "Leaked-password-1"})
			if e := fault.As(err); e != nil && e.Code == "auth.locked" {
				locked = true
				break
			}
			if _, err := c.Auth.SignIn(from(t, "198.51.100.9"), own); err != nil {
				locked = true
				break
			}
		}
		if !locked {
			t.Error("signing in with one's own account let the guessing go on")
		}
	})
}

func TestSecondStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true})
		a := c.Passwords["issuer"]
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(a.TOTP)
		if err != nil {
			t.Fatal(err)
		}
		code := auth.TOTPCode(secret, d.Now().Unix()/30)
		ctx := from(t, "192.0.2.3")
		half, err := c.Auth.SignIn(ctx, auth.SignInRequest{Username: "issuer", Password: a.Password})
		if err != nil || half.Next != auth.Second || half.Name != "" || !slices.Equal(half.Methods, []auth.Method{auth.TOTP}) {
			t.Fatalf("without the code: %+v, %v", half, err)
		}
		_, err = c.Auth.SignIn(ctx, auth.SignInRequest{Username: "issuer", Password: a.Password, Code: "000000"})
		wantCode(t, err, "auth.failed")
		got, err := c.Auth.SignIn(ctx, auth.SignInRequest{Username: "issuer", Password: a.Password, Code: code})
		if err != nil || !got.Second {
			t.Fatalf("with the code: %+v, %v", got, err)
		}
		_, err = c.Auth.SignIn(ctx, auth.SignInRequest{Username: "issuer", Password: a.Password, Code: code})
		wantCode(t, err, "auth.failed") // a code is good once
		clock.add(time.Minute)
		code = auth.TOTPCode(secret, d.Now().Unix()/30)
		if _, err = c.Auth.SignIn(ctx, auth.SignInRequest{Username: "issuer", Password: a.Password, Code: code}); err != nil {
			t.Fatalf("with the next code: %v", err)
		}
		holder := c.Passwords["holder"]
		if _, err = c.Auth.SignIn(ctx, auth.SignInRequest{Username: "holder", Password: holder.Password}); err != nil {
			t.Fatalf("holders need none: %v", err)
		}
	})
}

// RFC 6238 appendix B, the SHA-1 rows; of their eight digits the last six.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := auth.TOTPCode(secret, at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestClosedAccountCannotSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		a := c.Passwords["counter"]
		c.Release(t, "counter")
		if err := c.CloseAccount(c.Ctx(t, "system"), a.ID, "离职"); err != nil {
			t.Fatal(err)
		}
		_, err := c.Auth.SignIn(from(t, "192.0.2.4"), auth.SignInRequest{Username: "counter", Password: a.Password})
		wantCode(t, err, "auth.failed")
	})
}

func TestSignInIsAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		_, err := c.Auth.SignIn(from(t, "192.0.2.5"), auth.SignInRequest{Username: "My-Secret-Typed-Here", Password: "x"})
		wantCode(t, err, "auth.failed")
		if _, err := c.Auth.SignIn(from(t, "192.0.2.5"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.All(`select result, object, account, name from audit_entry where action = 'auth.sign-in' order by at, id`, nil, func(scan func(...any) error) error {
				var result, object, account, name string
				if err := scan(&result, &object, &account, &name); err != nil {
					return err
				}
				seen[result]++
				if result == "refused" && object != "account/unknown" {
					t.Errorf("what was typed stands in the audit: %s", object)
				}
				if result == "done" && account != c.People["clerk"].ID {
					t.Errorf("the audit names %q", account)
				}
				return nil
			})
		})
		if err != nil || seen["refused"] != 1 || seen["done"] != 1 {
			t.Errorf("audit has %v, %v", seen, err)
		}
	})
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		for name, password := range map[string]string{"short": "Ab1-xyz", "two classes": "abcdefghijk1", "username": "Clerk-Nine-99", "same letters": "aaaaaaaaaaaa"} {
			t.Run(name, func(t *testing.T) {
				_, err := c.Auth.Equip(c.Ctx(t, "system"), c.People["clerk"].ID, auth.EquipRequest{Password: password})
				wantCode(t, err, "password.weak")
			})
		}
		ctx := c.Ctx(t, "clerk")
		wantCode(t, c.Auth.ChangePassword(ctx, "not-the-current-1A", "New-Password-77"), "password.current")
		if err := c.Auth.ChangePassword(ctx, c.Passwords["clerk"].Password, "New-Password-77"); err != nil {
			t.Fatal(err)
		}
		_, err := c.Auth.SignIn(from(t, "192.0.2.6"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password})
		wantCode(t, err, "auth.failed")
		if _, err := c.Auth.SignIn(from(t, "192.0.2.6"), auth.SignInRequest{Username: "clerk", Password: "New-Password-77"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRandomPasswordsFollowTheRule(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		seen := map[string]bool{}
		for who, a := range c.Passwords {
			if err := auth.CheckPassword(who, a.Password); err != nil || seen[a.Password] {
				t.Errorf("%s got %d characters: %v", who, len(a.Password), err)
			}
			seen[a.Password] = true
		}
	})
}

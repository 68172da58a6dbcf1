package auth_test

import (
	"context"
	"encoding/base32"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// reqWith is a request with a token.
func reqWith(t *testing.T, token string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "/", nil)
	r.AddCookie(httpx.SessionCookie(token, false))
	return r.WithContext(from(t, "192.0.2.10"))
}

// with is the context of a request with a token, as the router makes it.
func with(t *testing.T, s *auth.Service, token string) context.Context {
	t.Helper()
	ctx, _, err := s.Identify(reqWith(t, token))
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func code(t *testing.T, d *db.DB, secret string) string {
	t.Helper()
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return auth.TOTPCode(b, d.Now().Unix()/30)
}

func signIn(t *testing.T, s *auth.Service, username, password string) auth.SignedIn {
	t.Helper()
	in, err := s.SignIn(from(t, "192.0.2.10"), auth.SignInRequest{Username: username, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// enrolled gives somebody one-time codes of their own.
func enrolled(t *testing.T, d *db.DB, s *auth.Service, username, password string) (secret string) {
	t.Helper()
	in := signIn(t, s, username, password)
	ctx := with(t, s, in.Token())
	begun, err := s.BeginTOTP(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(begun.URI, "secret="+begun.Secret) || !strings.HasPrefix(begun.URI, "otpauth://totp/") {
		t.Fatalf("the address for apps: %s", begun.URI)
	}
	_, err = s.EnrolTOTP(ctx, "000000")
	wantCode(t, err, "auth.code")
	done, err := s.EnrolTOTP(ctx, code(t, d, begun.Secret))
	if err != nil || len(done.Cookies()) != 0 {
		t.Fatalf("enrolling: %+v, %v", done, err)
	}
	return begun.Secret
}

// Who has a second factor is asked for it, also where no rule demands one.
func TestOwnSecondFactorIsAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.New(t, d)
		password := c.Passwords["clerk"].Password
		secret := enrolled(t, d, c.Auth, "clerk", password)
		clock.add(time.Minute)
		half := signIn(t, c.Auth, "clerk", password)
		if half.Next != auth.Second || half.Second {
			t.Fatalf("after the password: %+v", half)
		}
		// The secret that was told before is worth nothing now.
		_, err := c.Auth.SignIn(from(t, "192.0.2.10"), auth.SignInRequest{Username: "clerk", Password: password, Code: code(t, d, c.Passwords["clerk"].TOTP)})
		wantCode(t, err, "auth.failed")
		ctx := with(t, c.Auth, half.Token())
		_, err = c.Auth.ProveTOTP(ctx, "000000")
		wantCode(t, err, "auth.second")
		whole, err := c.Auth.ProveTOTP(ctx, code(t, d, secret))
		if err != nil || whole.Next != "" || !whole.Second || whole.Token() == half.Token() || whole.Name == "" {
			t.Fatalf("after the code: %+v, %v", whole, err)
		}
		p, ok := iam.From(with(t, c.Auth, whole.Token()))
		if !ok || !p.Second || p.Level != 2 {
			t.Fatalf("the session's principal: %+v", p)
		}
		_, err = c.Auth.ProveTOTP(ctx, code(t, d, secret)) // the step is used, and so is the code
		wantCode(t, err, "auth.second")
	})
}

// A pending sign-in is nobody on every route but those of its steps.
func TestPendingGrantsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		b := s.browser()
		s.want(s.signIn(b, "issuer"), 200, `"next":"second"`)
		s.want(s.send(b, "GET", "/login/session", ""), 200, `"second"`, `"totp"`)
		for _, route := range []string{
			"GET /api/v1/me", "GET /api/v1/sessions", "DELETE /api/v1/sessions", "GET /api/v1/orgs", "GET /api/v1/me/factors",
			"POST /api/v1/me/factors/totp/secret", "PUT /api/v1/me/password", "GET /api/v1/sessions/others",
		} {
			method, path, _ := strings.Cut(route, " ")
			body := ""
			if method == "PUT" {
				body = `{"current":"a","next":"b"}`
			}
			s.want(s.send(b, method, path, body), 401, "auth.required")
		}
		s.want(s.send(b, "POST", "/login/session/factors/totp/secret", ""), 401, "auth.pending") // a factor is there: none is enrolled past it
		s.want(s.send(b, "POST", "/login/session/password", `{"next":"Another-Pass-99"}`), 401, "auth.pending")
		r := s.send(b, "POST", "/login/session/totp", `{"code":"`+code(t, d, s.Passwords["issuer"].TOTP)+`"}`)
		s.want(r, 200, `"second":true`)
		s.want(s.send(b, "GET", "/api/v1/me", ""), 200, "cert.issue")
	})
}

func TestPendingEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true, Failures: 100, AddrFails: 100})
		secret := c.Passwords["clerk"].TOTP
		pending := func() context.Context {
			return with(t, c.Auth, signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password).Token())
		}
		ctx := pending()
		clock.add(6 * time.Minute)
		_, err := c.Auth.ProveTOTP(ctx, code(t, d, secret))
		wantCode(t, err, "auth.second")
		ctx = pending()
		for range 5 {
			_, err := c.Auth.ProveTOTP(ctx, "000000")
			wantCode(t, err, "auth.second")
		}
		clock.add(time.Minute)
		_, err = c.Auth.ProveTOTP(ctx, code(t, d, secret)) // right, but the sign-in has ended
		wantCode(t, err, "auth.second")
		_, err = c.Auth.ProveTOTP(from(t, "192.0.2.1"), code(t, d, secret))
		wantCode(t, err, "auth.pending")
	})
}

// Whoever knows the password gets no more guesses at the code by giving it again.
func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true})
		guesses := 0
		for range 30 {
			half, err := c.Auth.SignIn(from(t, "192.0.2.10"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password})
			if err != nil {
				wantCode(t, err, "auth.locked")
				break
			}
			_, err = c.Auth.ProveTOTP(with(t, c.Auth, half.Token()), "000000")
			if err == nil {
				t.Fatal("000000 was right")
			}
			guesses++
		}
		if guesses > 5 {
			t.Errorf("%d guesses at the code were judged", guesses)
		}
	})
}

// One code opens one session, however many come at once.
func TestOneCodeOneSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true, Failures: 100, AddrFails: 100})
		ctx := with(t, c.Auth, signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password).Token())
		one := code(t, d, c.Passwords["clerk"].TOTP)
		var wg sync.WaitGroup
		var mu sync.Mutex
		opened := 0
		for range 8 {
			wg.Go(func() {
				if in, err := c.Auth.ProveTOTP(ctx, one); err == nil && in.Next == "" {
					mu.Lock()
					opened++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if opened != 1 {
			t.Errorf("%d sessions of one code", opened)
		}
	})
}

// The rule demands a factor of staff, and there is none: enrolling is all that
// the sign-in is good for.
func TestEnrolWhileSigningIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true})
		fresh := c.County.Hire(t, "fresh", "clerk", iamtest.Market)
		link, err := authtest.Service(t, c.County, auth.Options{}).Invite(c.Ctx(t, "system"), fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		const password = "Brand-Start-2026"
		if err := authtest.Service(t, c.County, auth.Options{}).Complete(from(t, "192.0.2.10"), link.Token, auth.CompleteRequest{Password: password}); err != nil {
			t.Fatal(err)
		}
		half := signIn(t, c.Auth, "fresh", password)
		if half.Next != auth.Enrol || !slices.Equal(half.Methods, []auth.Method{auth.TOTP}) {
			t.Fatalf("after the password: %+v", half)
		}
		ctx := with(t, c.Auth, half.Token())
		_, err = c.Auth.Factors(ctx)
		wantCode(t, err, "auth.session")
		_, err = c.Auth.ProveTOTP(ctx, "000000")
		wantCode(t, err, "auth.pending")
		begun, err := c.Auth.BeginTOTP(ctx)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := c.Auth.EnrolTOTP(ctx, code(t, d, begun.Secret))
		if err != nil || whole.Next != "" || !whole.Second || whole.Token() == "" {
			t.Fatalf("after enrolling: %+v, %v", whole, err)
		}
		in := with(t, c.Auth, whole.Token())
		wantCode(t, c.Auth.RemoveFactor(in, "totp"), "factor.last")
		clock.add(16 * time.Minute)
		wantCode(t, c.Auth.RemoveFactor(in, "totp"), "auth.confirm")
		wantCode(t, c.Auth.Confirm(in, "not-it-Nr1"), "password.current")
		if err := c.Auth.Confirm(in, password); err != nil {
			t.Fatal(err)
		}
		wantCode(t, c.Auth.RemoveFactor(in, "totp"), "factor.last")
		wantCode(t, c.Auth.RemoveFactor(in, "elsewhere"), "factor.unknown")
	})
}

func TestExpiredPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{PasswordDays: 90, PasswordHistory: 3})
		first := c.Passwords["clerk"].Password
		clock.add(91 * 24 * time.Hour)
		half := signIn(t, c.Auth, "clerk", first)
		if half.Next != auth.Expired {
			t.Fatalf("after 91 days: %+v", half)
		}
		if in := signIn(t, c.Auth, "holder", c.Passwords["holder"].Password); in.Next != "" {
			t.Errorf("a holder's password does not expire: %+v", in)
		}
		ctx := with(t, c.Auth, half.Token())
		if _, ok := iam.From(ctx); ok {
			t.Fatal("an expired password opened a session")
		}
		_, err := c.Auth.ReplacePassword(ctx, first)
		wantCode(t, err, "password.same")
		_, err = c.Auth.ReplacePassword(ctx, "short")
		wantCode(t, err, "password.weak")
		in, err := c.Auth.ReplacePassword(ctx, "Second-Password-2")
		if err != nil || in.Next != "" {
			t.Fatalf("replaced: %+v, %v", in, err)
		}
		ctx = with(t, c.Auth, in.Token())
		wantCode(t, c.Auth.ChangePassword(ctx, "Second-Password-2", first), "password.history")
		for _, next := range []string{"Third-Password-3", "Fourth-Password-4", "Fifth-Password-5"} {
			clock.add(time.Second)
			last := map[string]string{"Third-Password-3": "Second-Password-2", "Fourth-Password-4": "Third-Password-3", "Fifth-Password-5": "Fourth-Password-4"}[next]
			if err := c.Auth.ChangePassword(ctx, last, next); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, c.Auth.ChangePassword(ctx, "Fifth-Password-5", "Third-Password-3"), "password.history")
		if err := c.Auth.ChangePassword(ctx, "Fifth-Password-5", first); err != nil {
			t.Errorf("long ago enough: %v", err)
		}
	})
}

// A stolen session is no place to guess the password from.
func TestWrongCurrentPasswordsLock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setClock(d)
		c := authtest.New(t, d)
		ctx := with(t, c.Auth, signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password).Token())
		for range 5 {
			wantCode(t, c.Auth.ChangePassword(ctx, "Guess-number-1", "New-Password-77"), "password.current")
		}
		wantCode(t, c.Auth.ChangePassword(ctx, c.Passwords["clerk"].Password, "New-Password-77"), "auth.locked")
		_, err := c.Auth.SignIn(from(t, "192.0.2.77"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password})
		wantCode(t, err, "auth.locked")
	})
}

// A user who does not exist costs as many hashes as one who does.
func TestUnknownUsersCostTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		cost := func(username string) int64 {
			before := auth.Sums(c.Auth)
			_, err := c.Auth.SignIn(from(t, "192.0.2.10"), auth.SignInRequest{Username: username, Password: "Wrong-password-1"})
			wantCode(t, err, "auth.failed")
			return auth.Sums(c.Auth) - before
		}
		unequipped := c.County.Hire(t, "unequipped", "clerk", iamtest.Market)
		for _, name := range []string{"nobody", unequipped.Username, "clerk"} {
			if got := cost(name); got != 1 {
				t.Errorf("%s: %d hashes, want 1", name, got)
			}
		}
	})
}

func TestAdministratorsHaveOneSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		for _, c := range []struct {
			who  string
			left int
		}{{"system", 401}, {"clerk", 200}} {
			first, second := s.browser(), s.browser()
			s.signIn(first, c.who)
			s.signIn(second, c.who)
			s.want(s.send(first, "GET", "/api/v1/me", ""), c.left)
			s.want(s.send(second, "GET", "/api/v1/me", ""), 200)
		}
		if n := audited(t, d, "auth.superseded"); n != 1 {
			t.Errorf("%d records of an ended session, want 1", n)
		}
	})
}

// audited counts records of an action.
func audited(t *testing.T, d *db.DB, action string) (n int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select count(*) from audit_entry where action = $1`, []any{action}, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEndOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		victim := s.browser()
		s.signIn(victim, "clerk")
		security := s.Ctx(t, "security")
		list, _, err := s.Auth.OtherSessions(security, "", 50)
		if err != nil || len(list) != 1 || list[0].Account != s.People["clerk"].ID || strings.Contains(list[0].Name, "clerk") || strings.Contains(list[0].Address, "127.0.0.1") {
			t.Fatalf("%+v, %v", list, err)
		}
		_, _, err = s.Auth.OtherSessions(s.Ctx(t, "clerk"), "", 50)
		wantCode(t, err, "auth.permission")
		wantCode(t, s.Auth.EndOther(s.Ctx(t, "system"), list[0].ID, "疑被盗用"), "auth.permission")
		wantCode(t, s.Auth.EndOther(security, list[0].ID, ""), "reason.required")
		wantCode(t, s.Auth.EndOther(security, "elsewhere", "x"), "session.unknown")
		if err := s.Auth.EndOther(security, list[0].ID, "疑被盗用"); err != nil {
			t.Fatal(err)
		}
		s.want(s.send(victim, "GET", "/api/v1/me", ""), 401)
	})
}

func TestOtherSessionsPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		for _, who := range []string{"clerk", "issuer", "reviewer", "holder", "outsider"} {
			s.signIn(&http.Client{}, who)
		}
		seen := map[string]bool{}
		cursor := ""
		for range 10 {
			list, next, err := s.Auth.OtherSessions(s.Ctx(t, "security"), cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				if seen[o.ID] {
					t.Errorf("%s stands on two pages", o.ID)
				}
				seen[o.ID] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(seen) != 4 {
			t.Errorf("%d sessions, want those of four staff", len(seen))
		}
		_, _, err := s.Auth.OtherSessions(s.Ctx(t, "security"), "!", 2)
		wantCode(t, err, "cursor")
	})
}

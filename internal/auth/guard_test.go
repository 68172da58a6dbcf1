package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/auth/event"
	"sidian/internal/auth/oidc"
	"sidian/internal/auth/passkey"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// sql is what somebody does who has the database and no key.
func sql(t *testing.T, d *db.DB, statement string, args ...any) {
	t.Helper()
	must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(statement, args...); return err }))
}

// one reads one value as it stands in the database.
func one[T any](t *testing.T, d *db.DB, statement string, args ...any) (v T) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(statement, args, &v) }))
	return v
}

// findings are the codes of what doctor finds, with their tables.
func findings(t *testing.T, s *auth.Service) string {
	t.Helper()
	found, err := s.Integrity(t.Context())
	must(t, err)
	var list []string
	for _, f := range found {
		if f.Message == "" {
			t.Errorf("%+v says nothing", f)
		}
		list = append(list, f.Table+" "+f.Code)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func relying(t *testing.T) *passkey.Relying {
	t.Helper()
	cfg, err := passkey.FromBase(origin, "四电")
	must(t, err)
	r, err := passkey.New(cfg)
	must(t, err)
	return r
}

// An account's row that was edited lets nobody in, and is told of once.
func TestEditedCredentials(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{
		"another's password":   `update auth_credential set password = (select password from auth_credential where account = $2) where account = $1`,
		"another's row":        `update auth_credential set password = (select password from auth_credential where account = $2), mac = (select mac from auth_credential where account = $2) where account = $1`,
		"raised assurance":     `update auth_credential set assurance = 3 where account = $1 and account <> $2`,
		"no one-time codes":    `update auth_credential set totp = null where account = $1 and account <> $2`,
		"codes of another":     `update auth_credential set totp = (select totp from auth_credential where account = $2) where account = $1`,
		"confirmed codes":      `update auth_credential set totp_at = 1 where account = $1 and account <> $2`,
		"an expired password":  `update auth_credential set password_at = password_at + 1 where account = $1 and account <> $2`,
		"no change demanded":   `update auth_credential set must_change = true where account = $1 and account <> $2`,
		"a factor that is not": `update auth_credential set held = 'passkey/x' where account = $1 and account <> $2`,
		"no MAC":               `update auth_credential set mac = null where account = $1 and account <> $2`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				setClock(d)
				var told []event.Row
				o := outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Tampered}, Handle: func(_ *db.Tx, e outbox.Event) error {
					var r event.Row
					err := e.Decode(&r)
					told = append(told, r)
					return err
				}})
				c := authtest.NewWith(t, d, auth.Options{Outbox: o})
				victim, own := c.People["issuer"].ID, c.Passwords["clerk"].Password
				if got := findings(t, c.Auth); got != "" {
					t.Fatalf("before: %s", got)
				}
				sql(t, d, edit, victim, c.People["clerk"].ID)
				for _, password := range []string{own, c.Passwords["issuer"].Password} {
					_, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "issuer", Password: password})
					wantCode(t, err, "auth.failed")
				}
				if n := audited(t, d, "auth.altered"); n != 1 {
					t.Errorf("%d records, want 1", n)
				}
				_, err := outbox.Drain(t.Context(), d, o.Consumers()[0], 100)
				must(t, err)
				if len(told) != 1 || told[0].Account != victim || told[0].Org != c.People["issuer"].Org || told[0].Object != "auth_credential/"+victim || told[0].At == 0 {
					t.Errorf("told %+v", told)
				}
				if got := findings(t, c.Auth); got != "auth_credential row.altered" {
					t.Errorf("doctor finds %q", got)
				}
				_ = signIn(t, c.Auth, "clerk", own) // others come in
				recovered(t, c, "issuer")
				if got := findings(t, c.Auth); got != "" {
					t.Errorf("after: %s", got)
				}
			})
		})
	}
}

// recovered: who was locked out by an edited row is recovered by a security
// administrator, and in no lesser way.
func recovered(t *testing.T, c *authtest.County, who string) {
	t.Helper()
	account := c.People[who].ID
	for _, p := range []auth.Purpose{auth.First, auth.Reset} {
		_, err := c.Auth.Invite(c.Ctx(t, "system"), account, p, "x")
		wantCode(t, err, "auth.altered")
	}
	link, err := c.Auth.Invite(c.Ctx(t, "security"), account, auth.Recover, "已当面核实")
	must(t, err)
	must(t, c.Auth.Complete(from(t, "192.0.2.20"), link.Token, auth.CompleteRequest{Password: "Quite-Other-41"}))
	if in := signIn(t, c.Auth, who, "Quite-Other-41"); in.Next != "" {
		t.Errorf("recovered: %+v", in)
	}
}

// A hash is one account's, whatever row it stands in.
func TestHashesAreBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		password, clerk := c.Passwords["clerk"].Password, c.People["clerk"].ID
		stored := one[string](t, d, `select password from auth_credential where account = $1`, clerk)
		for account, want := range map[string]bool{clerk: true, c.People["issuer"].ID: false, "": false} {
			if right, err := auth.Right(t.Context(), c.Auth, account, stored, password); err != nil || right != want {
				t.Errorf("%q: %v, %v", account, right, err)
			}
		}
		if !strings.HasPrefix(stored, "2$argon2id$") {
			t.Errorf("stored is %s", stored)
		}
	})
}

// Hashes from before are bound when their password is next right, however many
// come at once; those in the history stay good for their purpose.
func TestOldHashesAreBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.NewWith(t, d, auth.Options{PasswordHistory: 5, Failures: 100, AddrFails: 100})
		clerk := c.People["clerk"].ID
		stored := func() string {
			return one[string](t, d, `select password from auth_credential where account = $1`, clerk)
		}
		at := one[int64](t, d, `select password_at from auth_credential where account = $1`, clerk)
		old, err := auth.PutUnbound(t.Context(), c.Auth, clerk, "Very-Former-31")
		must(t, err)
		_, err = c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: "Very-Former-32"})
		wantCode(t, err, "auth.failed")
		if stored() != old {
			t.Error("a wrong password changed what is stored")
		}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if in, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: "Very-Former-31"}); err != nil || in.Next != "" {
					t.Errorf("one of several: %+v, %v", in, err)
				}
			})
		}
		wg.Wait()
		if !strings.HasPrefix(stored(), "2$") || one[int64](t, d, `select password_at from auth_credential where account = $1`, clerk) != at {
			t.Error("it was not bound, or counts as another password")
		}
		if _, err = auth.PutUnbound(t.Context(), c.Auth, clerk, "Very-Former-33"); err != nil {
			t.Fatal(err)
		}
		earlier, err := auth.Unbound(t.Context(), c.Auth, "Very-Former-30")
		must(t, err)
		sql(t, d, `insert into auth_password (id, account, hash, created_at) values ('old', $1, $2, 1)`, clerk, earlier)
		ctx := signedIn2(t, c, "clerk", "Very-Former-31", "Very-Former-33")
		wantCode(t, c.Auth.ChangePassword(ctx, "Very-Former-33", "Very-Former-30"), "password.history")
		must(t, c.Auth.ChangePassword(ctx, "Very-Former-33", "Very-Former-34"))
		wantCode(t, c.Auth.ChangePassword(ctx, "Very-Former-34", "Very-Former-33"), "password.history")
		kept := one[string](t, d, `select hash from auth_password where account = $1 and id <> 'old'`, clerk)
		if !strings.HasPrefix(kept, "2$") {
			t.Errorf("the history keeps %s", kept)
		}
	})
}

// signedIn2 signs in by the last password, after the first was seen to be over.
func signedIn2(t *testing.T, c *authtest.County, who, over, password string) context.Context {
	t.Helper()
	_, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: who, Password: over})
	wantCode(t, err, "auth.failed")
	return with(t, c.Auth, signIn(t, c.Auth, who, password).Token())
}

// A passkey that was planted, moved, given another key, or brought back proves
// nothing; one that was deleted is asked for still.
func TestEditedPasskeys(t *testing.T) {
	t.Parallel()
	for name, demanded := range map[string]bool{"demanded": true, "own choice": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				clock := setClock(d)
				c := authtest.NewWith(t, d, auth.Options{Passkeys: relying(t), BaseURL: origin, SecondStep: demanded})
				ctx := func(who string) context.Context {
					clock.add(time.Minute)
					in, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: who, Password: c.Passwords[who].Password, Code: code(t, d, c.Passwords[who].TOTP)})
					must(t, err)
					return with(t, c.Auth, in.Token())
				}
				sign := func(who string) (auth.SignedIn, error) {
					return c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: who, Password: c.Passwords[who].Password})
				}
				// stays: a factor that is gone is asked for, or the other one is where
				// the rule made one-time codes another.
				stays := func(who string) {
					t.Helper()
					in, err := sign(who)
					if !demanded {
						wantCode(t, err, "auth.altered")
					} else if err != nil || in.Next != auth.Second || !slices.Equal(in.Methods, []auth.Method{auth.TOTP}) {
						t.Errorf("%+v, %v", in, err)
					}
				}
				mine, theirs := newAuthenticator(c.People["clerk"].ID), newAuthenticator(c.People["issuer"].ID)
				own := ctx("issuer")
				_, err := theirs.enrol(t, c.Auth, own)
				must(t, err)
				_, err = mine.enrol(t, c.Auth, ctx("clerk"))
				must(t, err)
				victim := c.People["issuer"].ID
				id := one[string](t, d, `select id from auth_passkey where account = $1`, victim)
				body := one[[]byte](t, d, `select body from auth_passkey where account = $1`, victim)
				mac := one[[]byte](t, d, `select mac from auth_passkey where account = $1`, victim)
				credential := one[[]byte](t, d, `select credential from auth_passkey where account = $1`, victim)

				// The attacker's row, moved: the victim's own is the only one.
				sql(t, d, `update auth_passkey set account = $1 where account = $2`, victim, c.People["clerk"].ID)
				half, err := sign("issuer")
				must(t, err)
				pending := with(t, c.Auth, half.Token())
				mine.cred.ID, mine.auth.Options.UserHandle = theirs.cred.ID, []byte(victim)
				if _, err = c.Auth.ProvePasskey(pending, mine.answer(t, c.Auth, pending)); err == nil {
					t.Fatal("a passkey that was moved proved it")
				}
				stays("clerk")
				sql(t, d, `update auth_passkey set account = $1 where id <> $2`, c.People["clerk"].ID, id)
				if got := findings(t, c.Auth); got != "" {
					t.Fatalf("after all was put back: %s", got)
				}

				// The attacker's key in the victim's row.
				var members map[string]any
				must(t, json.Unmarshal(body, &members))
				var attacker map[string]any
				must(t, json.Unmarshal(one[[]byte](t, d, `select body from auth_passkey where id <> $1`, id), &attacker))
				members["key"] = attacker["key"]
				swapped, err := json.Marshal(members)
				must(t, err)
				sql(t, d, `update auth_passkey set body = $2 where id = $1`, id, swapped)
				stays("issuer")
				if got := findings(t, c.Auth); got != "auth_passkey row.altered" {
					t.Errorf("doctor finds %q", got)
				}
				sql(t, d, `update auth_passkey set body = $2 where id = $1`, id, []byte("no JSON"))
				stays("issuer")

				// Deleted: the demand stays, and nothing is enrolled in its place.
				sql(t, d, `delete from auth_passkey where id = $1`, id)
				stays("issuer")
				if got := findings(t, c.Auth); got != "auth_passkey rows.missing" {
					t.Errorf("doctor finds %q", got)
				}
				plant := func() {
					sql(t, d, `insert into auth_passkey (id, account, credential, body, name, created_at, mac) select $1, $2, $3, $4, 'x', created_at, $5 from auth_session where account = $2 order by created_at limit 1`,
						id, victim, credential, body, mac)
				}
				created := one[int64](t, d, `select created_at from auth_passkey where id <> $1`, id)
				plant()
				sql(t, d, `update auth_passkey set created_at = $2 where id = $1`, id, created-60_000)
				if in, err := sign("issuer"); err != nil || !slices.Contains(in.Methods, auth.Passkey) {
					t.Fatalf("put back as it was: %+v, %v", in, err)
				}

				// Removed by the person, and brought back with the MAC that it had.
				theirs.cred.Counter++
				must(t, c.Auth.RemoveFactor(enrolledToo(t, d, c, clock, theirs), id))
				plant()
				sql(t, d, `update auth_passkey set created_at = $2 where id = $1`, id, created-60_000)
				in, err := sign("issuer")
				if err != nil || slices.Contains(in.Methods, auth.Passkey) || in.Next != auth.Second {
					t.Errorf("brought back: %+v, %v", in, err)
				}
				if got := findings(t, c.Auth); got != "auth_passkey rows.extra, auth_passkey rows.replaced" {
					t.Errorf("doctor finds %q", got)
				}
				must(t, c.Auth.Recount(c.Ctx(t, "system"), "已核查"))
				if got := findings(t, c.Auth); got != "auth_passkey rows.replaced" {
					t.Errorf("after the recount doctor finds %q", got)
				}
			})
		})
	}
}

// enrolledToo is the issuer, signed in by passkey, with one-time codes beside it.
func enrolledToo(t *testing.T, d *db.DB, c *authtest.County, clock *clock, a *authenticator) context.Context {
	t.Helper()
	half := signIn(t, c.Auth, "issuer", c.Passwords["issuer"].Password)
	pending := with(t, c.Auth, half.Token())
	in, err := c.Auth.ProvePasskey(pending, a.answer(t, c.Auth, pending))
	must(t, err)
	ctx := with(t, c.Auth, in.Token())
	begun, err := c.Auth.BeginTOTP(ctx)
	must(t, err)
	clock.add(time.Minute)
	_, err = c.Auth.EnrolTOTP(ctx, code(t, d, begun.Secret))
	must(t, err)
	return ctx
}

// A link that was moved leads nobody into another's account.
func TestEditedLinks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := &elsewhere{kind: oidc.Staff}
		c := authtest.NewWith(t, d, auth.Options{Platforms: []auth.Platform{e}})
		e.becomes(oidc.Identity{Subject: "w-1", Name: "样例·clerk", Level: 3})
		ctx := signedIn(t, c, "clerk")
		tie := func() error {
			_, err := c.Auth.StartIdentity(ctx, "province-staff")
			must(t, err)
			_, err = c.Auth.FinishIdentity(ctx, "province-staff", e.query())
			return err
		}
		must(t, tie())
		if in, err := e.goes(t, c.Auth); err != nil || in.Account != c.People["clerk"].ID {
			t.Fatalf("%+v, %v", in, err)
		}
		sql(t, d, `update auth_link set account = $1`, c.People["issuer"].ID)
		_, err := e.goes(t, c.Auth)
		wantCode(t, err, "auth.unlinked")
		if links, err := c.Auth.Links(signedIn(t, c, "issuer")); err != nil || len(links) != 0 {
			t.Errorf("shown as one's own: %v, %v", links, err)
		}
		if got := findings(t, c.Auth); got != "auth_link row.altered, auth_link rows.replaced" {
			t.Errorf("doctor finds %q", got)
		}
		sql(t, d, `update auth_link set account = $1`, c.People["clerk"].ID)
		old := one[string](t, d, `select id from auth_link`)
		mac := one[[]byte](t, d, `select mac from auth_link`)
		created := one[int64](t, d, `select created_at from auth_link`)
		subject := one[[]byte](t, d, `select subject from auth_link`)
		must(t, c.Auth.Unlink(ctx, old))
		sql(t, d, `insert into auth_link (id, issuer, subject, platform, account, created_at, mac) values ($1, 'https://id.example', $2, 'province-staff', $3, $4, $5)`,
			old, subject, c.People["clerk"].ID, created, mac)
		_, err = e.goes(t, c.Auth)
		wantCode(t, err, "auth.unlinked") // it was removed, and stays so
		if got := findings(t, c.Auth); got != "auth_link rows.extra, auth_link rows.replaced" {
			t.Errorf("doctor finds %q", got)
		}
		must(t, tie()) // the person's own takes its place
		if in, err := e.goes(t, c.Auth); err != nil || in.Account != c.People["clerk"].ID {
			t.Fatalf("%+v, %v", in, err)
		}
	})
}

// Nobody plants a session, a sign-in under way or a one-time link.
func TestEditedTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true, Failures: 100, AddrFails: 100})
		victim := c.People["security"].ID
		in, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password, Code: code(t, d, c.Passwords["clerk"].TOTP)})
		must(t, err)
		identify := func(token string) (who string, pending bool) {
			r := reqWith(t, token)
			ctx, caller, _ := c.Auth.Identify(r)
			_, pending = auth.PendingFrom(ctx)
			if p, ok := iam.From(ctx); ok {
				return p.Account, pending
			}
			return caller.ID, pending
		}
		if who, _ := identify(in.Token()); who != c.People["clerk"].ID {
			t.Fatalf("own session: %s", who)
		}
		hash := gm.Sum([]byte(in.Token()))
		for _, edit := range []string{`account = $2`, `level = case when $2 = '' then 0 else 3 end`, `second = case when $2 = '' then 1 else 0 end`, `created_at = created_at + length($2)`, `mac = case when $2 = '' then mac end`} {
			sql(t, d, `update auth_session set `+edit+` where hash = $1`, hash, victim)
			if who, _ := identify(in.Token()); who != "" {
				t.Errorf("%s: acts as %s", edit, who)
			}
			sql(t, d, `update auth_session set account = $2, level = 2, second = 1 where hash = $1`, hash, c.People["clerk"].ID)
		}
		planted := strings.Repeat("p", 43)
		sql(t, d, `insert into auth_session (hash, id, account, second, agent, address, created_at, seen_at, proved_at, level, mac) select $1, 'planted', $2, 1, 'x', '', seen_at, seen_at, seen_at, 3, mac from auth_session where hash = $3`,
			gm.Sum([]byte(planted)), victim, hash)
		if who, _ := identify(planted); who != "" {
			t.Errorf("a planted session acts as %s", who)
		}
		if got := findings(t, c.Auth); got != "auth_session row.altered, auth_session row.altered" {
			t.Errorf("doctor finds %q", got)
		}

		half := signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password)
		if _, pending := identify(half.Token()); !pending {
			t.Fatal("no sign-in is under way")
		}
		for _, edit := range []string{`account = $2`, `state = case when $2 = '' then state else 'expired' end`} {
			sql(t, d, `update auth_pending set `+edit+` where hash = $1`, gm.Sum([]byte(half.Token())), victim)
			if _, pending := identify(half.Token()); pending {
				t.Errorf("%s: it goes on", edit)
			}
		}

		link, err := c.Auth.Invite(c.Ctx(t, "security"), c.People["issuer"].ID, auth.Recover, "x")
		must(t, err)
		sql(t, d, `update auth_invitation set account = $1`, victim)
		_, err = c.Auth.Redeem(from(t, "192.0.2.1"), link.Token)
		wantCode(t, err, "link.over")
		wantCode(t, c.Auth.Complete(from(t, "192.0.2.1"), link.Token, auth.CompleteRequest{Password: "Quite-Other-41"}), "link.over")
		if n := audited(t, d, "auth.altered"); n != 4 {
			t.Errorf("%d records of edited rows, want 4", n)
		}
	})
}

// Somebody known who is refused is recorded, and does not fill the
// audit by knocking.
func TestRefusalsAtTheDoor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.New(t, d)
		knock := func(who, pattern string) error {
			ctx, meta := t.Context(), httpx.Meta{Pattern: pattern}
			if who != "" {
				ctx, meta.Caller = c.Ctx(t, who), httpx.Caller{ID: "account/" + c.People[who].ID}
			}
			ctx = httpx.WithMeta(ctx, meta)
			err := c.Auth.Permit(ctx, []string{"session.end"})
			if errors.Is(err, fault.Forbidden) {
				must(t, c.Auth.Refused(ctx, err))
			}
			return err
		}
		const route = "GET /api/v1/sessions/others"
		wantCode(t, knock("", route), "auth.required")
		must(t, knock("security", route))
		if n := audited(t, d, "access.refused"); n != 0 {
			t.Errorf("%d records of strangers and of who may", n)
		}
		for range 5 {
			wantCode(t, knock("clerk", route), "auth.permission")
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _ = knock("issuer", route) })
		}
		wg.Wait()
		if n := audited(t, d, "access.refused"); n != 2 {
			t.Errorf("%d records, want one of each of two", n)
		}
		wantCode(t, knock("clerk", "DELETE /api/v1/sessions/others/{id}"), "auth.permission")
		clock.add(61 * time.Second)
		wantCode(t, knock("clerk", route), "auth.permission")
		if n := audited(t, d, "access.refused"); n != 4 {
			t.Errorf("%d records, want 4", n)
		}
		var object, account, rule, result string
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select object, account, rule, result from audit_entry where action = 'access.refused' order by at desc, id desc limit 1`, nil, &object, &account, &rule, &result)
		}))
		if object != "route/"+route || account != c.People["clerk"].ID || rule == "" || result != "refused" {
			t.Errorf("recorded: %s by %s, %q, %s", object, account, rule, result)
		}
	})
}

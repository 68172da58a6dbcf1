package auth_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/auth/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
)

func TestFirstLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{SecondStep: true, BaseURL: "https://zz.example"})
		fresh := c.County.Hire(t, "fresh", "clerk", iamtest.Market)
		system, stranger := c.Ctx(t, "system"), from(t, "192.0.2.20")
		_, err := c.Auth.Invite(c.Ctx(t, "clerk"), fresh.ID, auth.First, "x")
		wantCode(t, err, "auth.permission")
		_, err = c.Auth.Invite(system, fresh.ID, auth.First, " ")
		wantCode(t, err, "reason.required")
		_, err = c.Auth.Invite(system, fresh.ID, auth.Reset, "x")
		wantCode(t, err, "auth.unequipped")
		_, err = c.Auth.Invite(system, fresh.ID, "other", "x")
		wantCode(t, err, "link.purpose")
		old, err := c.Auth.Invite(system, fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		link, err := c.Auth.Invite(system, fresh.ID, auth.First, "到岗，重发")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Auth.Redeem(stranger, old.Token)
		wantCode(t, err, "link.over") // a new link ends the one before
		w, err := c.Auth.Redeem(stranger, link.Token)
		if err != nil || w.Username != "fresh" || w.Name != "样*******" || !w.NeedCode || w.TOTP.Secret == "" {
			t.Fatalf("%+v, %v", w, err)
		}
		again, err := c.Auth.Redeem(stranger, link.Token)
		if err != nil || again.TOTP != w.TOTP {
			t.Fatalf("opened again: %+v, %v", again, err)
		}
		const password = "Brand-Start-2026"
		wantCode(t, c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: password}), "auth.code")
		wantCode(t, c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: "short", Code: code(t, d, w.TOTP.Secret)}), "password.weak")
		if err := c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: password, Code: code(t, d, w.TOTP.Secret)}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: password, Code: code(t, d, w.TOTP.Secret)}), "link.over")
		_, err = c.Auth.Redeem(stranger, link.Token)
		wantCode(t, err, "link.over")
		clock.add(time.Minute)
		in, err := c.Auth.SignIn(stranger, auth.SignInRequest{Username: "fresh", Password: password, Code: code(t, d, w.TOTP.Secret)})
		if err != nil || in.Next != "" {
			t.Fatalf("signing in: %+v, %v", in, err)
		}
		_, err = c.Auth.Invite(system, fresh.ID, auth.First, "再来")
		wantCode(t, err, "auth.equipped")
	})
}

// Who resets a password keeps their second factor; who lost it is recovered by
// a security administrator; nobody serves themselves.
func TestResetAndRecover(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		var mu sync.Mutex
		var alarms []string
		o := outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Recovered, event.Locked}, Handle: func(_ *db.Tx, e outbox.Event) error {
			mu.Lock()
			defer mu.Unlock()
			alarms = append(alarms, e.Topic+" "+e.Key)
			return nil
		}})
		c := authtest.NewWith(t, d, auth.Options{Outbox: o})
		secret := enrolled(t, d, c.Auth, "clerk", c.Passwords["clerk"].Password)
		clerk, stranger := c.People["clerk"].ID, from(t, "192.0.2.20")
		open := with(t, c.Auth, mustSecond(t, d, c, clock, "clerk", secret).Token())
		link, err := c.Auth.Invite(c.Ctx(t, "system"), clerk, auth.Reset, "忘记密码")
		if err != nil {
			t.Fatal(err)
		}
		if w, err := c.Auth.Redeem(stranger, link.Token); err != nil || w.TOTP.Secret != "" || !w.NeedCode {
			t.Fatalf("%+v, %v", w, err)
		}
		clock.add(time.Minute)
		wantCode(t, c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: "Other-Start-2026"}), "auth.code")
		if err := c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: "Other-Start-2026", Code: code(t, d, secret)}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Auth.Sessions(open); err != nil {
			t.Fatal(err)
		}
		if half := signIn(t, c.Auth, "clerk", "Other-Start-2026"); half.Next != auth.Second {
			t.Fatalf("the second factor is gone: %+v", half)
		}
		_, err = c.Auth.Invite(c.Ctx(t, "system"), clerk, auth.Recover, "手机丢失")
		wantCode(t, err, "auth.permission")
		link, err = c.Auth.Invite(c.Ctx(t, "security"), clerk, auth.Recover, "手机丢失，已当面核实")
		if err != nil {
			t.Fatal(err)
		}
		w, err := c.Auth.Redeem(stranger, link.Token)
		if err != nil || w.TOTP.Secret == "" || w.TOTP.Secret == secret {
			t.Fatalf("%+v, %v", w, err)
		}
		if err := c.Auth.Complete(stranger, link.Token, auth.CompleteRequest{Password: "Third-Start-2026", Code: code(t, d, w.TOTP.Secret)}); err != nil {
			t.Fatal(err)
		}
		security := c.People["security"].ID
		_, err = c.Auth.Invite(c.Ctx(t, "system"), security, auth.Reset, "x")
		wantCode(t, err, "auth.permission") // an administrator does not take over another
		_, err = c.Auth.Invite(c.Ctx(t, "security"), security, auth.Reset, "x")
		wantCode(t, err, "link.self")
		if _, err = c.Auth.Invite(c.Ctx(t, "security"), c.People["audit"].ID, auth.Reset, "忘记密码"); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, err := c.Auth.SignIn(stranger, auth.SignInRequest{Username: "system", Password: "Guess-number-1"})
			wantCode(t, err, "auth.failed")
		}
		if _, err := outbox.Drain(t.Context(), d, o.Consumers()[0], 100); err != nil {
			t.Fatal(err)
		}
		slices.Sort(alarms)
		if !slices.Equal(alarms, []string{event.Locked + " " + c.People["system"].ID, event.Recovered + " " + c.People["audit"].ID}) {
			t.Errorf("alarms: %v", alarms)
		}
		if n := audited(t, d, "auth.lock"); n != 1 {
			t.Errorf("%d records of a lock, want 1", n)
		}
	})
}

func mustSecond(t *testing.T, d *db.DB, c *authtest.County, clock *clock, who, secret string) auth.SignedIn {
	t.Helper()
	clock.add(time.Minute)
	half := signIn(t, c.Auth, who, c.Passwords[who].Password)
	in, err := c.Auth.ProveTOTP(with(t, c.Auth, half.Token()), code(t, d, secret))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestLinksEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.NewWith(t, d, auth.Options{AddrFails: 4})
		fresh := c.County.Hire(t, "fresh", "clerk", iamtest.Market)
		link, err := c.Auth.Invite(c.Ctx(t, "system"), fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			_, err := c.Auth.Redeem(from(t, "198.51.100.1"), link.Token[1:]+"A")
			wantCode(t, err, "link.over")
		}
		_, err = c.Auth.Redeem(from(t, "198.51.100.1"), link.Token)
		wantCode(t, err, "auth.locked") // who tries links does not get to the right one
		_, err = c.Auth.Redeem(from(t, "198.51.100.2"), "")
		wantCode(t, err, "link.over")
		if _, err := c.Auth.Redeem(from(t, "198.51.100.2"), link.Token); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			err := c.Auth.Complete(from(t, "198.51.100.2"), link.Token, auth.CompleteRequest{Password: "Brand-Start-2026", Code: "000000"})
			wantCode(t, err, "auth.code")
		}
		_, err = c.Auth.Redeem(from(t, "198.51.100.2"), link.Token)
		wantCode(t, err, "link.over")
		late, err := c.Auth.Invite(c.Ctx(t, "system"), fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		clock.add(73 * time.Hour)
		_, err = c.Auth.Redeem(from(t, "198.51.100.2"), late.Token)
		wantCode(t, err, "link.over")
		last, err := c.Auth.Invite(c.Ctx(t, "system"), fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		c.Release(t, "fresh")
		if err := c.CloseAccount(c.Ctx(t, "system"), fresh.ID, "未到岗"); err != nil {
			t.Fatal(err)
		}
		_, err = c.Auth.Redeem(from(t, "198.51.100.3"), last.Token)
		wantCode(t, err, "link.over")
	})
}

func TestLinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		fresh := c.County.Hire(t, "fresh", "clerk", iamtest.Market)
		link, err := c.Auth.Invite(c.Ctx(t, "system"), fresh.ID, auth.First, "到岗")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 6 {
			wg.Go(func() {
				err := c.Auth.Complete(from(t, "192.0.2.20"), link.Token, auth.CompleteRequest{Password: "Brand-Start-202" + string(rune('0'+i))})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if e := fault.As(err); e == nil || e.Code != "link.over" && e.Code != "auth.worthless" {
					t.Errorf("refused as %v", err)
				}
			})
		}
		wg.Wait()
		if done != 1 {
			t.Errorf("%d used the link", done)
		}
	})
}

func TestEquipIsForNobodyElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := authtest.New(t, d)
		fresh := c.County.Hire(t, "fresh", "clerk", iamtest.Market)
		for who, code := range map[string]string{"clerk": "auth.permission", "security": "auth.permission", "outsider": "auth.permission"} {
			_, err := c.Auth.Equip(c.Ctx(t, who), fresh.ID, auth.EquipRequest{})
			wantCode(t, err, code)
		}
		_, err := c.Auth.Equip(c.Ctx(t, "system"), c.People["clerk"].ID, auth.EquipRequest{})
		wantCode(t, err, "auth.equipped")
		e, err := c.Auth.Equip(c.Ctx(t, "system"), fresh.ID, auth.EquipRequest{MustChange: true})
		if err != nil {
			t.Fatal(err)
		}
		if half := signIn(t, c.Auth, "fresh", e.Password); half.Next != auth.Expired {
			t.Errorf("a password that somebody else chose: %+v", half)
		}
	})
}

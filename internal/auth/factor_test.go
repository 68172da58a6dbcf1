package auth_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
	"time"

	vw "github.com/descope/virtualwebauthn"

	"sidian/gm"
	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
)

const origin = "https://zhengwu.example"

// authenticator is a person's own, with the browser around it.
type authenticator struct {
	rp   vw.RelyingParty
	auth vw.Authenticator
	cred vw.Credential
}

func newAuthenticator(account string) *authenticator {
	a := &authenticator{rp: vw.RelyingParty{ID: "zhengwu.example", Name: "四电", Origin: origin}, auth: vw.NewAuthenticator(), cred: vw.NewCredential(vw.KeyTypeEC2)}
	for bytes.Count(a.cred.Key.AttestationData(), []byte("\x58\x20")) < 2 { // it writes coordinates without leading zeros
		a.cred = vw.NewCredential(vw.KeyTypeEC2)
	}
	a.auth.Options.UserHandle = []byte(account)
	return a
}

func (a *authenticator) enrol(t *testing.T, s *auth.Service, ctx context.Context) (auth.SignedIn, error) {
	t.Helper()
	options, err := s.BeginEnrolPasskey(ctx)
	must(t, err)
	o, err := vw.ParseAttestationOptions(string(options))
	must(t, err)
	return s.EnrolPasskey(ctx, "办公室的密钥", []byte(vw.CreateAttestationResponse(a.rp, a.auth, a.cred, *o)))
}

func (a *authenticator) answer(t *testing.T, s *auth.Service, ctx context.Context) []byte {
	t.Helper()
	options, err := s.BeginPasskey(ctx)
	must(t, err)
	o, err := vw.ParseAssertionOptions(string(options))
	must(t, err)
	a.cred.Counter++
	return []byte(vw.CreateAssertionResponse(a.rp, a.auth, a.cred, *o))
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cfg, err := passkey.FromBase(origin, "四电")
		must(t, err)
		r, err := passkey.New(cfg)
		must(t, err)
		c := authtest.NewWith(t, d, auth.Options{Passkeys: r, BaseURL: origin})
		stays, ends := signedIn(t, c, "clerk"), signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password)
		a := newAuthenticator(c.People["clerk"].ID)
		if in, err := a.enrol(t, c.Auth, stays); err != nil || in.Token() != "" {
			t.Fatalf("enrolling: %+v, %v", in, err)
		}
		if _, found := auth.PendingFrom(stays); found {
			t.Error("a session became pending")
		}
		list, err := c.Auth.Sessions(stays)
		if err != nil || len(list) != 1 || !list[0].Current {
			t.Errorf("the other sessions stayed: %v, %v; %s", list, err, ends.Account)
		}
		_, err = newAuthenticator(c.People["issuer"].ID).enrol(t, c.Auth, signedIn(t, c, "issuer"))
		must(t, err)
		half := signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password)
		if half.Next != auth.Second || len(half.Methods) != 1 || half.Methods[0] != auth.Passkey {
			t.Fatalf("%+v", half)
		}
		ctx := with(t, c.Auth, half.Token())
		other := newAuthenticator(c.People["clerk"].ID)
		other.cred.ID = a.cred.ID
		_, err = c.Auth.ProvePasskey(ctx, other.answer(t, c.Auth, ctx)) // another's key
		if err == nil {
			t.Fatal("another key proved it")
		}
		_, err = c.Auth.ProvePasskey(ctx, a.answerTo(t, c.Auth, ctx, with(t, c.Auth, signIn(t, c.Auth, "issuer", c.Passwords["issuer"].Password).Token())))
		if err == nil {
			t.Fatal("an answer to another sign-in proved it")
		}
		response := a.answer(t, c.Auth, ctx)
		in, err := c.Auth.ProvePasskey(ctx, response)
		if err != nil || !in.Second || in.Next != "" {
			t.Fatalf("%+v, %v", in, err)
		}
		again := with(t, c.Auth, signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password).Token())
		_, err = c.Auth.ProvePasskey(again, response)
		wantCode(t, err, "auth.ceremony") // none was begun
		_ = a.answer(t, c.Auth, again)
		if _, err = c.Auth.ProvePasskey(again, response); err == nil {
			t.Error("a response was used twice")
		}
		now := with(t, c.Auth, in.Token())
		factors, err := c.Auth.Factors(now)
		if err != nil || len(factors) != 1 || factors[0].Name != "办公室的密钥" || factors[0].Used.IsZero() {
			t.Fatalf("%+v, %v", factors, err)
		}
		wantCode(t, c.Auth.RemoveFactor(signedIn(t, c, "reviewer"), factors[0].ID), "factor.unknown")
		must(t, c.Auth.RemoveFactor(now, factors[0].ID))
		if in := signIn(t, c.Auth, "clerk", c.Passwords["clerk"].Password); in.Next != "" {
			t.Errorf("after removing the factor: %+v", in)
		}
	})
}

// signedIn is the context of somebody who signed in by password.
func signedIn(t *testing.T, c *authtest.County, who string) context.Context {
	t.Helper()
	return with(t, c.Auth, signIn(t, c.Auth, who, c.Passwords[who].Password).Token())
}

// answerTo answers the options of one sign-in; what they were for is another.
func (a *authenticator) answerTo(t *testing.T, s *auth.Service, mine, theirs context.Context) []byte {
	t.Helper()
	_, err := s.BeginPasskey(mine)
	must(t, err)
	return a.answer(t, s, theirs)
}

func TestDigitalCertificate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		key := func() *gm.PrivateKey { k, err := gm.GenerateKey(); must(t, err); return k }
		issue := func(name string, k *gm.PrivateKey, parent *gm.Certificate, signer gm.Signer, usage x509.KeyUsage) *gm.Certificate {
			tmpl := gm.CertificateTemplate{Subject: pkix.Name{CommonName: name}, KeyUsage: usage, IsCA: parent == nil, NotBefore: clock.now.AddDate(-1, 0, 0), NotAfter: clock.now.AddDate(1, 0, 0)}
			c, err := gm.CreateCertificate(&tmpl, k.Public(), parent, signer)
			must(t, err)
			return c
		}
		rootKey, mine, theirs := key(), key(), key()
		root := issue("根", rootKey, nil, rootKey, x509.KeyUsageCertSign|x509.KeyUsageCRLSign)
		own := issue("李样例", mine, root, rootKey, x509.KeyUsageDigitalSignature)
		other := issue("王样例", theirs, root, rootKey, x509.KeyUsageDigitalSignature)
		trust := func(context.Context) (ukey.Trust, error) {
			return ukey.Trust{Anchors: gm.NewPool(root), AllowUnknown: true}, nil
		}
		c := authtest.NewWith(t, d, auth.Options{Trust: trust, BaseURL: origin})
		ctx := signedIn(t, c, "clerk")
		text, err := c.Auth.BeginEnrolCertificate(ctx)
		must(t, err)
		answer, err := ukey.Answer([]byte(text), mine, own)
		must(t, err)
		_, err = c.Auth.EnrolCertificate(ctx, "UKey", answer)
		must(t, err)
		_, err = c.Auth.EnrolCertificate(ctx, "UKey", answer)
		wantCode(t, err, "auth.ceremony")
		factors, err := c.Auth.Factors(ctx)
		if err != nil || len(factors) != 1 || strings.Contains(factors[0].Name, "李样例") {
			t.Fatalf("%+v, %v", factors, err)
		}
		ctx = signedIn(t, c, "issuer") // a digital certificate is one account's
		text, err = c.Auth.BeginEnrolCertificate(ctx)
		must(t, err)
		answer, err = ukey.Answer([]byte(text), mine, own)
		must(t, err)
		_, err = c.Auth.EnrolCertificate(ctx, "UKey", answer)
		wantCode(t, err, "factor.exists")

		half := signedIn(t, c, "clerk")
		prove := func(k *gm.PrivateKey, cert *gm.Certificate) (auth.SignedIn, error) {
			text, err := c.Auth.BeginCertificate(half)
			must(t, err)
			answer, err := ukey.Answer([]byte(text), k, cert)
			must(t, err)
			return c.Auth.ProveCertificate(half, answer)
		}
		_, err = prove(theirs, other) // valid, but nobody enrolled it
		wantCode(t, err, "auth.second")
		in, err := prove(mine, own)
		if err != nil || !in.Second {
			t.Fatalf("%+v, %v", in, err)
		}

		// Moved to another in the database it is nobody's; theirs put in its place
		// proves nothing.
		sql(t, d, `update auth_certificate set fingerprint = $1`, ukey.Fingerprint(other))
		_, err = c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password})
		wantCode(t, err, "auth.altered")
		sql(t, d, `update auth_certificate set fingerprint = $1`, ukey.Fingerprint(own))
		half = signedIn(t, c, "clerk")
		sql(t, d, `update auth_certificate set account = $1`, c.People["issuer"].ID)
		_, err = prove(mine, own)
		wantCode(t, err, "auth.second")
		if in := signIn(t, c.Auth, "issuer", c.Passwords["issuer"].Password); in.Next != "" {
			t.Errorf("a planted factor is asked for: %+v", in)
		}
		if got := findings(t, c.Auth); got != "auth_certificate row.altered, auth_certificate rows.replaced" {
			t.Errorf("doctor finds %q", got)
		}
	})
}

func TestReseal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		c := authtest.New(t, d)
		pass := func() (changed int) {
			after := ""
			for {
				var done int
				must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) { after, done, err = c.Auth.Reseal(tx, after, 3); return err }))
				changed += done
				if after == "" {
					return changed
				}
			}
		}
		if n := pass(); n != 0 {
			t.Errorf("%d sealed again without need", n)
		}
		must(t, c.Keys.Rotate(t.Context(), keys.Field))
		clock.add(time.Hour)
		if n := pass(); n != len(c.People) {
			t.Errorf("%d sealed again, want %d", n, len(c.People))
		}
		if n := pass(); n != 0 {
			t.Errorf("%d sealed again twice", n)
		}
		_, err := c.Auth.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "clerk", Password: c.Passwords["clerk"].Password, Code: code(t, d, c.Passwords["clerk"].TOTP)})
		must(t, err)
	})
}

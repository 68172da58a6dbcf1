package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/iam/policy"
	"sidian/internal/iam/policy/policytest"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// stageKind is issued on a stage: it has fields of every class.
const stageKind = "real_estate"

// units are whose records a stage has: those of the unit for which everybody on
// it holds their role, and those of another.
var units = map[policytest.Place]string{policytest.Own: sealtest.Market, policytest.Foreign: sealtest.Land}

// A stage is a server whose platform demands second factors, with somebody of
// every sort signed in.
type stage struct {
	*server
	clock   *clock
	reading *policytest.Reading
	cast    []*actor
	root    map[string]context.Context // administrators of the whole county, by role
	records map[policytest.Place]*record
	foreign []string // what the other unit's certificate says of people, and its numbers
	n       int      // of what was made: names and keys are unique

	hands           map[string]context.Context // who is hired beside the cast, by name
	kept            map[string]string          // seals by who of the cast keeps them
	ruled, standing map[string]bool            // seals that people may ask for, and use at once
	page, contract  []byte                     // documents
}

// An actor is somebody who asks.
type actor struct {
	name    string
	roles   []policytest.Role // for the unit policytest.Own; empty: nobody's
	account auth.Equipped     // of people
	cookie  string            // their session, or their sign-in under way
	bearer  string            // of programs
	app     string            // the program's id
	from    string            // their network address: wrong passwords count by it
	known   bool              // signed in
	step    int64             // of the one-time code that they used last
}

func (a *actor) id() string { return a.account.ID }

// program tells whether it is one.
func (a *actor) program() bool { return a.bearer != "" }

// send makes a request the actor's, as their browser or program sends it.
func (a *actor) send(r *http.Request) {
	switch {
	case a.bearer != "":
		r.Header.Set("Authorization", "Bearer "+a.bearer)
	case a.cookie != "":
		r.AddCookie(&http.Cookie{Name: "sidian", Value: a.cookie})
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	a.sit(r)
}

// sit makes a request come from where the actor sits.
func (a *actor) sit(r *http.Request) {
	if a.from != "" {
		r.RemoteAddr = a.from
	}
}

func newStage(t testing.TB, d *db.DB) *stage {
	t.Helper()
	c := slow(d)
	w := certtest.New(t, d, stageKind)
	strict(t, w)
	s := &stage{server: serve(t, w, auth.Options{}), clock: c, root: map[string]context.Context{}, records: map[policytest.Place]*record{},
		hands: map[string]context.Context{}, kept: map[string]string{}, ruled: map[string]bool{}, standing: map[string]bool{}}
	set, err := policy.Shipped()
	must(t, err)
	s.reading, err = policytest.Read(set)
	must(t, err)
	s.furnish(t)
	for _, p := range []policytest.Place{policytest.Own, policytest.Foreign} {
		s.records[p] = &record{s: s, place: p, got: map[string]string{}}
	}
	s.people(t)
	s.programs(t)
	s.allowSeals(t)
	for i, a := range s.cast {
		a.from = fmt.Sprintf("192.0.2.%d:1024", i+1)
	}
	x := s.records[policytest.Foreign].certificate(t)
	s.foreign = []string{x.Number, x.Identifier, x.Code}
	for _, h := range exampleRequest(t).Holders {
		s.foreign = append(s.foreign, h.Name, h.ID)
	}
	return s
}

// A clock goes so slowly that no test sees the next step of one-time codes,
// unless it is moved on.
type clock struct{ ahead atomic.Int64 }

func slow(d *db.DB) *clock {
	c, began := &clock{}, time.Now()
	base := began.Truncate(30 * time.Second)
	d.Now = func() time.Time { return base.Add(time.Since(began)/30 + time.Duration(c.ahead.Load())) }
	return c
}

// strict puts a service of people into the world that demands second factors,
// and whoever acts there under it.
func strict(t testing.TB, w *certtest.World) {
	t.Helper()
	people, err := iam.New(t.Context(), w.DB, w.Keys, iam.Options{Strict: true})
	must(t, err)
	people.Outbox = outbox.New()
	for _, ctx := range []*context.Context{&w.System, &w.Security, &w.Keeper} {
		p, _ := iam.From(*ctx)
		*ctx, err = people.As(context.Background(), p.Account)
		must(t, err)
	}
	w.Client, err = people.AsClient(context.Background(), w.App.ID)
	must(t, err)
	w.IAM, w.Cert.IAM = people, people
}

// furnish gives the other unit what it needs to issue as well.
func (s *stage) furnish(t testing.TB) {
	t.Helper()
	s.Permit(t, s.Make(t, sealtest.Land, seal.Special))
	must(t, s.Cert.Entrust(t.Context(), stageKind, sealtest.Land))
	for _, unit := range units { // who reviews what the unit applies for
		_, err := s.IAM.CreateOrg(s.System, iam.OrgRequest{ID: unit + "-seals", Parent: unit, Name: "样例印章管理" + unit, Tier: "county", Type: "authority"})
		must(t, err)
	}
	s.root["system"], s.root["security"] = s.System, s.Security
	s.root["audit"] = s.Hire(t, "chief-auditor", "audit", pkitest.Root)
}

// people hires and signs in one of each role, one without any, a holder, and one
// who has not finished signing in.
func (s *stage) people(t testing.TB) {
	t.Helper()
	for _, role := range s.reading.Roles {
		switch {
		case role.Kind != policy.Staff || role.Code == policy.Glass:
		default:
			s.join(t, &actor{name: role.Code, roles: []policytest.Role{role}}, iam.Staff, role.Code)
		}
	}
	system, glass, holder := s.role(t, "system"), s.role(t, policy.Glass), s.role(t, "holder")
	broken := s.join(t, &actor{name: "glass", roles: []policytest.Role{system, glass}}, iam.Staff, "system")
	ctx, err := s.IAM.As(t.Context(), broken.id())
	must(t, err)
	_, err = s.IAM.OpenGlass(ctx, iam.GlassRequest{Org: sealtest.Market, Object: "cert/any", Reason: "测试中的应急查阅，事由至少十个字"})
	must(t, err)
	s.join(t, &actor{name: "holder", roles: []policytest.Role{holder}}, iam.Holder, "")
	s.join(t, &actor{name: "nobody"}, iam.Staff, "")
	s.cast = append(s.cast, &actor{name: "stranger"})
	pending := &actor{name: "pending", account: s.equip(t, "pending", iam.Staff, sealtest.Market, auth.EquipRequest{MustChange: true})}
	s.admit(t, pending)
	s.cast = append(s.cast, pending)
}

func (s *stage) role(t testing.TB, code string) policytest.Role {
	t.Helper()
	i := slices.IndexFunc(s.reading.Roles, func(r policytest.Role) bool { return r.Code == code })
	if i < 0 {
		t.Fatalf("no role %s", code)
	}
	return s.reading.Roles[i]
}

// join puts somebody on the stage, signed in with a second factor.
func (s *stage) join(t testing.TB, a *actor, kind iam.Kind, role string) *actor {
	t.Helper()
	org := sealtest.Market
	if kind == iam.Holder {
		org = ""
	}
	a.account = s.equip(t, "cast-"+a.name, kind, org, auth.EquipRequest{Level: 2})
	if role != "" {
		s.grant(t, a.id(), role, org)
	}
	s.admit(t, a)
	a.known = true
	s.cast = append(s.cast, a)
	return a
}

// admit signs somebody in with a second factor. Codes are used once: where the
// next is not valid yet, time passes.
func (s *stage) admit(t testing.TB, a *actor) {
	t.Helper()
	in := s.signInAs(t, a.account, s.nextCode(a), a.sit)
	in.want(t, http.StatusOK)
	a.cookie = cookieOf(in)
}

// equip opens an account with credentials.
func (s *stage) equip(t testing.TB, username string, kind iam.Kind, org string, r auth.EquipRequest) auth.Equipped {
	t.Helper()
	ctx := s.root["system"]
	q := iam.AccountRequest{Username: username, Kind: kind, Name: "样例·" + username, Org: org}
	if kind == iam.Holder {
		q.Citizen = iamtest.HolderCitizen
	}
	a, err := s.IAM.CreateAccount(ctx, q)
	must(t, err)
	e, err := s.Auth.Equip(ctx, a.ID, r)
	must(t, err)
	return e
}

// grant gives a role with effect.
func (s *stage) grant(t testing.TB, account, role, org string) string {
	t.Helper()
	g, err := s.IAM.ProposeGrant(s.root["system"], iam.GrantRequest{Account: account, Role: role, Org: org, Reason: "测试"})
	must(t, err)
	must(t, s.IAM.DecideGrant(s.root["security"], g.ID, true, "测试"))
	return g.ID
}

// programs signs in a program with every scope that one may have, and one with
// a single scope.
func (s *stage) programs(t testing.TB) {
	t.Helper()
	all := s.role(t, policytest.Client)
	one := all
	one.May = []string{"cert.read"}
	for name, role := range map[string]policytest.Role{"program": all, "narrow": one} {
		c, err := s.IAM.CreateClient(s.root["security"], iam.ClientRequest{Name: "样例·" + name, Org: sealtest.Market, Scopes: role.May})
		must(t, err)
		s.signIn(t, c.ID, c.Secret)
		s.cast = append(s.cast, &actor{name: name, roles: []policytest.Role{role}, bearer: s.token, app: c.ID, known: true})
		s.token = ""
	}
}

// allowSeals lets staff and programs stamp with the seals of both units.
func (s *stage) allowSeals(t testing.TB) {
	t.Helper()
	list, err := s.Seal.List(s.Keeper, 100, "")
	must(t, err)
	for _, app := range []string{"", s.actor(t, "program").app} {
		for _, x := range list.Items {
			_, err := s.Seal.Grant(s.Keeper, seal.Policy{Seal: x.ID, App: app, Purpose: seal.Any, Until: s.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
			must(t, err)
		}
	}
}

// actor is one of the cast.
func (s *stage) actor(t testing.TB, name string) *actor {
	t.Helper()
	for _, a := range s.cast {
		if a.name == name {
			return a
		}
	}
	t.Fatalf("nobody is called %s", name)
	return nil
}

// enter signs in over HTTP with a password alone, and returns the cookie.
func (s *server) enter(t testing.TB, e auth.Equipped) string {
	t.Helper()
	a := s.signInAs(t, e, "")
	a.want(t, http.StatusOK)
	return cookieOf(a)
}

// signInAs tries to sign in over HTTP.
func (s *server) signInAs(t testing.TB, e auth.Equipped, code string, change ...func(*http.Request)) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"username": e.Username, "password": e.Password, "code": code})
	must(t, err)
	return s.call(t, http.MethodPost, "/login/session", body, append([]func(*http.Request){header("Sec-Fetch-Site", "same-origin")}, change...)...)
}

// cookieOf is the session's token that an answer set, or "".
func cookieOf(a answer) string {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "sidian" {
			return c.Value
		}
	}
	return ""
}

// oneTime is the code of RFC 6238 at a time.
func oneTime(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	c, err := code(secret, at)
	must(t, err)
	return c
}

func code(secret string, at time.Time) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:])&0x7fffffff%1_000_000), nil
}

func clientRequest(name, org string, scopes ...string) iam.ClientRequest {
	return iam.ClientRequest{Name: "样例·" + name, Org: org, Scopes: scopes}
}

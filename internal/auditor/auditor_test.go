package auditor_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/auditor"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/obs"
)

// The cache of iam's decisions sweeps itself as long as the process lives.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/maypok86/otter/v2.periodicCleanUp[...]"))
}

// office is the county with an auditor of everything ("audit"), and one of the
// market alone ("inner").
type office struct {
	*iamtest.County
	*auditor.Service
	t *testing.T
}

func newOffice(t *testing.T, d *db.DB) *office {
	t.Helper()
	c := iamtest.New(t, d)
	c.Hire(t, "inner", "audit", iamtest.Market)
	return &office{c, &auditor.Service{DB: d, Keys: c.Keys}, t}
}

func (o *office) db() *db.DB { return o.Service.DB }

// did records that someone did something.
func (o *office) did(who, org string, e audit.Entry) {
	o.t.Helper()
	ctx := o.t.Context()
	if who != "" {
		e.Actor = audit.Actor{Account: o.People[who].ID, Org: org, Address: "10.0.0." + fmt.Sprint(len(who)), Session: "s-" + who}
	}
	ctx = obs.WithRequestID(ctx, "r-"+who)
	if err := o.db().Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, e) }); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) chain() {
	o.t.Helper()
	if _, err := chain.Run(o.t.Context(), o.db(), o.County.Keys); err != nil {
		o.t.Fatal(err)
	}
}

// trail are the entries of an action, newest first.
func (o *office) trail(action string) []audit.Entry {
	o.t.Helper()
	var out []audit.Entry
	err := o.db().Read(o.t.Context(), func(tx *db.Tx) (err error) { out, _, err = audit.List(tx, audit.Query{Action: action}); return err })
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func refused(t *testing.T, name string, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code || f.Hint == "" && kind != fault.NotFound {
		t.Errorf("%s: %v (%+v), want %s %s", name, err, f, kind, code)
	}
}

func (o *office) story() {
	read := audit.Entry{Action: "cert.read", Object: "cert/1", Reason: "窗口查验", Purpose: "window", Rule: "cert.read@3"}
	o.did("issuer", iamtest.Market, audit.Entry{Action: "cert.issue", Object: "cert/1", After: gm.Sum([]byte("x"))})
	o.did("counter", iamtest.Market, read)
	o.did("counter", iamtest.Market, read)
	o.did("outsider", iamtest.Land, audit.Entry{Action: "cert.read", Object: "cert/1", Result: audit.Refused})
	o.did("outsider", iamtest.Land, audit.Entry{Action: "cert.read", Object: "cert/2", Reason: "档案核查"})
	o.did("", "", audit.Entry{Action: "cert.expire", Object: "cert/1"})
}

func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.story()
		o.chain()
		all, inner := o.Ctx(t, "audit"), o.Ctx(t, "inner")
		for name, c := range map[string]struct {
			ctx  context.Context
			q    auditor.Query
			want int
		}{
			"everything":           {all, auditor.Query{Objects: "cert/"}, 6},
			"one organisation":     {inner, auditor.Query{Objects: "cert/"}, 3},
			"its own, named":       {inner, auditor.Query{Objects: "cert/", Orgs: []string{iamtest.Market}}, 3},
			"another, named":       {all, auditor.Query{Objects: "cert/", Orgs: []string{iamtest.Land}}, 2},
			"the platform":         {all, auditor.Query{Object: "cert/1", Orgs: []string{auditor.Platform}}, 1},
			"a person":             {all, auditor.Query{Account: o.People["outsider"].ID, Objects: "cert/"}, 2},
			"a person of others":   {inner, auditor.Query{Account: o.People["outsider"].ID}, 0},
			"refused":              {all, auditor.Query{Result: audit.Refused, Objects: "cert/"}, 1},
			"text":                 {all, auditor.Query{Text: "窗口"}, 2},
			"address":              {all, auditor.Query{Address: "10.0.0.7", Objects: "cert/"}, 2},
			"session":              {all, auditor.Query{Session: "s-issuer"}, 1},
			"request":              {all, auditor.Query{Request: "r-counter"}, 2},
			"purpose":              {all, auditor.Query{Purpose: "window"}, 2},
			"injection":            {all, auditor.Query{Object: `cert/1' or '1'='1`}, 0},
			"injection of a join":  {inner, auditor.Query{Account: `x" or 1=1; --`}, 0},
			"a wild card":          {all, auditor.Query{Objects: "cert%"}, 0},
			"an unknown prefix":    {all, auditor.Query{Action: "cert_"}, 0},
			"giant span":           {all, auditor.Query{Objects: "cert/", From: time.Unix(0, 0), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, 6},
			"nothing in this span": {all, auditor.Query{Objects: "cert/", To: time.Unix(5, 0)}, 0},
		} {
			page, err := o.Search(c.ctx, c.q, "", 1<<30)
			if err != nil || len(page.Entries) != c.want {
				t.Errorf("%s: %d entries, want %d; %v", name, len(page.Entries), c.want, err)
				continue
			}
			for _, e := range page.Entries {
				if e.Seq == 0 {
					t.Errorf("%s: %s has no link", name, e.ID)
				}
			}
		}
		notes := o.trail("audit.search")
		if len(notes) != 19 {
			t.Errorf("%d notes of searches", len(notes))
		}
		for _, n := range notes {
			if n.Reason == "" || strings.Contains(n.Reason, "窗口") || n.Actor.Account == "" {
				t.Errorf("note %+v", n)
			}
		}
	})
}

func TestSearchRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.story()
		for _, who := range []string{"system", "security", "clerk", "reviewer", "issuer", "custodian", "counter", "officer", "supervisor", "integrator", "holder", "outsider"} {
			ctx := o.Ctx(t, who)
			calls := map[string]error{}
			_, calls["search"] = o.Search(ctx, auditor.Query{}, "", 0)
			_, calls["entry"] = o.Entry(ctx, o.trail("cert.issue")[0].ID)
			_, calls["timeline"] = o.Timeline(ctx, "cert/1", "")
			_, calls["lookback"] = o.LookBack(ctx, "cert/1", "")
			_, calls["person"] = o.Person(ctx, o.People[who].ID, auditor.Query{}, "")
			_, calls["export"] = o.Export(ctx, auditor.Query{}, auditor.CSV, "理由", "")
			for name, err := range calls {
				refused(t, who+" "+name, err, fault.Forbidden, "auth.permission")
			}
			if who != "security" {
				_, err := o.Alarms(ctx, "", "", 0)
				refused(t, who+" alarms", err, fault.Forbidden, "auth.permission")
			}
		}
		if n := len(o.trail("audit.read")); n != 60 {
			t.Errorf("%d refusals are audited, want 60", n)
		}
		_, err := o.Search(t.Context(), auditor.Query{}, "", 0)
		refused(t, "stranger", err, fault.Unauthorized, "auth.required")
		_, err = o.Search(o.AppCtx(t), auditor.Query{}, "", 0)
		refused(t, "program", err, fault.Forbidden, "auth.scope")

		inner := o.Ctx(t, "inner")
		for _, org := range []string{iamtest.Land, iamtest.Root, "none", auditor.Platform} {
			_, err := o.Search(inner, auditor.Query{Orgs: []string{iamtest.Market, org}}, "", 0)
			refused(t, "filter "+org, err, fault.Forbidden, "auth.org")
			_, err = o.Export(inner, auditor.Query{Orgs: []string{org}}, auditor.CSV, "理由", "")
			refused(t, "export "+org, err, fault.Forbidden, "auth.org")
		}
		_, err = o.Entry(inner, o.trail("cert.expire")[0].ID)
		refused(t, "entry of the platform", err, fault.NotFound, "audit.entry")
		all := o.Ctx(t, "audit")
		_, err = o.Entry(all, "none")
		refused(t, "no entry", err, fault.NotFound, "audit.entry")
		for name, q := range map[string]auditor.Query{
			"nul":        {Object: "a\x00b"},
			"no UTF-8":   {Account: "\xff"},
			"long":       {Text: strings.Repeat("x", 900)},
			"result":     {Result: "maybe"},
			"order":      {From: time.Unix(9, 0), To: time.Unix(8, 0)},
			"year":       {From: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)},
			"empty org":  {Orgs: []string{""}},
			"nul in org": {Orgs: []string{"a\x00"}},
			"orgs":       {Orgs: make([]string, 1001)},
		} {
			_, err := o.Search(all, q, "", 0)
			refused(t, name, err, fault.Invalid, "audit.query")
		}
		for name, c := range map[string]string{"text": "x", "sql": "MSAnIG9yIDE9MQ", "not canonical": "MSAx=", "huge": strings.Repeat("M", 400)} {
			_, err := o.Search(all, auditor.Query{}, c, 0)
			refused(t, "cursor "+name, err, fault.Invalid, "cursor")
		}
		for _, object := range []string{"", "a\x00"} {
			if _, err := o.LookBack(all, object, ""); !errors.Is(err, fault.Invalid) {
				t.Errorf("object %q: %v", object, err)
			}
		}
	})
}

// A cursor says where, never what: another's shows nothing that the caller may
// not see.
func TestCursorOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.story()
		page, err := o.Search(o.Ctx(t, "audit"), auditor.Query{Objects: "cert/"}, "", 1)
		if err != nil || page.Next == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		seen := 0
		for next := page.Next; next != ""; {
			p, err := o.Search(o.Ctx(t, "inner"), auditor.Query{}, next, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Entries {
				seen++
				if e.Org != iamtest.Market {
					t.Errorf("sees %+v", e)
				}
			}
			next = p.Next
		}
		if seen == 0 {
			t.Error("sees nothing")
		}
	})
}

func TestEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.story()
		e := o.trail("cert.issue")[0]
		p, err := o.Entry(o.Ctx(t, "inner"), e.ID)
		if err != nil || p.Seq != 0 || p.Head != nil || p.Intact {
			t.Errorf("before it is linked: %+v, %v", p, err)
		}
		o.chain()
		p, err = o.Entry(o.Ctx(t, "inner"), e.ID)
		if err != nil || p.Seq == 0 || !p.Intact || p.Head == nil || p.Head.Seq < p.Seq || !slices.Equal(p.Canonical, e.Canonical()) {
			t.Fatalf("%+v, %v", p, err)
		}
		if p.After != hex.EncodeToString(e.After[:]) || p.Kind != auditor.Changed || p.Session != "s-issuer" {
			t.Errorf("%+v", p.Entry)
		}
		if !strings.HasPrefix(p.Head.Message, "sidian-audit-head-1\n") || !strings.HasPrefix(p.Head.Key, "-----BEGIN PUBLIC KEY-----") {
			t.Errorf("%+v", p.Head)
		}
	})
}

// From a record to the persons, and from a person to the records.
func TestLookBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Names = func(_ context.Context, accounts []string) (map[string]string, error) {
			out := map[string]string{}
			for _, a := range accounts {
				out[a] = "名" + a
			}
			return out, nil
		}
		o.story()
		l, err := o.LookBack(o.Ctx(t, "audit"), "cert/1", "")
		if err != nil || l.Entries != 5 || len(l.People) != 4 || l.Earlier != "" {
			t.Fatalf("%+v, %v", l, err)
		}
		by := map[string]*auditor.Person{}
		for _, p := range l.People {
			by[p.Account] = p
		}
		counter, outsider, issuer := by[o.People["counter"].ID], by[o.People["outsider"].ID], by[o.People["issuer"].ID]
		if counter.Saw != 2 || counter.Changed != 0 || counter.Name != "名"+counter.Account || len(counter.Entries) != 2 ||
			!slices.Equal(counter.Reasons, []string{"窗口查验"}) || !slices.Equal(counter.Purposes, []string{"window"}) ||
			!slices.Equal(counter.Orgs, []string{iamtest.Market}) || !slices.Equal(counter.Sessions, []string{"s-counter"}) ||
			!slices.Equal(counter.Addresses, []string{"10.0.0.7"}) || counter.Last.Before(counter.First) {
			t.Errorf("counter: %+v", counter)
		}
		if outsider.Tried != 1 || outsider.Saw != 0 || issuer.Changed != 1 {
			t.Errorf("outsider %+v, issuer %+v", outsider, issuer)
		}
		if l, err := o.LookBack(o.Ctx(t, "inner"), "cert/1", ""); err != nil || len(l.People) != 2 {
			t.Errorf("the market's auditor: %+v, %v", l, err)
		}
		doings, err := o.Person(o.Ctx(t, "audit"), outsider.Account, auditor.Query{Objects: "cert/"}, "")
		if err != nil || len(doings.Objects) != 2 || doings.Objects[0].Object != "cert/2" || doings.Objects[0].Saw != 1 || doings.Objects[1].Tried != 1 {
			t.Errorf("%+v, %v", doings, err)
		}
		line, err := o.Timeline(o.Ctx(t, "audit"), "cert/1", "")
		// The look-backs are part of what happened to the record.
		if err != nil || len(line.Entries) != 7 || line.Entries[0].Action != "cert.issue" || line.Entries[6].Action != "audit.lookback" {
			t.Errorf("%+v, %v", line, err)
		}
		for _, action := range []string{"audit.lookback", "audit.person", "audit.timeline"} {
			if len(o.trail(action)) == 0 {
				t.Errorf("%s is not audited", action)
			}
		}
	})
}

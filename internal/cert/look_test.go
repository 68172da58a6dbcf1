package cert_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

// rows are the audit rows of an object, the oldest first.
func rows(t testing.TB, w *certtest.World, object string) (all []audit.Entry) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, _, err = audit.List(tx, audit.Query{Object: object, Limit: 1000})
		return err
	}))
	slices.Reverse(all)
	return all
}

// last is the newest audit row of an object.
func last(t testing.TB, w *certtest.World, object string) audit.Entry {
	t.Helper()
	all := rows(t, w, object)
	if len(all) == 0 {
		t.Fatalf("nothing is audited of %s", object)
	}
	return all[len(all)-1]
}

// glass is a context in which somebody acts who broke the glass.
func glass(t testing.TB, ctx context.Context) context.Context {
	t.Helper()
	p, ok := iam.From(ctx)
	if !ok {
		t.Fatal("nobody acts")
	}
	broke := *p
	broke.Roles = []iam.Scoped{{Role: policy.Glass, Org: pkitest.Root}}
	return iam.With(ctx, &broke)
}

const because = "核对办件 B2026-001 的申请材料"

// What is asked for is shown in full, and nothing else; who saw it and why stays.
func TestReveal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician")
		clerk := w.Hire(t, "clerk", "clerk", sealtest.Market)
		c := w.Issue(t, "physician")
		want := certtest.Example(t, "physician").Holders[0]
		got, err := w.Cert.Reveal(clerk, cert.RevealRequest{ID: c.ID, Keys: []string{"sfzjh", cert.RevealHolder}, Purpose: "issue", Reason: because})
		must(t, err)
		if len(got.Fields) != 1 || got.Fields[0] != (cert.Field{Key: "sfzjh", Label: "身份证件号", Value: want.ID, Class: catalogue.Sensitive}) {
			t.Errorf("fields %d", len(got.Fields))
		}
		if len(got.Holders) != 1 || got.Holders[0] != cert.Holder(want) {
			t.Errorf("%d holders", len(got.Holders))
		}
		if left := got.Until.Sub(w.DB.Now()); left <= 0 || left > cert.RevealFor {
			t.Errorf("shown for %v", left)
		}
		e := last(t, w, "cert/"+c.ID)
		p, _ := iam.From(clerk)
		if e.Action != "cert.reveal" || e.Purpose != "issue" || e.Result != audit.Done || e.Actor.Account != p.Account || e.Rule == "" {
			t.Errorf("audited %+v", e)
		}
		if !strings.Contains(e.Reason, because) || !strings.Contains(e.Reason, "身份证件号") || !strings.Contains(e.Reason, "持证主体") || strings.Contains(e.Reason, "出生日期") {
			t.Errorf("reason %q", e.Reason)
		}
		// Again is another row: nothing is shown without one.
		before := len(rows(t, w, "cert/"+c.ID))
		_, err = w.Cert.Reveal(clerk, cert.RevealRequest{ID: c.ID, Keys: []string{"csrq"}, Purpose: "objection", Reason: because})
		must(t, err)
		if n := len(rows(t, w, "cert/"+c.ID)); n != before+1 {
			t.Errorf("%d rows more", n-before)
		}
		wantNone(t, "the database", w.Texts(t), personal(t, w, "physician"))
	})
}

func TestRevealRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician", "road_transport")
		c := w.Issue(t, "physician")
		other := w.Issue(t, "road_transport")
		id := certtest.Example(t, "physician").Holders[0].ID
		clerk := w.Hire(t, "clerk", "clerk", sealtest.Market)
		land := w.Hire(t, "land", "clerk", sealtest.Land)
		custodian := w.Hire(t, "custodian", "custodian", sealtest.Market)
		counter := w.Hire(t, "counter", "counter", sealtest.Market)
		good := cert.RevealRequest{ID: c.ID, Keys: []string{"sfzjh"}, Purpose: "issue", Reason: because}
		for name, tc := range map[string]struct {
			ctx         context.Context
			change      func(*cert.RevealRequest)
			kind        fault.Kind
			code        string
			field, what string
			audited     bool
		}{
			"a stranger":                     {ctx: t.Context(), kind: fault.Unauthorized, code: "auth.required", audited: true},
			"another unit":                   {ctx: land, kind: fault.Forbidden, code: "auth.org", audited: true},
			"another unit, not asked why":    {ctx: land, change: func(r *cert.RevealRequest) { r.Purpose = "" }, kind: fault.Forbidden, code: "auth.org", audited: true},
			"without the permission":         {ctx: custodian, kind: fault.Forbidden, code: "auth.permission", audited: true},
			"a program without the scope":    {ctx: w.Client, kind: fault.Forbidden, code: "auth.scope", audited: true},
			"no purpose":                     {ctx: clerk, change: func(r *cert.RevealRequest) { r.Purpose = "" }, kind: fault.Invalid, code: "cert.purpose", field: "purpose", what: "required"},
			"a purpose of another role":      {ctx: clerk, change: func(r *cert.RevealRequest) { r.Purpose = "window" }, kind: fault.Forbidden, code: "auth.purpose", audited: true},
			"another role's, the other way":  {ctx: counter, kind: fault.Forbidden, code: "auth.purpose", audited: true},
			"an emergency that there is not": {ctx: clerk, change: func(r *cert.RevealRequest) { r.Purpose = "emergency" }, kind: fault.Forbidden, code: "auth.purpose", audited: true},
			"no reason":                      {ctx: clerk, change: func(r *cert.RevealRequest) { r.Reason = " " }, kind: fault.Invalid, code: "cert.purpose", field: "reason", what: "required"},
			"hardly a reason":                {ctx: clerk, change: func(r *cert.RevealRequest) { r.Reason = "查" }, kind: fault.Invalid, code: "cert.purpose", field: "reason", what: "length"},
			"too long a reason":              {ctx: clerk, change: func(r *cert.RevealRequest) { r.Reason = strings.Repeat("长", 201) }, kind: fault.Invalid, code: "cert.purpose", field: "reason", what: "length"},
			"a reason that names a person":   {ctx: clerk, change: func(r *cert.RevealRequest) { r.Reason = "核对" + id + "的材料" }, kind: fault.Invalid, code: "cert.purpose", field: "reason", what: "personal"},
			"a reason that names the holder": {ctx: clerk, change: func(r *cert.RevealRequest) {
				r.Reason = "核对" + certtest.Example(t, "physician").Holders[0].Name + "的材料"
			}, kind: fault.Invalid, code: "cert.purpose", field: "reason", what: "personal"},
			"another unit, naming a person": {ctx: land, change: func(r *cert.RevealRequest) {
				r.Reason = "核对" + certtest.Example(t, "physician").Holders[0].Name + "的材料"
			}, kind: fault.Forbidden, code: "auth.org", audited: true},
			"nothing":                      {ctx: clerk, change: func(r *cert.RevealRequest) { r.Keys = nil }, kind: fault.Invalid, code: "cert.keys", field: "keys", what: "count"},
			"a field of another kind":      {ctx: clerk, change: func(r *cert.RevealRequest) { r.Keys = []string{"sfzjh", "yhkh"} }, kind: fault.Invalid, code: "cert.keys", field: "keys[1]", what: "unknown"},
			"a field twice":                {ctx: clerk, change: func(r *cert.RevealRequest) { r.Keys = []string{"sfzjh", "sfzjh"} }, kind: fault.Invalid, code: "cert.keys", field: "keys[1]", what: "twice"},
			"a picture":                    {ctx: clerk, change: func(r *cert.RevealRequest) { r.Keys = []string{"photo"} }, kind: fault.Invalid, code: "cert.keys", field: "keys[0]", what: "type"},
			"everything at once":           {ctx: clerk, change: func(r *cert.RevealRequest) { r.Keys = slices.Repeat([]string{"sfzjh"}, 65) }, kind: fault.Invalid, code: "cert.keys", field: "keys", what: "count"},
			"what does not exist":          {ctx: clerk, change: func(r *cert.RevealRequest) { r.ID = "none" }, kind: fault.NotFound, code: "cert.not-found"},
			"another certificate's fields": {ctx: clerk, change: func(r *cert.RevealRequest) { r.ID = other.ID }, kind: fault.Invalid, code: "cert.keys", field: "keys[0]", what: "unknown"},
		} {
			t.Run(name, func(t *testing.T) {
				r := good
				if tc.change != nil {
					tc.change(&r)
				}
				before := len(rows(t, w, "cert/"+c.ID))
				got, err := w.Cert.Reveal(tc.ctx, r)
				wantFault(t, err, tc.kind, tc.code, tc.field, tc.what)
				if got != nil {
					t.Error("something was shown")
				}
				more := rows(t, w, "cert/"+c.ID)[before:]
				if tc.audited != (len(more) == 1) || len(more) == 1 && (more[0].Action != "cert.reveal" || more[0].Result != audit.Refused) {
					t.Errorf("audited %+v", more)
				}
				wantNone(t, "the refusal", err.Error()+string(raw(t, fault.As(err).Fields)), []string{id})
			})
		}
		wantNone(t, "the database", w.Texts(t), personal(t, w, "physician"))
	})
}

// Staff of the unit that issued it read the document; staff above it say what
// for, and so does whoever broke the glass.
func TestRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician")
		c := w.Issue(t, "physician")
		own := w.Hire(t, "own", "reviewer", sealtest.Market)
		above := w.Hire(t, "above", "reviewer", pkitest.Root)
		land := w.Hire(t, "land", "reviewer", sealtest.Land)
		broke := glass(t, above)
		for name, tc := range map[string]struct {
			ctx    context.Context
			rd     cert.Reading
			code   string // "" for allowed
			action string // of the row that it leaves; "" for none
		}{
			"own":                              {own, cert.Reading{}, "", "cert.read"},
			"own, for a purpose":               {own, cert.Reading{Purpose: "issue", Reason: because}, "", "cert.read"},
			"own, for a purpose of another":    {own, cert.Reading{Purpose: "window", Reason: because}, "auth.purpose", "cert.read"},
			"own, naming a person":             {own, cert.Reading{Reason: "查 999999198801200200"}, "cert.purpose", ""},
			"a program":                        {w.Client, cert.Reading{}, "", "cert.read"},
			"a program, for a purpose":         {w.Client, cert.Reading{Purpose: "window"}, "", "cert.read"},
			"a program, for an unknown one":    {w.Client, cert.Reading{Purpose: "fun"}, "*", "cert.read"},
			"above":                            {above, cert.Reading{}, "cert.purpose", ""},
			"above, without a reason":          {above, cert.Reading{Purpose: "issue"}, "cert.purpose", ""},
			"above, for a purpose":             {above, cert.Reading{Purpose: "objection", Reason: because}, "", "cert.read"},
			"beside":                           {land, cert.Reading{}, "auth.org", "cert.read"},
			"beside, for a purpose":            {land, cert.Reading{Purpose: "issue", Reason: because}, "auth.org", "cert.read"},
			"the glass broken":                 {broke, cert.Reading{}, "cert.purpose", ""},
			"the glass broken, no emergency":   {broke, cert.Reading{Purpose: "issue", Reason: because}, "auth.purpose", "glass.read"},
			"the glass broken, an emergency":   {broke, cert.Reading{Purpose: "emergency", Reason: because}, "", "glass.read"},
			"an emergency, the glass unbroken": {own, cert.Reading{Purpose: "emergency", Reason: because}, "auth.purpose", "cert.read"},
			"a stranger":                       {t.Context(), cert.Reading{}, "auth.required", "cert.read"},
		} {
			t.Run(name, func(t *testing.T) {
				before := len(rows(t, w, "cert/"+c.ID))
				b, _, err := w.Cert.Read(tc.ctx, c.ID, tc.rd)
				e := fault.As(err)
				switch {
				case tc.code == "" && (err != nil || gm.Sum(b) != c.Digest):
					t.Errorf("refused: %v", err)
				case tc.code != "" && (e == nil || tc.code != "*" && e.Code != tc.code || b != nil || e.Hint == ""):
					t.Errorf("got %v, want %s", err, tc.code)
				}
				more := rows(t, w, "cert/"+c.ID)[before:]
				if len(more) > 1 || tc.action == "" != (len(more) == 0) {
					t.Fatalf("audited %+v", more)
				}
				if len(more) == 1 && (more[0].Action != tc.action || (more[0].Result == audit.Refused) != (tc.code != "") || more[0].Purpose != known(tc.rd.Purpose)) {
					t.Errorf("audited %+v", more[0])
				}
			})
		}
	})
}

// known is a purpose as it is recorded: one that is none may be anything.
func known(purpose string) string {
	if purpose == "fun" {
		return ""
	}
	return purpose
}

// Every way on which a certificate is shown leaves one row, and a list one.
func TestEveryLookIsAudited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "physician")
		c := w.Issue(t, "physician")
		holder := certtest.Example(t, "physician").Holders[0]
		reader := w.Hire(t, "reader", "reviewer", sealtest.Market)
		from := func(address string) context.Context {
			return audit.WithActor(t.Context(), audit.Actor{Address: address})
		}
		for _, tc := range []struct {
			name, object, action string
			n                    int
			look                 func() error
		}{
			{"record", "cert/" + c.ID, "cert.view", 1, func() error { _, err := w.Cert.Get(reader, c.ID); return err }},
			{"trace", "cert/" + c.ID, "cert.trace", 1, func() error { _, err := w.Cert.Trace(reader, c.ID); return err }},
			{"document", "cert/" + c.ID, "cert.read", 1, func() error { _, _, err := w.Cert.Document(reader, c.ID); return err }},
			{"by code", "cert/" + c.ID, "cert.verify", 1, func() error { _, err := w.Cert.Public(from("192.0.2.1"), c.Code); return err }},
			{"all of a page of verification", "cert/" + c.ID, "cert.verify", 0, func() error {
				_, err := w.Cert.Public(from("192.0.2.1"), c.Identifier)
				_, two := w.Cert.ByDocument(from("192.0.2.1"), c.Digest)
				_, _, three := w.Cert.PublicDocument(from("192.0.2.1"), c.Code)
				return errors.Join(err, two, three)
			}},
			{"from elsewhere", "cert/" + c.ID, "cert.verify", 1, func() error { _, err := w.Cert.ByDocument(from("192.0.2.2"), c.Digest); return err }},
			{"a minute later", "cert/" + c.ID, "cert.verify", 1, func() error {
				now = now.Add(time.Minute)
				_, err := w.Cert.ByIdentifier(from("192.0.2.1"), c.Identifier)
				return err
			}},
			{"what is not there", "cert/" + c.ID, "", 0, func() error {
				if _, err := w.Cert.Public(from("192.0.2.9"), "none"); !errors.Is(err, fault.NotFound) {
					return errors.New("found")
				}
				return nil
			}},
			{"list", "cert", "cert.list", 1, func() error { _, err := w.Cert.List(reader, cert.ListQuery{}); return err }},
			{"list of a holder", "cert", "cert.list", 1, func() error {
				_, err := w.Cert.List(reader, cert.ListQuery{Holder: holder.ID, Kind: "physician"})
				return err
			}},
			{"list does not count as a look at each", "cert/" + c.ID, "", 0, func() error { _, err := w.Cert.List(reader, cert.ListQuery{}); return err }},
		} {
			before := len(rows(t, w, tc.object))
			now = now.Add(time.Millisecond)
			must(t, tc.look())
			more := rows(t, w, tc.object)[before:]
			if len(more) != tc.n {
				t.Errorf("%s: %d rows, want %d", tc.name, len(more), tc.n)
				continue
			}
			for _, e := range more {
				if e.Action != tc.action || e.Result != audit.Done {
					t.Errorf("%s: %+v", tc.name, e)
				}
			}
		}
		if e := rows(t, w, "cert")[1]; e.Reason != "按证照类型、持证主体查询，列出 1 份" {
			t.Errorf("the list's row says %q", e.Reason)
		}
		// The trace says so to who looks back.
		tr, err := w.Cert.Trace(reader, c.ID)
		must(t, err)
		for _, s := range tr.Steps {
			if s.Name == "" {
				t.Errorf("step without a name: %+v", s)
			}
		}
		wantNone(t, "the database", w.Texts(t), personal(t, w, "physician"))
	})
}

// A record that is refused leaves a row that says so.
func TestRefusedLookIsAudited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician")
		c := w.Issue(t, "physician")
		land := w.Hire(t, "land", "reviewer", sealtest.Land)
		for action, look := range map[string]func() error{
			"cert.view":  func() error { _, err := w.Cert.Get(land, c.ID); return err },
			"cert.trace": func() error { _, err := w.Cert.Trace(land, c.ID); return err },
		} {
			if err := look(); !errors.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", action, err)
			}
			if e := last(t, w, "cert/"+c.ID); e.Action != action || e.Result != audit.Refused || e.Actor.Org != sealtest.Land {
				t.Errorf("%s: audited %+v", action, e)
			}
		}
		tr, err := w.Cert.Trace(w.Client, c.ID)
		must(t, err)
		refused := 0
		for _, s := range tr.Steps {
			if s.Refused {
				refused++
			}
		}
		if refused != 2 {
			t.Errorf("the trace tells %d refusals", refused)
		}
	})
}

// A record shows each field with its class; what is sensitive is masked.
func TestShown(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"))
	sensitive := 0
	for _, kind := range w.Kinds(t) {
		c, err := w.Cert.Get(w.Client, w.Issue(t, kind).ID)
		must(t, err)
		if len(c.Shown) == 0 || len(c.Shown) != len(c.Fields) {
			t.Errorf("%s: %d shown, %d fields", kind, len(c.Shown), len(c.Fields))
		}
		for _, f := range c.Shown {
			if f.Label == "" || f.Value != c.Fields[f.Key] || f.Class == "" {
				t.Errorf("%s: %+v", kind, f)
			}
			if f.Class == catalogue.Sensitive {
				sensitive++
				if !f.Masked || !strings.Contains(f.Value, "*") {
					t.Errorf("%s: %s is shown", kind, f.Key)
				}
			}
		}
	}
	if sensitive < 10 {
		t.Errorf("only %d sensitive fields", sensitive)
	}
	p, err := w.Cert.List(w.Client, cert.ListQuery{})
	must(t, err)
	for _, c := range p.Items {
		if c.Shown != nil {
			t.Error("a list says it twice")
		}
	}
}

// What bears the marking of a state secret is refused, wherever it stands.
func TestSecretIsRefused(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "approval")
	before := w.Counts(t)
	r := certtest.Example(t, "approval")
	r.CaseNo = "B2026-1 机密★10年"
	_, err := w.Cert.Issue(w.Client, r)
	wantFault(t, err, fault.Invalid, "cert.request", "case_no", "secret")
	r = certtest.Example(t, "approval")
	r.Fields["xknr"] = raw(t, "准予 绝密★长期")
	_, err = w.Cert.Issue(w.Client, r)
	wantFault(t, err, fault.Invalid, "catalogue.invalid", "fields.xknr", "secret")
	if after := w.Counts(t); after != before {
		t.Errorf("it left something:\n%s\n%s", before, after)
	}
}

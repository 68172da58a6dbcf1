package cert_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// refusals are requests that break one rule each.
var refusals = map[string]struct {
	kind        string
	change      func(t *testing.T, r *cert.IssueRequest)
	fault       fault.Kind
	code        string
	field, rule string
}{
	"unknown kind": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.Kind = "no_such_kind" },
		fault.Invalid, "catalogue.kind", "kind", "unknown"},
	"unknown field": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["colour"] = raw(t, "red") },
		fault.Invalid, "catalogue.invalid", "fields.colour", "unknown"},
	"missing field": {"physician", func(_ *testing.T, r *cert.IssueRequest) { delete(r.Fields, "zyfw") },
		fault.Invalid, "catalogue.invalid", "fields.zyfw", "required"},
	"computed field": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["sfzjh"] = raw(t, "1") },
		fault.Invalid, "catalogue.invalid", "fields.sfzjh", "computed"},
	"wrong check digit of a person": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.Holders[0].ID = "999999198801200201" },
		fault.Invalid, "catalogue.invalid", "holders[0].id", "id.check"},
	"wrong check digit of a firm": {"food_operation", func(_ *testing.T, r *cert.IssueRequest) { r.Holders[0].ID = "91999999MA000X015N" },
		fault.Invalid, "catalogue.invalid", "holders[0].id", "id.check"},
	"no holder": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.Holders = nil },
		fault.Invalid, "catalogue.invalid", "holders", "count"},
	"dates out of order": {"approval", func(_ *testing.T, r *cert.IssueRequest) { r.ValidTo = "2025-01-04" },
		fault.Invalid, "catalogue.invalid", "valid_to", "order"},
	"no such date": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.ValidFrom = "2026-02-30" },
		fault.Invalid, "catalogue.invalid", "valid_from", "date"},
	"text beyond its length": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["zyfw"] = raw(t, strings.Repeat("外科", 50)) },
		fault.Invalid, "catalogue.invalid", "fields.zyfw", "length"},
	"text beyond its box": {"business_license", func(t *testing.T, r *cert.IssueRequest) {
		r.Fields["opscope"] = raw(t, strings.Repeat("软件开发\n", 200)+"完")
	},
		fault.Invalid, "catalogue.face", "fields.opscope", "overflow"},
	"character of no font": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["zyfw"] = raw(t, "内科\U0002F800") },
		fault.Invalid, "catalogue.face", "fields.zyfw", "glyph"},
	"hidden character": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["zyfw"] = raw(t, "内\u200b科") },
		fault.Invalid, "catalogue.invalid", "fields.zyfw", "control"},
	"picture too large": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["photo"] = picture(t, make([]byte, 61<<10)) },
		fault.Invalid, "catalogue.invalid", "fields.photo", "length"},
	"not a picture": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["photo"] = picture(t, []byte("GIF89a;")) },
		fault.Invalid, "catalogue.invalid", "fields.photo", "picture"},
	"picture as text": {"physician", func(t *testing.T, r *cert.IssueRequest) { r.Fields["photo"] = raw(t, "x") },
		fault.Invalid, "catalogue.invalid", "fields.photo", "type"},
	"wrong organisation": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.Issuer = sealtest.Land },
		fault.Forbidden, "cert.issuer", "issuer", "issuer"},
	"case number with a line": {"physician", func(_ *testing.T, r *cert.IssueRequest) { r.CaseNo = "A\nB" },
		fault.Invalid, "cert.request", "case_no", "charset"},
	"finished in the future": {"physician", func(_ *testing.T, r *cert.IssueRequest) { at := time.Now().Add(time.Hour); r.FinishedAt = &at },
		fault.Invalid, "cert.request", "finished_at", "future"},
}

func picture(t *testing.T, data []byte) json.RawMessage {
	return raw(t, map[string]any{"media_type": "image/png", "data": data})
}

// Each refusal names the field, the rule and the way out, and leaves nothing.
func TestRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician", "food_operation", "approval", "business_license")
		w.Issue(t, "physician") // so that there is something that must not change
		before := w.Counts(t)
		for name, c := range refusals {
			t.Run(name, func(t *testing.T) {
				r := certtest.Example(t, c.kind)
				c.change(t, &r)
				_, err := w.Cert.Issue(w.Client, r)
				wantFault(t, err, c.fault, c.code, c.field, c.rule)
				if e := fault.As(err); e != nil {
					wantNone(t, "the refusal", string(raw(t, e)), personal(t, w, c.kind))
				}
				if after := w.Counts(t); after != before || documents(t, w) != 1 {
					t.Errorf("it left something:\n%s\nafter\n%s", before, after)
				}
			})
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// Who may not issue, or not for this unit, leaves nothing either.
func TestRefusedCaller(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "physician")
	clerk := w.Hire(t, "clerk", "clerk", sealtest.Market)
	outsider := w.Hire(t, "outsider", "issuer", sealtest.Land)
	before := w.Counts(t)
	r := certtest.Example(t, "physician")
	_, err := w.Cert.Issue(clerk, r)
	wantFault(t, err, fault.Forbidden, "auth.permission", "issuer", "forbidden")
	_, err = w.Cert.Issue(outsider, r)
	wantFault(t, err, fault.Forbidden, "auth.org", "issuer", "forbidden")
	_, err = w.Cert.Issue(t.Context(), r)
	wantFault(t, err, fault.Unauthorized, "auth.required", "", "")
	if after := w.Counts(t); after != before || documents(t, w) != 0 {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// A unit without a seal that may stamp is told who can help.
func TestRefusedSeal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "physician")
		must(t, w.Cert.Entrust(t.Context(), "physician", sealtest.Land))
		x := w.Seals[seal.LegalName]
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Frozen, "核查"))
		before := w.Counts(t)
		refused := func(code string, r cert.IssueRequest) {
			t.Helper()
			_, err := w.Cert.Issue(repeating(w.Client, code), r)
			wantFault(t, err, fault.Conflict, code, "", "")
			if after := w.Counts(t); after != before || documents(t, w) != 0 {
				t.Errorf("%s left something: before\n%s\nafter\n%s", code, before, after)
			}
		}
		r := certtest.Example(t, "physician")
		r.Issuer = sealtest.Land
		refused("seal.missing", r)
		r.Issuer = sealtest.Market
		refused("seal.frozen", r)
		must(t, w.Seal.SetState(w.Keeper, x.ID, seal.Effective, "核查完毕"))
		before, now = w.Counts(t), x.ValidTo.Add(time.Hour)
		refused("seal.expired", r)
		now = time.Now()
		if _, err := w.Cert.Issue(repeating(w.Client, "seal.frozen"), r); err != nil {
			t.Errorf("the same key once the seal may stamp: %v", err)
		}
	})
}

// Two issue the kind: somebody has to say which.
func TestIssuerNamed(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "physician")
	must(t, w.Cert.Entrust(t.Context(), "physician", sealtest.Land))
	r := certtest.Example(t, "physician")
	_, err := w.Cert.Issue(w.Client, r)
	wantFault(t, err, fault.Invalid, "cert.issuer", "issuer", "required")
	o, err := w.IAM.Org(t.Context(), sealtest.Market)
	must(t, err)
	for _, r.Issuer = range []string{sealtest.Market, o.USCC} {
		c, err := w.Cert.Issue(w.Client, r)
		must(t, err)
		if c.Issuer != sealtest.Market {
			t.Errorf("%s issued", c.Issuer)
		}
	}
	must(t, w.IAM.CloseOrg(w.System, sealtest.Market, "撤并"))
	_, err = w.Cert.Issue(w.Client, r)
	wantFault(t, err, fault.Conflict, "cert.issuer", "issuer", "closed")
}

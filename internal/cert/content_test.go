package cert_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal/sealtest"
)

// The content of a certificate makes its next version: pictures, tables and all.
func TestContent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "physician", "construction")
		w := l.World
		clerk, land := w.Hire(t, "clerk", "clerk", sealtest.Market), w.Hire(t, "land", "clerk", sealtest.Land)
		for kind, typ := range map[string]catalogue.FieldType{"physician": catalogue.Pict, "construction": catalogue.Table} {
			c, asked := w.Issue(t, kind), certtest.Example(t, kind)
			got, err := w.Cert.Content(clerk, c.ID, cert.Reading{Purpose: "issue", Reason: because})
			must(t, err)
			k, err := w.Catalogue.Get(t.Context(), kind)
			must(t, err)
			of := 0
			for key, v := range asked.Fields {
				exact := k.Field(key).Type == typ // texts are normalised
				if exact {
					of++
				}
				if got.Fields[key] == nil || exact && !same(t, got.Fields[key], v) {
					t.Errorf("%s: %s is not as it stood", kind, key)
				}
			}
			if of == 0 || len(got.Holders) != len(asked.Holders) || got.Holders[0].Name != asked.Holders[0].Name || got.ValidTo != c.ValidTo || got.Acts != c.Acts {
				t.Errorf("%s: %d of %s, %d holders, until %q, %d acts", kind, of, typ, len(got.Holders), got.ValidTo, got.Acts)
			}
			e := last(t, w, "cert/"+c.ID)
			if e.Action != "cert.reveal" || e.Purpose != "issue" || e.Result != audit.Done {
				t.Errorf("%s: audited %s for %q: %s", kind, e.Action, e.Purpose, e.Result)
			}
			next := cert.IssueRequest{Kind: kind, Holders: got.Holders, Fields: got.Fields, ValidFrom: got.ValidFrom, ValidTo: got.ValidTo, Seals: asked.Seals}
			_, err = w.Cert.Act(l.system, cert.ActRequest{ID: c.ID, Action: "replace", Reason: "证照换发", Basis: "测试依据", Certificate: &next})
			must(t, err)
			_, err = w.Cert.Content(clerk, c.ID, cert.Reading{})
			wantFault(t, err, fault.Invalid, "cert.purpose", "purpose", "required")
			if _, err = w.Cert.Content(land, c.ID, cert.Reading{Purpose: "issue", Reason: because}); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
				t.Errorf("%s: another unit reads it: %v", kind, err)
			}
			if e := last(t, w, "cert/"+c.ID); e.Action != "cert.reveal" || e.Result != audit.Refused {
				t.Errorf("%s: the refusal is audited as %s %s", kind, e.Action, e.Result)
			}
		}
	})
}

// same tells whether two values of a field are the same.
func same(t *testing.T, got, asked json.RawMessage) bool {
	t.Helper()
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal(asked, &b) != nil {
		return false
	}
	x, y := raw(t, a), raw(t, b)
	return bytes.Equal(x, y)
}

package audit_test

import (
	"errors"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

func TestPersonal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "登记注销": false, "办件 99999920261122000112": false, "为13900139000核对": true, "13900139000": true, "电话 139 0013 9000": false,
		"12345678901": false, "213900139000": false, "身份号码999999198504120116。": true, "999999198504120117": false, "1999999198504120116": true,
		"99999919850412011x": false, "豫政办〔2022〕101号": false,
	} {
		if got := audit.Personal(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Reasons are kept for ever, so they name nobody by number.
func TestReasonsAreImpersonal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put := func(e audit.Entry) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return audit.Put(tx, e) })
		}
		err := put(audit.Entry{Action: "a.b", Object: "x/1", Reason: "为13900139000"})
		if f := fault.As(err); !errors.Is(err, fault.Invalid) || f.Code != "audit.personal" || f.Hint == "" {
			t.Errorf("kept: %v", err)
		}
		if err := put(audit.Entry{Action: "a.b", Object: "x/1", Reason: "999999198504120116", Result: audit.Refused}); err != nil {
			t.Fatal(err)
		}
		got, _ := list(t, d, audit.Query{Object: "x/1"})
		if len(got) != 1 || got[0].Reason != "（事由含证件号码或手机号码，未记录）" {
			t.Errorf("entries %+v", got)
		}
	})
}

// Who answers a request knows whether a use case recorded its refusal.
func TestRefusalNoted(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	for _, result := range []string{audit.Done, audit.Refused} {
		ctx := audit.WatchRefusals(t.Context())
		err := d.Write(ctx, func(tx *db.Tx) error {
			return audit.Put(tx, audit.Entry{Action: "a.b", Object: "x/1", Result: result})
		})
		if err != nil || audit.RefusalNoted(ctx) != (result == audit.Refused) {
			t.Errorf("%s: noted %v, %v", result, audit.RefusalNoted(ctx), err)
		}
	}
	if audit.RefusalNoted(t.Context()) {
		t.Error("noted where nobody watches")
	}
}

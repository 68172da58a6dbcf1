package item_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		if f := fault.As(err); f != nil {
			t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
		}
		t.Fatal(err)
	}
}

// wantCode wants a refusal with a code, of the refusal or of one of its fields,
// that says in Chinese what to do.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	found := e.Code == code
	for _, f := range e.Fields {
		found = found || f.Code == code
	}
	if !found || !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("got %v (%s %+v, %q), want a refusal with code %s", err, e.Code, e.Fields, e.Hint, code)
	}
}

// refusals counts the audit rows of refusals of an action.
func refusals(t testing.TB, d *db.DB, action string) (n int) {
	t.Helper()
	must(t, d.Read(context.Background(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Action: action, Result: audit.Refused})
		n = len(list)
		return err
	}))
	return n
}

package issuing_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
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

// wantCode wants a refusal with a code that says the rule and the way out.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		if e != nil {
			t.Fatalf("got %v (%s %+v), want a refusal with code %s", err, e.Code, e.Fields, code)
		}
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

func wantField(t testing.TB, err error, name, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Name == name && f.Code == code && f.Message != "" }) {
		t.Fatalf("got %v, want a refusal of %s with %s", err, name, code)
	}
}

// wantKind wants a refusal of a kind.
func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if k, _ := fault.Of(err); err == nil || k != kind {
		t.Fatalf("got %v, want %v", err, kind)
	}
}

// rows counts audit rows.
func rows(t testing.TB, d *db.DB, q audit.Query) (n int) {
	t.Helper()
	must(t, d.Read(context.Background(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, q)
		n = len(list)
		return err
	}))
	return n
}

func raw(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// told lists the titles of what somebody was told.
func told(t testing.TB, w *issuingtest.World, who context.Context) (titles string) {
	t.Helper()
	p, err := w.Notice.Inbox(who, 50, "")
	must(t, err)
	for _, n := range p.Items {
		titles += n.Title + "\n"
	}
	return titles
}

func reasoned(d *issuing.Draft, reason string, wrong ...issuing.FieldWrong) issuing.Decision {
	x := issuingtest.Decide(d)
	x.Reason, x.Fields = reason, wrong
	return x
}

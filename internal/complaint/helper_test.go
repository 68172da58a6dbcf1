package complaint_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
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

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		if e != nil {
			t.Fatalf("got %v (%s %+v), want a refusal with code %s", err, e.Code, e.Fields, code)
		}
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

// wantHidden wants that something does not exist for the caller, or is refused.
func wantHidden(t testing.TB, err error) {
	t.Helper()
	if k, _ := fault.Of(err); k != fault.NotFound && k != fault.Forbidden {
		t.Fatalf("got %v, want not found or forbidden", err)
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

// later moves the clock of an instance on.
func later(w *complainttest.World, by time.Duration) {
	w.DB.Now = func() time.Time { return time.Now().Add(by) }
}

// explained is a complaint about the market that the unit has explained.
func explained(t testing.TB, w *complainttest.World) *complaint.Complaint {
	t.Helper()
	c := w.File(t, complainttest.Market)
	_, err := w.Complaint.Explain(w.Clerk, c.ID, "系新入职人员不了解规定")
	must(t, err)
	return c
}

// told lists the titles of what somebody was told.
func told(t testing.TB, w *complainttest.World, who context.Context) (titles string) {
	t.Helper()
	p, err := w.Notice.Inbox(who, 50, "")
	must(t, err)
	for _, n := range p.Items {
		titles += n.Title + "\n"
	}
	return titles
}

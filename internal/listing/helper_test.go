package listing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/item/itemtest"
	"sidian/internal/listing"
)

// A world is the county with lists: Market and Land report, Chief and Second are the
// county's, Own is the manager of Market alone.
type world struct {
	*itemtest.World
	s                        *listing.Service
	d                        *db.DB
	Chief, Second, Own, Seat context.Context
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	d.Now = func() time.Time { return time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) }
	w := &world{World: itemtest.New(t, d), d: d}
	for _, name := range []string{"chief", "second"} {
		w.Hire(t, name, "manager", iamtest.Root)
	}
	w.Chief, w.Second, w.Own = w.Ctx(t, "chief"), w.Ctx(t, "second"), w.Ctx(t, "manager")
	w.s = &listing.Service{DB: d, IAM: w.County.Service, Catalogue: w.Items.Catalogue, Items: w.Items, Notices: w.Notice}
	return w
}

func (w *world) open(t testing.TB, units ...string) *listing.Round {
	t.Helper()
	r, err := w.s.OpenRound(w.Chief, listing.Opening{List: listing.Issue, Org: iamtest.Root, Title: "2026 年发证清单", Basis: "省政府办公厅通知", ReportBy: "2026-12-10", ReviewBy: "2026-12-20", Units: units})
	must(t, err)
	return r
}

// food makes an item of the market that makes a kind.
func (w *world) food(t testing.TB) {
	t.Helper()
	w.Enter(t, itemtest.Food, "食品经营许可")
	_, err := w.Items.Bind(w.Market, itemtest.Food, item.Bound{Role: item.Result, Kind: "food_operation", Reason: "目录"})
	must(t, err)
}

// later moves the clock.
func (w *world) at(year int, month time.Month, day int) {
	w.d.Now = func() time.Time { return time.Date(year, month, day, 2, 0, 0, 0, time.UTC) }
}

func must(t testing.TB, err error) {
	t.Helper()
	if f := fault.As(err); f != nil {
		t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode wants a refusal with a code, of the refusal or of one of its fields, that
// says in Chinese what to do.
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

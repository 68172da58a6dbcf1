package complaint_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

// late is a complaint that is filed, and the time to explain is over.
const late complaint.State = "late"

// allowed is all that may be done: whatever is not here is refused, to everybody.
var allowed = map[complaint.State]map[complaint.Action]struct {
	side complaint.Side
	to   complaint.State
}{
	complaint.Filed: {
		complaint.ActExplain: {complaint.Unit, complaint.Explained}, complaint.ActWithdraw: {complaint.Complainant, complaint.Withdrawn},
	},
	late: {
		complaint.ActExplain: {complaint.Unit, complaint.Explained}, complaint.ActWithdraw: {complaint.Complainant, complaint.Withdrawn},
		complaint.ActUphold: {complaint.Authority, complaint.Upheld}, complaint.ActDismiss: {complaint.Authority, complaint.Dismissed}, complaint.ActExempt: {complaint.Authority, complaint.Exempt},
	},
	complaint.Explained: {
		complaint.ActWithdraw: {complaint.Complainant, complaint.Withdrawn},
		complaint.ActUphold:   {complaint.Authority, complaint.Upheld}, complaint.ActDismiss: {complaint.Authority, complaint.Dismissed}, complaint.ActExempt: {complaint.Authority, complaint.Exempt},
	},
	complaint.Upheld:    {complaint.ActRectify: {complaint.Unit, complaint.Rectified}},
	complaint.Rectified: {complaint.ActAccept: {complaint.Authority, complaint.Closed}, complaint.ActReturn: {complaint.Authority, complaint.Upheld}},
	complaint.Closed:    {}, complaint.Dismissed: {}, complaint.Exempt: {}, complaint.Withdrawn: {},
}

// does tries an action.
func does(s *complaint.Service, ctx context.Context, id string, a complaint.Action) error {
	decide := func(o complaint.State, basis string) error {
		return act(s.Decide(ctx, id, complaint.Decision{Outcome: o, Opinion: "处理意见", Basis: basis}))
	}
	switch a {
	case complaint.ActExplain:
		return act(s.Explain(ctx, id, "情况说明"))
	case complaint.ActUphold:
		return decide(complaint.Upheld, "")
	case complaint.ActDismiss:
		return decide(complaint.Dismissed, "")
	case complaint.ActExempt:
		return decide(complaint.Exempt, "《电子签名法》第三条")
	case complaint.ActRectify:
		return act(s.Rectify(ctx, id, "已改正"))
	case complaint.ActAccept:
		return act(s.Confirm(ctx, id, true, ""))
	case complaint.ActReturn:
		return act(s.Confirm(ctx, id, false, "请继续改正"))
	case complaint.ActWithdraw:
		return act(s.Withdraw(ctx, id, ""))
	}
	return errors.New("no such action")
}

// ways are how a complaint about the market comes to a state.
var ways = map[complaint.State][]complaint.Action{
	complaint.Filed: nil, late: nil, complaint.Explained: {complaint.ActExplain}, complaint.Upheld: {complaint.ActExplain, complaint.ActUphold},
	complaint.Rectified: {complaint.ActExplain, complaint.ActUphold, complaint.ActRectify}, complaint.Closed: {complaint.ActExplain, complaint.ActUphold, complaint.ActRectify, complaint.ActAccept},
	complaint.Dismissed: {complaint.ActExplain, complaint.ActDismiss}, complaint.Exempt: {complaint.ActExplain, complaint.ActExempt}, complaint.Withdrawn: {complaint.ActWithdraw},
}

// bring files another complaint and brings it to a state.
func bring(t testing.TB, w *complainttest.World, n *int, to complaint.State) *complaint.Complaint {
	t.Helper()
	w.DB.Now = time.Now
	*n++
	f := w.Filing(complainttest.Market)
	f.Item = fmt.Sprintf("第 %d 件事", *n)
	c, err := w.Complaint.File(w.Holder, f)
	must(t, err)
	for _, a := range ways[to] {
		by := w.OfCounty
		switch a {
		case complaint.ActExplain, complaint.ActRectify:
			by = w.Clerk
		case complaint.ActWithdraw:
			by = w.Holder
		}
		must(t, does(w.Complaint, by, c.ID, a))
	}
	if to == late {
		later(w, 30*24*time.Hour)
	}
	return c
}

// Every action, in every state, by everybody: done exactly where the table has
// it, offered exactly there, and refused without a trace elsewhere. Who does not
// see a complaint never learns from a refusal how far it is.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, s := range complaint.States() {
		if allowed[s] == nil || s != complaint.Filed && ways[s] == nil {
			t.Errorf("the table says nothing of %s", s)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := complainttest.New(t, d)
		w.Complaint.PerDay, w.Complaint.PerMonth = 1000, 1000
		type sides = []complaint.Side
		who := map[string]struct {
			ctx   context.Context
			sides sides // nil: to them there is no such complaint
			tier  bool  // sees it from a tier above, and decides nothing
		}{
			"the complainant": {ctx: w.Holder, sides: sides{complaint.Complainant}}, "the unit": {ctx: w.Clerk, sides: sides{complaint.Unit}},
			"the authority": {ctx: w.OfCounty, sides: sides{complaint.Authority}}, "both": {ctx: w.Both, sides: sides{complaint.Unit, complaint.Authority}},
			"the city": {ctx: w.OfCity, tier: true}, "the province": {ctx: w.OfProv, tier: true},
			"another holder": {ctx: w.Neighbour}, "who is not verified": {ctx: w.Stranger}, "another unit": {ctx: w.Other}, "a clerk of the authority": {ctx: w.At},
			"a supervisor": {ctx: w.Supervisor}, "the system administrator": {ctx: w.System}, "the security administrator": {ctx: w.Security}, "nobody": {ctx: context.Background()},
		}
		n, done, refused := 0, 0, 0
		for state, may := range allowed {
			c := bring(t, w, &n, state)
			for name, p := range who {
				for _, a := range complaint.Actions() {
					what := fmt.Sprintf("%s, %s: %s", state, name, a)
					rule, ok := may[a]
					ok = ok && slices.Contains(p.sides, rule.side)
					before, err := w.Complaint.Get(p.ctx, c.ID)
					if seen := err == nil; seen != (p.sides != nil || p.tier) {
						t.Fatalf("%s: sees it: %v, %v", what, seen, err)
					}
					if before != nil && slices.Contains(before.May, a) != ok {
						t.Errorf("%s: offered %v", what, before.May)
					}
					err = does(w.Complaint, p.ctx, c.ID, a)
					if ok {
						done++
						after, getErr := w.Complaint.Get(p.ctx, c.ID)
						must(t, getErr)
						if err != nil || after.State != rule.to || len(after.History) != len(before.History)+1 {
							t.Errorf("%s: %v, now %s with %d steps", what, err, after.State, len(after.History))
						}
						c = bring(t, w, &n, state)
						continue
					}
					refused++
					switch k, _ := fault.Of(err); {
					case err == nil:
						t.Fatalf("%s: done", what)
					case k == fault.Conflict && (p.sides != nil || p.tier), k == fault.Forbidden, k == fault.NotFound, k == fault.Unauthorized:
					default:
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			want := state
			if state == late {
				want = complaint.Filed
			}
			after, err := w.Complaint.Get(w.Holder, c.ID)
			must(t, err)
			if after.State != want || len(after.History) != len(ways[state])+1 {
				t.Errorf("what was refused left %s with %d steps, want %s", after.State, len(after.History), want)
			}
		}
		if cells := len(allowed) * len(who) * len(complaint.Actions()); done != 25 || done+refused != cells {
			t.Errorf("%d done and %d refused of %d", done, refused, cells)
		}
	})
}

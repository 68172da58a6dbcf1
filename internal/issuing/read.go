package issuing

import (
	"context"
	"errors"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Get returns a draft with all that was collected, to who works on it for the
// unit. That they saw it is recorded before they do.
func (s *Service) Get(ctx context.Context, id string) (*Draft, error) {
	var d *Draft
	err := s.DB.WriteRows(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, true) // so that its steps are those that it counts
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		d, err = s.whole(ctx, tx, r)
		return err
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.read", Object: objectOf(id)}, err)
	}
	return d, nil
}

// whole is a draft with what only one draft says.
func (s *Service) whole(ctx context.Context, tx *db.Tx, r *row) (*Draft, error) {
	k, err := s.Catalogue.KindTx(tx, r.kind)
	if err != nil { // it was disabled: what was begun is still shown
		if k, err = s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion)); err != nil {
			return nil, err
		}
	}
	altered := s.genuineTx(tx, r, false)
	if altered != nil && fault.As(altered) == nil {
		return nil, altered
	}
	if altered != nil {
		return notBelieved(r, k.Title, altered), nil
	}
	c, err := s.contentOf(r)
	if err != nil {
		return nil, err
	}
	d, err := s.brief(tx, r, k.Title, c)
	if err != nil {
		return nil, err
	}
	if !r.state.Ended() {
		grounded, err := readable(ctx, r, k)
		if err != nil {
			return nil, err
		}
		d.Content = c
		if d.Seals, d.Problems, err = s.wrongTx(tx, r, k, c); err != nil {
			return nil, err
		}
		g := audit.GroundsFrom(grounded)
		if err := audit.Put(tx, audit.Entry{Action: "issuing.read", Object: objectOf(r.id), Purpose: g.Purpose, Rule: g.Rule}); err != nil {
			return nil, err
		}
	}
	if err := s.history(d, r, r.done); err != nil {
		return nil, err
	}
	if err := s.addCorrection(tx, d, r, k, c); err != nil {
		return nil, err
	}
	d.May, d.Waits = mayDo(ctx, r, r.done)
	return d, nil
}

// brief is a draft as lists show it.
func (s *Service) brief(tx *db.Tx, r *row, kind string, c *Content) (*Draft, error) {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	d := &Draft{ID: r.id, Kind: r.kind, KindName: kind, KindVersion: int(r.kindVersion), Unit: r.unit, UnitName: o.Name, State: r.state, StateName: r.state.Label(),
		Version: int(r.version), Mode: r.mode, ModeName: modeNames[r.mode], Origin: r.origin, OriginName: originNames[r.origin], Ref: r.ref, Batch: r.batch, Owed: r.owed,
		CaseNo: r.caseNo, FinishedAt: timeOf(r.finished), Late: r.late, Waits: waits[r.state], Certificate: r.certificate, Pending: r.pending,
		CreatedAt: moment(r.created), UpdatedAt: moment(r.updated), EndedAt: momentOf(r.ended)}
	if len(c.Holders) > 0 {
		d.Holder = catalogue.MaskHolder(c.Holders[0]).Name
	}
	if r.mode == Offline && s.Due != nil {
		p, err := s.Due.Promise(tx, duePush, r.id)
		if err == nil {
			d.PushDue = &p.Due
		} else if !errors.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	if clock, ok := clocks[r.state]; ok && s.Due != nil {
		p, err := s.Due.Promise(tx, clock.topic, r.id)
		if err == nil {
			d.Due, d.Left = p.Due, p.Left
		} else if !errors.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return d, nil
}

// history adds what was done, and why the draft was sent back if that still
// stands.
func (s *Service) history(d *Draft, r *row, steps []*stepRow) error {
	for _, x := range steps {
		v := Step{Seq: int(x.seq), At: moment(x.at), Actor: x.actor, Action: x.action, ActionName: x.action.Label(), State: x.state, Version: int(x.version)}
		if x.note != nil {
			var n note
			if err := s.openFrom(noteCell(r.id, x.seq), x.note, &n); err != nil {
				return err
			}
			v.Reason, v.Fields = n.Reason, n.Fields
		}
		d.History = append(d.History, v)
	}
	var err error
	d.Returned, err = s.returned(r, returnOf(steps), true)
	return err
}

// returnOf is the step by which a draft was last sent back, if it was not handed
// on since.
func returnOf(steps []*stepRow) (last *stepRow) {
	for _, x := range steps {
		switch x.action {
		case ActReturn, ActSendBack, ActRefuse, ActFail:
			last = x
		case ActSubmit, ActIssue:
			last = nil
		}
	}
	return last
}

// returned is why a draft was sent back; lists leave out what is wrong with each
// field.
func (s *Service) returned(r *row, x *stepRow, whole bool) (*Returned, error) {
	if x == nil {
		return nil, nil
	}
	out := &Returned{At: moment(x.at), Actor: x.actor}
	if x.note == nil {
		return out, nil
	}
	var n note
	if err := s.openFrom(noteCell(r.id, x.seq), x.note, &n); err != nil {
		return nil, err
	}
	if out.Reason = n.Reason; whole {
		out.Fields = n.Fields
	}
	return out, nil
}

// mayDo lists what whoever acts may do now, and says whose turn it is, or why it
// is not theirs.
func mayDo(ctx context.Context, r *row, steps []*stepRow) (out []Action, why string) {
	why = waits[r.state]
	for i := range rules {
		x := &rules[i]
		if x.from != r.state || x.needs == permApply || x.action == ActFail || x.action == ActRefuse || x.action == ActIssued || iam.Allow(ctx, x.needs, r.unit) != nil {
			continue
		}
		if err := apart(steps, actorOf(ctx), x.action, r.state); err != nil {
			_, why = fault.Of(err)
			continue
		}
		out = append(out, x.action)
	}
	return out, why
}

// Views of the queue.
const (
	ViewMine    = ""        // what waits for whoever asks
	ViewCollect = "collect" // 采集
	ViewReview  = "review"  // 审核
	ViewSeal    = "seal"    // 制作签发
	ViewEnded   = "ended"
	ViewAll     = "all"
)

// A Query asks for a page of the queue.
type Query struct {
	View   string
	Unit   string
	Kind   string
	Batch  string
	Only   string // OnlyReturned, OnlyLate; "": all
	Limit  int
	Cursor string
}

// What a queue may be narrowed to; it holds of what waits.
const (
	OnlyReturned = "returned" // sent back, and not handed on since
	OnlyLate     = "late"     // overdue
)

// A Page is a page of drafts: what waits by when it is due, what
// ended newest first.
type Page struct {
	Items []*Draft `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// parts are what a view shows of the states.
var parts = map[string]map[string][]State{
	ViewMine:    {permCollect: {Drafted}, permReview: {Submitted}, permSeal: {Passed, Issuing}},
	ViewCollect: {permCollect: {Drafted}},
	ViewReview:  {permReview: {Submitted}},
	ViewSeal:    {permSeal: {Passed, Issuing}},
	ViewEnded:   {permCollect: {Issued, Dropped}, permReview: {Issued, Dropped}, permSeal: {Issued, Dropped}},
	ViewAll:     {permCollect: allStates, permReview: allStates, permSeal: allStates},
}

var allStates = []State{Drafted, Submitted, Passed, Issuing, Issued, Dropped}

// newestOf is the cursor before the newest draft.
const newestOf = int64(1) << 52

// List pages through the queue of whoever asks, by what they may do for which
// units.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	view, ok := parts[q.View]
	if !ok {
		return nil, fault.Invalid.New("没有这种列表").WithCode("issuing.view").WithHint("可选 collect、review、seal、ended、all").WithField("view", "unknown", "没有这种列表")
	}
	newest := q.View == ViewEnded || q.View == ViewAll
	by := narrowed{unit: q.Unit, kind: q.Kind, batch: q.Batch, sentBack: q.Only == OnlyReturned}
	switch q.Only {
	case "", OnlyReturned:
	case OnlyLate:
		by.late = milli(s.DB.Now())
	default:
		return nil, fault.Invalid.New("没有这种筛选").WithCode("issuing.only").WithHint("可选 returned（已退回）、late（已超期）").WithField("only", "unknown", "没有这种筛选")
	}
	if q.Only != "" && q.View == ViewEnded {
		return nil, fault.Invalid.New("已办结的不能这样筛选").WithCode("issuing.only").WithHint("已退回、已超期只筛选正在办理的").WithField("only", "ended", "只筛选正在办理的")
	}
	newest = newest && q.Only == ""
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	at, id := int64(-1), ""
	if newest {
		at = newestOf
	}
	if q.Cursor != "" {
		var err error
		if at, id, err = db.ParseCursor(q.Cursor); err != nil {
			return nil, err
		}
	}
	page := &Page{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []*Draft{}, ""
		var wanted []part
		for _, permission := range working {
			paths, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, permission))
			if err != nil {
				return err
			}
			wanted = append(wanted, part{paths, view[permission]})
		}
		rows, err := list(tx, wanted, by, newest, at, id, q.Limit+1)
		if err != nil {
			return err
		}
		if len(rows) > q.Limit {
			rows = rows[:q.Limit]
			last := rows[q.Limit-1]
			if page.Next = db.Cursor(last.due, last.id); newest {
				page.Next = db.Cursor(last.created, last.id)
			}
		}
		page.Items, err = s.briefs(ctx, tx, rows)
		return err
	})
	return page, err
}

func (s *Service) briefs(ctx context.Context, tx *db.Tx, rows []*row) ([]*Draft, error) {
	out := make([]*Draft, 0, len(rows))
	titles := map[string]string{}
	for _, r := range rows {
		if titles[r.kind] == "" {
			k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion))
			switch {
			case err == nil:
				titles[r.kind] = k.Title
			case errors.Is(err, fault.NotFound): // the row was edited
				titles[r.kind] = r.kind
			default:
				return nil, err
			}
		}
		d, err := s.line(ctx, tx, r, titles[r.kind])
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// line is a draft as a list shows it. One that was edited in the database says so,
// and does not keep the others from being listed.
func (s *Service) line(ctx context.Context, tx *db.Tx, r *row, kind string) (*Draft, error) {
	altered := s.genuineTx(tx, r, false)
	if altered != nil && fault.As(altered) == nil {
		return nil, altered
	}
	if altered != nil {
		return notBelieved(r, kind, altered), nil
	}
	c, err := s.contentOf(r)
	if err != nil {
		return nil, err
	}
	d, err := s.brief(tx, r, kind, c)
	if err != nil {
		return nil, err
	}
	if x, err := correctionOf(tx, r.id); err != nil {
		return nil, err
	} else if x != nil {
		d.Correction = x.shown()
	}
	d.May, d.Waits = mayDo(ctx, r, r.done)
	if !r.state.Ended() {
		d.Returned, err = s.returned(r, returnOf(r.done), false)
	}
	return d, err
}

// notBelieved is a draft whose rows were edited in the database: nothing of it is
// shown but which it is, and why nobody can go on with it.
func notBelieved(r *row, kind string, why error) *Draft {
	d := &Draft{ID: r.id, Kind: r.kind, KindName: kind, KindVersion: int(r.kindVersion), Unit: r.unit, State: r.state, StateName: r.state.Label(), Version: int(r.version),
		CreatedAt: moment(r.created), UpdatedAt: moment(r.updated)}
	_, d.Waits = fault.Of(why)
	return d
}

// Counts is how many drafts wait in each view for whoever asks, to a hundred.
func (s *Service) Counts(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		clear(out)
		for _, x := range []struct {
			view, permission string
		}{{ViewCollect, permCollect}, {ViewReview, permReview}, {ViewSeal, permSeal}} {
			paths, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, x.permission))
			if err != nil {
				return err
			}
			rows, err := list(tx, []part{{paths, slices.Clone(parts[x.view][x.permission])}}, narrowed{}, false, -1, "", 100)
			if err != nil {
				return err
			}
			out[x.view] = len(rows)
		}
		return nil
	})
	return out, err
}

package complaint

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

func withUnit(title, unit string) string { return strings.Replace(title, "%s", unit, 1) }

// Get returns one complaint, as whoever acts may see it.
func (s *Service) Get(ctx context.Context, id string) (c *Complaint, err error) {
	known, err := s.orgs(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, false)
		if err != nil {
			return err
		}
		sides, err := sidesOf(ctx, r)
		if err != nil {
			return err
		}
		if c, err = s.shown(tx, r, sides, known, false); err != nil {
			return err
		}
		if c.History, err = s.stepsTx(tx, r, sides, known); err != nil {
			return err
		}
		c.May, err = mayDo(ctx, tx, r, sides)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// opens tells whether what leads to the complainant is shown to who has these
// sides.
func (r *row) opens(sides []Side) bool {
	return r.named || slices.Contains(sides, Complainant) || slices.Contains(sides, Authority)
}

// shown is a complaint as the sides may see it, in a list in brief.
func (s *Service) shown(tx *db.Tx, r *row, sides []Side, known *register, brief bool) (*Complaint, error) {
	var in content
	if err := s.openFrom(contentCell(r.id), r.sealed, &in); err != nil {
		return nil, err
	}
	unit, err := nameTx(tx, known, r.org)
	if err != nil {
		return nil, err
	}
	c := &Complaint{
		ID: r.id, State: r.state, StateName: r.state.Label(), Org: r.org, OrgName: unit, Authority: r.authority, AuthorityName: known.names[r.authority],
		What: r.what, WhatName: nameOf(whats, r.what), Way: r.way, WayName: nameOf(ways, r.way), Happened: r.happened, Item: in.Item, Text: in.Text, Named: r.named,
		Outcome: r.outcome, OutcomeName: outcomeNames[r.outcome], Days: int(r.days),
		CreatedAt: moment(r.created), DecidedAt: momentOf(r.decided), EndedAt: momentOf(r.ended),
	}
	if until := r.until(); until != 0 {
		c.Until, c.Late = moment(until), after(tx.Now(), until)
	}
	own := slices.Contains(sides, Complainant)
	hidden := in.Name
	if r.named || own {
		hidden = ""
	}
	if !own || brief {
		c.Text, c.Item = without(in.Text, hidden), without(in.Item, hidden)
	}
	if brief {
		c.Text = clip(c.Text, 60)
	}
	if r.opens(sides) {
		c.Number = in.Number
		if !own || brief {
			c.Number = without(in.Number, "")
		}
		if len(r.document) > 0 {
			c.Document = &Document{hexOf(r.document), r.size}
		}
		if c.Complainant = in.Name; !r.named && !own {
			c.Complainant = gbcode.MaskName(in.Name)
		}
	}
	return c, nil
}

// nameTx is the name of a unit, which may be newer than what is known.
func nameTx(tx *db.Tx, known *register, id string) (string, error) {
	if name := known.names[id]; name != "" {
		return name, nil
	}
	o, err := iam.OrgTx(tx, id)
	return o.Name, err
}

var outcomeNames = map[State]string{Upheld: "属实", Dismissed: "不属实", Exempt: "法定不适用情形"}

// until is the end of the clock that runs, 0 none.
func (r *row) until() int64 {
	switch r.state {
	case Filed:
		return r.explainDue
	case Explained:
		return r.decideDue
	case Upheld:
		return r.rectifyDue
	}
	return 0
}

// stepsTx is what was done so far. Who is not to know the complainant reads the
// others' notes without their name as well.
func (s *Service) stepsTx(tx *db.Tx, r *row, sides []Side, known *register) ([]Step, error) {
	rows, err := historyOf(tx, r.id)
	if err != nil {
		return nil, err
	}
	var in content
	if err := s.openFrom(contentCell(r.id), r.sealed, &in); err != nil {
		return nil, err
	}
	out := make([]Step, 0, len(rows))
	for _, h := range rows {
		v := Step{Seq: h.seq, At: moment(h.at), Action: Action(h.action), ActionName: Action(h.action).Label(), State: State(h.state), Org: h.org, OrgName: known.names[h.org]}
		if h.note != nil {
			var n note
			if err := s.openFrom(noteCell(r.id, h.seq), h.note, &n); err != nil {
				return nil, err
			}
			if v.Text, v.Basis = n.Text, n.Basis; !r.opens(sides) {
				v.Text, v.Basis = without(n.Text, in.Name), without(n.Basis, in.Name)
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// mayDo are the actions that whoever acts may do now: what a page offers.
func mayDo(ctx context.Context, tx *db.Tx, r *row, sides []Side) ([]Action, error) {
	out := []Action{}
	for _, a := range Actions() {
		rule := move(r.state, a)
		if rule == nil || !slices.Contains(sides, rule.side) || rule.late && milli(tx.Now()) <= r.explainDue {
			continue
		}
		switch err := mayTx(ctx, tx, r, rule.side, sides); {
		case err == nil:
			out = append(out, a)
		case fault.As(err) == nil:
			return nil, err
		}
	}
	return out, nil
}

// Limits of a page.
const (
	usualPage = 20
	mostPage  = 100
	rounds    = 20 // of looking on, where what is found is not to be shown
)

var waiting = map[string][]State{ViewUnit: {Filed, Upheld}, ViewAuthority: {Explained, Rectified}}

// List pages through the complaints that whoever acts may see, newest first.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > mostPage {
		q.Limit = usualPage
	}
	known, err := s.orgs(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.scopeOf(ctx, &q, known)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "complaint.list", Object: "complaint/list"}, err)
	}
	var states []State
	if q.State != "" {
		states = []State{q.State}
	} else if q.Waiting {
		states = waiting[q.View]
		if q.View == "" {
			states = slices.Concat(waiting[ViewUnit], waiting[ViewAuthority])
		}
	}
	page := &Page{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = Page{Items: []Complaint{}}
		at, last := before, id
		for range rounds {
			rows, err := list(tx, *v, q, states, at, last, q.Limit+1)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if len(page.Items) == q.Limit {
					page.Next = db.Cursor(at, last)
					return nil
				}
				at, last = r.created, r.id
				if err := s.addTx(ctx, tx, page, r, q.View, known); err != nil {
					return err
				}
			}
			if len(rows) <= q.Limit {
				return nil
			}
		}
		page.Next = db.Cursor(at, last)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// addTx adds a complaint to a page, unless a single look would hide it.
func (s *Service) addTx(ctx context.Context, tx *db.Tx, page *Page, r *row, view string, known *register) error {
	sides, err := sidesOf(ctx, r)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	if view == ViewUnit && !slices.Contains(sides, Unit) || view == ViewAuthority && !slices.Contains(sides, Authority) {
		return nil
	}
	c, err := s.shown(tx, r, sides, known, true)
	if err == nil {
		page.Items = append(page.Items, *c)
	}
	return err
}

// scopeOf is what a list may show to whoever acts.
func (s *Service) scopeOf(ctx context.Context, q *Query, known *register) (*scope, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, iam.Allow(ctx, permReply, "")
	}
	v := &scope{}
	if p.Kind == iam.Holder {
		if err := iam.Ask(ctx, iam.Question{Permission: permFile, Owner: true}); err != nil {
			return nil, err
		}
		v.account, q.View = p.Account, ViewMine
		return v, nil
	}
	if q.View == ViewMine {
		return v, nil // staff file none
	}
	if err := s.mayFilter(ctx, q.Unit, known); err != nil {
		return nil, err
	}
	if q.View != ViewAuthority {
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			v.paths, err = iam.PathsTx(tx, iam.ScopeRoots(ctx, permReply))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if q.View != ViewUnit && len(iam.ScopeRoots(ctx, permHandle)) > 0 {
		for i := range known.all {
			if o := &known.all[i]; o.Type == authorityType && iam.Allow(ctx, permHandle, o.ID) == nil {
				v.authorities = append(v.authorities, o.ID)
			}
		}
	}
	return v, nil
}

// mayFilter refuses to look for the complaints about a unit that whoever acts
// neither explains nor decides for.
func (s *Service) mayFilter(ctx context.Context, unit string, known *register) error {
	if unit == "" || iam.Allow(ctx, permReply, unit) == nil {
		return nil
	}
	var above []iam.Org
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { above, err = iam.AboveTx(tx, unit); return err })
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if a := authorityFor(above, known.all); err == nil && a != "" && iam.Allow(ctx, permHandle, a) == nil {
		return nil
	}
	return fault.Forbidden.New("不能查看对该单位的投诉").WithCode("auth.org").WithHint("请选择本单位，或由其处理单位查看")
}

// mostUnits is how many units one search shows.
const mostUnits = 30

// A UnitItem is a unit that may be complained about.
type UnitItem struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Above string `json:"above,omitempty" doc:"上级单位"`
}

// Units finds open units by a part of their name; without a text those at the
// head of the tree. more tells that there are others.
func (s *Service) Units(ctx context.Context, text string) (out []UnitItem, more bool, err error) {
	known, err := s.orgs(ctx)
	if err != nil {
		return nil, false, err
	}
	text = fold(text)
	for i := range known.all {
		o := &known.all[i]
		if o.Closed || text != "" && !strings.Contains(fold(o.Name), text) {
			continue
		}
		if len(out) == mostUnits {
			return out, true, nil
		}
		out = append(out, UnitItem{o.ID, o.Name, known.names[o.Parent]})
	}
	return out, false, nil
}

// UnitName is the name of an open unit, or "".
func (s *Service) UnitName(ctx context.Context, id string) (string, error) {
	o, err := s.IAM.Org(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && o.Closed {
		return "", nil
	}
	return o.Name, err
}

package bound

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
)

// A Query asks staff's list for a page.
type Query struct {
	State  State  `query:"state" enum:"open,taken,done,declined,expired,void"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// A Page is a page of offers, newest first.
type Page struct {
	Items []*Offer `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// A Tally counts what was offered with a kind in the last year.
type Tally struct {
	Kind     string          `json:"kind"`
	Counts   map[State]int64 `json:"counts"`
	Offered  int64           `json:"offered"`
	Took     int64           `json:"took_seconds" doc:"从签发证照到开始申领，平均"`
	Finished int64           `json:"finished_seconds" doc:"从签发证照到印章备案，平均"`
}

// A Report is what was offered, taken, and how long it took.
type Report struct {
	Since time.Time `json:"since"`
	Items []Tally   `json:"items"`
}

// reach are the paths of the units whose offers the caller sees as staff.
func reach(ctx context.Context, tx *db.Tx) (paths []string, err error) {
	for _, permission := range staffPerms {
		some, err := sealapply.ReachTx(ctx, tx, permission)
		if err != nil {
			return nil, err
		}
		paths = append(paths, some...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// seen finds an offer for staff who may see it.
func (s *Service) seen(ctx context.Context, id string) (r *row, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = offerByID(tx, id, false); err != nil {
			return err
		}
		paths, err := reach(ctx, tx)
		if err == nil && !slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(r.path, p) }) {
			err = errUnknown()
		}
		return err
	})
	return r, err
}

// Get is an offer, to whose it is and to staff who may see it.
func (s *Service) Get(ctx context.Context, id string) (*Offer, error) {
	me, refused := s.asks(ctx)
	if refused != nil && fault.As(refused) == nil {
		return nil, refused
	}
	var r *row
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = offerByID(tx, id, false); return err }); err != nil {
		return nil, err
	}
	if refused != nil || !me.has(r) {
		var err error
		if r, err = s.seen(ctx, id); err != nil {
			return nil, err
		}
	}
	list, err := s.shown(ctx, me, []*row{r})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Mine are the offers of whoever asks, newest first.
func (s *Service) Mine(ctx context.Context) (*Page, error) {
	me, err := s.asks(ctx)
	if err != nil {
		return nil, err
	}
	var holders [][]byte
	agent := me.person
	if me.staff {
		agent = nil
	} else if len(me.person) > 0 {
		holders = append(holders, me.person)
	}
	for key := range me.units {
		holders = append(holders, []byte(key))
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = offersOf(tx, holders, agent); return err })
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r *row) bool { return !me.has(r) })
	list, err := s.shown(ctx, me, rows)
	return &Page{Items: list}, err
}

// List pages through the offers of the units that staff see.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := reach(ctx, tx)
		if err != nil {
			return err
		}
		rows, err = offersIn(tx, bounds{paths, q.State}, before, id, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	page := &Page{}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = db.Cursor(rows[q.Limit-1].created, rows[q.Limit-1].id)
	}
	page.Items, err = s.shown(ctx, nil, rows)
	return page, err
}

// Report counts what was offered with the certificates of the units that staff
// see.
func (s *Service) Report(ctx context.Context) (*Report, error) {
	out := &Report{Since: s.DB.Now().AddDate(-1, 0, 0), Items: []Tally{}}
	var list []tally
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := reach(ctx, tx)
		if err == nil {
			list, err = tallies(tx, bounds{paths: paths}, milli(out.Since))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var taken, done, took, all int64
	for i, t := range list {
		if i == 0 || t.kind != list[i-1].kind {
			out.Items = append(out.Items, Tally{Kind: t.kind, Counts: map[State]int64{}})
			taken, done, took, all = 0, 0, 0, 0
		}
		x := &out.Items[len(out.Items)-1]
		x.Counts[t.state] = t.count
		x.Offered += t.count
		if t.state == Taken || t.state == Done {
			taken, took = taken+t.count, took+t.took
			x.Took = took / taken / 1000
		}
		if t.state == Done {
			done, all = done+t.count, all+t.all
			x.Finished = all / done / 1000
		}
	}
	return out, nil
}

// shown are offers as people see them; me is nil in staff's list.
func (s *Service) shown(ctx context.Context, me *asker, rows []*row) ([]*Offer, error) {
	out := []*Offer{}
	if len(rows) == 0 {
		return out, nil
	}
	units := map[string]string{} // ids by code
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, r := range rows {
			x, err := s.offer(ctx, tx, r, me, units)
			if err != nil {
				return err
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

func (s *Service) offer(ctx context.Context, tx *db.Tx, r *row, me *asker, units map[string]string) (*Offer, error) {
	w, err := s.openFrom(offerCell(r.id), r.content)
	if err != nil {
		return nil, err
	}
	o, err := iam.OrgTx(tx, r.issuer)
	if err != nil {
		return nil, err
	}
	if _, known := units[w.Code]; !known {
		unit, err := iam.WithCodeTx(tx, w.Code)
		if err != nil {
			return nil, err
		}
		units[w.Code] = ""
		if unit != nil {
			units[w.Code] = unit.ID
		}
	}
	i, err := s.standing(tx, r)
	if err != nil {
		return nil, err
	}
	x := &Offer{ID: r.id, Kind: r.kind, KindName: w.Title, Sort: r.sort, SealLabel: sealLabel(r.sort), Certificate: r.certificate, Identifier: r.identifier,
		Status: string(i.Status), StatusName: i.Name, Name: shownName(r.sort, w.Name), Code: w.Code, Issuer: r.issuer, IssuerName: o.Name, State: r.state,
		StateName: r.state.Label(), Wished: r.wished, Agent: gbcode.MaskName(w.Agent), Org: units[w.Code], Application: r.application, Reason: r.reason,
		May: []string{}, Until: moment(r.until), CreatedAt: moment(r.created), TakenAt: momentOf(r.taken), DoneAt: momentOf(r.done)}
	if x.State == Open && r.until <= milli(tx.Now()) {
		x.State, x.StateName = Expired, Expired.Label()
	}
	var app *sealapply.Stand
	if r.application != "" {
		if app, err = sealapply.StandTx(tx, r.application); err != nil {
			return nil, err
		}
	}
	if app != nil {
		x.Progress = app.State.Label()
		st, _, err := seal.StateTx(tx, r.seal)
		switch e := fault.As(err); {
		case err == nil:
			x.Seal, x.SealState = r.seal, seal.StateName(st)
		case e == nil || e.Kind != fault.NotFound:
			return nil, err
		}
	}
	f, err := followOpen(tx, r.id)
	if err != nil {
		return nil, err
	}
	if f != nil {
		x.Follow = &Follow{f.state, followNames[f.state], f.reason, moment(f.created)}
	}
	x.Stages = stages(r, i.Stands, i.Name, app, x)
	x.May = s.may(ctx, r, x, me, app, i.Stands)
	return x, nil
}

// stages are the way from the certificate to the seal.
func stages(r *row, stands bool, status string, app *sealapply.Stand, x *Offer) []Stage {
	out := []Stage{
		{Code: "certificate", Name: "证照签发", State: "done", Text: status, At: moment(r.created)},
		{Code: "applied", Name: "申领印章", State: "ahead"}, {Code: "approved", Name: "审核通过", State: "ahead"},
		{Code: "made", Name: "制作印章", State: "ahead"}, {Code: "filed", Name: "备案生效", State: "ahead"},
	}
	if !stands {
		out[0].State = "stopped"
	}
	reached := 0 // how many of the last four are done
	if app != nil {
		reached = map[sealapply.State]int{sealapply.Submitted: 1, sealapply.Approved: 2, sealapply.Making: 2, sealapply.Made: 3, sealapply.Filing: 3, sealapply.Filed: 4}[app.State]
		if out[1].Text = app.State.Label(); app.TierName != "" {
			out[2].Text = "正由" + app.TierName + "审核"
		}
		out[1].At = app.Submitted
		if reached >= 4 {
			out[4].At, out[4].Text = app.Ended, x.SealState
		}
	}
	for i := 1; i <= 4; i++ {
		switch {
		case i <= reached:
			out[i].State = "done"
		case i == reached+1 && (r.state == Open || r.state == Taken):
			out[i].State = "now"
		case r.state == Declined || r.state == Expired || r.state == Void:
			out[i].State = "stopped"
		}
	}
	return out
}

// may are what the caller may do with an offer now.
func (s *Service) may(ctx context.Context, r *row, x *Offer, me *asker, app *sealapply.Stand, stands bool) []string {
	out := []string{}
	if me.has(r) && stands {
		switch {
		case x.State == Open:
			out = append(out, "take", "decline", "later")
		case x.State == Taken && r.account == me.account && (app == nil || app.State == sealapply.Draft || app.State == sealapply.Withdrawn):
			out = append(out, "take")
		}
	} else if me.has(r) && x.State == Open {
		out = append(out, "decline")
	}
	if r.sort == Enterprise && r.state == Open && iam.May(ctx, permDraft, r.issuer) {
		out = append(out, "agent")
	}
	if r.sort == Enterprise && x.Org == "" && (r.state == Open || r.state == Taken) && iam.May(ctx, permRegister, r.issuer) {
		out = append(out, "register")
	}
	if x.Follow != nil && len(iam.ScopeRoots(ctx, permManage)) > 0 {
		if action := map[string]string{followRestore: "thaw", followCancel: "cancel"}[x.Follow.State]; action != "" {
			out = append(out, action)
		}
	}
	return out
}

package sealapply

import (
	"context"
	"errors"
	"slices"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// shownName is the name on an imprint as people see it: of a person masked.
func shownName(sealKind, name string) string {
	if seal.OfPerson(sealKind) {
		return gbcode.MaskName(name)
	}
	return name
}

// Get returns an application that the caller may see.
func (s *Service) Get(ctx context.Context, id string) (a *Application, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := appByID(tx, id, false)
		if err != nil {
			return err
		}
		steps, err := stepsOf(tx, id)
		if err != nil {
			return err
		}
		if err := s.seesTx(ctx, tx, r, steps); err != nil {
			return err
		}
		if a, err = s.shownTx(tx, r, steps); err != nil {
			return err
		}
		return s.wholeTx(ctx, tx, a, r, steps)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// shownTx is an application as lists show it.
func (s *Service) shownTx(tx *db.Tx, r *row, steps []*stepRow) (*Application, error) {
	c, err := s.open(r)
	if err != nil {
		return nil, err
	}
	form, err := formOf(tx, r.formRegion, r.formVersion)
	if err != nil {
		return nil, err
	}
	name, err := orgName(tx, r.org)
	if err != nil {
		return nil, err
	}
	a := &Application{
		ID: r.id, Kind: r.kind, KindName: r.kind.Label(), State: r.state, StateName: r.state.Label(), Org: r.org, OrgName: name,
		SealKind: r.sealKind, SealLabel: seal.Label(r.sealKind), SealName: shownName(r.sealKind, c.Name), Seal: r.seal, Makes: r.makes,
		Person: r.person, Custodian: r.custodian, Reason: r.reason, Round: r.round, Applicant: r.account, Campaign: r.campaign,
		Number: r.number, Authority: r.authority, Trouble: r.trouble, FormRegion: r.formRegion, FormDate: r.formVersion,
		Fields: form.masked(c.Fields), Attachments: []Attachment{}, Imprint: r.imprintOf(), Statement: r.statementOf(form),
		Certificate: CertificateChoice{Mode: r.mode, Serial: r.serial, Request: r.request}, Steps: []Step{}, History: []HistoryItem{}, May: []Action{},
		CreatedAt: moment(r.created), SubmittedAt: momentOf(r.submitted), EndedAt: momentOf(r.ended),
	}
	if x := current(r.round, steps); x != nil {
		a.Tier, a.TierName = x.tier, tierLabels[x.tier]
	}
	return a, nil
}

// wholeTx adds what one application shows beside.
func (s *Service) wholeTx(ctx context.Context, tx *db.Tx, a *Application, r *row, steps []*stepRow) error {
	form, err := formOf(tx, r.formRegion, r.formVersion)
	if err != nil {
		return err
	}
	if a.Attachments, err = s.filesTx(tx, r.id, form); err != nil {
		return err
	}
	if a.Steps, err = s.stepsShown(tx, steps); err != nil {
		return err
	}
	if a.History, err = historyShown(tx, r.id); err != nil {
		return err
	}
	a.May, err = s.mayDo(ctx, tx, r, steps)
	return err
}

func (s *Service) stepsShown(tx *db.Tx, steps []*stepRow) ([]Step, error) {
	out := []Step{}
	for _, x := range steps {
		name, err := orgName(tx, x.org)
		if err != nil {
			return nil, err
		}
		v := Step{Round: x.round, Seq: x.seq, Tier: x.tier, TierName: tierLabels[x.tier], Org: x.org, OrgName: name, State: x.state,
			Reviewer: x.account, Opinion: x.opinion, Since: momentOf(x.since), Due: momentOf(x.due), DecidedAt: momentOf(x.decided)}
		if x.since != nil && x.decided != nil {
			v.Took = (*x.decided - *x.since) / 1000
		}
		out = append(out, v)
	}
	return out, nil
}

func historyShown(tx *db.Tx, object string) ([]HistoryItem, error) {
	rows, err := historyOf(tx, object)
	out := []HistoryItem{}
	for _, h := range rows {
		checks, err := decodeChecks(h.checks)
		if err != nil {
			return nil, err
		}
		out = append(out, HistoryItem{Seq: h.seq, At: moment(h.at), By: h.account, Action: Action(h.action), ActionName: Action(h.action).Label(),
			State: State(h.state), Round: h.round, Tier: h.tier, Reason: h.reason, Checks: checks})
	}
	return out, err
}

// mayDo are the actions that the caller may do now: what a page offers.
func (s *Service) mayDo(ctx context.Context, tx *db.Tx, r *row, steps []*stepRow) ([]Action, error) {
	out := []Action{}
	for _, a := range Actions() {
		rule := move(r.kind, r.state, a)
		if rule == nil || rule.side == Platform {
			continue
		}
		err := s.mayTx(ctx, tx, r, rule.side, steps)
		if err == nil && rule.side != Applicant {
			round := steps
			if rule.side != Reviewer {
				round = nil
			}
			err = ownTx(tx, r.id, r.involved(), r.round, round)
		}
		switch f := fault.As(err); {
		case err == nil:
			out = append(out, a)
		case f == nil:
			return nil, err
		}
	}
	return out, nil
}

// Limits of a page.
const (
	usualPage = 20
	mostPage  = 100
)

// List pages through the applications that the caller may see, newest first.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > mostPage {
		q.Limit = usualPage
	}
	if err := s.maySee(ctx, q.Unit); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.list", Object: "sealapply/list"}, err)
	}
	v, err := s.visibleTo(ctx)
	if err != nil {
		return nil, err
	}
	page := &Page{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = Page{Items: []Application{}}
		at, last := before, id
		for range 20 { // what a single look hides is passed over
			rows, err := listApps(tx, *v, q, at, last, q.Limit+1)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if len(page.Items) == q.Limit {
					page.Next = db.Cursor(at, last)
					return nil
				}
				at, last = r.created, r.id
				steps, err := stepsOf(tx, r.id)
				if err != nil {
					return err
				}
				switch err := s.seesTx(ctx, tx, r, steps); {
				case errors.Is(err, fault.NotFound), errors.Is(err, fault.Forbidden):
					continue
				case err != nil:
					return err
				}
				a, err := s.shownTx(tx, r, steps)
				if err != nil {
					return err
				}
				page.Items = append(page.Items, *a)
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

// visibleTo is what a list may show to the caller.
func (s *Service) visibleTo(ctx context.Context) (*visible, error) {
	v := &visible{account: audit.ActorFrom(ctx).Account}
	if v.account == "" {
		v.account = "-" // a program began none
	}
	var roots []string
	for _, side := range []Side{Applicant, Maker, Filer, Manager} {
		roots = append(roots, iam.ScopeRoots(ctx, permissions[side])...)
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		if p, ok := iam.From(ctx); ok && p.Kind == iam.Holder {
			bound, err := boundOrgs(tx, p.Account)
			if err != nil {
				return err
			}
			roots = bound
		}
		var err error
		v.paths, err = pathsTx(ctx, tx, roots)
		return err
	})
	if err != nil {
		return nil, err
	}
	all, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if iam.Allow(ctx, permissions[Reviewer], o.ID) == nil || iam.Allow(ctx, permissions[Filer], o.ID) == nil {
			v.authorities = append(v.authorities, o.ID)
		}
	}
	return v, nil
}

// pathsTx are where units stand that are reached from some: an authority reaches
// all below the unit that it stands below (see manages).
func pathsTx(ctx context.Context, tx *db.Tx, roots []string) (paths []string, err error) {
	for _, root := range roots {
		o, err := iam.OrgTx(tx, root)
		if err != nil {
			return nil, err
		}
		if o.Type == authorityType && o.Parent != "" && iam.Allow(ctx, permissions[Manager], root) == nil {
			root = o.Parent
		}
		path, err := iam.PathTx(tx, root)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// maySee refuses a filter by a unit that the caller has nothing to do with.
func (s *Service) maySee(ctx context.Context, unit string) error {
	if unit == "" {
		return nil
	}
	foreign := fault.Forbidden.New("不能查看该单位的印章申请").WithCode("auth.org").WithHint("请选择本单位，或由其审核单位查看")
	for _, side := range []Side{Applicant, Maker, Filer, Manager} {
		if iam.Allow(ctx, permissions[side], unit) == nil {
			return nil
		}
	}
	var above []iam.Org
	var bound bool
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if above, err = iam.AboveTx(tx, unit); err != nil {
			return err
		}
		bound, err = boundTx(tx, audit.ActorFrom(ctx).Account, unit)
		return err
	})
	if isNotFound(err) {
		return foreign
	}
	if err != nil {
		return err
	}
	if p, ok := iam.From(ctx); bound && ok && p.Kind == iam.Holder {
		return nil
	}
	all, err := s.authorities(ctx)
	if err != nil {
		return err
	}
	for _, l := range chainOf(above, all, "") {
		if iam.Allow(ctx, permissions[Reviewer], l.org) == nil || iam.Allow(ctx, permissions[Filer], l.org) == nil {
			return nil
		}
	}
	if above[0].Type == authorityType && iam.Allow(ctx, permissions[Reviewer], unit) == nil {
		return nil // of personal seals
	}
	return foreign
}

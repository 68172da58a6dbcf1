package composite

import (
	"context"
	"errors"
	"slices"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// sees tells whether whoever acts works on certificates of the unit; to others
// there is no such composite.
func sees(ctx context.Context, r *row) error {
	if iam.MayAny(ctx, r.unit, permDraft, permIssue, permStatus, permRead) {
		return nil
	}
	return errUnknown()
}

// Get returns a composite, by its id or that of its certificate.
func (s *Service) Get(ctx context.Context, id string) (c *Composite, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, false)
		if missing(err) {
			r, err = byCertificate(tx, id)
		}
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		if c, err = s.show(tx, r); err != nil {
			return err
		}
		if c.Members, err = s.membersTx(tx, r); err != nil {
			return err
		}
		if slices.ContainsFunc(c.Members, func(m Member) bool { return m.Status == Altered }) {
			c.alter()
		}
		steps, err := stepsOf(tx, r.id)
		for _, x := range steps {
			c.Steps = append(c.Steps, Step{At: moment(x.at), Account: x.account, Action: x.action, Text: x.text})
		}
		return err
	})
	if err == nil && c.State == Altered {
		s.alarm(ctx, tableComposites, c.ID)
	}
	return c, err
}

// alter makes a composite say that its row, or a member's, was edited.
func (c *Composite) alter() {
	c.State, c.StateName, c.May = Altered, AlteredName, []string{}
	c.Standing, c.StandingName, c.Because, c.Trouble = "", "", "", ""
}

// newest is the cursor before the newest composite.
const newest = int64(1) << 52

// List pages through the composites of the units that the reader works for.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	if _, ok := stateNames[q.State]; q.State != "" && !ok {
		return nil, fault.Invalid.New("没有这种状态").WithCode("composite.state").WithHint("可选 proposed、issuing、issued、ended、refused、withdrawn").WithField("state", "unknown", "没有这种状态")
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	at, id := newest, ""
	if q.Cursor != "" {
		var err error
		if at, id, err = db.ParseCursor(q.Cursor); err != nil {
			return nil, err
		}
	}
	p := &Page{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []*Composite{}, ""
		var roots []string
		for _, permission := range []string{permDraft, permIssue, permStatus, permRead} {
			roots = append(roots, iam.ScopeRoots(ctx, permission)...)
		}
		slices.Sort(roots)
		paths, err := iam.PathsTx(tx, slices.Compact(roots))
		if err != nil {
			return err
		}
		rows, err := list(tx, paths, q, at, id, q.Limit+1)
		if err != nil {
			return err
		}
		if len(rows) > q.Limit {
			rows = rows[:q.Limit]
			p.Next = db.Cursor(rows[q.Limit-1].proposedAt, rows[q.Limit-1].id)
		}
		for _, r := range rows {
			c, err := s.show(tx, r)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, c)
		}
		return nil
	})
	for _, c := range p.Items {
		if err == nil && c.State == Altered {
			s.alarm(ctx, tableComposites, c.ID)
		}
	}
	return p, err
}

func (s *Service) show(tx *db.Tx, r *row) (*Composite, error) {
	genuine, err := s.genuine(tx, r)
	if err != nil {
		return nil, err
	}
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil && (genuine || !missing(err)) {
		return nil, err
	}
	c := &Composite{ID: r.id, Scheme: r.scheme, Title: r.title, Industry: r.industry, Unit: r.unit, UnitName: o.Name, HolderName: r.holderName, State: r.state, StateName: stateNames[r.state],
		Certificate: r.certificate, Number: r.number, Prior: r.prior, Successor: r.successor, Trouble: r.trouble, Revision: int(r.revision),
		ProposedBy: r.proposedBy, ProposedAt: moment(r.proposedAt), DecidedBy: r.decidedBy, May: []string{}}
	if r.decidedAt != nil {
		c.DecidedAt = moment(*r.decidedAt)
	}
	if r.endedAt != nil {
		c.EndedAt = moment(*r.endedAt)
	}
	if !genuine {
		c.alter()
		return c, nil
	}
	if r.state == Issued {
		c.Standing, c.StandingName, c.Because = Standing(r.standing), Standing(r.standing).Label(), r.because
	}
	if r.certificate != "" {
		own, err := s.Cert.ForCaseTx(tx, r.certificate, "")
		if err != nil {
			return nil, err
		}
		c.Status, c.StatusName = own.Status, cert.Label(own.Status)
	}
	for i := range moves {
		if may(tx.Context(), r, &moves[i]) == nil {
			c.May = append(c.May, moves[i].action)
		}
	}
	return c, nil
}

// membersTx are the members with their states of now. Of a composite that was edited,
// or a member of which was, nothing is permitted.
func (s *Service) membersTx(tx *db.Tx, r *row) (out []Member, err error) {
	rows, err := membersOf(tx, r.id)
	if err != nil {
		return nil, err
	}
	ok, err := s.genuine(tx, r)
	if err != nil {
		return nil, err
	}
	if !ok || !s.whole(r, rows) {
		for _, m := range rows {
			out = append(out, Member{Kind: m.kind, Title: m.title, Required: m.required, Number: m.number, IssuerName: m.issuer, Status: Altered, StatusName: AlteredName})
		}
		if len(rows) == 0 { // they were deleted
			out = append(out, Member{Title: r.title, Required: true, Status: Altered, StatusName: AlteredName})
		}
		return out, nil
	}
	for _, m := range rows {
		c, err := s.Cert.ForCaseTx(tx, m.certificate, "")
		if err != nil {
			return nil, err
		}
		out = append(out, Member{Kind: m.kind, Title: m.title, Required: m.required, Certificate: m.certificate, Number: m.number, IssuerName: m.issuer, ValidTo: m.till,
			Status: c.Status, StatusName: cert.Label(c.Status), Permitted: Part{m.required, state.Status(c.Status)}.Permits(), Followed: m.certificate != m.named})
	}
	return out, err
}

// Members are the permits that a certificate folds in, each as it stands today, as
// anyone may know them who has the certificate in hand; none, where it is no
// composite's. Nothing tells where the members are kept.
func (s *Service) Members(ctx context.Context, certificate string) (out []Member, err error) {
	of := ""
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byCertificate(tx, certificate)
		if errors.Is(err, fault.NotFound) {
			out = nil
			return nil
		}
		if err != nil {
			return err
		}
		of = r.id
		out, err = s.membersTx(tx, r)
		return err
	})
	for i := range out {
		if out[i].Certificate = ""; out[i].Status == Altered && err == nil {
			s.alarm(ctx, tableComposites, of)
		}
	}
	return out, err
}

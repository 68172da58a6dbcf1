package feedback

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// sees tells whether a feedback concerns whoever acts; to others there is none.
func (s *Service) sees(ctx context.Context, r *row, unit string) error {
	if _, ok := iam.From(ctx); !ok {
		return iam.Allow(ctx, permTell, r.org)
	}
	if iam.Allow(ctx, permTell, r.org) == nil || iam.MayAny(ctx, unit, permDecide, "cert.read") {
		return nil
	}
	return errUnknown()
}

// seen is sees, but tells the unit that answered for the certificate until its
// authority was given away who does now.
func (s *Service) seen(ctx context.Context, r *row, unit string) error {
	if unknown := s.sees(ctx, r, unit); unknown != nil {
		return s.Cert.RefusedOf(ctx, r.certificate, permDecide, unknown)
	}
	return nil
}

// find reads a feedback that nobody edited.
func (s *Service) find(ctx context.Context, id string) (r *row, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byID(tx, id, false); return err })
	if err != nil {
		return nil, err
	}
	return r, s.intact(r)
}

// Get returns a feedback, with how its certificate stands today.
func (s *Service) Get(ctx context.Context, id string) (*Feedback, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.seen(ctx, r, r.unit); err != nil {
		return nil, err
	}
	names, err := s.names(ctx, r)
	if err != nil {
		return nil, err
	}
	f, err := s.shown(r, names)
	if err != nil {
		return nil, err
	}
	in, err := s.open(r)
	if err != nil {
		return nil, err
	}
	f.Note, f.Answer = in.Note, in.Answer
	c, err := s.Cert.Copied(ctx, r.certificate)
	if err != nil {
		return nil, err
	}
	a, _ := actionOf(r.action)
	f.Now = nowOf(a, c)
	if r.state == Filed {
		f.May.Decide = iam.Allow(ctx, permDecide, c.Unit()) == nil && !own(r, audit.ActorFrom(ctx))
		f.May.Withdraw = iam.Allow(ctx, permTell, r.org) == nil
	}
	return f, nil
}

// names are those of the organisations of rows.
func (s *Service) names(ctx context.Context, rows ...*row) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range rows {
		for _, id := range []string{r.org, r.unit} {
			if out[id] != "" {
				continue
			}
			o, err := s.IAM.Org(ctx, id)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return nil, err
			}
			out[id] = o.Name
		}
	}
	return out, nil
}

// shown is a feedback as a list shows it.
func (s *Service) shown(r *row, names map[string]string) (*Feedback, error) {
	in, err := s.open(r)
	if err != nil {
		return nil, err
	}
	a, _ := actionOf(r.action)
	f := &Feedback{
		ID: r.id, Number: r.number, State: r.state, StateName: r.state.Label(), Org: r.org, OrgName: names[r.org], Unit: r.unit, UnitName: names[r.unit],
		Certificate: r.certificate, Identifier: r.identifier, Kind: r.kind, KindName: r.kindName, Action: r.action, ActionName: a.Name, On: r.on, Until: r.until,
		Basis: in.Basis, DocumentNo: in.DocumentNo, Act: int(r.act), Due: moment(r.due), FiledAt: moment(r.created), AnsweredAt: momentOf(r.answered), EndedAt: momentOf(r.ended),
	}
	if r.document != nil {
		f.Document = &Document{Digest: hex.EncodeToString(r.document), Size: r.size, Media: r.media}
	}
	over := milli(s.DB.Now())
	if r.answered != nil {
		over = *r.answered
	}
	f.Late = r.due > 0 && r.state != Withdrawn && over > r.due
	return f, nil
}

// List pages through what concerns whoever acts, newest first.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	var orgs, roots []string
	if q.View != ViewUnit {
		orgs = iam.Orgs(ctx, permTell)
	}
	if q.View != ViewMine {
		roots = slices.Concat(iam.ScopeRoots(ctx, permDecide), iam.ScopeRoots(ctx, "cert.read"))
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := iam.PathsTx(tx, roots)
		if err != nil {
			return err
		}
		rows, err = list(tx, orgs, paths, q.State, before, id, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	p := &Page{Items: []Feedback{}}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		p.Next = db.Cursor(rows[q.Limit-1].created, rows[q.Limit-1].id)
	}
	names, err := s.names(ctx, rows...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		f, err := s.shown(r, names)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, *f)
	}
	return p, nil
}

// Document returns what an officer attached, to those whom it concerns. Who read it
// is audited before.
func (s *Service) Document(ctx context.Context, id string) (*Copy, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.sees(ctx, r, r.unit); err != nil {
		return nil, err
	}
	if r.document == nil {
		return nil, fault.NotFound.New("这件反馈没有附件").WithCode("feedback.document").WithHint("请联系反馈单位")
	}
	var d gm.Digest
	copy(d[:], r.document)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "feedback.read-file", Object: objectOf(id), After: d})
	})
	if err != nil {
		return nil, err
	}
	data, err := s.Blobs.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	ending := map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}[r.media]
	return &Copy{Name: r.number + ending, Media: r.media, Data: data}, nil
}

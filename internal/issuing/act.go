package issuing

import (
	"context"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Submit hands a draft to review. It must be complete, and its face printable:
// everything that is wrong is told at once.
func (s *Service) Submit(ctx context.Context, d Decision) (*Draft, error) {
	if err := d.check(false); err != nil {
		return nil, err
	}
	c, err := s.refresh(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	if err := s.printable(ctx, d.ID); err != nil {
		return nil, err
	}
	return s.act(ctx, d, ActSubmit, func(tx *db.Tx, r *row) error { return s.seenTx(tx, r, c) })
}

// Pass is the reviewer's word that the newest version is complete and right.
func (s *Service) Pass(ctx context.Context, d Decision) (*Draft, error) {
	if err := d.check(false); err != nil {
		return nil, err
	}
	return s.act(ctx, d, ActPass)
}

// Return sends a draft back to who collects, with a reason and what is wrong with
// each field: from review, or from sealing.
func (s *Service) Return(ctx context.Context, d Decision) (*Draft, error) {
	if err := d.check(true); err != nil {
		return nil, err
	}
	return s.act(ctx, d, ActReturn)
}

// Drop ends a draft that nothing comes of, with the reason.
func (s *Service) Drop(ctx context.Context, d Decision) (*Draft, error) {
	if err := d.check(true); err != nil {
		return nil, err
	}
	return s.act(ctx, d, ActDrop)
}

// act does what the table allows, in one transaction.
func (s *Service) act(ctx context.Context, d Decision, a Action, with ...func(*db.Tx, *row) error) (*Draft, error) {
	err := s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.takeTx(tx, d.ID)
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		if a == ActReturn && r.state == Passed {
			return s.actTx(ctx, tx, r, ActSendBack, &d)
		}
		if err := s.actTx(ctx, tx, r, a, &d); err != nil {
			return err
		}
		for _, then := range with {
			if err := then(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.staled(ctx, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing." + string(a), Object: objectOf(d.ID)}, err))
	}
	return s.Get(ctx, d.ID)
}

func (s *Service) actTx(ctx context.Context, tx *db.Tx, r *row, a Action, d *Decision) error {
	x := move(r.state, a)
	if x == nil {
		return errMove(r.state, a)
	}
	if err := may(ctx, r, x); err != nil {
		return err
	}
	if int64(d.Version) != r.version {
		return errStale(r, nil)
	}
	k, err := s.Catalogue.KindTx(tx, r.kind)
	if err != nil {
		return err
	}
	if err := s.readyTx(tx, r, k, a); err != nil {
		return err
	}
	for _, f := range d.Fields {
		if !has(k, f.Name) {
			return fault.Invalid.New("“%s”没有列出的项", k.Title).WithCode("issuing.reason").WithHint("请按此件的照面项逐项说明").WithField("fields", "unknown", "没有列出的项")
		}
	}
	n := &note{Reason: strings.TrimSpace(d.Reason)}
	if a == ActReturn || a == ActSendBack {
		n.Fields = d.Fields
	}
	return s.moveTx(tx, r, x, k, actorOf(ctx), n)
}

// readyTx refuses to go on with a draft that is not complete, or whose kind has
// changed since it was reviewed.
func (s *Service) readyTx(tx *db.Tx, r *row, k *catalogue.Kind, a Action) error {
	switch a {
	case ActSubmit, ActPass:
	case ActIssue:
		if r.kindVersion != int64(k.Version) {
			return fault.Conflict.New("“%s”在审核之后已经修订", k.Title).WithCode("issuing.kind").WithHint("请退回，由经办人按新版核对后重新提交")
		}
		return nil
	default:
		return nil
	}
	c, err := s.contentOf(r)
	if err != nil {
		return err
	}
	_, wrong, err := s.wrongTx(tx, r, k, c)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		e := fault.Invalid.New("还有 %d 项没有填对", len(wrong)).WithCode("issuing.incomplete").WithHint("请按每一项的说明补正")
		e.Fields = wrong
		return e
	}
	r.kindVersion = int64(k.Version)
	return nil
}

// moveTx brings a draft where a line of the table leads, with its clock, its
// record and who is told.
func (s *Service) moveTx(tx *db.Tx, r *row, x *rule, k *catalogue.Kind, actor string, n *note) error {
	from := r.state
	r.state = x.to
	r.steps++
	switch x.action {
	case ActReturn, ActSendBack, ActRefuse, ActFail:
		r.sentBack = true
	case ActSubmit, ActIssue:
		r.sentBack = false
	}
	if err := s.clocksTx(tx, r, from, k.Title); err != nil {
		return err
	}
	if err := save(tx, s.guard, r); err != nil {
		return err
	}
	if r.state.Ended() {
		if err := endCorrection(tx, r.id); err != nil {
			return err
		}
	}
	if err := s.recordTx(tx, r, x.action, actor, n); err != nil {
		return err
	}
	return s.tellTx(tx, r, x.action, k.Title)
}

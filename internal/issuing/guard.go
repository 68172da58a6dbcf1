package issuing

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// guards make rows worthless that say who collected, reviewed and sealed when
// they were written by somebody who has the database alone (GB/T 39786-2021,
// integrity of important records). Business writes them all day: they carry a
// MAC and no census. A draft says how many steps it has, so that none can be
// taken away from it.
type guards struct {
	drafts, steps *keys.Rows
	adopted       *keys.Adoption
	alarms        iam.Alarms
}

func newGuards(ctx context.Context, k *keys.Store) (*guards, error) {
	g := &guards{}
	for table, to := range map[string]**keys.Rows{"issuing_draft": &g.drafts, "issuing_step": &g.steps} {
		var err error
		if *to, err = k.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("issuing: opening the guard of %s: %w", table, err)
		}
	}
	var err error
	if g.adopted, err = k.Adoption(ctx, "issuing_guarded"); err != nil {
		return nil, fmt.Errorf("issuing: opening the guard of drafts: %w", err)
	}
	return g, nil
}

// fields of a draft that its MAC is over, in an order that never changes. What
// was collected is bound to draft and version by its encryption.
func (r *row) fields() []any {
	return []any{r.unit, r.path, r.region, r.kind, r.kindVersion, string(r.state), r.version, r.mode, r.origin, r.batch, r.owed, r.applicant, r.caseNo,
		r.finished, r.late, r.certificate, r.issuer, r.pending, r.steps, r.created, r.ended}
}

func (x *stepRow) key(draft string) string { return draft + "/" + strconv.FormatInt(x.seq, 10) }

func (x *stepRow) fields(draft string) []any {
	return []any{draft, x.seq, x.at, x.actor, string(x.action), string(x.state), x.version, len(x.note) > 0}
}

func errAltered(table, id string) error {
	return fault.Conflict.Wrap(&iam.AlteredError{Table: table, ID: id, Object: "issuing"}, "此件的办理记录完整性校验不符，可能在数据库中被改动，不能继续办理").WithCode("issuing.altered").
		WithHint("请勿再次办理，联系平台运维人员核查数据库的访问记录；核查后终止此件，重新采集")
}

// takeTx locks a draft for who will change it, with what was done with it, and
// refuses one that this program did not write.
func (s *Service) takeTx(tx *db.Tx, id string) (*row, error) {
	r, err := byID(tx, id, true)
	if err != nil {
		return nil, err
	}
	return r, s.genuineTx(tx, r, true)
}

// genuineTx reads what was done with a draft, and refuses rows that were edited.
// Rows of before there were MACs are taken for right until all have theirs; write
// gives them to the steps.
func (s *Service) genuineTx(tx *db.Tx, r *row, write bool) (err error) {
	if r.done, err = stepsOf(tx, r.id); err != nil {
		return err
	}
	if r.mac == nil {
		old, err := s.guard.adopted.Done(tx)
		if err != nil {
			return err
		}
		if old {
			return errAltered("issuing_draft", r.id)
		}
		r.steps = int64(len(r.done))
		if write {
			return s.adoptSteps(tx, r)
		}
		return nil
	}
	return s.guard.check(r)
}

func (g *guards) check(r *row) error {
	if g.drafts.Check(r.mac, r.id, r.fields()...) != nil || r.steps != int64(len(r.done)) {
		return errAltered("issuing_draft", r.id)
	}
	for _, x := range r.done {
		if g.steps.Check(x.mac, x.key(r.id), x.fields(r.id)...) != nil {
			return errAltered("issuing_step", r.id)
		}
	}
	return nil
}

func (s *Service) adoptSteps(tx *db.Tx, r *row) error {
	for _, x := range r.done {
		if x.mac != nil {
			continue
		}
		x.mac = s.guard.steps.Mac(x.key(r.id), x.fields(r.id)...)
		if err := setStepMac(tx, r.id, x); err != nil {
			return err
		}
	}
	return nil
}

// adoptBatch is how many drafts get their MACs in one transaction.
const adoptBatch = 100

// Adopt gives the drafts of before MACs, and what the queue is sorted by, once;
// from then on a draft without a MAC is one that was put there by hand. It tells
// how many it looked at. Any number of processes may do it at once.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	return s.guard.adopted.Run(ctx, s.DB, func(tx *db.Tx) (int, error) {
		old, err := unguarded(tx, adoptBatch)
		for _, r := range old {
			if err == nil {
				err = s.adoptDraft(tx, r)
			}
		}
		return len(old), err
	})
}

func (s *Service) adoptDraft(tx *db.Tx, r *row) (err error) {
	if err := s.genuineTx(tx, r, true); err != nil {
		return err
	}
	r.sentBack = returnOf(r.done) != nil
	if r.due, err = s.dueOf(tx, r); err != nil {
		return err
	}
	return adopt(tx, s.guard, r)
}

// dueOf is when the work that waits is due, by the promise that stands.
func (s *Service) dueOf(tx *db.Tx, r *row) (int64, error) {
	c, ok := clocks[r.state]
	if s.Due == nil || !ok {
		return r.created, nil
	}
	p, err := s.Due.Promise(tx, c.topic, r.id)
	if errors.Is(err, fault.NotFound) {
		return r.created, nil
	}
	return milli(p.Due), err
}

// alarmed tells of the altered row that is the cause of err, if one is; err stays
// the error.
func (s *Service) alarmed(ctx context.Context, err error) error {
	return s.guard.alarms.Heed(ctx, s.DB, s.IAM.Outbox, err, "issuing.altered")
}

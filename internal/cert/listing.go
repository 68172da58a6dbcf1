package cert

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"sidian/internal/cert/event"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/outbox"
)

// publish sets what the public list says of a certificate, giving it a place if
// it has none.
func (s *Service) publish(tx *db.Tx, r *row) error {
	if s.Status == nil {
		return nil
	}
	i, _ := state.Of(state.Status(r.At(tx.Now())))
	uri, index, err := s.Status.SayTx(tx, r.ID, i.List)
	r.StatusList = &Listing{URI: uri, Index: index}
	return err
}

// detail is the record of a certificate with its place in the public list.
func (s *Service) detail(ctx context.Context, r *row) (*Certificate, error) {
	c, err := s.record(ctx, r)
	if err != nil || s.Status == nil || c.StatusList != nil {
		return c, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		uri, index, ok, err := s.Status.PlaceTx(tx, r.ID)
		if ok {
			c.StatusList = &Listing{URI: uri, Index: index}
		}
		return err
	})
	return c, err
}

// expiring is how many certificates one transaction of a tick ends.
const expiring = 100

// Expire ends what time has ended, and gives what was issued before there was a
// public list its place there. It reports how many it ended. Any number of
// processes may do it at the same time.
func (s *Service) Expire(ctx context.Context) (n int, err error) {
	if err := s.inSteps(ctx, s.listSome); err != nil {
		return 0, err
	}
	err = s.inSteps(ctx, func(tx *db.Tx) (int, error) {
		found, over, err := s.expireSome(tx)
		tx.AfterCommit(func() { n += over })
		return found, err
	})
	return n, err
}

// inSteps runs a step until it finds less than it takes.
func (s *Service) inSteps(ctx context.Context, step func(*db.Tx) (int, error)) error {
	for ctx.Err() == nil {
		var found int
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { found, err = step(tx); return err })
		if err != nil || found < expiring {
			return err
		}
	}
	return ctx.Err()
}

func (s *Service) listSome(tx *db.Tx) (int, error) {
	rows, err := unlisted(tx, expiring)
	for _, r := range rows {
		if err == nil {
			err = s.vet(tx, r)
		}
		if err == nil && r.Status == Altered {
			err = listed(tx, r.ID)
			continue
		}
		if err == nil && r.life == Effective {
			r.expires = endOf(r.ValidTo)
		}
		if err == nil {
			err = begin(tx, r)
		}
		if err == nil {
			err = s.publish(tx, r)
		}
	}
	return len(rows), err
}

// expireSome ends some, and reports how many it found and how many it ended.
func (s *Service) expireSome(tx *db.Tx) (found, over int, err error) {
	a, _ := state.Find(state.Expire)
	rows, err := ended(tx, tx.Now(), expiring)
	for _, r := range rows {
		if err != nil {
			break
		}
		if err = s.vet(tx, r); err == nil && r.Status == Altered { // the public is told so by what it looks at
			err = postpone(tx, r.ID)
			continue
		}
		if err != nil {
			break
		}
		done := &Act{Action: a.Code, Reason: "有效期至 " + r.ValidTo, On: time.UnixMilli(*r.expires).In(beijing).Format(time.DateOnly)}
		if err = s.expireTx(tx, r, a, done); err == nil {
			over++
		}
	}
	return len(rows), over, err
}

// expireTx is actTx for time: what At tells already is written down.
func (s *Service) expireTx(tx *db.Tx, r *row, a state.Action, done *Act) error {
	was := state.State{Status: state.Status(r.life), Marks: state.ParseMarks(r.marks)}
	became, no := a.Apply(was)
	if no != nil {
		return errors.New("cert: time cannot end " + r.ID + ": " + no.Code)
	}
	before := r.Acts
	r.take(a, was, became, done)
	r.Acts, r.expires = before+1, nil
	done.Seq, done.was, done.became = r.Acts, was.String(), became.String()
	r.mac = s.macOf(r)
	if err := putAct(tx, r, before, done); err != nil {
		return err
	}
	return s.became(tx, r, a, done)
}

// actVersion heads the evidence of an act. A change of what it holds takes a new
// one.
const actVersion = "sidian-cert-act-1"

func (s *Service) tellAct(tx *db.Tx, r *row, done *Act) error {
	body := event.StatusChanged{
		ID: r.ID, Kind: r.Kind, Issuer: r.Issuer, Identifier: r.Identifier, Version: r.Version, Action: done.Action,
		Status: r.Status, Marks: []string{}, ValidTo: r.ValidTo, Successor: done.Successor, On: done.On, Seq: done.Seq, At: tx.Now().UnixMilli(),
	}
	was, _ := splitState(done.was)
	body.Was = was
	for _, m := range r.Marks {
		body.Marks = append(body.Marks, m.Code)
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: event.Changed, Key: r.ID, Leaf: actEvidence(r, done, tx.Now()), Body: body})
}

// actEvidence is what the ledger will keep of an act: version, topic, identifier,
// action, states before and after, date of the decision, end of validity and the
// document's digest, each as its length in eight bytes, big-endian, and its
// bytes; then the number of the act and the time in milliseconds.
func actEvidence(r *row, done *Act, at time.Time) []byte {
	var b []byte
	for _, f := range [][]byte{
		[]byte(actVersion), []byte(event.Changed), []byte(r.Identifier), []byte(done.Action), []byte(done.was), []byte(done.became),
		[]byte(done.On), []byte(r.ValidTo), r.Digest[:],
	} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(done.Seq))
	return binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli()))
}

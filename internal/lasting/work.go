package lasting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/ofd/sign"
)

// What a batch is over.
const (
	overDocuments = "documents"
	overStamps    = "stamps"
)

// errLate is a batch that another finished first; never shown.
var errLate = errors.New("lasting: another finished the batch")

// errFutile is a time stamp that would end no later than what it is to renew.
var errFutile = errors.New("lasting: the time stamp authority's digital certificate or algorithm ends no later than what is to be renewed: it needs a new one")

// Work stamps what waits and renews what is due, batch after batch, until nothing
// is left, and reports how many time stamps were made. What a crash left is gone on
// with when its lease is over. Any number of processes may do it at the same time.
func (s *Service) Work(ctx context.Context) (made int, err error) {
	for ctx.Err() == nil {
		b, err := s.choose(ctx)
		if err != nil || b == nil {
			return made, err
		}
		s.step("choose")
		switch err := s.finish(ctx, b); {
		case errors.Is(err, errLate):
		case err != nil:
			return made, fmt.Errorf("lasting: stamping %s: %w", b.id, err)
		default:
			made++
		}
	}
	return made, ctx.Err()
}

// choose takes over an open batch, or makes one; nil: nothing is to be done.
func (s *Service) choose(ctx context.Context) (b *batch, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		b, err = takeOver(tx, s.lease())
		if err != nil || b != nil {
			return err
		}
		b = &batch{id: newID(), over: overDocuments}
		if b.members, err = chooseDocuments(tx, b.id, s.batch()); err != nil {
			return err
		}
		if b.members == 0 {
			b.over = overStamps
			ends := tx.Now().Add(s.lead())
			if b.members, err = chooseStamps(tx, b.id, ends.UnixMilli(), s.algorithms().due(ends), s.batch()); err != nil {
				return err
			}
		}
		if b.members == 0 {
			b = nil
			return nil
		}
		return insertBatch(tx, b, s.lease())
	})
	return b, err
}

// gathered is what a batch needs to be stamped.
type gathered struct {
	leaves   []gm.Digest
	ends     time.Time // when the first of what is renewed ends; zero for documents
	material []byte
	tree     *tree
	trust    sign.Options
}

func (s *Service) gather(ctx context.Context, b *batch) (g *gathered, err error) {
	g = &gathered{}
	if g.trust, err = s.Trust(ctx); err != nil {
		return nil, err
	}
	g.material, err = packMaterial(slices.Concat(g.trust.Anchors.Certificates(), g.trust.Intermediates.Certificates()), g.trust.CRLs)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { g.leaves, g.ends, err = s.leavesTx(tx, b); return err })
	if err != nil {
		return nil, err
	}
	if int64(len(g.leaves)) != b.members {
		return nil, fmt.Errorf("lasting: batch %s has %d members, not %d", b.id, len(g.leaves), b.members)
	}
	g.tree = grow(g.leaves, gm.Sum(g.material))
	return g, nil
}

// leavesTx are what a batch is over, in their order.
func (s *Service) leavesTx(tx *db.Tx, b *batch) (leaves []gm.Digest, ends time.Time, err error) {
	if b.over == overDocuments {
		leaves, err = documentsOf(tx, b.id)
		return leaves, ends, err
	}
	members, err := stampsOf(tx, b.id)
	for _, m := range members {
		leaves = append(leaves, gm.Sum(m.token))
		end := m.ends
		if u := s.algorithms().until(m.hash, m.signature); u.Before(end) {
			end = u
		}
		if ends.IsZero() || end.Before(ends) {
			ends = end
		}
	}
	return leaves, ends, err
}

// finish gets the time stamp of a batch and writes it down.
func (s *Service) finish(ctx context.Context, b *batch) error {
	g, err := s.gather(ctx, b)
	if err != nil {
		return err
	}
	message := g.tree.message()
	token, err := s.TimeStamp(ctx, message)
	if err != nil {
		return err
	}
	s.step("stamp")
	if err := s.judge(b, g, message, token); err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.write(tx, b, g, token) })
	if err == nil {
		s.step("write")
	}
	return err
}

// judge refuses a token that would prove nothing.
func (s *Service) judge(b *batch, g *gathered, message, token []byte) error {
	t, err := gm.ParseTimestamp(token)
	if err != nil {
		return err
	}
	if _, _, err := t.Verify(gm.Candidate{Name: "root", Message: message}); err != nil {
		return err
	}
	chain := t.Certificate.BuildChain(gm.NewPool(append(g.trust.Intermediates.Certificates(), t.Chain...)...), g.trust.Anchors)
	if !chain.Reached {
		return errors.New("lasting: the time stamp's digital certificate leads to no anchor")
	}
	b.hash, b.signature = of(t)
	if b.hash != SM3 {
		return fmt.Errorf("lasting: a time stamp by %s over a tree by SM3", b.hash)
	}
	b.stampedAt, b.ends = t.Time, endOf(chain.Chain)
	end := b.ends
	if u := s.algorithms().until(b.hash, b.signature); u.Before(end) {
		end = u
	}
	if !g.ends.IsZero() && !end.After(g.ends) {
		return errFutile
	}
	return nil
}

func (s *Service) write(tx *db.Tx, b *batch, g *gathered, token []byte) error {
	digest := gm.Sum(g.material)
	if err := insertMaterial(tx, digest, g.material); err != nil {
		return err
	}
	for _, a := range g.trust.Anchors.Certificates() {
		if err := insertAnchor(tx, a.Digest(), a.Raw, s.mac(a.Raw)); err != nil {
			return err
		}
	}
	if err := finishBatch(tx, b, digest, token); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "lasting." + b.over, Object: "lasting/" + b.id, After: gm.Sum(token)})
}

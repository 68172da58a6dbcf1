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

// errNoSuite is said when every digest or signature that there is a time stamp
// authority for ends within the lead.
var errNoSuite = errors.New("lasting: every algorithm that time stamps can be had by ends within the lead: the dated table, or an authority of another suite, is needed")

// Work stamps what waits and renews what is due, batch after batch, until nothing
// is left, and reports how many time stamps were made. What a crash left is gone on
// with when its lease is over. Any number of processes may do it at the same time.
//
// A digest that ends within the lead is renewed by another: of each batch of
// documents a further chain begins, over the documents themselves and all chains
// before (RFC 4998 §5.3). Whatever else ends is renewed by a time stamp over the
// time stamp before (§5.2).
func (s *Service) Work(ctx context.Context) (made int, err error) {
	for ctx.Err() == nil {
		b, err := s.choose(ctx)
		if err != nil {
			return made, err
		}
		if b == nil {
			return made, s.troubles(ctx)
		}
		s.step("choose")
		switch err := s.finish(ctx, b); {
		case errors.Is(err, errLate):
		case errors.Is(err, errFutile) && b.over == overStamps:
			return made, errors.Join(err, s.release(ctx, b))
		case err != nil:
			return made, fmt.Errorf("lasting: stamping %s: %w", b.id, err)
		default:
			made++
		}
	}
	return made, ctx.Err()
}

// release gives a renewal up that nothing can be had for now: what it was to renew
// may be renewed otherwise.
func (s *Service) release(ctx context.Context, b *batch) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return deleteBatch(tx, b.id) })
}

// troubles is what no work mends.
func (s *Service) troubles(ctx context.Context) error {
	if s.plan(s.DB.Now()).none {
		return errNoSuite
	}
	return ctx.Err()
}

// choose takes over an open batch, or makes one; nil: nothing is to be done.
func (s *Service) choose(ctx context.Context) (b *batch, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if b, err = takeOver(tx, s.lease()); err != nil || b != nil {
			return err
		}
		if b, err = s.chooseTx(tx, s.plan(tx.Now())); err != nil || b == nil {
			return err
		}
		return insertBatch(tx, b, s.lease())
	})
	return b, err
}

// chooseTx is documents that wait; else a chain whose digest ends; else time stamps
// that end.
func (s *Service) chooseTx(tx *db.Tx, p *plan) (b *batch, err error) {
	if p.first == "" {
		return nil, nil
	}
	b = &batch{id: newID(), over: overDocuments, digest: p.first}
	if b.members, err = chooseDocuments(tx, b.id, s.batch()); err != nil || b.members > 0 {
		return b, err
	}
	if len(p.dying) > 0 {
		old, err := chooseChain(tx, p.dying)
		if err != nil {
			return nil, err
		}
		if old != nil {
			return s.further(tx, b, old)
		}
	}
	b.over = overStamps
	for _, digest := range p.living {
		b.digest = digest
		if b.members, err = chooseStamps(tx, b.id, b.digest, p.ends.UnixMilli(), p.due, s.batch()); err != nil || b.members > 0 {
			return b, err
		}
	}
	return nil, nil
}

// further makes b the beginning of the chain after old's.
func (s *Service) further(tx *db.Tx, b, old *batch) (*batch, error) {
	b.members, b.origin = old.members, old.origin
	if b.origin == "" {
		b.origin = old.id
	}
	all, err := walk(tx, b.origin, "")
	if err != nil {
		return nil, err
	}
	b.covers = all[len(all)-1].id
	return b, followChain(tx, old.id, b.id)
}

// gathered is what a batch needs to be stamped.
type gathered struct {
	ends     time.Time // when the first of what is renewed ends; zero for documents
	material []byte
	tree     *tree
	trust    sign.Options
	gone     int // documents that could not be had any more
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
	var m *members
	err = s.DB.Read(ctx, func(tx *db.Tx) error { m, err = s.membersTx(tx, b); return err })
	if err != nil {
		return nil, err
	}
	if int64(len(m.leaves)) != b.members {
		return nil, fmt.Errorf("lasting: batch %s has %d members, not %d", b.id, len(m.leaves), b.members)
	}
	g.tree, g.ends = grow(b.digest, m.leaves, g.material), m.ends
	for _, l := range m.rows {
		if l.gone {
			g.gone++
		}
	}
	return g, nil
}

// members are what a batch is over, in their order.
type members struct {
	leaves [][]byte
	rows   []leafRow // of documents that had to be read
	ends   time.Time
}

func (s *Service) membersTx(tx *db.Tx, b *batch) (m *members, err error) {
	m = &members{}
	var before []*batch
	switch {
	case b.over == overStamps:
		if before, err = stampsOf(tx, b.id); err != nil {
			return nil, err
		}
		for _, x := range before {
			m.leaves = append(m.leaves, sum(b.digest, x.token))
		}
	case b.digest == SM3 && b.origin == "":
		digests, err := documentsOf(tx, b.id)
		if err != nil {
			return nil, err
		}
		for _, d := range digests {
			m.leaves = append(m.leaves, d[:])
		}
	default:
		if m.rows, err = leavesOf(tx, b.id); err != nil {
			return nil, err
		}
		for _, l := range m.rows {
			m.leaves = append(m.leaves, l.leaf)
		}
	}
	if b.covers != "" {
		x, err := batchOf(tx, b.covers)
		if err != nil {
			return nil, err
		}
		before = append(before, x)
	}
	for _, x := range before {
		if end := s.endsAt(x); m.ends.IsZero() || end.Before(m.ends) {
			m.ends = end
		}
	}
	return m, nil
}

// endsAt is when a time stamp ends: its digital certificates, or an algorithm.
func (s *Service) endsAt(b *batch) time.Time {
	if u := s.algorithms().until(b.algorithms()...); u.Before(b.ends) {
		return u
	}
	return b.ends
}

// stamper is the authority for a batch.
func (s *Service) stamper(b *batch) (Stamper, error) {
	for _, x := range s.suites() {
		if x.digest == b.digest {
			return x.stamper, nil
		}
	}
	return Stamper{}, fmt.Errorf("lasting: no time stamp authority by %s", b.digest)
}

// finish gets the time stamp of a batch and writes it down.
func (s *Service) finish(ctx context.Context, b *batch) error {
	by, err := s.stamper(b)
	if err != nil {
		return err
	}
	if by.Prepare != nil {
		if err := by.Prepare(ctx); err != nil {
			return err
		}
	}
	if err := s.read(ctx, b); err != nil {
		return err
	}
	g, err := s.gather(ctx, b)
	if err != nil {
		return err
	}
	message := g.tree.message()
	token, err := by.TimeStamp(ctx, message)
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
	b.hash, _ = t.Digests()
	b.signature, b.rests = signatureOf(t.Certificate), rests(t, chain.Chain)
	if b.hash != b.digest {
		return fmt.Errorf("lasting: a time stamp by %s over a tree by %s", b.hash, b.digest)
	}
	b.stampedAt, b.ends = t.Time, endOf(chain.Chain)
	if !g.ends.IsZero() && !s.endsAt(b).After(g.ends) {
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
	e := audit.Entry{Action: "lasting." + b.over, Object: "lasting/" + b.id, After: gm.Sum(token)}
	if b.origin != "" {
		e.Action = "lasting.chains"
	}
	if g.gone > 0 {
		e.Reason = fmt.Sprintf("%d 份文件已不在存储中，其证明没有续加", g.gone)
	}
	return audit.Put(tx, e)
}

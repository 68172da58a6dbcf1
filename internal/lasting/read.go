package lasting

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// readMost is how many documents are read before what was made of them is written
// down: what a crash costs.
const readMost = 64

// read reads the documents of a batch under another digest than SM3, of which the
// register holds no digest, and writes down what the batch is over: of each the
// document, with the chains before where there are any. What was written before a
// crash is not read again. One document is held at a time.
func (s *Service) read(ctx context.Context, b *batch) error {
	if b.over != overDocuments || b.digest == SM3 && b.origin == "" {
		return nil
	}
	origin := b.id
	var q *sequence
	var done int
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		q = &sequence{}
		if b.origin != "" {
			origin = b.origin
			q, err = s.sequenceTx(tx, origin, b.covers)
		} else {
			q.documents, err = documentsOf(tx, origin)
		}
		if err == nil {
			done, err = countLeaves(tx, b.id)
		}
		return err
	})
	if err != nil {
		return err
	}
	if int64(len(q.documents)) != b.members {
		return fmt.Errorf("lasting: batch %s has %d documents, not %d", b.id, len(q.documents), b.members)
	}
	for done < len(q.documents) {
		some := make([]leafRow, 0, readMost)
		for place := done; place < min(done+readMost, len(q.documents)); place++ {
			l, err := s.readOne(ctx, b.digest, q, place)
			if err != nil {
				return err
			}
			some = append(some, l)
		}
		if !slices.ContainsFunc(some, func(l leafRow) bool { return !l.gone }) {
			return fmt.Errorf("lasting: of %d documents of batch %s none is there: is this the right store?", len(some), b.id)
		}
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			for i, l := range some {
				if err := insertLeaf(tx, b.id, done+i, l); err != nil {
					return err
				}
			}
			return extend(tx, b.id, s.lease())
		})
		if err != nil {
			return err
		}
		done += len(some)
		s.step("read")
	}
	return nil
}

// readOne is what a batch is over for the document at a place. A document that is
// not there any more keeps its place, with a leaf that no document leads to: the
// others' proof does not wait for it.
func (s *Service) readOne(ctx context.Context, digest string, q *sequence, place int) (leafRow, error) {
	before, err := q.stamps(place)
	if err != nil {
		return leafRow{}, err
	}
	x := q.documents[place]
	data, err := s.Document(ctx, x)
	switch {
	case errors.Is(err, fault.NotFound):
		return leafRow{leaf: sum(digest, x[:]), gone: true}, nil
	case err != nil:
		return leafRow{}, fmt.Errorf("lasting: reading document %x: %w", x, err)
	case gm.Sum(data) != x:
		return leafRow{}, fmt.Errorf("lasting: document %x is another", x)
	}
	leaf, err := chained(digest, data, before)
	return leafRow{leaf: leaf}, err
}

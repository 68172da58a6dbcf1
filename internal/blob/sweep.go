package blob

import (
	"context"
	"fmt"
	"time"

	"sidian/gm"
)

// sweepBatch is how many documents are asked about at a time.
const sweepBatch = 500

// Sweep deletes documents that no row names, of those last put before the time
// before, and reports how many. named tells of each digest whether a row names
// it. What cannot be opened is left alone: it may be all that is left of a
// document.
//
// A document is put before its row is written, so before must lie further back
// than the longest use case takes: a day. One process sweeps at a time.
func (s *Store) Sweep(ctx context.Context, before time.Time, named func(context.Context, []gm.Digest) (map[gm.Digest]bool, error)) (removed int, err error) {
	var names []string
	var digests []gm.Digest
	flush := func() error {
		if len(names) == 0 {
			return nil
		}
		keep, err := named(ctx, digests)
		if err != nil {
			return fmt.Errorf("blob: asking which documents are named: %w", err)
		}
		for i, name := range names {
			if keep[digests[i]] {
				continue
			}
			if err := s.engine.Remove(ctx, name, before); err != nil {
				return fmt.Errorf("blob: removing %s: %w", name, err)
			}
			removed++
		}
		names, digests = names[:0], digests[:0]
		return nil
	}
	err = s.engine.Each(ctx, before, func(name string) error {
		object, err := s.engine.Head(ctx, name, 1+headLen)
		if err != nil {
			return err
		}
		key, digest, err := s.openHead(name, object)
		if err != nil {
			return nil
		}
		clear(key)
		if names, digests = append(names, name), append(digests, digest); len(names) < sweepBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return removed, err
}

package lasting

import (
	"bytes"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/db"
)

// walk is the time stamps that prove the documents of a batch, oldest first, up to
// one of them: empty is all. Where a chain is followed by another, it ends with the
// time stamp that the other covers; what it was renewed by after that is no part.
func walk(tx *db.Tx, origin, until string) (out []*batch, err error) {
	for start := origin; start != ""; {
		first, err := batchOf(tx, start)
		if err != nil || first.token == nil { // chosen, and not stamped yet
			return out, err
		}
		closed, err := closedBy(tx, first)
		if err != nil {
			return nil, err
		}
		for b := first; ; {
			if len(out) == maxStamps {
				return nil, fmt.Errorf("lasting: more than %d time stamps over batch %s", maxStamps, origin)
			}
			out = append(out, b)
			if b.id == until {
				return out, nil
			}
			if b.id == closed || b.next == "" {
				break
			}
			if b, err = batchOf(tx, b.next); err != nil {
				return nil, err
			}
			if b.token == nil {
				break
			}
		}
		if closed == "" {
			return out, nil
		}
		start = first.again
	}
	return out, nil
}

// closedBy is the last time stamp of a chain that another follows; empty while none
// does.
func closedBy(tx *db.Tx, first *batch) (string, error) {
	if first.again == "" {
		return "", nil
	}
	next, err := batchOf(tx, first.again)
	if err != nil || next.token == nil {
		return "", err
	}
	return next.covers, nil
}

// A sequence is the evidence of the documents of one batch, from which that of each
// of them is told: of a chain's first time stamp they have places of their own in
// the tree, and share all that follows.
type sequence struct {
	documents []gm.Digest
	levels    []level
}

type level struct {
	stamp  Stamp // without its path where tree is set
	tree   *tree // of a chain's first time stamp
	leaves []leafRow
}

// sequenceTx loads the sequence of a batch's documents up to a time stamp.
func (s *Service) sequenceTx(tx *db.Tx, origin, until string) (*sequence, error) {
	all, err := walk(tx, origin, until)
	if err != nil {
		return nil, err
	}
	q := &sequence{}
	if q.documents, err = documentsOf(tx, origin); err != nil {
		return nil, err
	}
	for i, b := range all {
		material, err := materialOf(tx, b.material)
		if err != nil {
			return nil, err
		}
		l := level{stamp: Stamp{At: b.stampedAt, Digest: b.digest, Material: material, Token: b.token}}
		members, err := s.membersTx(tx, b)
		if err != nil {
			return nil, err
		}
		t := grow(b.digest, members.leaves, material)
		if l.leaves = members.rows; b.over == overDocuments {
			l.tree = t
		} else {
			leaf := sum(b.digest, all[i-1].token)
			j := slices.IndexFunc(members.leaves, func(x []byte) bool { return bytes.Equal(x, leaf) })
			if j < 0 {
				return nil, fmt.Errorf("lasting: batch %s does not hold what it was made for", b.id)
			}
			l.stamp.Path = t.path(j)
		}
		q.levels = append(q.levels, l)
	}
	return q, nil
}

// stamps is the evidence of the document at a place. It ends before a chain for
// which the document was gone.
func (q *sequence) stamps(place int) ([]Stamp, error) {
	var out []Stamp
	for _, l := range q.levels {
		if l.tree == nil {
			out = append(out, l.stamp)
			continue
		}
		if place >= len(l.tree.leaves) {
			return nil, fmt.Errorf("lasting: a batch of %d members has none at %d", len(l.tree.leaves), place)
		}
		if l.leaves != nil && l.leaves[place].gone {
			break
		}
		x := l.stamp
		x.Path = l.tree.path(place)
		out = append(out, x)
	}
	return out, nil
}

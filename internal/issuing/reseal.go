package issuing

import (
	"fmt"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals again what this package keeps encrypted: contents by their id,
// then notes, then
// what corrections follow, by keys that begin with a word and a stroke.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "issuing" }

func (resealer) Count(tx *db.Tx) (int64, error) {
	n, notes, befores, err := countSealed(tx)
	return n + notes + befores, err
}

// A stage is one of the encrypted columns, in the order in which they are gone
// through. The keys of a rotation begin with its prefix.
type stage struct {
	prefix, first string // the key before its first cell
	page          func(tx *db.Tx, after string, n int) ([]sealedCell, error)
	cell          func(c sealedCell) keys.Cell
	replace       func(tx *db.Tx, c sealedCell, again []byte) (int64, error)
}

var stages = []stage{
	{"", "", sealedContents, func(c sealedCell) keys.Cell { return contentCell(c.draft, c.n) }, replaceContent},
	{"note/", "note/ /0", notesAfter, func(c sealedCell) keys.Cell { return noteCell(c.draft, c.n) }, replaceNote},
	{"before/", "before/ ", sealedBefores, func(c sealedCell) keys.Cell { return beforeCell(c.draft) }, replaceBefore},
}

func notesAfter(tx *db.Tx, after string, n int) ([]sealedCell, error) {
	id, seq, _ := strings.Cut(after, "/")
	at, _ := strconv.ParseInt(seq, 10, 64)
	return sealedNotes(tx, id, at, n)
}

// keyOf is the key of a cell within its stage.
func (x *stage) keyOf(c sealedCell) string {
	if x.prefix == "note/" {
		return x.prefix + c.draft + "/" + strconv.FormatInt(c.n, 10)
	}
	return x.prefix + c.draft
}

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	i := len(stages) - 1
	for i > 0 && !strings.HasPrefix(after, stages[i].prefix) {
		i--
	}
	st := &stages[i]
	cells, err := st.page(tx, strings.TrimPrefix(after, st.prefix), n)
	if err != nil {
		return "", 0, err
	}
	for _, c := range cells {
		m, err := x.again(tx, st, c)
		if err != nil {
			return "", done, err
		}
		done += m
	}
	switch {
	case len(cells) == n:
		return st.keyOf(cells[n-1]), done, nil
	case i+1 < len(stages):
		return stages[i+1].first, done, nil
	}
	return "", done, nil
}

func (x resealer) again(tx *db.Tx, st *stage, c sealedCell) (int, error) {
	cell := st.cell(c)
	again, stale, err := x.s.box.Again(cell, c.sealed)
	if err != nil {
		return 0, fmt.Errorf("issuing: sealing %s %s again: %w", cell.Column, cell.Row, err)
	}
	if !stale {
		return 0, nil
	}
	n, err := st.replace(tx, c, again)
	return int(n), err
}

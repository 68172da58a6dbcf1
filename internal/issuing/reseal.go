package issuing

import (
	"fmt"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals again what this package keeps encrypted: contents by their id,
// then notes by theirs behind a stroke.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "issuing" }

func (resealer) Count(tx *db.Tx) (int64, error) {
	n, notes, err := countSealed(tx)
	return n + notes, err
}

// notesBegin is the key between contents and notes.
const notesBegin = "note/ /0"

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	rest, notes := strings.CutPrefix(after, "note/")
	var cells []sealedCell
	if notes {
		id, seq, _ := strings.Cut(rest, "/")
		at, _ := strconv.ParseInt(seq, 10, 64)
		cells, err = sealedNotes(tx, id, at, n)
	} else {
		cells, err = sealedContents(tx, after, n)
	}
	if err != nil {
		return "", 0, err
	}
	for _, c := range cells {
		m, err := x.again(tx, c, notes)
		if err != nil {
			return "", done, err
		}
		done += m
	}
	switch {
	case len(cells) < n && notes:
		return "", done, nil
	case len(cells) < n:
		return notesBegin, done, nil
	case notes:
		last := cells[n-1]
		return "note/" + last.draft + "/" + strconv.FormatInt(last.n, 10), done, nil
	}
	return cells[n-1].draft, done, nil
}

func (x resealer) again(tx *db.Tx, c sealedCell, notes bool) (int, error) {
	cell, replace := contentCell(c.draft, c.n), replaceContent
	if notes {
		cell, replace = noteCell(c.draft, c.n), replaceNote
	}
	again, stale, err := x.s.box.Again(cell, c.sealed)
	if err != nil {
		return 0, fmt.Errorf("issuing: sealing %s %s again: %w", cell.Column, cell.Row, err)
	}
	if !stale {
		return 0, nil
	}
	n, err := replace(tx, c, again)
	return int(n), err
}

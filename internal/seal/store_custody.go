package seal

import (
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertHandover(tx *db.Tx, h *Handover) error {
	_, err := tx.Exec(`
		insert into seal_handover (id, seal_id, from_account, to_account, state, reason, offered_by, created_at, closed_by, closed_at, note)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '', null, '')`, h.ID, h.Seal, h.From, h.To, h.State, h.Reason, h.OfferedBy, tx.Now().UnixMilli())
	return err
}

func closeHandover(tx *db.Tx, h *Handover) error {
	_, err := tx.Exec(`update seal_handover set state = $2, closed_by = $3, closed_at = $4, note = $5 where id = $1 and closed_at is null`,
		h.ID, h.State, h.ClosedBy, tx.Now().UnixMilli(), h.Note)
	return err
}

func handovers(tx *db.Tx, where string, args ...any) (out []Handover, err error) {
	err = tx.All(`
		select id, seal_id, from_account, to_account, state, reason, offered_by, created_at, closed_by, closed_at, note
		  from seal_handover where `+where, args, func(scan func(...any) error) error {
		var h Handover
		var at int64
		var closed *int64
		err := scan(&h.ID, &h.Seal, &h.From, &h.To, &h.State, &h.Reason, &h.OfferedBy, &at, &h.ClosedBy, &closed, &h.Note)
		h.CreatedAt, h.ClosedAt = ms(at), maybe(closed)
		out = append(out, h)
		return err
	})
	return out, err
}

// openHandover returns nil where nothing is offered.
func openHandover(tx *db.Tx, seal string) (*Handover, error) {
	found, err := handovers(tx, `seal_id = $1 and closed_at is null order by id`, seal)
	if errors.Is(err, fault.NotFound) || err == nil && len(found) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

func handoversOf(tx *db.Tx, seal string) ([]Handover, error) {
	return handovers(tx, `seal_id = $1 order by created_at desc, id desc limit 500`, seal)
}

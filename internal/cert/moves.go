package cert

import (
	"context"
	"slices"
	"time"

	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/iam"
)

// Moves are the certificates that a transfer gives to the other unit, as they stand
// when it is asked.
type Moves struct {
	Total  int64      `json:"total" doc:"随之移交的证照份数；正在制作的不计"`
	States []OfStatus `json:"states" doc:"按状态；没有的状态省略"`
	At     time.Time  `json:"at" doc:"统计的时间"`
}

// OfStatus is how many there are of a status.
type OfStatus struct {
	Status     string `json:"status"`
	StatusName string `json:"status_name"`
	Count      int64  `json:"count"`
}

// TransferOf is a transfer of a unit that whoever acts works for or manages; to others
// there is none. While it is proposed it says what it would move.
func (s *Service) TransferOf(ctx context.Context, id string) (t *Transfer, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if t, err = transferByID(tx, id); err != nil {
			return err
		}
		if !iam.MayAny(ctx, t.Issuer, permIssue, permAgree) && !iam.MayAny(ctx, t.Successor, permIssue, permAgree) {
			return unknownTransfer()
		}
		if t.State == TransferProposed {
			t.Moves, err = movesTx(tx, t)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.named(ctx, t)
}

// movesTx counts what a transfer gives away: what its issuer issued, and what others
// issued that it answers for on that day.
func movesTx(tx *db.Tx, t *Transfer) (*Moves, error) {
	all, err := agreed(tx, t.Kind)
	if err != nil {
		return nil, err
	}
	units := []string{t.Issuer}
	for _, x := range all {
		if now, _ := keeperOf(all, t.Kind, x.Issuer, t.From); now == t.Issuer && !slices.Contains(units, x.Issuer) {
			units = append(units, x.Issuer)
		}
	}
	m := &Moves{At: tx.Now().UTC(), States: []OfStatus{}}
	numbered, sealing, err := countIssued(tx, t.Kind, units)
	if err != nil {
		return nil, err
	}
	m.Total = numbered - sealing
	by, err := countEnded(tx, t.Kind, units)
	if err != nil {
		return nil, err
	}
	effective := m.Total
	for _, n := range by {
		effective -= n
	}
	// What has run out today is expired, whether that was written down or not.
	over, err := countOver(tx, t.Kind, units)
	if err != nil {
		return nil, err
	}
	by[Effective], by[Expired] = effective-over, by[Expired]+over
	for _, i := range state.Statuses() {
		if n := by[string(i.Status)]; n > 0 {
			m.States = append(m.States, OfStatus{string(i.Status), i.Name, n})
		}
	}
	return m, nil
}

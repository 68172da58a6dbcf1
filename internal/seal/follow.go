package seal

import (
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/seal/event"
	"sidian/internal/status"
)

// FreezeTx stops a seal because what it rests on stands no more: the platform
// does it, for nobody, in the transaction that learned of it, so that there is no
// permission to ask for. It tells whether it did: a seal that may not stamp as it
// is, is left alone. Only people thaw (Thaw).
func (s *Service) FreezeTx(tx *db.Tx, id, reason string) (frozen bool, err error) {
	if err := needReason(reason); err != nil {
		return false, err
	}
	x, err := byID(tx, id)
	if err != nil || x.State != Effective {
		return false, err
	}
	if err := setState(tx, id, Frozen); err != nil {
		return false, err
	}
	x.State = Frozen
	if err := s.became(tx, x, event.Frozen, status.Suspended); err != nil {
		return false, err
	}
	return true, audit.Put(tx, audit.Entry{Action: "seal.frozen", Object: object(id), Reason: reason})
}

// StateTx is the state of a seal now, and the unit that it is of: for a context
// that follows it, and answers for whom it tells.
func StateTx(tx *db.Tx, id string) (state, org string, err error) {
	x, err := byID(tx, id)
	if err != nil {
		return "", "", err
	}
	return x.At(tx.Now()), x.Org, nil
}

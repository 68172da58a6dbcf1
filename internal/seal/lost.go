package seal

import (
	"context"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/internal/seal/event"
	"sidian/internal/status"
)

// Lost reports that the key of a seal is, or may be, in other hands
// (seal.freeze): every seal of the key is frozen for ever, the key retired and
// its digital certificate revoked at once. What takes its place is made and filed
// anew.
func (s *Service) Lost(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	m, err := s.material(ctx, id)
	if err != nil {
		return err
	}
	err = s.write(ctx, "seal.lost", object(id), func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.allow(ctx, tx, "seal.freeze"); err != nil {
			return err
		}
		switch {
		case !slices.Contains([]string{Effective, Frozen}, x.State):
			return fault.Conflict.New("印章“%s”%s，无需报告密钥失控", x.Name, stateNames[x.State]).WithCode("seal.state").WithHint("请刷新后核对印章状态")
		case !x.LostAt.IsZero():
			return fault.Conflict.New("印章“%s”的密钥已报告失控", x.Name).WithCode("seal.state").WithHint("请申请更换印章，或注销此印章")
		}
		all, err := ofKey(tx, m.keyID)
		if err != nil {
			return err
		}
		for _, each := range all {
			if err := s.lose(tx, each, reason); err != nil {
				return err
			}
		}
		if err := revoke(tx, m.certificate, pki.KeyCompromise, reason); err != nil {
			return err
		}
		return s.Keys.RetireTx(tx, m.keyID)
	})
	if err != nil {
		return err
	}
	return s.PKI.Publish(ctx)
}

// lose ends one of the seals of a lost key: what was filed is frozen, what was
// not cannot be any more.
func (s *Service) lose(tx *db.Tx, x *Seal, reason string) error {
	if x.State == Made {
		if err := setState(tx, x.ID, Cancelled); err != nil {
			return err
		}
		x.State = Cancelled
		if err := s.became(tx, x, event.Cancelled, status.Invalid); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal." + Cancelled, Object: object(x.ID), Reason: reason})
	}
	if err := setLost(tx, x.ID); err != nil {
		return err
	}
	x.State, x.LostAt = Frozen, tx.Now()
	if err := s.became(tx, x, event.Frozen, status.Invalid); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "seal.lost", Object: object(x.ID), Reason: reason})
}

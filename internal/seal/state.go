package seal

import (
	"context"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
)

// SetState freezes, thaws or cancels a seal. What is cancelled stays so: its
// digital certificate is revoked and its key retired. Documents that were
// stamped before, under a time stamp, stay valid.
func (s *Service) SetState(ctx context.Context, id, state, reason string) error {
	if reason == "" {
		return fault.Invalid.New("变更印章状态须说明理由").WithCode("seal.reason").WithHint("请填写理由").WithField("reason", "required", "必填")
	}
	m, err := s.material(ctx, id)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.manage", x.Org); err != nil {
			return err
		}
		if err := x.move(state); err != nil {
			return err
		}
		if err := setState(tx, id, state); err != nil {
			return err
		}
		if state == Cancelled {
			if err := pki.RevokeTx(tx, m.certificate, pki.Ceased, reason); err != nil {
				return err
			}
			if err := s.Keys.RetireTx(tx, m.keyID); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "seal." + state, Object: "seal/" + id, Reason: reason})
	})
	if err != nil || state != Cancelled {
		return err
	}
	return s.PKI.Publish(ctx)
}

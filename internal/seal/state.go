package seal

import (
	"context"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/internal/seal/event"
	"sidian/internal/status"
)

// SetState is Freeze, Thaw or Cancel, by the state that is to be reached.
func (s *Service) SetState(ctx context.Context, id, state, reason string) error {
	switch state {
	case Frozen:
		return s.Freeze(ctx, id, reason)
	case Effective:
		return s.Thaw(ctx, id, reason)
	case Cancelled:
		return s.Cancel(ctx, id, reason)
	}
	return (&Seal{}).move("")
}

// Freeze stops a seal at once, in every process (seal.freeze).
func (s *Service) Freeze(ctx context.Context, id, reason string) error {
	return s.change(ctx, id, "seal.freeze", Frozen, reason, func(tx *db.Tx, x *Seal) error {
		return s.became(tx, x, event.Frozen, status.Suspended)
	})
}

// Thaw takes a frozen seal into use again (seal.manage); not one whose key was
// lost.
func (s *Service) Thaw(ctx context.Context, id, reason string) error {
	return s.change(ctx, id, manage, Effective, reason, func(tx *db.Tx, x *Seal) error {
		return s.became(tx, x, event.Thawed, status.Valid)
	})
}

// Cancel ends a seal for ever (seal.manage): its digital certificate is revoked
// and its key retired, unless another seal that lives has the same. Documents
// that were stamped before, under a time stamp, stay valid.
func (s *Service) Cancel(ctx context.Context, id, reason string) error {
	m, err := s.material(ctx, id)
	if err != nil {
		return err
	}
	err = s.change(ctx, id, manage, Cancelled, reason, func(tx *db.Tx, x *Seal) error {
		if err := s.endKey(tx, x, m, pki.Ceased, reason); err != nil {
			return err
		}
		if err := s.endRenewal(tx, x, reason); err != nil {
			return err
		}
		return s.became(tx, x, event.Cancelled, status.Invalid)
	})
	if err != nil {
		return err
	}
	return s.PKI.Publish(ctx)
}

// change moves a seal to a state, and does what follows from it.
func (s *Service) change(ctx context.Context, id, permission, state, reason string, then func(*db.Tx, *Seal) error) error {
	action := "seal." + state
	if err := needReason(reason); err != nil {
		return err
	}
	return s.write(ctx, action, object(id), func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.allow(ctx, tx, permission); err != nil {
			return err
		}
		if err := x.move(state); err != nil {
			return err
		}
		switch {
		case state == Effective && x.State == Made:
			return fault.Conflict.New("印章“%s”尚未备案", x.Name).WithCode("seal.state").WithHint("请通过备案使印章生效")
		case state == Effective && !x.LostAt.IsZero():
			return fault.Conflict.New("印章“%s”的密钥已报告失控，不能恢复", x.Name).WithCode("seal.lost").WithHint("请申请更换印章，或注销此印章")
		}
		if err := setState(tx, id, state); err != nil {
			return err
		}
		x.State = state
		if err := then(tx, x); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: object(id), Reason: reason})
	})
}

// endKey revokes the digital certificate of a seal that is gone and retires its
// key. It asks after the state has changed. Those of a lost seal have gone
// before.
func (s *Service) endKey(tx *db.Tx, x *Seal, m *material, code int, reason string) error {
	if !x.LostAt.IsZero() {
		return nil
	}
	others, err := ofKey(tx, m.keyID)
	if err != nil || len(others) > 0 {
		return err
	}
	if err := revoke(tx, m.certificate, code, reason); err != nil {
		return err
	}
	return s.Keys.RetireTx(tx, m.keyID)
}

// revoke revokes what the built-in authority issued. One that is revoked already
// stays so; one of an outside authority is its to revoke, and the retired key
// does not sign.
func revoke(tx *db.Tx, c *gm.Certificate, code int, reason string) error {
	err := pki.RevokeTx(tx, c, code, reason)
	if e := fault.As(err); e != nil && e.Code == "pki.revoked" {
		return nil
	}
	return err
}

func needReason(reason string) error {
	if reason == "" {
		return fault.Invalid.New("须说明理由").WithCode("seal.reason").WithHint("请填写理由").WithField("reason", "required", "必填")
	}
	return nil
}

// object is how the audit names a seal.
func object(id string) string { return "seal/" + id }

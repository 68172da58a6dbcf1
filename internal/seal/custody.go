package seal

import (
	"context"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Handover is one change of who keeps a seal (保管移交).
type Handover struct {
	ID        string    `json:"id"`
	Seal      string    `json:"seal"`
	From      string    `json:"from" doc:"移交人账号"`
	To        string    `json:"to" doc:"接收人账号"`
	State     string    `json:"state" enum:"offered,accepted,withdrawn"`
	Reason    string    `json:"reason"`
	OfferedBy string    `json:"offered_by"`
	CreatedAt time.Time `json:"created_at"`
	ClosedBy  string    `json:"closed_by,omitempty"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	Note      string    `json:"note,omitempty" doc:"拒收或撤回的理由"`
}

// States of a handover.
const (
	Offered   = "offered"
	Accepted  = "accepted"
	takenBack = Withdrawn
)

// HandOver offers a seal to who shall keep it, by its custodian or with
// seal.manage. It changes hands when they accept. A newer offer takes the place
// of one that waits.
func (s *Service) HandOver(ctx context.Context, id, to, reason string) (*Handover, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	var x *Seal
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { x, err = byID(tx, id); return err }); err != nil {
		return nil, err
	}
	var h *Handover
	err := s.write(ctx, "seal.handover", object(id), func(tx *db.Tx) (err error) {
		if x, err = byID(tx, id); err != nil {
			return err
		}
		if err := x.kept(ctx, tx); err != nil {
			return err
		}
		h, err = s.offer(tx, x, to, reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// kept refuses who neither keeps the seal nor manages it.
func (s *Seal) kept(ctx context.Context, tx *db.Tx) error {
	if s.keeps(ctx) == nil {
		return nil
	}
	return s.allow(ctx, tx, manage)
}

// person refuses programs: a seal is in somebody's hands.
func person(ctx context.Context) error {
	if audit.ActorFrom(ctx).Account == "" {
		return fault.Forbidden.New("印章由人保管和授权，应用不能代办").WithCode("seal.person").WithHint("请印章保管人登录后办理")
	}
	return nil
}

// keeps refuses who is not the custodian, with the right to use the seal. A
// person keeps their own seal without one.
func (s *Seal) keeps(ctx context.Context) error {
	me := audit.ActorFrom(ctx).Account
	switch {
	case me == "" || me != s.Custodian:
		return fault.Forbidden.New("您不是印章“%s”的保管人", s.Name).WithCode("seal.custodian").WithHint("请由印章保管人办理")
	case s.Kind == Personal && s.Person == me:
		return nil
	}
	return iam.Allow(ctx, "seal.use", s.Org)
}

// offer writes an offer, in place of one that waits.
func (s *Service) offer(tx *db.Tx, x *Seal, to, reason string) (*Handover, error) {
	who, err := iam.SubjectTx(tx, to)
	if unlessNotFound(err) != nil {
		return nil, err
	}
	switch {
	case err != nil || who.Closed:
		return nil, fault.Invalid.New("没有这个接收人，或账号已停用").WithCode("seal.receiver").WithHint("请另选在岗人员").WithField("to", "unknown", "请另选")
	case to == x.Custodian:
		return nil, fault.Conflict.New("接收人已是印章“%s”的保管人", x.Name).WithCode("seal.receiver").WithHint("请另选接收人")
	case x.Kind == Personal:
		return nil, fault.Conflict.New("个人印章由本人保管，不能移交").WithCode("seal.personal").WithHint("不再使用时请注销")
	case !x.live() && x.State != Made:
		return nil, fault.Conflict.New("印章“%s”%s，无需移交", x.Name, stateNames[x.State]).WithCode("seal.state").WithHint("请刷新后核对印章状态")
	}
	me := audit.ActorFrom(tx.Context()).Account
	if err := withdrawOffer(tx, x.ID, me, "改为移交他人"); err != nil {
		return nil, err
	}
	h := &Handover{ID: newID(), Seal: x.ID, From: x.Custodian, To: to, State: Offered, Reason: reason, OfferedBy: me, CreatedAt: ms(tx.Now().UnixMilli())}
	if err := insertHandover(tx, h); err != nil {
		return nil, err
	}
	if err := s.say(tx, to, x, "seal.handover", "移交给您保管，请接收"); err != nil {
		return nil, err
	}
	return h, audit.Put(tx, audit.Entry{Action: "seal.handover", Object: object(x.ID), Reason: reason})
}

func withdrawOffer(tx *db.Tx, id, by, note string) error {
	h, err := openHandover(tx, id)
	if err != nil || h == nil {
		return err
	}
	h.State, h.ClosedBy, h.Note = takenBack, by, note
	return closeHandover(tx, h)
}

// Accept takes over the seal that was offered to the caller, who must hold
// seal.use for its organisation.
func (s *Service) Accept(ctx context.Context, id string) (*Seal, error) {
	var x *Seal
	err := s.write(ctx, "seal.accept", object(id), func(tx *db.Tx) (err error) {
		if x, err = byID(tx, id); err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.use", x.Org); err != nil {
			return err
		}
		if err := person(ctx); err != nil {
			return err
		}
		h, err := openHandover(tx, id)
		me := audit.ActorFrom(ctx).Account
		switch {
		case err != nil:
			return err
		case h == nil || h.To != me:
			return fault.Conflict.New("没有移交给您的印章").WithCode("seal.handover").WithHint("请移交人重新发起移交")
		case !x.live() && x.State != Made:
			return fault.Conflict.New("印章“%s”%s，不能接收", x.Name, stateNames[x.State]).WithCode("seal.state").WithHint("请刷新后核对印章状态")
		}
		h.State, h.ClosedBy = Accepted, me
		if err := closeHandover(tx, h); err != nil {
			return err
		}
		return s.hand(tx, x, me)
	})
	if err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

// hand makes somebody the custodian.
func (s *Service) hand(tx *db.Tx, x *Seal, to string) error {
	from := x.Custodian
	if err := setCustodian(tx, x.ID, to); err != nil {
		return err
	}
	x.Custodian = to
	if err := s.moveRenewal(tx, x); err != nil {
		return err
	}
	if err := s.say(tx, from, x, "seal.accept", "已由接收人接收保管"); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "seal.accept", Object: object(x.ID)})
}

// Decline ends an offer: by whom it was made to, by the custodian, or with
// seal.manage.
func (s *Service) Decline(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.write(ctx, "seal.decline", object(id), func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		h, err := openHandover(tx, id)
		if err != nil {
			return err
		}
		me := audit.ActorFrom(ctx).Account
		if h == nil || h.To != me || me == "" {
			if err := x.kept(ctx, tx); err != nil {
				return err
			}
		}
		if h == nil {
			return fault.Conflict.New("印章“%s”没有待接收的移交", x.Name).WithCode("seal.handover").WithHint("请刷新后核对")
		}
		if err := withdrawOffer(tx, id, me, reason); err != nil {
			return err
		}
		if err := s.say(tx, h.From, x, "seal.decline", "的移交没有完成"); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.decline", Object: object(id), Reason: reason})
	})
}

// Handovers lists who kept a seal and how it changed hands, newest first.
func (s *Service) Handovers(ctx context.Context, id string) (out []Handover, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.readable(ctx, tx); err != nil {
			return err
		}
		out, err = handoversOf(tx, id)
		return err
	})
	return out, err
}

// Kept lists the seals that the caller keeps, and those offered to them.
func (s *Service) Kept(ctx context.Context) (kept, offered []*Seal, err error) {
	me := audit.ActorFrom(ctx).Account
	if me == "" {
		return nil, nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if kept, err = keptBy(tx, me); err != nil {
			return err
		}
		offered, err = offeredTo(tx, me)
		return err
	})
	for _, x := range append(append([]*Seal{}, kept...), offered...) {
		x.State = x.At(s.DB.Now())
	}
	return kept, offered, err
}

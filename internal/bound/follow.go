package bound

import (
	"context"
	"strings"

	"sidian/internal/audit"
	certevent "sidian/internal/cert/event"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	sealevent "sidian/internal/seal/event"
	"sidian/internal/sealapply"
)

// States of a follow.
const (
	followFrozen  = "frozen"
	followRestore = "restore"
	followCancel  = "cancel"
	followEnded   = "ended"
)

var followNames = map[string]string{followFrozen: "印章已随证照冻结", followRestore: "证照已恢复有效，待恢复印章", followCancel: "证照已失效，待注销印章"}

// followed handles what became of a certificate, or of a seal, in the transaction
// that marks the event done. It looks at how things stand now, whatever the event
// says.
func (s *Service) followed(tx *db.Tx, ev outbox.Event) error {
	if ev.Topic == certevent.Changed {
		var c certevent.StatusChanged
		if err := ev.Decode(&c); err != nil || c.Successor != "" {
			return err // the offer goes on to the version that took its place
		}
		list, err := offersByCertificate(tx, c.ID)
		if err != nil {
			return err
		}
		return s.settleAll(tx, list)
	}
	var x sealevent.Seal
	if err := ev.Decode(&x); err != nil {
		return err
	}
	list, err := offersBySeal(tx, x.ID)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := s.sealed(tx, r, ev.Topic, x.ReplacedBy); err != nil {
			return err
		}
	}
	return s.settleAll(tx, list)
}

// sealed notes what became of the seal of an offer.
func (s *Service) sealed(tx *db.Tx, r *row, topic, successor string) error {
	switch topic {
	case sealevent.Filed:
		if r.state != Taken {
			return nil
		}
		now := milli(tx.Now())
		r.state, r.done = Done, &now
		if err := saveOffer(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.done", Object: objectOf(r.id)})
	case sealevent.Replaced:
		r.seal = successor
		return saveOffer(tx, r)
	}
	return s.endFollow(tx, r.id, "") // thawed or cancelled, by people
}

func (s *Service) endFollow(tx *db.Tx, offer, by string) error {
	f, err := followOpen(tx, offer)
	if err != nil || f == nil {
		return err
	}
	now := milli(tx.Now())
	f.state, f.ended, f.endedBy = followEnded, &now, by
	return saveFollow(tx, f)
}

func (s *Service) settleAll(tx *db.Tx, list []*row) error {
	for _, r := range list {
		if err := s.settle(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// settle holds an offer and its seal against the certificate as it stands.
func (s *Service) settle(tx *db.Tx, r *row) error {
	i, err := s.standing(tx, r)
	if err != nil || moved(i) {
		return err
	}
	gone := !i.Stands && !i.Passes
	switch {
	case r.state == Open && gone:
		now := milli(tx.Now())
		r.state, r.ended, r.later = Void, &now, nil
		if err := saveOffer(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.void", Object: objectOf(r.id)})
	case r.state == Taken && !i.Stands:
		if err := s.tellHolder(tx, r, i); err != nil {
			return err
		}
	}
	if !r.follows || r.seal == "" || i.Status == state.Lost { // what was lost is the paper
		return nil
	}
	return s.followSeal(tx, r, i, gone)
}

// followSeal freezes a seal whose certificate stands no more, and says what people
// have to do.
func (s *Service) followSeal(tx *db.Tx, r *row, i state.Info, gone bool) error {
	now, _, err := seal.StateTx(tx, r.seal)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return nil // it is not made
	}
	if err != nil || now == seal.Cancelled || now == seal.Replaced {
		return err
	}
	f, err := followOpen(tx, r.id)
	if err != nil {
		return err
	}
	if i.Stands {
		if f == nil || f.state != followFrozen {
			return nil
		}
		f.state, f.status = followRestore, string(i.Status)
		if err := saveFollow(tx, f); err != nil {
			return err
		}
		return s.task(tx, r, "证照已恢复有效，请核实后恢复企业印章", "印章不会自动恢复使用。")
	}
	w, err := s.openFrom(offerCell(r.id), r.content)
	if err != nil {
		return err
	}
	reason := "所依据的" + w.Title + i.Name + "（电子证照标识 " + r.identifier + "）"
	froze, err := s.Seals.FreezeTx(tx, r.seal, reason)
	if err != nil {
		return err
	}
	want := followFrozen
	if gone {
		want = followCancel
	}
	if !froze && !gone && f == nil {
		return nil // others froze it before: it is theirs to thaw
	}
	was := ""
	if f == nil {
		f = &followRow{id: newID(), offer: r.id, seal: r.seal, status: string(i.Status), state: want, froze: froze, reason: reason, created: milli(tx.Now())}
		err = insertFollow(tx, f)
	} else {
		was = f.state
		f.state, f.status, f.reason, f.froze = want, string(i.Status), reason, f.froze || froze
		err = saveFollow(tx, f)
	}
	if err != nil || was == want {
		return err
	}
	if gone {
		return s.task(tx, r, "证照已失效，请注销企业印章", reason+"。")
	}
	return s.task(tx, r, "企业印章已随证照冻结", reason+"。证照恢复有效后请核实恢复。")
}

// tellHolder tells whoever applied that the application cannot go on for now.
func (s *Service) tellHolder(tx *db.Tx, r *row, i state.Info) error {
	if r.account == "" {
		return nil
	}
	return s.Notices.PutTx(tx, notice.Notice{Account: r.account, Topic: topic, Title: "证照" + i.Name + "，同步申领的印章暂不能办理",
		Text: "证照恢复有效后可以继续；证照已失效的，请撤回印章申请。", Link: WalletLink + "/" + r.id})
}

// task tells those who manage seals at the authority that made the seal.
func (s *Service) task(tx *db.Tx, r *row, title, text string) error {
	x, err := sealapply.StandTx(tx, r.application)
	if err != nil || x == nil || x.Authority == "" {
		return err
	}
	return s.Notices.PutTx(tx, notice.Notice{Org: x.Authority, Permission: permManage, Topic: "bound.follow", Title: title, Text: text, Link: ConsoleLink + "/" + r.id})
}

// Thaw takes the seal of an offer into use again, once its certificate stands
// again: by people, who hold seal.manage for it.
func (s *Service) Thaw(ctx context.Context, q Decision) (*Offer, error) {
	return s.act(ctx, q, followRestore, "bound.thaw", s.Seals.Thaw)
}

// Cancel cancels the seal of an offer whose certificate is gone for good.
func (s *Service) Cancel(ctx context.Context, q Decision) (*Offer, error) {
	return s.act(ctx, q, followCancel, "bound.cancel", s.Seals.Cancel)
}

func (s *Service) act(ctx context.Context, q Decision, from, action string, do func(ctx context.Context, id, reason string) error) (*Offer, error) {
	if err := needReason(q.Reason); err != nil {
		return nil, err
	}
	r, err := s.seen(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := followOpen(tx, r.id)
		if err != nil {
			return err
		}
		if f == nil || f.state != from {
			return fault.Conflict.New("现在没有这项印章事项要办理").WithCode("bound.follow").WithHint("请刷新后按当前状态办理")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := do(ctx, r.seal, strings.TrimSpace(q.Reason)); err != nil {
		return nil, err // package seal records who was refused
	}
	s.step("acted")
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.endFollow(tx, r.id, audit.ActorFrom(ctx).Account); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), Reason: strings.TrimSpace(q.Reason)})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, q.ID)
}

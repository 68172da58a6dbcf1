package seal

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// HoldingSeal is the kind of holding that a kept seal is.
const HoldingSeal = "seal"

// Watcher makes leaving staff hand over the seals they keep: who keeps one
// cannot be closed or moved. Handing over is offering: it is done when the
// receiver has accepted (Accept), who answers for the seal from then on.
func (s *Service) Watcher() iam.Watcher {
	return iam.Watcher{
		Holdings: func(tx *db.Tx, account string) (out []iam.Holding, err error) {
			kept, err := keptBy(tx, account)
			for _, x := range kept {
				how := "移交给接收人，接收人接收后完成；或由印章管理员注销"
				if x.Kind == Personal {
					how = "由本人或印章管理员注销"
				}
				out = append(out, iam.Holding{Kind: HoldingSeal, ID: x.ID, Title: "保管印章" + x.shown(), Org: x.Org, How: how})
			}
			return out, err
		},
		HandOver: func(tx *db.Tx, from, to string, h iam.Holding, reason string) (bool, error) {
			if h.Kind != HoldingSeal {
				return false, nil
			}
			x, err := byID(tx, h.ID)
			if err != nil || x.Custodian != from || x.Kind == Personal {
				return false, err
			}
			_, err = s.offer(tx, x, to, reason)
			return false, err // it is handed over when it is accepted
		},
	}
}

// fit refuses a custodian who could not use the seal.
func (s *Service) fit(ctx context.Context, x *Seal, account string) error {
	if account == "" || s.IAM == nil || x.Kind == Personal && x.Person == account {
		return nil
	}
	as, err := s.IAM.As(context.WithoutCancel(ctx), account)
	if err == nil {
		err = iam.Allow(as, "seal.use", x.Org)
	}
	if err != nil && fault.As(err) == nil {
		return err
	}
	if err != nil {
		return fault.Conflict.New("印章“%s”的保管人没有该单位的用印权限，或账号已停用", x.Name).WithCode("seal.custodian").
			WithHint("请先授予其印章保管员角色，或另选保管人")
	}
	return nil
}

// say tells somebody about a seal.
func (s *Service) say(tx *db.Tx, account string, x *Seal, topic, text string) error {
	if s.Notice == nil || account == "" {
		return nil
	}
	return s.Notice.PutTx(tx, notice.Notice{Account: account, Topic: topic, Title: "印章" + x.shown() + text, Link: "/console/seals/" + x.ID})
}

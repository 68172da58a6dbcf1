package bound

import (
	"context"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// laterDays is after how many days somebody who wants to decide later is told
// again.
const laterDays = 7

// A Decision is about an offer.
type Decision struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"不要写个人信息"`
}

// Decline says that the seal is not wanted.
func (s *Service) Decline(ctx context.Context, q Decision) (*Offer, error) {
	return s.decide(ctx, q, "bound.decline", func(r *row, now int64) {
		r.state, r.reason, r.ended, r.later = Declined, strings.TrimSpace(q.Reason), &now, nil
	})
}

// Later puts the decision off: the holder is told again, once, while there is
// time.
func (s *Service) Later(ctx context.Context, q Decision) (*Offer, error) {
	account := iam.Self(ctx) // whom to tell
	return s.decide(ctx, q, "bound.later", func(r *row, now int64) {
		at := now + laterDays*24*3600*1000
		r.later, r.account = &at, account
	})
}

func (s *Service) decide(ctx context.Context, q Decision, action string, do func(r *row, now int64)) (*Offer, error) {
	_, me, err := s.mine(ctx, q.ID)
	if err == nil {
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			r, err := offerByID(tx, q.ID, true)
			switch {
			case err != nil:
				return err
			case !me.has(r):
				return errUnknown()
			case r.state == Taken:
				return fault.Conflict.New("已经开始申领").WithCode("bound.taken").WithHint("不再需要的，请撤回印章申请")
			case r.state != Open:
				return r.takableBy(me.account, milli(tx.Now()))
			}
			do(r, milli(tx.Now()))
			if err := saveOffer(tx, r); err != nil {
				return err
			}
			return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), Reason: strings.TrimSpace(q.Reason)})
		})
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: objectOf(q.ID)}, err)
	}
	return s.Get(ctx, q.ID)
}

// An AgentRequest names who acts for an enterprise, whose papers staff of the
// issuing unit saw.
type AgentRequest struct {
	ID      string `path:"id" json:"-" maxLength:"64"`
	Name    string `json:"agent_name" minLength:"1" maxLength:"100"`
	Citizen string `json:"agent_citizen" minLength:"1" maxLength:"18" doc:"公民身份号码，已核验证件和委托书"`
}

// NameAgent names the agent of an offer that was made, by whoever drafts
// certificates of its issuer.
func (s *Service) NameAgent(ctx context.Context, q AgentRequest) (*Offer, error) {
	r, err := s.staffs(ctx, q.ID, permDraft)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.agent", Object: objectOf(q.ID)}, err)
	}
	if r.sort != Enterprise {
		return nil, fault.Conflict.New("个人印章由本人申领，没有经办人").WithCode("bound.agent").WithHint("请本人登录后申领")
	}
	account, err := s.knownAgent(ctx, q.Name, q.Citizen)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := offerByID(tx, q.ID, true)
		if err != nil {
			return err
		}
		if r.state != Open {
			return fault.Conflict.New("同步发放“%s”，不能再登记经办人", r.state.Label()).WithCode("bound.state").WithHint("请到印章管理部门办理经办登记")
		}
		w, err := s.openFrom(offerCell(r.id), r.content)
		if err != nil {
			return err
		}
		w.Agent = strings.TrimSpace(q.Name)
		if r.content, err = s.sealTo(offerCell(r.id), w); err != nil {
			return err
		}
		r.agent, r.agentBy = s.holderKey(Personal, q.Citizen), audit.ActorFrom(ctx).Account
		if err := saveOffer(tx, r); err != nil {
			return err
		}
		if account != "" {
			if err := s.Notices.PutTx(tx, s.reminder(r, w.Title, account)); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "bound.agent", Object: objectOf(r.id)})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, q.ID)
}

func (s *Service) reminder(r *row, title, account string) notice.Notice {
	label := sealLabel(r.sort)
	return notice.Notice{Account: account, Topic: topic, Title: "可以申领" + label + "：" + title + "已签发", Text: "名称等信息已按证照填好，核对后提交即可。", Link: WalletLink + "/" + r.id}
}

// Register registers the enterprise of an offer as a unit of the platform, with
// what its certificate says, below the unit above its issuer: by whoever manages
// organisations there.
func (s *Service) Register(ctx context.Context, id string) (*Offer, error) {
	r, err := s.staffs(ctx, id, permRegister)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.register", Object: objectOf(id)}, err)
	}
	if r.sort != Enterprise || r.state != Open && r.state != Taken {
		return nil, fault.Conflict.New("同步发放“%s”，不必登记单位", r.state.Label()).WithCode("bound.state").WithHint("请刷新后查看")
	}
	w, err := s.openFrom(offerCell(id), r.content)
	if err != nil {
		return nil, err
	}
	there, err := s.unitOf(ctx, w.Code)
	if err != nil {
		return nil, err
	}
	if there != nil {
		return nil, fault.Conflict.New("这个统一社会信用代码的单位已经登记").WithCode("bound.registered").WithHint("名称与证照不一致的，请在单位管理中更正")
	}
	var above []iam.Org
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { above, err = iam.AboveTx(tx, r.issuer); return err }); err != nil {
		return nil, err
	}
	parent := above[min(1, len(above)-1)]
	o, err := s.IAM.CreateOrg(ctx, iam.OrgRequest{Parent: parent.ID, Name: w.Name, USCC: w.Code, Region: iam.RegionOf(above), Tier: above[0].Tier, Type: "enterprise"})
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "bound.register", Object: objectOf(id), Reason: "单位 " + o.ID})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

// staffs finds an offer for staff who hold a permission for its issuer; to who may
// not even see it there is none.
func (s *Service) staffs(ctx context.Context, id, permission string) (*row, error) {
	var r *row
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = offerByID(tx, id, false); return err }); err != nil {
		return nil, err
	}
	refused := iam.Allow(ctx, permission, r.issuer)
	if refused == nil {
		return r, nil
	}
	if _, err := s.seen(ctx, id); err != nil {
		return nil, err
	}
	return nil, refused
}

// Tick ends offers whose time is over, and tells again who wanted to decide later.
// Any number of processes may do it at the same time.
func (s *Service) Tick(ctx context.Context) (done int, err error) {
	for {
		var ids []string
		now := milli(s.DB.Now())
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = dueOffers(tx, now, 100); return err }); err != nil {
			return done, err
		}
		for _, id := range ids {
			if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.tickTx(tx, id, now) }); err != nil {
				return done, err
			}
			done++
		}
		if len(ids) < 100 {
			return done, nil
		}
	}
}

func (s *Service) tickTx(tx *db.Tx, id string, now int64) error {
	r, err := offerByID(tx, id, true)
	if err != nil || r.state != Open {
		return err
	}
	if r.until <= now {
		at := milli(tx.Now())
		r.state, r.ended, r.later = Expired, &at, nil
		if err := saveOffer(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.expire", Object: objectOf(id)})
	}
	if r.later == nil || *r.later > now {
		return nil // another process was first
	}
	r.later = nil
	w, err := s.openFrom(offerCell(id), r.content)
	if err != nil {
		return err
	}
	if err := saveOffer(tx, r); err != nil || r.account == "" {
		return err
	}
	return s.Notices.PutTx(tx, s.reminder(r, w.Title, r.account))
}

package seal

import (
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal/event"
)

// An Approval lets one person use a seal once, over one content.
type Approval struct {
	ID       string    `json:"id"`
	Seal     string    `json:"seal"`
	Object   string    `json:"object" doc:"为何用印"`
	Content  gm.Digest `json:"-"`
	Operator string    `json:"operator" doc:"申请人账号：由其用印"`
	Approver string    `json:"approver" doc:"批准人账号"`
	Device   string    `json:"device,omitempty" doc:"批准时所用设备"`
	Factor   string    `json:"factor" doc:"批准时的身份确认方式"`
	Basis    string    `json:"basis" doc:"依据：适用的规则和理由"`
	Until    time.Time `json:"until"`
	At       time.Time `json:"at"`
	UsedBy   string    `json:"used_by,omitempty" doc:"用印记录编号"`
	UsedAt   time.Time `json:"used_at,omitzero"`
}

// How long an approval holds where it does not say, and at the longest.
const (
	usualApproval = 24 * time.Hour
	mostApproval  = 30 * 24 * time.Hour
)

// bySession is the factor of who signed in with two a moment ago.
const bySession = "session"

// ApproveTx records that the custodian allows one use. Approver is whoever acts
// in tx; Until is a day from now where it is zero, and never after the seal's
// end. Factor is by what the approver proved once more to be there: the caller
// has asked. Programs do not approve, and nobody their own request; a person's
// own seal is theirs to use.
func (s *Service) ApproveTx(tx *db.Tx, a Approval) (id string, err error) {
	x, err := byID(tx, a.Seal)
	if err != nil {
		return "", err
	}
	if err := mayApprove(tx, x, &a); err != nil {
		return "", err
	}
	if err := x.usable(tx.Now()); err != nil {
		return "", err
	}
	g, err := s.guard(tx.Context())
	if err != nil {
		return "", err
	}
	a.ID, a.Until = newID(), approvedUntil(a.Until, x, tx.Now())
	if err := insertApproval(tx, g, &a); err != nil {
		return "", err
	}
	if err := s.granted(tx, &a); err != nil {
		return "", err
	}
	return a.ID, audit.Put(tx, audit.Entry{Action: "seal.approve", Object: object(x.ID), Reason: a.Basis, After: a.Content})
}

// mayApprove fills in who approves and refuses what is not theirs to approve.
func mayApprove(tx *db.Tx, x *Seal, a *Approval) error {
	me := audit.ActorFrom(tx.Context())
	p, _ := iam.From(tx.Context())
	switch {
	case me.App != "" || me.Account == "":
		return fault.Forbidden.New("程序不能批准用印").WithCode("seal.program").WithHint("请由印章保管人批准；程序用印须有常备用印授权")
	case a.Approver != "" && a.Approver != me.Account:
		return fault.Forbidden.New("不能代他人批准用印").WithCode("seal.approver").WithHint("请由批准人本人办理")
	}
	a.Approver = me.Account
	if err := x.keeps(tx.Context()); err != nil {
		return err
	}
	switch {
	case a.Operator == "" || a.Object == "" || a.Content == (gm.Digest{}):
		return fault.Invalid.New("用印审批须写明申请人、事项和待签内容").WithCode("seal.approval-request").WithHint("请补全后重试")
	case a.Operator == me.Account && x.Kind != Personal:
		return fault.Forbidden.New("不能批准自己提出的用印申请").WithCode("seal.own-request").WithHint("请将印章移交他人保管后由其批准，或由他人提出申请")
	case a.Factor == "" || a.Factor == bySession && !(p != nil && p.Second):
		return fault.Forbidden.New("批准用印须再次确认身份").WithCode("confirm.needed").WithHint("请输入动态口令等第二因素后重试")
	}
	return nil
}

func approvedUntil(until time.Time, x *Seal, now time.Time) time.Time {
	if until.IsZero() {
		until = now.Add(usualApproval)
	}
	for _, end := range []time.Time{x.ValidTo, now.Add(mostApproval)} {
		if until.After(end) {
			until = end
		}
	}
	return until
}

func (s *Service) granted(tx *db.Tx, a *Approval) error {
	return s.emit(tx, event.Granted, a.ID, event.Use{
		ID: a.ID, Seal: a.Seal, Object: a.Object, Content: hexOf(a.Content), Approval: a.ID, At: tx.Now().UnixMilli(),
	}, []byte(a.ID), []byte(a.Seal), []byte(a.Object), a.Content[:], nil)
}

// IntendApprovedTx is IntendTx under an approval, which it takes: nobody gets a
// second token for it. Whoever acts in tx must be who asked, for the same object
// over the same content.
func (s *Service) IntendApprovedTx(tx *db.Tx, approval, object string, content gm.Digest) (*Token, error) {
	g, err := s.guard(tx.Context())
	if err != nil {
		return nil, err
	}
	a, err := approvalByID(tx, approval)
	if err != nil {
		return nil, err
	}
	if a.UsedBy == "" && !intact(g.approvals, a) {
		return nil, errAltered("seal_approval", a.ID)
	}
	me := audit.ActorFrom(tx.Context())
	if err := a.covers(me, object, content, tx.Now()); err != nil {
		return nil, err
	}
	x, err := byID(tx, a.Seal)
	if err != nil {
		return nil, err
	}
	if err := x.usable(tx.Now()); err != nil {
		return nil, err
	}
	u := &Use{
		ID: newID(), Seal: x.ID, Object: object, Plan: content, State: Intended, Attempts: 1, Account: me.Account, App: me.App,
		Approval: a.ID, Operator: a.Operator, Device: a.Device,
	}
	taken, err := useApproval(tx, g, a, u.ID)
	if err != nil {
		return nil, err
	}
	if !taken {
		return nil, errUsed()
	}
	if err := insertUse(tx, g, u); err != nil {
		return nil, err
	}
	return newToken(tx, u), nil
}

// covers refuses what the approval was not given for.
func (a *Approval) covers(me audit.Actor, object string, content gm.Digest, now time.Time) error {
	switch {
	case a.Operator != me.Account || me.App != "":
		return fault.Forbidden.New("这项用印审批是为他人作出的").WithCode("seal.approval-operator").WithHint("请由申请人本人用印，或自行申请")
	case a.Object != object:
		return fault.Forbidden.New("这项用印审批是为另一事项作出的").WithCode("seal.approval-object").WithHint("请为本事项申请用印")
	case a.Content != content:
		return fault.Conflict.New("文件在批准之后有改动，拒绝用印").WithCode("seal.approval-content").WithHint("请用批准的文件，或为改动后的文件重新申请用印")
	case a.UsedBy != "":
		return errUsed()
	case now.After(a.Until):
		return fault.Conflict.New("用印审批已于 %s 过期", a.Until.In(beijing).Format(time.DateTime)).WithCode("seal.approval-expired").WithHint("请重新申请用印")
	}
	return nil
}

func errUsed() error {
	return fault.Conflict.New("用印审批已经使用过，一项审批只能用印一次").WithCode("seal.approval-used").WithHint("请重新申请用印")
}

// ApprovalTx returns an approval. Who may see it is the caller's to say.
func ApprovalTx(tx *db.Tx, id string) (*Approval, error) {
	a, err := approvalByID(tx, id)
	if errors.Is(err, fault.Forbidden) {
		return nil, fault.NotFound.New("没有这项用印审批").WithCode("seal.approval")
	}
	if err != nil {
		return nil, err
	}
	return &a.Approval, nil
}

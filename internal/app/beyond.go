package app

import (
	"context"
	"errors"

	annotationevent "sidian/internal/annotation/event"
	certevent "sidian/internal/cert/event"
	complaintevent "sidian/internal/complaint/event"
	feedbackevent "sidian/internal/feedback/event"
	"sidian/internal/httpx"
	"sidian/internal/keys"
	matterevent "sidian/internal/matter/event"
	sealevent "sidian/internal/seal/event"
	applyevent "sidian/internal/sealapply/event"
	sealingevent "sidian/internal/sealing/event"
	signevent "sidian/internal/signature/event"
	"sidian/internal/webhook"
)

// topics are what programs may be told of, and the scope that each needs.
func topics() []webhook.Topic {
	return []webhook.Topic{
		{Name: certevent.Issued, Label: "证照已签发", Scope: "cert.read"},
		{Name: certevent.Withdrawn, Label: "证照签发已撤回", Scope: "cert.read"},
		{Name: certevent.Changed, Label: "证照状态已变更", Scope: "cert.read"},
		{Name: annotationevent.Made, Label: "加注件已制成", Scope: "cert.read"},
		{Name: annotationevent.Ended, Label: "持证人已撤回加注件", Scope: "cert.read"},
		{Name: feedbackevent.Made, Label: "收到执法反馈", Scope: "cert.read"},
		{Name: feedbackevent.Decided, Label: "执法反馈已答复", Scope: "cert.read"},
		{Name: applyevent.Applied, Label: "印章申请已提交", Scope: "seal.apply"},
		{Name: applyevent.Reviewed, Label: "印章申请已通过一级审核", Scope: "seal.apply"},
		{Name: applyevent.Refused, Label: "印章申请未通过", Scope: "seal.apply"},
		{Name: sealevent.Filed, Label: "印章已备案", Scope: "seal.read"},
		{Name: sealevent.Frozen, Label: "印章已冻结", Scope: "seal.read"},
		{Name: sealevent.Thawed, Label: "印章已恢复", Scope: "seal.read"},
		{Name: sealevent.Cancelled, Label: "印章已注销", Scope: "seal.read"},
		{Name: sealevent.Replaced, Label: "印章已更换", Scope: "seal.read"},
		{Name: sealingevent.Asked, Label: "用印申请待批准", Scope: "seal.read"},
		{Name: sealingevent.Done, Label: "用印完成", Scope: "seal.read"},
		{Name: sealingevent.Refused, Label: "用印申请未批准", Scope: "seal.read"},
		{Name: sealingevent.Withdrawn, Label: "用印申请已撤回", Scope: "seal.read"},
		{Name: signevent.Invited, Label: "已邀请签署人", Scope: "signature.read"},
		{Name: signevent.Signed, Label: "签署人已签署", Scope: "signature.read"},
		{Name: signevent.Refused, Label: "签署人拒绝签署", Scope: "signature.read"},
		{Name: signevent.Done, Label: "签署完成", Scope: "signature.read"},
		{Name: signevent.Withdrawn, Label: "签署任务已撤回", Scope: "signature.read"},
		{Name: signevent.Expired, Label: "签署任务已逾期", Scope: "signature.read"},
		{Name: complaintevent.Filed, Label: "收到拒收电子印章的投诉", Scope: "complaint.read"},
		{Name: complaintevent.Decided, Label: "拒收投诉已处理", Scope: "complaint.read"},
		{Name: matterevent.Opened, Label: "办件已受理", Scope: "matter.read"},
		{Name: matterevent.Result, Label: "办件的结果证照已签发", Scope: "matter.read"},
		{Name: matterevent.Closed, Label: "办件已办结", Scope: "matter.read"},
	}
}

// beyond fills in what reaches other programs and platforms, and gathers who
// encrypts columns.
func (a *App) beyond(ctx context.Context) (err error) {
	c := a.Conf
	box, err := a.Keys.Box(ctx)
	if err != nil {
		return err
	}
	a.Webhook.IAM, a.Webhook.Box = a.IAM, box
	a.Webhook.Call = httpx.NewClient(httpx.ClientOptions{Hosts: c.Outgoing.Hosts, Private: c.Outgoing.Private, MaxBody: 64 << 10})
	lists, err := a.Status.Resealer(ctx)
	if err != nil {
		return err
	}
	stamps, err := a.PKI.Resealer(ctx)
	if err != nil {
		return err
	}
	resealers := []keys.Resealer{
		a.IAM, a.Auth, a.Cert.Resealer(), a.Annotation.Resealer(), a.Feedback.Resealer(), a.Onboard, lists, stamps, a.SealApply.Resealer(), a.Signature.Resealer(), a.Complaint.Resealer(), a.Issuing.Resealer(), a.Batch.Resealer(), a.Matter.Resealer(), a.Bound.Resealer(), a.Provider, a.Webhook, a.Notice.Resealer(),
	}
	if a.Ferry != nil {
		a.Ferry.Box = box
		resealers = append(resealers, a.Ferry)
	}
	a.archive()
	a.Rotation = a.Keys.Rotation(keys.Field, resealers...)
	return nil
}

// carry makes and takes the files of the other zone, where directories for them
// are configured.
func (a *App) carry(ctx context.Context) (err error) {
	if a.Ferry == nil {
		return nil
	}
	if dir := a.Conf.Ferry.OutDir; dir != "" {
		_, err = a.Ferry.Out(ctx, dir)
	}
	if dir := a.Conf.Ferry.InDir; dir != "" {
		_, e := a.Ferry.InDir(ctx, dir)
		err = errors.Join(err, e)
	}
	return err
}

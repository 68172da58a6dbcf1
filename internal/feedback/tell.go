package feedback

import (
	"encoding/binary"
	"errors"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/feedback/event"
	"sidian/internal/notice"
	"sidian/internal/outbox"
)

// dueDecide is the deadline of the unit's answer in package due, and its topic.
const dueDecide = "feedback.decide"

func linkOf(id string) string { return "/console/feedback/" + id }

// keptTx stops the unit's clock.
func (s *Service) keptTx(tx *db.Tx, r *row) (err error) {
	if r.state == Withdrawn {
		return s.dropTx(tx, r, "反馈单位已撤回")
	}
	if s.Due == nil {
		return nil
	}
	_, err = s.Due.Keep(tx, dueDecide, r.id)
	return unless(err, fault.NotFound)
}

func (s *Service) dropTx(tx *db.Tx, r *row, reason string) (err error) {
	if s.Due == nil {
		return nil
	}
	_, err = s.Due.Drop(tx, dueDecide, r.id, reason)
	return unless(err, fault.NotFound)
}

func unless(err error, kind fault.Kind) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// tellUnit tells the unit that a feedback waits for it.
func (s *Service) tellUnit(tx *db.Tx, r *row) error {
	a, _ := actionOf(r.action)
	return s.notice(tx, notice.Notice{
		Topic: "feedback.made", Org: r.unit, Permission: permDecide, Link: linkOf(r.id), Title: "收到执法反馈：" + clip(r.kindName, 60) + " " + a.Name,
		Text: "反馈编号 " + r.number + "。请核对后确认；确认后证照状态随即变更，并通知各接入系统。",
	})
}

// tellReopened tells the unit that what it agreed to could not be done.
func (s *Service) tellReopened(tx *db.Tx, r *row) error {
	return s.notice(tx, notice.Notice{
		Topic: "feedback.reopened", Org: r.unit, Permission: permDecide, Link: linkOf(r.id), Title: "执法反馈 " + r.number + " 没有办成，仍待确认",
		Text: "证照的状态在确认前后另有变更，或证照不允许办理。请重新核对；不能办理的，请写明原因，不予采纳。",
	})
}

// tellEnd tells the other side what became of it.
func (s *Service) tellEnd(tx *db.Tx, r *row) error {
	a, _ := actionOf(r.action)
	n := notice.Notice{Topic: "feedback." + string(r.state), Account: r.account, Link: linkOf(r.id)}
	switch r.state {
	case Done:
		n.Title, n.Text = "您反馈的"+clip(r.kindName, 60)+"已"+a.Name, "反馈编号 "+r.number+"。发证单位已确认，证照状态已变更。"
	case Moot:
		n.Title, n.Text = "您反馈的"+clip(r.kindName, 60)+"此前已"+a.Name, "反馈编号 "+r.number+"。发证单位已确认，证照状态不用再变更。"
	case Refused:
		n.Title, n.Text = "执法反馈未被采纳："+clip(r.kindName, 60), "反馈编号 "+r.number+"。理由见反馈页面。"
	case Withdrawn:
		return s.notice(tx, notice.Notice{Topic: n.Topic, Org: r.unit, Permission: permDecide, Link: n.Link, Title: "执法反馈 " + r.number + " 已由反馈单位撤回"})
	}
	if n.Account == "" { // a program told it
		n.Org, n.Permission = r.org, permTell
	}
	return s.notice(tx, n)
}

func (s *Service) notice(tx *db.Tx, n notice.Notice) error {
	if s.Notices == nil {
		return nil
	}
	return s.Notices.PutTx(tx, n)
}

func (s *Service) eventTx(tx *db.Tx, r *row, topic string) error {
	at := milli(tx.Now())
	d := r.digest()
	leaf := binary.BigEndian.AppendUint64(join([]byte("sidian-feedback-event-1"), []byte(topic), d[:]), uint64(at))
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.id, Leaf: leaf, Body: event.Feedback{
		ID: r.id, Number: r.number, Org: r.org, Unit: r.unit, Certificate: r.certificate, Identifier: r.identifier, Kind: r.kind, Action: r.action, On: r.on,
		State: string(r.state), Seq: int(r.act), FiledAt: r.created, At: at,
	}})
}

// digest is of what a feedback is, without what people wrote.
func (r *row) digest() gm.Digest {
	b := join([]byte("sidian-feedback-1"), []byte(r.id), []byte(r.number), []byte(r.org), []byte(r.unit), []byte(r.certificate), []byte(r.action), []byte(r.on),
		[]byte(r.until), r.document, []byte(r.state))
	return gm.Sum(binary.BigEndian.AppendUint64(b, uint64(r.act)))
}

// join writes fields, each as its length in eight bytes, big-endian, and its bytes.
func join(fields ...[]byte) (b []byte) {
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

package issuing

import (
	"encoding/binary"
	"errors"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/notice"
)

// Deadlines: codes of package due, and topics of promises.
const (
	dueCollect = "issuing.collect"
	dueReview  = "issuing.review"
	dueSeal    = "issuing.seal"
	duePush    = "cert.offline.push"
	dueMakeup  = "cert.outage.makeup"
)

// clocks are the deadlines of the states in which somebody has something to do.
var clocks = map[State]struct{ topic, permission, title string }{
	Drafted:   {dueCollect, permCollect, "采集或补正证照信息"},
	Submitted: {dueReview, permReview, "审核证照信息"},
	Passed:    {dueSeal, permSeal, "制作签发证照"},
	Issuing:   {dueSeal, permSeal, "制作签发证照"},
}

// applicationLink is where a holder finds what they asked for.
const applicationLink = "/wallet/applications"

// Link is the page of a draft.
func Link(id string) string { return "/console/issuing/" + id }

func (s *Service) promise(tx *db.Tx, r *row, kind string) error {
	c, ok := clocks[r.state]
	if r.due = milli(tx.Now()); s.Due == nil || !ok {
		return nil
	}
	p, err := s.Due.Put(tx, due.Promise{Topic: c.topic, Object: r.id, Region: r.region, Org: r.unit, Permission: c.permission,
		Title: clip(c.title+"："+kind, 190), Link: Link(r.id)})
	r.due = milli(p.Due)
	return err
}

// clocksTx ends the clock of the state that was left, and starts that of the one
// that was reached.
func (s *Service) clocksTx(tx *db.Tx, r *row, from State, kind string) (err error) {
	if s.Due == nil {
		return nil
	}
	was, is := clocks[from].topic, clocks[r.state].topic
	if was == is {
		return nil
	}
	switch {
	case was == "":
	case r.state == Dropped:
		_, err = s.Due.Drop(tx, was, r.id, "此件已终止")
	default:
		_, err = s.Due.Keep(tx, was, r.id)
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return s.promise(tx, r, kind)
}

// pushedTx notes that something that was made offline has come, in time or late
// (N3): the clock began when the matter was finished.
func (s *Service) pushedTx(tx *db.Tx, r *row) error {
	if s.Due == nil || r.mode != Offline {
		return nil
	}
	_, err := s.Due.Put(tx, due.Promise{Topic: duePush, Object: r.id, Region: r.region, Org: r.unit, Permission: permCollect,
		Title: "推送离线生成的证照", Link: Link(r.id), Since: moment(*r.finished)})
	if err != nil {
		return err
	}
	p, err := s.Due.Keep(tx, duePush, r.id)
	r.late = p.Late
	return err
}

// recordTx adds what was done to the steps, as the last that the draft counts,
// and to the audit.
func (s *Service) recordTx(tx *db.Tx, r *row, a Action, actor string, n *note) error {
	x := &stepRow{seq: r.steps, at: milli(tx.Now()), actor: actor, action: a, state: r.state, version: r.version}
	if !n.empty() {
		var err error
		if x.note, err = s.sealTo(noteCell(r.id, x.seq), n); err != nil {
			return err
		}
	}
	x.mac = s.guard.steps.Mac(x.key(r.id), x.fields(r.id)...)
	if err := putStep(tx, r.id, x); err != nil {
		return err
	}
	e := audit.Entry{Action: "issuing." + string(a), Object: objectOf(r.id), After: r.digest()}
	if n != nil {
		e.Reason = n.Reason
	}
	return audit.Put(tx, e)
}

// digest is of what a draft is; of what was collected it has the sealed bytes.
func (r *row) digest() gm.Digest {
	var b []byte
	for _, f := range [][]byte{[]byte("sidian-issuing-1"), []byte(r.id), []byte(r.unit), []byte(r.kind), []byte(r.state), []byte(r.mode), []byte(r.certificate), r.content} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return gm.Sum(binary.BigEndian.AppendUint64(b, uint64(r.version)))
}

// tellTx tells those who wait what became of a draft. No words of anybody's are
// in it.
func (s *Service) tellTx(tx *db.Tx, r *row, a Action, kind string) error {
	if s.Notices == nil {
		return nil
	}
	n := notice.Notice{Topic: "issuing." + string(a), Org: r.unit, Permission: permCollect, Link: Link(r.id)}
	switch a {
	case ActApply:
		n.Title, n.Text = "收到网上申领："+kind, "请核对申领人填写的信息，齐全的提交审核。"
	case ActRefuse:
		n.Title, n.Text = "用印单位不予用印："+kind, "理由见办理页面；请补正或调整用印单位后重新提交。"
	case ActReturn, ActSendBack:
		n.Title, n.Text = "证照信息被退回："+kind, "请按逐项说明补正后再提交。"
	case ActFail:
		n.Permission, n.Title, n.Text = permSeal, "签发没有完成："+kind, "原因见办理页面；排除后再次签发。"
	}
	if n.Title != "" {
		n.Title = clip(n.Title, 150)
		if err := s.Notices.PutTx(tx, n); err != nil {
			return err
		}
	}
	return s.tellApplicantTx(tx, r, a, kind)
}

// applicantTold is what an applicant is told.
var applicantTold = map[Action][2]string{
	ActSubmit: {"您申领的%s已受理", "经办人已核对，正在审核。"},
	ActIssued: {"您申领的%s已签发", "可以在“我的证照”中查看。"},
	ActDrop:   {"您申领的%s未予受理", "理由见申领记录。"},
}

func (s *Service) tellApplicantTx(tx *db.Tx, r *row, a Action, kind string) error {
	told, ok := applicantTold[a]
	if !ok || r.applicant == "" {
		return nil
	}
	return s.Notices.PutTx(tx, notice.Notice{Topic: "issuing.application", Account: r.applicant, Title: clip(withKind(told[0], kind), 150), Text: told[1], Link: applicationLink})
}

// withKind puts the name of a kind into a sentence.
func withKind(text, kind string) string { return strings.Replace(text, "%s", kind, 1) }

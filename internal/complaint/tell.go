package complaint

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/complaint/event"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/workday"
)

// Deadlines: codes of package due, and topics of promises.
const (
	dueExplain = "complaint.explain"
	dueDecide  = "complaint.decide"
	dueRectify = "complaint.rectify"
	dueConfirm = "complaint.confirm"
)

// linkOf is the page of a complaint at the desk; ownLink in the wallet.
func linkOf(id string) string  { return "/console/complaints/" + id }
func ownLink(id string) string { return "/wallet/complaints/" + id }

// promise starts a clock and returns its end; 0 without clocks.
func (s *Service) promise(tx *db.Tx, r *row, topic, org, permission, title string) (int64, error) {
	if s.Due == nil {
		return 0, nil
	}
	p, err := s.Due.Put(tx, due.Promise{Topic: topic, Object: r.id, Region: r.region, Org: org, Permission: permission, Title: clip(title, 190), Link: linkOf(r.id)})
	return milli(p.Due), err
}

// kept ends a clock, or drops it where nothing is left to do.
func (s *Service) kept(tx *db.Tx, r *row, topic, dropped string) (err error) {
	if s.Due == nil {
		return nil
	}
	if dropped == "" {
		_, err = s.Due.Keep(tx, topic, r.id)
	} else {
		_, err = s.Due.Drop(tx, topic, r.id, dropped)
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// beginTx starts the clocks of a new complaint.
func (s *Service) beginTx(tx *db.Tx, r *row, unit string) (err error) {
	if r.explainDue, err = s.promise(tx, r, dueExplain, r.org, permReply, "说明被投诉拒收电子印章的情况"); err != nil {
		return err
	}
	r.decideDue, err = s.promise(tx, r, dueDecide, r.authority, permHandle, "处理对"+unit+"拒收电子印章的投诉")
	return err
}

// clocksTx ends the clock of the state that was left, and starts that of the one
// that was reached.
func (s *Service) clocksTx(tx *db.Tx, r *row, from State) (err error) {
	over := ""
	if r.state == Withdrawn {
		over = "投诉人已撤回"
	}
	switch from {
	case Filed:
		without := over
		if r.state != Explained && over == "" {
			without = "逾期未说明，处理单位已直接处理"
		}
		err = s.kept(tx, r, dueExplain, without)
		if err == nil && r.state != Explained {
			err = s.kept(tx, r, dueDecide, over)
		}
	case Explained:
		err = s.kept(tx, r, dueDecide, over)
	case Upheld:
		err = s.kept(tx, r, dueRectify, "")
	case Rectified:
		err = s.kept(tx, r, dueConfirm, "")
	}
	if err != nil {
		return err
	}
	switch r.state {
	case Upheld:
		r.rectifyDue, err = s.promise(tx, r, dueRectify, r.org, permReply, "改正拒收电子印章的做法，并报告改正情况")
	case Rectified:
		_, err = s.promise(tx, r, dueConfirm, r.authority, permHandle, "确认拒收电子印章的改正情况")
	}
	return err
}

// workdays counts the working days from a moment until now.
func (s *Service) workdays(tx *db.Tx, since int64) (int64, error) {
	days := workday.Embedded()
	if s.Due != nil {
		var err error
		if days, err = s.Due.Calendar(tx); err != nil {
			return 0, err
		}
	}
	n, _ := days.Between(workday.DateOf(moment(since)), workday.DateOf(tx.Now()))
	return int64(n), nil
}

// recordTx adds what was done to the history and to the audit, and tells the
// others.
func (s *Service) recordTx(tx *db.Tx, r *row, a Action, side Side, n *note, action string) error {
	before, err := historyOf(tx, r.id)
	if err != nil {
		return err
	}
	h := &historyRow{seq: int64(len(before) + 1), at: milli(tx.Now()), account: audit.ActorFrom(tx.Context()).Account, action: string(a), state: string(r.state)}
	switch side {
	case Unit:
		h.org = r.org
	case Authority:
		h.org = r.authority
	}
	if n != nil {
		if h.note, err = s.sealTo(noteCell(r.id, h.seq), n); err != nil {
			return err
		}
	}
	if err := putHistory(tx, r.id, h); err != nil {
		return err
	}
	unit, err := iam.OrgTx(tx, r.org)
	if err != nil {
		return err
	}
	if err := s.noticesTx(tx, r, a, unit.Name); err != nil {
		return err
	}
	switch a {
	case ActFile:
		err = s.eventTx(tx, r, event.Filed)
	case ActUphold, ActDismiss, ActExempt:
		err = s.eventTx(tx, r, event.Decided)
	}
	if err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), After: r.digest()})
}

// digest is of what a complaint is, without what people wrote.
func (r *row) digest() gm.Digest {
	return gm.Sum(join([]byte("sidian-complaint-1"), []byte(r.id), []byte(r.org), []byte(r.authority), []byte(r.what), []byte(r.way), []byte(r.happened),
		r.document, []byte(r.state), []byte(r.outcome)))
}

// join writes fields, each as its length in eight bytes, big-endian, and its
// bytes.
func join(fields ...[]byte) (b []byte) {
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

func (s *Service) eventTx(tx *db.Tx, r *row, topic string) error {
	if s.Outbox == nil {
		return nil
	}
	at := milli(tx.Now())
	d := r.digest()
	leaf := binary.BigEndian.AppendUint64(join([]byte("sidian-complaint-event-1"), []byte(topic), d[:]), uint64(at))
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.id, Leaf: leaf,
		Body: event.Complaint{ID: r.id, Org: r.org, Authority: r.authority, What: r.what, State: string(r.state), At: at}})
}

// A telling is a notice to one of the sides.
type telling struct {
	to          Side
	title, text string
}

// tellings are who is told what, by what was done. No text of anybody's is in them.
var tellings = map[Action][]telling{
	ActFile: {
		{Unit, "有人投诉本单位拒收电子印章", "请在期限内说明情况。"}, {Authority, "收到对%s拒收电子印章的投诉", "单位说明后，或说明期限过后处理。"},
	},
	ActExplain:  {{Authority, "%s已说明被投诉的情况", "请在期限内处理。"}, {Complainant, "%s已就您的投诉作出说明", "处理单位将在期限内作出处理。"}},
	ActUphold:   {{Unit, "投诉属实：请改正拒收电子印章的做法", "请接受电子印章文件，并在期限内报告改正情况。"}, {Complainant, "您对%s的投诉属实，已责令改正", ""}},
	ActDismiss:  {{Unit, "对本单位拒收电子印章的投诉不属实", ""}, {Complainant, "您对%s的投诉已处理：不属实", "处理意见见投诉页面。"}},
	ActExempt:   {{Unit, "对本单位拒收电子印章的投诉：属法定不适用情形", ""}, {Complainant, "您对%s的投诉已处理：属法定不适用情形", "法律依据见投诉页面。"}},
	ActRectify:  {{Authority, "%s已报告改正情况", "请在期限内确认。"}},
	ActAccept:   {{Unit, "改正情况已确认", ""}, {Complainant, "%s已改正，您的投诉已办结", "您可以再次使用电子印章文件办理。"}},
	ActReturn:   {{Unit, "改正情况未获确认，请继续改正", "理由见投诉页面。"}},
	ActWithdraw: {{Unit, "对本单位的一件投诉已由投诉人撤回", ""}, {Authority, "对%s的一件投诉已由投诉人撤回", ""}},
}

func (s *Service) noticesTx(tx *db.Tx, r *row, a Action, unit string) error {
	if s.Notices == nil {
		return nil
	}
	for _, t := range tellings[a] {
		n := notice.Notice{Topic: "complaint." + string(a), Title: clip(withUnit(t.title, unit), 150), Text: t.text, Link: linkOf(r.id)}
		switch t.to {
		case Complainant:
			n.Account, n.Link = r.account, ownLink(r.id)
		case Unit:
			n.Org, n.Permission = r.org, permReply
		case Authority:
			n.Org, n.Permission = r.authority, permHandle
		}
		if err := s.Notices.PutTx(tx, n); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(b []byte) (d gm.Digest) { copy(d[:], b); return d }

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// after tells whether a deadline is past.
func after(now time.Time, due int64) bool { return due != 0 && milli(now) > due }

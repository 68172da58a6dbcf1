package composite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// Acts of cert that the platform does.
const (
	actSuspend = "suspend"
	actResume  = "resume"
	actCancel  = "cancel"
)

// mostRounds bounds how often one look looks again: each time somebody else acted.
const mostRounds = 8

// follow makes a composite what its members make of it, and returns its standing.
// It looks, acts through cert, and looks again until nothing is left to do. One at a
// time follows a composite: see claim.
func (s *Service) follow(ctx context.Context, id string) (Standing, error) {
	for range mostRounds {
		if err := s.advance(ctx, id); err != nil {
			return "", err
		}
		v, err := s.look(ctx, id)
		if err != nil || v == nil {
			return "", err
		}
		again, err := s.settle(ctx, v)
		if err != nil || !again {
			return v.standing, err
		}
	}
	return "", fault.Unavailable.New("综合许可的成员正在变化").WithCode("composite.busy").WithHint("稍后由平台再试")
}

// A view is a composite with its members, as they stood at one moment.
type view struct {
	row      *row
	unit     string // that answers for its certificate
	acts     int    // that its certificate had before that moment
	status   string // of its certificate
	next     string // the version that took its certificate's place
	members  []memberRow
	standing Standing
	because  int
	said     string // what decides, in words
}

// look reads the certificate first and its members after it: an act that is done
// with the acts seen is done on what the members were then, or not at all.
func (s *Service) look(ctx context.Context, id string) (v *view, err error) {
	var certificate string
	err = s.read(ctx, func(tx *db.Tx) error {
		r, err := s.take(tx, id, false)
		if err == nil {
			certificate = r.certificate
		}
		return err
	})
	if err != nil || certificate == "" {
		return nil, err
	}
	own, err := s.Cert.Base(ctx, certificate)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(tx *db.Tx) error {
		v = &view{unit: own.Certificate.Unit(), acts: own.Certificate.Acts, next: own.Certificate.Successor}
		if v.row, err = s.take(tx, id, false); err != nil {
			return err
		}
		c, err := s.Cert.ForCaseTx(tx, v.row.certificate, "")
		if err != nil {
			return err
		}
		v.status = c.Status
		if v.members, err = s.members(tx, v.row); err != nil {
			return err
		}
		var parts []Part
		for i := range v.members {
			m := &v.members[i]
			c, err := s.Cert.ForCaseTx(tx, m.certificate, "")
			if err != nil {
				return err
			}
			m.status = c.Status
			parts = append(parts, Part{m.required, state.Status(c.Status)})
		}
		if v.standing, v.because = Stand(parts); v.because >= 0 {
			v.said = saying(&v.members[v.because])
		}
		return nil
	})
	return v, err
}

// saying names a member and its state, without what could be a person's number.
func saying(m *memberRow) string {
	text := fmt.Sprintf("成员证照“%s”（编号 %s）现为“%s”", m.title, m.number, cert.Label(m.status))
	if audit.Personal(text) {
		runes := []rune(m.number)
		text = fmt.Sprintf("成员证照“%s”（编号尾号 %s）现为“%s”", m.title, string(runes[max(len(runes)-4, 0):]), cert.Label(m.status))
	}
	return clip(text, 180)
}

// settle does what a view asks for. again tells that it is to be looked at once
// more: something was done, by whomever.
func (s *Service) settle(ctx context.Context, v *view) (again bool, err error) {
	r := v.row
	switch now := state.Status(v.status); {
	case r.state == Ended:
		if state.Final(now) {
			return false, nil
		}
		return s.act(ctx, v, actCancel, "已重新组合，由新的综合许可代替", "行业综合许可方案“"+r.title+"”")
	case r.state != Issued:
		return false, nil
	case state.Final(now):
		return true, s.over(ctx, v)
	case now == state.Effective && v.standing != InForce:
		if r.held == 0 { // said before it is done: what it may lift afterwards is known after a crash
			r.held = 1
			return true, s.keep(ctx, v)
		}
		return s.act(ctx, v, actSuspend, v.said, "行业综合许可证的状态由成员证照决定："+v.said)
	case now == state.Suspended && v.standing == InForce && r.held == 1:
		return s.act(ctx, v, actResume, "各项必备许可恢复有效", "行业综合许可证的状态由成员证照决定：各项必备许可有效")
	case now == state.Effective && r.held == 1:
		r.held = 0
		return true, s.keep(ctx, v)
	}
	return false, s.keep(ctx, v)
}

// keep writes down what was seen; who decided meanwhile made it due again.
func (s *Service) keep(ctx context.Context, v *view) error {
	err := s.write(ctx, func(tx *db.Tx) error { return s.keepTx(tx, v) })
	if e := fault.As(err); e != nil && e.Code == "composite.moved" {
		return nil
	}
	return err
}

func (s *Service) keepTx(tx *db.Tx, v *view) error {
	kept, err := s.take(tx, v.row.id, true)
	if err != nil {
		return err
	}
	if kept.revision != v.row.revision {
		return errMoved()
	}
	for i := range v.members {
		if err := s.keepMember(tx, v.row.id, v.members[i].certificate, &v.members[i]); err != nil {
			return err
		}
	}
	if kept.standing == string(v.standing) && kept.because == v.said && kept.held == v.row.held {
		return nil
	}
	r := *kept // the function may run twice
	r.standing, r.because, r.held = string(v.standing), v.said, v.row.held
	if err := s.save(tx, &r); err != nil {
		return err
	}
	if kept.standing == r.standing && kept.because == r.because {
		return nil
	}
	words := v.standing.Label()
	if v.said != "" {
		words += "：" + v.said
	}
	if err := putStep(tx, r.id, "", "standing", words); err != nil {
		return err
	}
	if v.standing == InForce {
		return nil
	}
	text := "恢复后由平台自动恢复综合许可证。"
	if v.standing == Broken {
		text = "请重新组合，或注销综合许可证。"
	}
	return s.tell(tx, notice.Notice{Topic: "composite.standing", Org: r.unit, Permission: permIssue, Title: "行业综合许可：" + v.standing.Label() + "（" + r.title + "）", Text: text, Link: Link(r.id)})
}

// over ends a composite whose certificate ended by people: by another version of it
// the composite goes on.
func (s *Service) over(ctx context.Context, v *view) error {
	err := s.write(ctx, func(tx *db.Tx) error {
		r, err := s.take(tx, v.row.id, true)
		if err != nil || r.revision != v.row.revision {
			return err
		}
		if v.next != "" {
			r.certificate, r.held = v.next, 0
			if err := s.save(tx, r); err != nil {
				return err
			}
			return putStep(tx, r.id, "", "version", "综合许可证换发了新版本")
		}
		now := tx.Now().UnixMilli()
		r.state, r.endedAt = Ended, &now
		if err := s.save(tx, r); err != nil {
			return err
		}
		return putStep(tx, r.id, "", "ended", "综合许可证"+cert.Label(v.status))
	})
	return err
}

// errNobody says that nobody holds the right in which the platform acts.
func errNobody(unit string) error {
	return fault.Unavailable.New("单位 %s 没有可以变更证照状态的人员，平台不能代为办理", unit).WithCode("composite.nobody").WithHint("请为该单位授予签发人角色")
}

// act does something to the composite's certificate. again tells that it is to be
// looked at once more: that it was done, or that somebody else did something first.
func (s *Service) act(ctx context.Context, v *view, action, reason, basis string) (again bool, err error) {
	actors := []string{v.row.decidedBy}
	more, err := s.IAM.Holding(ctx, permStatus, v.unit)
	if err != nil {
		return false, err
	}
	for _, actor := range slices.Concat(actors, more) {
		who, err := s.as(ctx, actor)
		if err != nil && !cert.Final(err) {
			return false, err
		}
		if err != nil || !iam.May(who, permStatus, v.unit) {
			continue
		}
		who = audit.WithActor(who, audit.Actor{}) // the platform does it
		_, err = s.Cert.Act(who, cert.ActRequest{ID: v.row.certificate, Action: action, Reason: clip(reason, 200), Basis: clip(basis, 200), Acts: &v.acts})
		s.step(action)
		if errors.Is(err, fault.Conflict) { // it is not what was seen any more
			return true, s.unheld(ctx, v, action)
		}
		return err == nil, err
	}
	return false, errNobody(v.unit)
}

// unheld takes back what was said before a suspension that somebody else was
// faster than: that one is not the platform's.
func (s *Service) unheld(ctx context.Context, v *view, action string) error {
	if action != actSuspend {
		return nil
	}
	v.row.held = 0
	return s.keep(ctx, v)
}

// advance follows members to the versions that took their places.
func (s *Service) advance(ctx context.Context, id string) error {
	var r *row
	var members []memberRow
	gone := map[int64]bool{}
	err := s.read(ctx, func(tx *db.Tx) (err error) {
		clear(gone)
		if r, err = s.take(tx, id, false); err != nil {
			return err
		}
		if members, err = s.members(tx, r); err != nil || r.state != Issued {
			return err
		}
		for _, m := range members {
			c, err := s.Cert.ForCaseTx(tx, m.certificate, "")
			if err != nil {
				return err
			}
			gone[m.place] = state.Final(state.Status(c.Status))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range members {
		if gone[members[i].place] {
			if err := s.advanceOne(ctx, r, members[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostVersions bounds how many versions are followed at a time.
const mostVersions = 100

// advanceOne follows one member: to a version of the same holder, for another's is
// no permit of this enterprise.
func (s *Service) advanceOne(ctx context.Context, r *row, m memberRow) error {
	was := m.certificate
	b, err := s.Cert.Base(ctx, was)
	for range mostVersions {
		if err != nil || b.Certificate.Successor == "" {
			break
		}
		if b, err = s.Cert.Base(ctx, b.Certificate.Successor); err != nil {
			break
		}
		h, none := organisation(b)
		if x := s.holderIndex(h); none != nil || !bytes.Equal(x[:], r.holder) {
			break
		}
		c := b.Certificate
		m.certificate, m.number, m.till, m.issuer, m.status = c.ID, c.Number, c.ValidTo, c.IssuerName, c.Status
	}
	if err != nil || m.certificate == was {
		return err
	}
	return s.write(ctx, func(tx *db.Tx) error {
		if _, err := s.take(tx, r.id, true); err != nil {
			return err
		}
		if err := s.keepMember(tx, r.id, was, &m); err != nil {
			return err
		}
		return putStep(tx, r.id, "", "followed", fmt.Sprintf("“%s”换发了新版本，以新版本为准", m.title))
	})
}

package sealapply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/pki"
	"sidian/internal/seal"
)

func noticeAt(org, permission, topic, title, text, link string) notice.Notice {
	return notice.Notice{Org: org, Permission: permission, Topic: topic, Title: title, Text: text, Link: link}
}

func orgName(tx *db.Tx, org string) (string, error) {
	o, err := iam.OrgTx(tx, org)
	return o.Name, err
}

// begin says what is about to be done, and by whom: Resume goes on from here.
func (s *Service) begin(tx *db.Tx, r *row, steps []*stepRow, a Action, checks []Check) error {
	if err := ownTx(tx, r.id, r.involved(), r.round, nil); err != nil {
		return err
	}
	r.state, r.acting, r.trouble = move(r.kind, r.state, a).to, audit.ActorFrom(tx.Context()).Account, ""
	if err := saveApp(tx, r); err != nil {
		return err
	}
	text, err := encodeChecks(checks)
	if err != nil {
		return err
	}
	return s.recordTx(tx, r, &historyRow{action: string(a), checks: text}, "sealapply."+string(a))
}

// finish says that it is done.
func (s *Service) finish(ctx context.Context, id string, from State, a Action, fn func(*db.Tx, *row, []*stepRow) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil {
			return err
		}
		if r.state != from {
			return nil // another process was first
		}
		steps, err := stepsOf(tx, id)
		if err != nil {
			return err
		}
		r.state, r.trouble = move(r.kind, from, a).to, ""
		if r.state.Ended() {
			now := milli(tx.Now())
			r.ended = &now
		}
		if err := fn(tx, r, steps); err != nil {
			return err
		}
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return s.recordTx(tx, r, &historyRow{action: string(a), account: r.acting}, "sealapply."+string(a))
	})
}

// Make makes the seal of an application that every tier has passed. The checks
// run again first. The seal's id was fixed with the application, so that what
// is repeated after a crash is the same seal.
func (s *Service) Make(ctx context.Context, id string) (*Application, error) {
	err := s.checked(ctx, id, ActMake, Maker, true, func(tx *db.Tx, r *row, steps []*stepRow, _ *facts, list []Check) error {
		return s.begin(tx, r, steps, ActMake, list)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.make", Object: objectOf(id)}, err)
	}
	s.step("making")
	if err := s.makeSeal(ctx, id); err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

// makeSeal asks package seal for the seal, and writes down that it exists.
func (s *Service) makeSeal(ctx context.Context, id string) error {
	r, q, err := s.requestOf(ctx, id)
	if err != nil || r.state != Making {
		return err
	}
	x, err := s.Seals.Make(ctx, *q)
	if err != nil {
		return s.stuck(ctx, id, Making, err)
	}
	if x.ID != r.makes {
		return fmt.Errorf("sealapply: application %s made seal %s instead of %s", id, x.ID, r.makes)
	}
	s.step("seal")
	err = s.finish(ctx, id, Making, ActMade, func(tx *db.Tx, r *row, steps []*stepRow) error {
		name, err := orgName(tx, r.org)
		if err != nil {
			return err
		}
		title := titleOf(r, name)
		if err := s.toApplicant(tx, r.account, r.org, topicMade, clip("已制作，待备案："+title, 100), "备案后印章才能使用。", linkOf(r.id)); err != nil {
			return err
		}
		return s.noticeTx(tx, noticeAt(first(r.round, steps).org, permissions[Filer], topicMade, clip("待备案："+title, 100), "印章已制作。", linkOf(r.id)))
	})
	s.step("made")
	return err
}

// requestOf is what package seal is asked for.
func (s *Service) requestOf(ctx context.Context, id string) (*row, *seal.MakeRequest, error) {
	var r *row
	var o iam.Org
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if r, err = appByID(tx, id, false); err != nil {
			return err
		}
		o, err = iam.OrgTx(tx, r.org)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	c, err := s.open(r)
	if err != nil {
		return nil, nil, err
	}
	if len(r.imprint) != len(gm.Digest{}) {
		return nil, nil, fault.Conflict.New("申请没有印模").WithCode("sealapply.imprint").WithHint("请退回申请人补充")
	}
	png, err := s.Blobs.Get(ctx, gm.Digest(r.imprint))
	if err != nil {
		return nil, nil, fmt.Errorf("sealapply: reading the imprint of %s: %w", id, err)
	}
	return r, &seal.MakeRequest{
		ID: r.makes, Org: r.org, OrgName: o.Name, OrgCode: o.USCC, Kind: r.sealKind, Name: c.Name,
		Imprint:   seal.Imprint{PNG: png, Width: int(r.width), Height: int(r.height)},
		Custodian: r.custodian, Person: r.person, Certificate: r.serial, Key: r.key, Replaces: r.seal,
		Application: r.id, Statement: r.statementDigest(),
	}, nil
}

// stuck writes down why something was not finished; it stays where Resume and
// whoever presses again find it. A refusal for good goes back to where it came
// from, so that it can be sent back to the applicant.
func (s *Service) stuck(ctx context.Context, id string, state State, why error) error {
	f := fault.As(why)
	if f == nil || f.Kind == fault.Unavailable || f.Kind == fault.TooMany {
		return why
	}
	back := map[State]State{Making: Approved, Filing: Made, Cancelling: Approved}[state]
	err := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil || r.state != state {
			return err
		}
		r.state, r.trouble = back, clip(f.Msg, 400)
		return saveApp(tx, r)
	})
	return errors.Join(why, err)
}

// maxNumber is the most characters of a filing number, as package seal has it.
const maxNumber = 40

// FileRequest files the seal of an application.
type FileRequest struct {
	Number string // 备案号; empty: one is given
	Reason string
}

// File files the seal that was made, with the authority of the applicant's own
// tier: it is effective from here, and what it replaces no more.
func (s *Service) File(ctx context.Context, id string, q FileRequest) (*Application, error) {
	if err := checkNote(q.Reason); err != nil {
		return nil, err
	}
	q.Number = strings.TrimSpace(q.Number)
	if utf8.RuneCountInString(q.Number) > maxNumber {
		return nil, fault.Invalid.New("备案号过长").WithCode("sealapply.number").WithHint("至多 %d 个字", maxNumber).WithField("number", "length", "过长")
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, steps, err := s.lockTx(ctx, tx, id, ActFile, Filer)
		if err != nil {
			return err
		}
		r.authority, r.number = first(r.round, steps).org, q.Number
		return s.begin(tx, r, steps, ActFile, nil)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.file", Object: objectOf(id)}, err)
	}
	s.step("filing")
	if err := s.fileSeal(ctx, id, q.Reason); err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

func (s *Service) fileSeal(ctx context.Context, id, reason string) error {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = appByID(tx, id, false); return err })
	if err != nil || r.state != Filing {
		return err
	}
	if reason == "" {
		reason = "印章申请 " + r.id
	}
	x, err := s.Seals.File(ctx, r.makes, seal.FileRequest{Authority: r.authority, Number: r.number, Reason: reason})
	if err != nil {
		return s.stuck(ctx, id, Filing, err)
	}
	s.step("file")
	err = s.finish(ctx, id, Filing, ActFiled, func(tx *db.Tx, r *row, _ []*stepRow) error {
		r.number = x.Number
		name, err := orgName(tx, r.org)
		if err != nil {
			return err
		}
		return s.toApplicant(tx, r.account, r.org, topicFiled, clip("已备案："+titleOf(r, name), 100), "印章已生效，可以使用。备案号 "+r.number+"。", linkOf(r.id))
	})
	s.step("filed")
	return err
}

// CancelSeal cancels the seal of an application that was passed.
func (s *Service) CancelSeal(ctx context.Context, id string) (*Application, error) {
	err := s.checked(ctx, id, ActCancel, Manager, true, func(tx *db.Tx, r *row, steps []*stepRow, _ *facts, list []Check) error {
		return s.begin(tx, r, steps, ActCancel, list)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.cancel", Object: objectOf(id)}, err)
	}
	s.step("cancelling")
	if err := s.cancelSeal(ctx, id); err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

func (s *Service) cancelSeal(ctx context.Context, id string) error {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = appByID(tx, id, false); return err })
	if err != nil || r.state != Cancelling {
		return err
	}
	x, err := s.sealFor(ctx, r)
	if err != nil {
		return s.stuck(ctx, id, Cancelling, err)
	}
	if x.State != seal.Cancelled { // before the crash, or by somebody else
		if err := s.Seals.Cancel(ctx, r.seal, "印章注销申请 "+r.id+"："+r.reason); err != nil {
			return s.stuck(ctx, id, Cancelling, err)
		}
	}
	s.step("cancel")
	err = s.finish(ctx, id, Cancelling, ActDone, func(tx *db.Tx, r *row, _ []*stepRow) error {
		name, err := orgName(tx, r.org)
		if err != nil {
			return err
		}
		return s.toApplicant(tx, r.account, r.org, topicDone, clip("已注销："+titleOf(r, name), 100), "印章状态已公布。", linkOf(r.id))
	})
	s.step("done")
	return err
}

// Resume finishes what a crash, or something that did not answer, left half
// done: on behalf of whoever began it, if they still may. It is meant to be
// called at the start and every minute, and costs a short read when there is
// nothing to do.
func (s *Service) Resume(ctx context.Context) (finished int, err error) {
	var at int64 = -1
	id := ""
	for {
		var list []*row
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = halfDone(tx, at, id, 50); return err }); err != nil {
			return finished, err
		}
		for _, r := range list {
			at, id = r.created, r.id
			switch done, err := s.resume(ctx, r); {
			case err == nil && done:
				finished++
			case err != nil && fault.As(err) == nil:
				return finished, err
			}
		}
		if len(list) < 50 {
			return finished, nil
		}
	}
}

// resume finishes one. A refusal is written down in the application and is not
// tried again here.
func (s *Service) resume(ctx context.Context, r *row) (bool, error) {
	acting, err := s.IAM.As(ctx, r.acting)
	if err != nil {
		return false, s.stuck(ctx, r.id, r.state, err)
	}
	switch r.state {
	case Making:
		err = s.makeSeal(acting, r.id)
	case Filing:
		err = s.fileSeal(acting, r.id, "")
	case Cancelling:
		err = s.cancelSeal(acting, r.id)
	}
	return err == nil, err
}

// Lost reports that the key of a seal is, or may be, in other hands: it is dead
// at once, and an application is begun to cancel it or to make another in its
// place (第十六条).
func (s *Service) Lost(ctx context.Context, sealID, reason string, then Kind) (*Application, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	if then != Cancel && then != Remake {
		return nil, fault.Invalid.New("请选择挂失后注销还是补办").WithCode("sealapply.request").WithHint("可选 cancel、remake").WithField("then", "enum", "可选 cancel、remake")
	}
	if err := s.Seals.Lost(ctx, sealID, reason); err != nil {
		return nil, err
	}
	return s.Create(ctx, CreateRequest{Kind: then, Seal: sealID, Reason: reason})
}

// adopt takes the digital certificate that an outside authority has issued since
// it was asked.
func (s *Service) adopt(ctx context.Context, r *row) error {
	if r.mode != Outside || r.serial != "" || !r.kind.Makes() {
		return nil
	}
	held, err := s.PKI.HeldBy(ctx, r.org)
	if seal.OfPerson(r.sealKind) {
		held, err = s.PKI.HeldByAccount(ctx, r.person)
	}
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.Authority == pki.Issuing || h.Key == "" || h.IssuedAt.Before(moment(r.created)) {
			continue
		}
		return s.DB.Write(ctx, func(tx *db.Tx) error {
			now, err := appByID(tx, r.id, true)
			if err != nil || now.revision != r.revision {
				return err
			}
			now.serial, now.key = h.ID, h.Key
			if err := saveApp(tx, now); err != nil {
				return err
			}
			return audit.Put(tx, audit.Entry{Action: "sealapply.certificate", Object: objectOf(r.id), After: h.Certificate.Digest()})
		})
	}
	return nil
}

// RequestCertificate asks an outside authority for the digital certificate of an
// application: its CSR. It needs pki.manage at the unit.
func (s *Service) RequestCertificate(ctx context.Context, id, authority string) (*pki.CertificateRequest, error) {
	r, c, o, err := s.outside(ctx, id)
	if err != nil {
		return nil, err
	}
	q := pki.RequestFor{Use: pki.Unit, Org: r.org, Name: o.Name, Code: o.USCC, Authority: authority}
	if seal.OfPerson(r.sealKind) {
		q.Use, q.Account, q.Name, q.Code, q.Purpose = pki.Personal, r.person, c.Name, "", keys.Seal
	}
	made, err := s.PKI.Request(ctx, q)
	if err != nil {
		return nil, err
	}
	return made, s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil {
			return err
		}
		r.request = made.ID
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.certificate", Object: objectOf(id), Reason: "证书请求 " + made.ID})
	})
}

// InstallCertificate takes the authority's answer. It needs pki.manage.
func (s *Service) InstallCertificate(ctx context.Context, id string, answer []byte) error {
	r, _, _, err := s.outside(ctx, id)
	if err != nil {
		return err
	}
	if r.request == "" {
		return fault.Conflict.New("还没有向外部机构申请数字证书").WithCode("sealapply.certificate").WithHint("请先生成证书请求")
	}
	h, err := s.PKI.Install(ctx, r.request, answer)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := appByID(tx, id, true)
		if err != nil {
			return err
		}
		r.serial, r.key = h.ID, h.Key
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.certificate", Object: objectOf(id), After: h.Certificate.Digest()})
	})
}

// outside is an application that waits for an outside authority, to whoever
// manages digital certificates of its unit.
func (s *Service) outside(ctx context.Context, id string) (r *row, c content, o iam.Org, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = appByID(tx, id, false); err != nil {
			return err
		}
		if iam.Allow(ctx, "pki.manage", r.org) != nil {
			return errUnknown()
		}
		o, err = iam.OrgTx(tx, r.org)
		return err
	})
	if err != nil {
		return nil, c, o, err
	}
	if r.mode != Outside || r.serial != "" || r.state.Ended() || r.state == Making || r.state == Made || r.state == Filing {
		return nil, c, o, fault.Conflict.New("这项申请不等待外部机构的数字证书").WithCode("sealapply.certificate").WithHint("请由申请人选择“向外部机构申请”")
	}
	c, err = s.open(r)
	return r, c, o, err
}

package matter

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/matter/event"
)

// Close closes a case with its results: a certificate of every kind that its item
// makes, issued for it. An item that makes none is done.
func (s *Service) Close(ctx context.Context, req CloseRequest) (*Matter, error) {
	return s.act(ctx, "matter.close", req.ID, func(tx *db.Tx, r *row) error {
		for _, id := range req.Certificates {
			if err := s.nameTx(tx, r, id); err != nil {
				return err
			}
		}
		x, err := s.standTx(tx, r, true)
		if err != nil {
			return err
		}
		if err := s.whole(tx, r, x); err != nil {
			return err
		}
		r.outcome = string(Done)
		if len(r.results) > 0 {
			r.outcome = string(Issued)
		}
		return s.endTx(tx, r, "matter.close", x.counting())
	})
}

// Attach names a certificate for an open case: one that was issued for it without
// its number. A certificate that carries the number is there by itself.
func (s *Service) Attach(ctx context.Context, req AttachRequest) (*Matter, error) {
	return s.act(ctx, "matter.attach", req.ID, func(tx *db.Tx, r *row) error {
		if err := s.nameTx(tx, r, req.Certificate); err != nil {
			return err
		}
		if _, err := s.standTx(tx, r, true); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "matter.attach", Object: objectOf(r.id), After: r.digest(req.Certificate)})
	})
}

// Withdraw closes a case that the applicant took back: no certificate comes of it.
func (s *Service) Withdraw(ctx context.Context, req EndRequest) (*Matter, error) {
	return s.without(ctx, "matter.withdraw", Withdrawn, req)
}

// Refuse closes a case that is refused: no certificate comes of it.
func (s *Service) Refuse(ctx context.Context, req EndRequest) (*Matter, error) {
	return s.without(ctx, "matter.refuse", Refused, req)
}

func (s *Service) without(ctx context.Context, action string, o Outcome, req EndRequest) (*Matter, error) {
	reason := strings.TrimSpace(req.Reason)
	e := fault.Invalid.New("请说明理由").WithCode("matter.reason").WithHint("写明依据和理由，不要写个人信息")
	switch n := utf8.RuneCountInString(reason); {
	case n == 0 || n > maxReason || !utf8.ValidString(reason):
		return nil, e.WithField("reason", "length", fmt.Sprintf("理由 1 至 %d 个字", maxReason))
	case audit.Personal(reason):
		return nil, e.WithField("reason", "personal", "理由不得写证件号码、手机号码")
	}
	return s.act(ctx, action, req.ID, func(tx *db.Tx, r *row) error {
		x, err := s.standTx(tx, r, false)
		if err != nil {
			return err
		}
		if c := x.counting(); len(c) > 0 {
			return fault.Conflict.New("已为本件签发证照，不能按“%s”办结", o.Label()).WithCode("matter.issued").WithHint("请先撤销或注销已签发的证照，或按办结并出证办理")
		}
		r.outcome, r.reason = string(o), reason
		return s.endTx(tx, r, action, nil)
	})
}

// act does something to an open case, in one transaction.
func (s *Service) act(ctx context.Context, action, id string, do func(*db.Tx, *row) error) (*Matter, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, true)
		if err != nil {
			return err
		}
		if err := sees(ctx, r.unit); err != nil {
			return err
		}
		if err := iam.Allow(ctx, permManage, r.unit); err != nil {
			return err
		}
		if State(r.state) == Closed {
			return fault.Conflict.New("此件已办结（%s）", Outcome(r.outcome).Label()).WithCode("matter.closed").WithHint("请刷新后查看；另有所请的，重新受理")
		}
		return do(tx, r)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: objectOf(id)}, err)
	}
	s.step("closed")
	return s.Get(ctx, id)
}

// whole refuses to close a case that lacks a result: it names the kinds, and says
// of certificates that do not count why.
func (s *Service) whole(tx *db.Tx, r *row, x *standing) error {
	var missing []string
	for _, kind := range r.results {
		if x.of[kind] != "" {
			continue
		}
		title, _, err := s.titleOf(tx, kind)
		if err != nil {
			return err
		}
		missing = append(missing, title)
	}
	if len(missing) == 0 {
		return nil
	}
	e := fault.Conflict.New("事项“%s”的结果证照“%s”尚未为本件签发，不能办结", r.itemName, strings.Join(missing, "”“")).WithCode("matter.certificate").
		WithHint("请以办件编号 %s 签发该证照（证照经办，或 POST /api/v1/certificates 填写 case_no）；不出证的，请按撤回或不予许可办结并说明理由", r.caseNo)
	for _, l := range x.links {
		if !l.Counts {
			e = e.WithField("certificates", "uncounted", "证照 "+l.Identifier+"："+l.Why)
		}
	}
	return e
}

// endTx closes a case and tells so.
func (s *Service) endTx(tx *db.Tx, r *row, action string, certificates []string) error {
	now := tx.Now().UnixMilli()
	before := r.digest()
	r.closedBy, r.closedAt = actorOf(tx.Context()), &now
	if err := end(tx, r); err != nil {
		return err
	}
	r.state = string(Closed)
	if err := audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), Reason: r.reason, Before: before, After: r.digest(certificates...)}); err != nil {
		return err
	}
	return s.tell(tx, r, event.Closed, certificates)
}

// digest is of what a case is; of the applicant it has the sealed bytes.
func (r *row) digest(certificates ...string) gm.Digest {
	var b []byte
	for _, f := range slices.Concat([]string{"sidian-matter-1", r.id, r.unit, r.caseNo, r.item, strings.Join(r.results, "\n"), r.state, r.outcome, string(r.said)}, certificates) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return gm.Sum(b)
}

package composite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// A Decision is what somebody does with a composite that was proposed.
type Decision struct {
	ID       string `path:"id" json:"-" maxLength:"64"`
	Action   string `path:"action" json:"-" enum:"issue,refuse,withdraw"`
	Revision int    `json:"revision" minimum:"0" doc:"办理时所见的修订号"`
	Reason   string `json:"reason,omitempty" maxLength:"200" doc:"退回、撤回时必填；不要写个人信息"`
}

// A move is something that is done with a proposal.
type move struct {
	action, to, permission, words string
	reason                        bool
}

var moves = []move{
	{"issue", Issuing, permIssue, "开始签发", false},
	{"refuse", Refused, permIssue, "退回", true},
	{"withdraw", Withdrawn, permDraft, "撤回", true},
}

// may refuses who may not do this with a composite now: who proposed it does not
// issue it, and nobody else takes it back.
func may(ctx context.Context, r *row, m *move) error {
	if err := iam.Allow(ctx, m.permission, r.unit); err != nil {
		return err
	}
	own := actorOf(ctx) == r.proposedBy
	switch {
	case r.state != Proposed:
		return fault.Conflict.New("此件状态为“%s”，不能这样办理", stateNames[r.state]).WithCode("composite.state").WithHint("请刷新后查看当前状态")
	case own && m.action != "withdraw":
		return fault.Forbidden.New("您提出了这一件，不能自己签发或退回").WithCode("composite.own").WithHint("请由另一位签发人办理")
	case !own && m.action == "withdraw":
		return fault.Forbidden.New("这一件不是您提出的").WithCode("composite.own").WithHint("请由提出人撤回，或由签发人退回")
	}
	return nil
}

// Decide issues a composite, or does not. Issuing may be asked for again: what was
// begun is gone on with.
func (s *Service) Decide(ctx context.Context, d Decision) (*Composite, error) {
	i := slices.IndexFunc(moves, func(m move) bool { return m.action == d.Action })
	if i < 0 {
		return nil, fault.NotFound.New("没有这个操作").WithCode("composite.action").WithHint("可用 issue、refuse、withdraw")
	}
	m := &moves[i]
	if m.reason || d.Reason != "" {
		if err := reasoned(d.Reason); err != nil {
			return nil, err
		}
	}
	err := s.write(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, d.ID, true)
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		if err := s.vet(tx, r); err != nil {
			return err
		}
		if m.to == Issuing && (r.state == Issuing || r.state == Issued) && r.decidedBy == actorOf(ctx) {
			return nil
		}
		if err := may(ctx, r, m); err != nil {
			return err
		}
		if int64(d.Revision) != r.revision {
			return errMoved()
		}
		return s.decideTx(tx, r, m, strings.TrimSpace(d.Reason))
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "composite." + d.Action, Object: objectOf(d.ID)}, err)
	}
	if m.to == Issuing {
		s.step("begun")
		if err := s.goOn(ctx, d.ID); err != nil {
			return nil, err
		}
	}
	return s.Get(ctx, d.ID)
}

func (s *Service) decideTx(tx *db.Tx, r *row, m *move, reason string) error {
	now := tx.Now().UnixMilli()
	words := m.words
	if reason != "" {
		words += "：" + reason
	}
	if m.to == Issuing {
		x, err := s.takeScheme(tx, r.scheme, false)
		if err != nil {
			return err
		}
		if x.state != Published {
			return unpublished(x)
		}
		members, err := s.members(tx, r)
		if err != nil {
			return err
		}
		if err := s.standTx(tx, members); err != nil {
			return err
		}
	}
	r.state, r.trouble = m.to, ""
	if m.action != "withdraw" {
		r.decidedBy, r.decidedAt, r.decidedOn = actorOf(tx.Context()), &now, tx.Now().In(beijing).Format(time.DateOnly)
	}
	if err := s.save(tx, r); err != nil {
		return err
	}
	if err := putStep(tx, r.id, actorOf(tx.Context()), m.action, words); err != nil {
		return err
	}
	if m.action == "refuse" && !strings.HasPrefix(r.proposedBy, "app/") {
		n := notice.Notice{Topic: "composite.refuse", Account: r.proposedBy, Title: "行业综合许可被退回：" + r.title, Text: "理由见此件页面。", Link: Link(r.id)}
		if err := s.tell(tx, n); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "composite." + m.action, Object: objectOf(r.id), Reason: reason})
}

// errElsewhere is never shown: another was faster.
var errElsewhere = errors.New("composite: it is not being issued any more")

// goOn asks for the certificate, notes it, and looks at the members again. The
// client may go away; what was begun is finished all the same.
func (s *Service) goOn(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	var r, prior *row
	var members []memberRow
	err := s.read(ctx, func(tx *db.Tx) (err error) {
		prior = nil
		if r, err = s.take(tx, id, false); err != nil {
			return err
		}
		if r.state != Issuing {
			return errElsewhere
		}
		if members, err = s.members(tx, r); err == nil && r.prior != "" {
			prior, err = s.take(tx, r.prior, false)
		}
		return err
	})
	if errors.Is(err, errElsewhere) {
		return nil
	}
	if err != nil {
		return err
	}
	c, why := s.make(once(ctx, id), r, prior, members)
	s.step("made")
	if why != nil {
		if cert.Final(why) {
			return errors.Join(s.failed(ctx, id, why), why)
		}
		return why
	}
	if err := s.issued(ctx, id, c); err != nil {
		return err
	}
	s.step("issued")
	return s.workOne(ctx, id) // a member may have ended meanwhile
}

// once gives the request for the certificate the key that the composite has for
// ever, whoever asks.
func once(ctx context.Context, id string) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = "composite/" + id
	return httpx.WithMeta(ctx, meta)
}

// make asks for the certificate: for the next version of the prior one where that
// stands, else for a new one.
func (s *Service) make(ctx context.Context, r, prior *row, members []memberRow) (*cert.Certificate, error) {
	req, err := s.request(ctx, r, members)
	if err != nil {
		return nil, err
	}
	if prior == nil {
		return s.Cert.Issue(ctx, *req)
	}
	b, err := s.Cert.Base(ctx, prior.certificate)
	if err != nil {
		return nil, err
	}
	if was := b.Certificate.Status; was != cert.Effective && was != string(state.Changed) {
		return s.Cert.Issue(ctx, *req) // it cannot give way; follow cancels it
	}
	return s.Cert.Act(ctx, cert.ActRequest{ID: prior.certificate, Action: state.Change, At: r.decidedOn, Certificate: req,
		Reason: "重新组合行业综合许可", Basis: "行业综合许可方案“" + r.title + "”"})
}

// request is what the composite's certificate says: it is the same each time.
func (s *Service) request(ctx context.Context, r *row, members []memberRow) (*cert.IssueRequest, error) {
	b, err := s.Cert.Base(ctx, members[0].named)
	if err != nil {
		return nil, err
	}
	h, err := organisation(b)
	if err != nil {
		return nil, err
	}
	lines := make([]map[string]string, len(members))
	for i, m := range members {
		till := m.till
		if till == "" {
			till = "长期"
		}
		lines[i] = map[string]string{memberColumns[0]: m.title, memberColumns[1]: m.number, memberColumns[2]: m.issuer, memberColumns[3]: till}
	}
	table, err := json.Marshal(lines)
	if err != nil {
		return nil, fmt.Errorf("composite: writing the members of %s: %w", r.id, err)
	}
	industry, err := json.Marshal(r.industry)
	if err != nil {
		return nil, fmt.Errorf("composite: writing the industry of %s: %w", r.id, err)
	}
	return &cert.IssueRequest{Kind: r.kind, Issuer: r.unit, Holders: []catalogue.Holder{h}, ValidFrom: r.decidedOn,
		Fields: map[string]json.RawMessage{fieldIndustry: industry, fieldMembers: table}}, nil
}

// issued notes the certificate of a composite; the one before ends.
func (s *Service) issued(ctx context.Context, id string, c *cert.Certificate) error {
	return s.write(ctx, func(tx *db.Tx) error {
		r, err := s.take(tx, id, true)
		if err != nil || r.state != Issuing {
			return err
		}
		if r.prior != "" {
			if err := s.giveWay(tx, r.prior, r.id); err != nil {
				return err
			}
		}
		r.state, r.certificate, r.number, r.standing = Issued, c.ID, c.Number, string(InForce)
		if err := s.save(tx, r); err != nil {
			return err
		}
		if err := wanted(tx, id); err != nil {
			return err
		}
		if err := putStep(tx, id, r.decidedBy, "issued", "已签发，证照编号 "+c.Number); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "composite.issued", Object: objectOf(id), After: c.Digest})
	})
}

// giveWay ends the composite before. Its certificate is cancelled, where it did not
// become the version before, by follow.
func (s *Service) giveWay(tx *db.Tx, id, successor string) error {
	p, err := s.take(tx, id, true)
	if err != nil || p.state != Issued {
		return err
	}
	now := tx.Now().UnixMilli()
	p.state, p.successor, p.endedAt = Ended, successor, &now
	if err := s.save(tx, p); err != nil {
		return err
	}
	if err := putStep(tx, id, "", "replaced", "已重新组合，由新的综合许可代替"); err != nil {
		return err
	}
	return wanted(tx, id)
}

// failed puts a composite back to those that are proposed, with the rule that
// refused.
func (s *Service) failed(ctx context.Context, id string, why error) error {
	e := fault.As(why)
	text := strings.TrimSuffix(e.Msg, "。")
	if len(e.Fields) > 0 {
		text += "：" + e.Fields[0].Message
	}
	return s.write(ctx, func(tx *db.Tx) error {
		r, err := s.take(tx, id, true)
		if err != nil || r.state != Issuing {
			return err
		}
		by := r.decidedBy
		r.state, r.decidedBy, r.decidedAt, r.trouble = Proposed, "", nil, clip(text, 200)
		if err := s.save(tx, r); err != nil {
			return err
		}
		return putStep(tx, id, by, "failed", "没有签发："+r.trouble)
	})
}

const (
	// resumeAfter is how long who issues is left alone with it.
	resumeAfter = time.Minute
	resumeBatch = 50
)

// Resume goes on with what a crash left half issued, in the name of who began it
// and with the rights that they have now. It reports how many it issued.
func (s *Service) Resume(ctx context.Context) (n int, err error) {
	var left []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		left, err = going(tx, tx.Now().Add(-resumeAfter).UnixMilli(), resumeBatch)
		return err
	})
	for _, r := range left {
		if ctx.Err() != nil {
			break
		}
		who, why := s.as(ctx, r.decidedBy)
		if why == nil || cert.Final(why) {
			if why != nil {
				who = ctx // nobody: what is made already is found all the same
			}
			why = s.goOn(who, r.id)
		}
		if why == nil {
			n++
		} else if !cert.Final(why) {
			err = errors.Join(err, fmt.Errorf("composite: going on with %s: %w", r.id, why))
		}
	}
	return n, err
}

// as is a context in which an actor of a record acts.
func (s *Service) as(ctx context.Context, actor string) (context.Context, error) {
	if client, program := strings.CutPrefix(actor, "app/"); program {
		return s.IAM.AsClient(ctx, client)
	}
	return s.IAM.As(ctx, actor)
}

package sealapply

import (
	"context"
	"encoding/binary"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/sealapply/event"
)

// Topics of promises and notices.
const (
	topicReview  = "seal.review"
	topicApplied = "sealapply.applied"
	topicPassed  = "sealapply.passed"
	topicRefused = "sealapply.refused"
	topicReady   = "sealapply.ready"
	topicMade    = "sealapply.made"
	topicFiled   = "sealapply.filed"
	topicDone    = "sealapply.done"
)

// linkOf is the page of an application.
func linkOf(id string) string { return "/console/seal-applications/" + id }

// lockTx returns an application, locked, for an action that the caller may do on
// it now, with its steps.
func (s *Service) lockTx(ctx context.Context, tx *db.Tx, id string, a Action, side Side) (*row, []*stepRow, error) {
	r, err := appByID(tx, id, true)
	if err != nil {
		return nil, nil, err
	}
	steps, err := stepsOf(tx, id)
	if err != nil {
		return nil, nil, err
	}
	if err := s.seesTx(ctx, tx, r, steps); err != nil {
		return nil, nil, err
	}
	rule := move(r.kind, r.state, a)
	if rule == nil || rule.side != side && side != "" {
		return nil, nil, errMove(r.kind, r.state, a)
	}
	if err := s.mayTx(ctx, tx, r, rule.side, steps); err != nil {
		return nil, nil, err
	}
	return r, steps, nil
}

// recordTx adds what was done to the history and to the audit. What the applicant
// does is on their own account; the reviewers' is by name of the tier.
func (s *Service) recordTx(tx *db.Tx, r *row, h *historyRow, action string) error {
	c, err := s.open(r)
	if err != nil {
		return err
	}
	files, err := attachmentsOf(tx, r.id)
	if err != nil {
		return err
	}
	h.at, h.state, h.round = milli(tx.Now()), string(r.state), r.round
	if h.account == "" {
		h.account = audit.ActorFrom(tx.Context()).Account
	}
	if err := putHistory(tx, r.id, h); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), Reason: h.reason, After: r.digest(c, files)})
}

// tellTx puts an event into the outbox.
func (s *Service) tellTx(tx *db.Tx, topic string, b event.Application, content gm.Digest) error {
	if s.Outbox == nil {
		return nil
	}
	b.Content, b.At = hexOf(content[:]), milli(tx.Now())
	leaf := join([]byte("sidian-sealapply-event-1"), []byte(topic), []byte(b.ID), []byte(b.Kind), []byte(b.Org), []byte(b.Tier), content[:])
	leaf = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(leaf, uint64(b.Round)), uint64(b.At))
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: b.ID, Leaf: leaf, Body: b})
}

func (s *Service) eventOf(tx *db.Tx, r *row, topic, tier string) error {
	c, err := s.open(r)
	if err != nil {
		return err
	}
	files, err := attachmentsOf(tx, r.id)
	if err != nil {
		return err
	}
	about := r.seal
	if r.makes != "" {
		about = r.makes
	}
	return s.tellTx(tx, topic, event.Application{ID: r.id, Kind: string(r.kind), SealKind: r.sealKind, Org: r.org, Seal: about,
		Round: r.round, Tier: tier, State: string(r.state)}, r.digest(c, files))
}

// noticeTx tells somebody inside the platform: an account, or everybody who
// holds a permission at an organisation. It names the unit and no person.
func (s *Service) noticeTx(tx *db.Tx, n notice.Notice) error {
	if s.Notices == nil || n.Account == "" && n.Org == "" {
		return nil
	}
	return s.Notices.PutTx(tx, n)
}

// toApplicant tells who began an application; a program has no inbox, and its
// unit is told.
func (s *Service) toApplicant(tx *db.Tx, account, org, topic, title, text, link string) error {
	n := notice.Notice{Account: account, Topic: topic, Title: title, Text: text, Link: link}
	if account == "" {
		n.Org, n.Permission = org, permissions[Applicant]
	}
	return s.noticeTx(tx, n)
}

// A review is what goes through tiers: an application, or a campaign.
type review struct {
	object   string // whose steps and history these are
	org      string
	region   string
	title    string // for promises and notices: “青禾县…的法定名称章申请”
	link     string
	account  string
	involved []string
	round    int64
	step     int64
}

// openSteps writes the steps of a round, of which the first waits.
func (s *Service) openSteps(tx *db.Tx, v *review, chain []link) error {
	for i, l := range chain {
		x := &stepRow{object: v.object, round: v.round, seq: int64(i + 1), tier: l.tier, org: l.org, state: stepAhead}
		if err := insertStep(tx, x); err != nil {
			return err
		}
		if i == 0 {
			if err := s.await(tx, v, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// promiseOf names the promise of a step: each tier of each round has its own.
func promiseOf(x *stepRow) string {
	return x.object + "/" + mark(int(x.round))[1:] + "/" + mark(int(x.seq))[1:]
}

// await makes it a tier's turn: its clock begins, and its reviewers are told.
func (s *Service) await(tx *db.Tx, v *review, x *stepRow) error {
	now := milli(tx.Now())
	x.state, x.since = stepWaiting, &now
	v.step = x.seq
	if s.Due != nil {
		p, err := s.Due.Put(tx, due.Promise{Topic: topicReview, Object: promiseOf(x), Region: v.region, Org: x.org, Permission: permissions[Reviewer],
			Title: clip("审核"+v.title, 190), Link: v.link})
		if err != nil {
			return err
		}
		until := milli(p.Due)
		x.due = &until
	}
	if err := saveStep(tx, x); err != nil {
		return err
	}
	return s.noticeTx(tx, notice.Notice{Org: x.org, Permission: permissions[Reviewer], Topic: topicApplied, Title: clip("待审核："+v.title, 100),
		Text: tierLabels[x.tier] + "审核，请在期限内办理。", Link: v.link})
}

// decide ends the turn of a tier, and makes it the next one's. last tells whether
// every tier has passed it.
func (s *Service) decide(tx *db.Tx, v *review, steps []*stepRow, q ReviewRequest) (x *stepRow, last bool, err error) {
	x = current(v.round, steps)
	switch {
	case x == nil:
		return nil, false, fault.Conflict.New("没有等待审核的层级").WithCode("sealapply.state").WithHint("请刷新后按当前状态办理")
	case q.Tier != x.tier || q.Round != 0 && q.Round != v.round:
		return nil, false, fault.Conflict.New("现在不是%s审核，可能已由他人办理", tierLabels[q.Tier]).WithCode("sealapply.turn").WithHint("请刷新后按当前层级办理")
	}
	if err := ownTx(tx, v.object, v.involved, v.round, steps); err != nil {
		return nil, false, err
	}
	now := milli(tx.Now())
	x.account, x.opinion, x.decided = audit.ActorFrom(tx.Context()).Account, q.Opinion, &now
	if x.state = stepRefused; q.Approve {
		x.state = stepPassed
	}
	if err := saveStep(tx, x); err != nil {
		return nil, false, err
	}
	if err := s.keepPromise(tx, x); err != nil {
		return nil, false, err
	}
	rest := slices.DeleteFunc(slices.Clone(steps), func(o *stepRow) bool { return o.round != v.round || o.seq <= x.seq })
	if q.Approve && len(rest) > 0 {
		return x, false, s.await(tx, v, rest[0])
	}
	v.step = 0
	return x, q.Approve, s.dropSteps(tx, rest, "")
}

// keepPromise ends the clock of a tier; one from before there were promises has
// none.
func (s *Service) keepPromise(tx *db.Tx, x *stepRow) error {
	if s.Due == nil {
		return nil
	}
	if _, err := s.Due.Keep(tx, topicReview, promiseOf(x)); err != nil && !isNotFound(err) {
		return err
	}
	return nil
}

// dropSteps ends the steps that nobody has to decide any more.
func (s *Service) dropSteps(tx *db.Tx, steps []*stepRow, reason string) error {
	for _, x := range steps {
		if x.state != stepAhead && x.state != stepWaiting {
			continue
		}
		if x.state == stepWaiting && s.Due != nil {
			if _, err := s.Due.Drop(tx, topicReview, promiseOf(x), reason); err != nil && !isNotFound(err) {
				return err
			}
		}
		x.state = stepDropped
		if err := saveStep(tx, x); err != nil {
			return err
		}
	}
	return nil
}

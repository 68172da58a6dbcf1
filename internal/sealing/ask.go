package sealing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/sealing/event"
)

// maxSteps bounds the seals of one request.
const maxSteps = 20

// errMoved is what a transaction finds that came too late; never shown.
var errMoved = errors.New("sealing: another was faster")

// Ask takes a request to seal a document. Every seal must have a rule by which
// whoever acts may ask; every place must lie on its page.
func (s *Service) Ask(ctx context.Context, a Ask) (*Request, error) {
	r, err := s.newRequest(ctx, &a)
	if err != nil {
		return nil, err
	}
	if had, err := s.repeated(ctx); had != nil || err != nil {
		return had, err
	}
	t, err := take(a.Data)
	if err != nil {
		return nil, err
	}
	if r.Steps, err = s.newSteps(ctx, r, a.Steps); err != nil {
		return nil, s.Seal.Refused(ctx, "sealing.ask", "sealing", err)
	}
	spots, err := s.Places(ctx, t.document, a.Steps)
	if err != nil {
		return nil, err
	}
	for i, st := range r.Steps {
		st.Places = spots[i]
	}
	if err := s.keep(ctx, r, t, a.Data); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.ask(tx, r) })
	if errors.Is(err, errMoved) {
		return s.repeated(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, r.ID)
}

// newRequest checks who asks and what is said.
func (s *Service) newRequest(ctx context.Context, a *Ask) (*Request, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if a.Org == "" {
		a.Org = p.Org
	}
	if err := iam.Allow(ctx, "seal.ask", a.Org); err != nil {
		return nil, err
	}
	f := fault.Invalid.New("用印申请不完整或不正确").WithCode("sealing.request").WithHint("请按每一项的说明更正后重试")
	f = words(f, "title", "标题", a.Title, 200)
	f = words(f, "purpose", "文件种类", a.Purpose, 40)
	f = words(f, "reason", "用印事由", a.Reason, 500)
	f = checkSteps(f, a.Steps)
	if err := f.OrNil(); err != nil {
		return nil, err
	}
	return &Request{
		ID: newID(), Title: a.Title, Purpose: a.Purpose, Reason: a.Reason, Org: a.Org, Account: p.Account, Asker: p.Name, State: Open, Manual: a.Manual,
	}, nil
}

// person is whoever acts, who must be one.
func person(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithHint("请登录后重试")
	}
	if p.Account == "" {
		return nil, fault.Forbidden.New("应用不能代替工作人员办理逐件用印").WithCode("sealing.person").WithHint("应用请在常备用印授权之内用印")
	}
	return p, nil
}

func checkSteps(f *fault.Error, steps []StepAsk) *fault.Error {
	switch n := len(steps); {
	case n == 0:
		return f.WithField("steps", "required", "请至少选择一枚印章")
	case n > maxSteps:
		return f.WithField("steps", "too-many", fmt.Sprintf("一件文件至多 %d 枚印章", maxSteps))
	}
	for i, st := range steps {
		at := fmt.Sprintf("steps[%d]", i)
		if st.Seal == "" {
			f = f.WithField(at+".seal", "required", "请选择印章")
		}
		if len(st.Places) == 0 {
			f = f.WithField(at+".places", "required", "请指定盖章位置")
		}
		if len(st.Places) > 200 {
			f = f.WithField(at+".places", "too-many", "一枚印章至多指定 200 处")
		}
		if st.Order < 0 || st.Order > 99 {
			f = f.WithField(at+".order", "range", "顺序为 0 到 99")
		}
	}
	return f
}

// repeated returns what was asked for by the same request before, or nil.
func (s *Service) repeated(ctx context.Context) (r *Request, err error) {
	key := httpx.IdempotencyID(ctx)
	if key == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = requestByRepetition(tx, key); return err })
	return r, err
}

// newSteps finds the rule and the seal of each step, and puts them in order.
func (s *Service) newSteps(ctx context.Context, r *Request, asked []StepAsk) (out []*Step, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for i, a := range asked {
			st, err := s.newStep(tx, r, a)
			if f := fault.As(err); f != nil {
				if f.Hint == "" {
					f = f.WithHint("请重新选择印章")
				}
				return f.WithField(fmt.Sprintf("steps[%d].seal", i), "refused", f.Msg)
			}
			if err != nil {
				return err
			}
			out = append(out, st)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	order(r, out)
	return out, nil
}

func (s *Service) newStep(tx *db.Tx, r *Request, a StepAsk) (*Step, error) {
	rule, x, err := s.mayAsk(tx, r, a.Seal)
	if err != nil {
		return nil, err
	}
	levels := rule.Levels
	if len(levels) == 0 {
		levels = []string{seal.ByCustodian}
	}
	return &Step{
		ID: newID(), Seal: x.ID, SealName: x.Name, SealOrg: x.Org, Order: a.Order, State: Draft, Levels: slices.Clone(levels), Rule: rule.ID, request: r.ID,
	}, nil
}

// mayAsk finds the rule by which the asker may ask for a seal that may stamp.
func (s *Service) mayAsk(tx *db.Tx, r *Request, id string) (*seal.Rule, *seal.Seal, error) {
	x, err := s.Seal.UsableTx(tx, id)
	if err != nil {
		return nil, nil, err
	}
	rule, err := s.Seal.RuleTx(tx, id, r.Purpose, r.Account)
	if err != nil {
		return nil, nil, err
	}
	if rule.Max > 0 {
		n, err := underWay(tx, rule.ID, r.Account)
		if err != nil {
			return nil, nil, err
		}
		if n >= int64(rule.Max) {
			return nil, nil, fault.Conflict.New("印章“%s”的用印规则允许您同时申请至多 %d 件，已有 %d 件在办", x.Name, rule.Max, n).
				WithCode("sealing.max").WithHint("请等在办的申请办完，或请印章保管人调整规则")
		}
	}
	return rule, x, nil
}

// order gives steps their slots, and says which group begins.
func order(r *Request, steps []*Step) {
	r.Order = steps[0].Order
	for _, st := range steps {
		r.Order = min(r.Order, st.Order)
	}
	slots := map[int]int{}
	for _, st := range steps {
		st.slot = slots[st.Order]
		slots[st.Order]++
		if st.Order == r.Order {
			st.State = Waiting
		}
	}
}

// keep stores the upload, and the document that is to be sealed.
func (s *Service) keep(ctx context.Context, r *Request, t *taken, data []byte) (err error) {
	if r.original, err = s.Blob.Put(ctx, data); err != nil {
		return fmt.Errorf("sealing: storing the upload: %w", err)
	}
	b, err := t.document.Bytes()
	if err != nil {
		return fmt.Errorf("sealing: writing the document: %w", err)
	}
	if r.base, err = s.Blob.Put(ctx, b); err != nil {
		return fmt.Errorf("sealing: storing the document: %w", err)
	}
	r.document = r.base
	r.Pages, r.Findings, r.Converted = len(t.document.Body().Pages()), t.findings, t.converted
	return nil
}

func (s *Service) ask(tx *db.Tx, r *Request) error {
	for _, st := range r.Steps { // what was right a moment ago
		if _, _, err := s.mayAsk(tx, r, st.Seal); err != nil {
			return err
		}
	}
	fresh, err := insertRequest(tx, r, httpx.IdempotencyID(tx.Context()))
	if err != nil {
		return err
	}
	if !fresh {
		return errMoved
	}
	for i, st := range r.Steps {
		if err := insertStep(tx, st, i); err != nil {
			return err
		}
	}
	err = audit.Put(tx, audit.Entry{Action: "sealing.ask", Object: "sealing/" + r.ID, Reason: r.Reason, Before: r.original, After: r.plan()})
	if err != nil {
		return err
	}
	if err := s.announce(tx, r, event.Asked, r.State); err != nil {
		return err
	}
	return s.callApprovers(tx, r)
}

// plan is a digest of what was asked for: the document, the seals, their order
// and every place.
func (r *Request) plan() gm.Digest {
	var b strings.Builder
	fmt.Fprintf(&b, "sidian-sealing-1\x00%s\x00%x\x00%s\x00", r.ID, r.base[:], r.Purpose)
	for _, st := range r.Steps {
		fmt.Fprintf(&b, "%s\x00%s\x00%d\x00", st.ID, st.Seal, st.Order)
		for _, p := range st.Places {
			fmt.Fprintf(&b, "%d %.3f %.3f %.3f %.3f", p.Page, p.X, p.Y, p.W, p.H)
			if c := p.Clip; c != nil {
				fmt.Fprintf(&b, " %.3f %.3f %.3f %.3f", c.X, c.Y, c.W, c.H)
			}
			b.WriteByte(0)
		}
	}
	return gm.Sum([]byte(b.String()))
}

func (s *Service) announce(tx *db.Tx, r *Request, topic, state string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.ID, Body: event.Request{
		ID: r.ID, Org: r.Org, State: state, Document: hexOf(r.document), At: tx.Now().UnixMilli(),
	}})
}

// callApprovers tells whoever decides next, of every step that waits.
func (s *Service) callApprovers(tx *db.Tx, r *Request) error {
	for _, st := range r.Steps {
		if st.State == Waiting {
			if err := s.callApprover(tx, r, st); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) callApprover(tx *db.Tx, r *Request, st *Step) error {
	n := notice.Notice{
		Topic: "sealing.asked", Title: "有用印申请等您审批",
		Text: "“" + r.Title + "”申请加盖“" + st.SealName + "”", Link: link(r.ID), Org: st.SealOrg, Permission: "seal.use",
	}
	if st.Level < len(st.Levels) && st.Levels[st.Level] == seal.ByCustodian {
		if x, err := s.Seal.UsableTx(tx, st.Seal); err == nil && x.Custodian != "" {
			n.Account, n.Org, n.Permission = x.Custodian, "", ""
		}
	}
	return s.tell(tx, n)
}

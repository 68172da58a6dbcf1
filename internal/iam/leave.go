package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
)

// A Holding is something that an account holds and somebody else must take over
// before it closes.
type Holding struct {
	Kind    string `json:"kind" doc:"grant、post、due，或其他模块的种类"`
	ID      string `json:"id"`
	Title   string `json:"title" doc:"说明"`
	Org     string `json:"org,omitempty"`
	OrgName string `json:"org_name,omitempty"`
	How     string `json:"how" doc:"怎样移交"`
}

// HandOverRequest hands over what somebody holds.
type HandOverRequest struct {
	From   string   `path:"id"`
	To     string   `json:"to" minLength:"1" maxLength:"64" doc:"接手人"`
	Items  []string `json:"items,omitempty" maxItems:"500" doc:"要移交的项目，写作 kind/id；不填则为全部"`
	Reason string   `json:"reason" minLength:"1" maxLength:"500"`
}

// Handed is what became of one holding.
type Handed struct {
	Holding
	Done bool   `json:"done" doc:"已不再由移交人持有"`
	Note string `json:"note" doc:"结果"`
}

// Kinds of holdings that this package knows of.
const (
	HoldingGrant = "grant"
	HoldingPost  = "post"
	HoldingDue   = "due"
)

// Holdings lists what an account holds: grants, posts, what is due, and what the
// other contexts know of.
func (s *Service) Holdings(ctx context.Context, account string) (list []Holding, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		row, err := accountTx(tx, account)
		if err != nil {
			return err
		}
		if p, ok := From(ctx); !ok || p.Account != account {
			if err := allowAny(ctx, row.org, "account.manage", "account.lock"); err != nil {
				return err
			}
		}
		list, err = s.holdings(tx, account)
		return err
	})
	return list, err
}

func (s *Service) holdings(tx *db.Tx, account string) ([]Holding, error) {
	list := []Holding{}
	for _, of := range []func(*db.Tx, string) ([]Holding, error){s.grantsHeld, s.postsHeld, s.dueHeld} {
		some, err := of(tx, account)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	for _, w := range s.watchers {
		if w.Holdings == nil {
			continue
		}
		some, err := w.Holdings(tx, account)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	var orgs []string
	for _, h := range list {
		orgs = append(orgs, h.Org)
	}
	names, err := orgNames(tx, orgs)
	for i := range list {
		list[i].OrgName = names[list[i].Org]
	}
	return list, err
}

func (s *Service) grantsHeld(tx *db.Tx, account string) (list []Holding, err error) {
	grants, err := effectiveOf(tx, account)
	for _, g := range grants {
		if g.over(tx.Now()) || !intact(s.guards.grants, g) {
			continue // it gives nothing
		}
		role, _ := s.role(g.Role)
		list = append(list, Holding{Kind: HoldingGrant, ID: g.ID, Title: "角色：" + role.Name, Org: g.Org, How: "移交给接手人（须安全管理员批准），或由安全管理员撤销"})
	}
	return list, err
}

func (s *Service) postsHeld(tx *db.Tx, account string) (list []Holding, err error) {
	posts, err := postsHeld(tx, account)
	for _, p := range posts {
		list = append(list, Holding{Kind: HoldingPost, ID: p.key, Title: "岗位：" + postNames[p.post], Org: p.org, How: "移交给接手人，或由系统管理员免去"})
	}
	return list, err
}

// dueHeld are promises that somebody else can keep; personal ones end with the
// account.
func (s *Service) dueHeld(tx *db.Tx, account string) (list []Holding, err error) {
	if s.Due == nil {
		return nil, nil
	}
	page, err := s.Due.Mine(tx, due.Query{Account: account, Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, p := range page.Items {
		if p.Permission != "" {
			list = append(list, Holding{Kind: HoldingDue, ID: p.Topic + ":" + p.Object, Title: "待办：" + p.Title, Org: p.Org, How: "办结，或移交给接手人"})
		}
	}
	return list, nil
}

// letGo refuses while an account holds anything, and otherwise ends what is left
// of it: proposals nobody needs to decide any more, and personal promises.
func (s *Service) letGo(tx *db.Tx, row accountRow) error {
	list, err := s.holdings(tx, row.key)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		e := fault.Conflict.New("此人还有 %d 项未移交", len(list)).WithCode("account.holds").WithHint("请先移交给接手人，再停用账号或调动")
		for i, h := range list[:min(len(list), 20)] {
			e = e.WithField(fmt.Sprintf("holdings[%d]", i), h.Kind, h.Title+"（"+h.OrgName+"）："+h.How)
		}
		return e
	}
	live, err := liveGrants(tx, row.key)
	if err != nil {
		return err
	}
	for _, g := range live {
		if g.State != Proposed || !intact(s.guards.grants, g) {
			continue
		}
		if err := s.endGrant(tx, g, Refused, audit.ActorFrom(tx.Context()).Account, "申请对象离岗"); err != nil {
			return err
		}
		if err := s.kept(tx, topicDecide, g.ID); err != nil {
			return err
		}
	}
	if s.Due == nil {
		return nil
	}
	_, err = s.Due.DropOf(tx, row.key, "账号停用或调动")
	return err
}

// HandOver gives what somebody holds to a successor: posts and what is due at
// once, roles as proposals that a security administrator approves. The roles of
// who leaves end, but for the last of an administrator: that one ends when the
// successor's is approved and it is revoked.
func (s *Service) HandOver(ctx context.Context, r HandOverRequest) ([]Handed, error) {
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	me := audit.ActorFrom(ctx).Account
	if r.From == r.To || r.To == me {
		return nil, fault.Invalid.New("接手人不能是移交人或您自己").WithCode("handover.to").WithField("to", "same", "请选择另一个人")
	}
	var done []Handed
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		done, denied = nil, s.mayHandOver(ctx, tx, r)
		if denied != nil {
			return denied
		}
		list, err := s.holdings(tx, r.From)
		if err != nil {
			return err
		}
		for _, item := range r.Items {
			if !slices.ContainsFunc(list, func(h Holding) bool { return h.Kind+"/"+h.ID == item }) {
				return fault.NotFound.New("移交人没有要移交的某一项").WithCode("handover.item").WithHint("请刷新后重新选择")
			}
		}
		for _, h := range list {
			if len(r.Items) > 0 && !slices.Contains(r.Items, h.Kind+"/"+h.ID) {
				continue
			}
			x, err := s.handOver(tx, r, h, me)
			if err != nil {
				return err
			}
			done = append(done, x)
		}
		return audit.Put(tx, audit.Entry{Action: "account.handover", Object: "account/" + r.From, Reason: r.Reason})
	})
	if denied != nil && fault.As(denied) != nil {
		return nil, s.refused(ctx, "account.handover", "account/"+r.From, denied)
	}
	s.changed(r.From)
	s.changed(r.To)
	if done == nil {
		done = []Handed{}
	}
	return done, err
}

func (s *Service) mayHandOver(ctx context.Context, tx *db.Tx, r HandOverRequest) error {
	for i, id := range []string{r.From, r.To} {
		row, err := accountTx(tx, id)
		if err != nil {
			return err
		}
		if err := Allow(ctx, "account.manage", row.org); err != nil {
			return err
		}
		if i == 1 && (row.closed() || row.kind != Staff) {
			return fault.Conflict.New("接手人须是在岗的工作人员").WithCode("handover.to")
		}
	}
	return nil
}

// handOver hands one thing over.
func (s *Service) handOver(tx *db.Tx, r HandOverRequest, h Holding, me string) (Handed, error) {
	out := Handed{Holding: h, Done: true, Note: "已移交"}
	var err error
	switch h.Kind {
	case HoldingGrant:
		return s.handGrant(tx, r, out, me)
	case HoldingPost:
		err = s.handPost(tx, r, h, me)
	case HoldingDue:
		topic, object, _ := strings.Cut(h.ID, ":")
		_, err = s.Due.Assign(tx, topic, object, r.To)
	default:
		for _, w := range s.watchers {
			if w.HandOver == nil {
				continue
			}
			taken, err := w.HandOver(tx, r.From, r.To, h, r.Reason)
			if err != nil || taken {
				return out, err
			}
		}
		out.Done, out.Note = false, h.How
	}
	return out, err
}

func (s *Service) handGrant(tx *db.Tx, r HandOverRequest, out Handed, me string) (Handed, error) {
	g, err := getGrant(tx, out.ID)
	if err != nil {
		return out, err
	}
	has, err := liveGrants(tx, r.To)
	if err != nil {
		return out, err
	}
	out.Note = "接手人已有此角色"
	if !slices.ContainsFunc(has, func(h *grantRow) bool { return h.Role == g.Role && h.Org == g.Org }) {
		if _, err := s.propose(tx, GrantRequest{Account: r.To, Role: g.Role, Org: g.Org, Reason: r.Reason, Until: g.Until, Basis: "接手离岗人员"}, me); err != nil {
			return out, err
		}
		out.Note = "已为接手人提出申请，待安全管理员批准"
	}
	if err := s.replaceable(tx, g); err != nil {
		if fault.As(err) == nil {
			return out, err
		}
		out.Done = false
		out.Note += "；这是最后一位管理员，批准后再撤销"
		return out, nil
	}
	return out, s.endGrant(tx, g, Revoked, me, r.Reason)
}

func (s *Service) handPost(tx *db.Tx, r HandOverRequest, h Holding, me string) error {
	held, err := postsHeld(tx, r.From)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(held, func(p *postRow) bool { return p.key == h.ID })
	if i < 0 {
		return fault.Conflict.New("岗位已由他人担任").WithCode("post.empty")
	}
	_, err = s.appoint(tx, PostRequest{Org: held[i].org, Post: held[i].post, Account: r.To, Reason: r.Reason}, me)
	return err
}

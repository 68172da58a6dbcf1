package item

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// States of a need.
const (
	Open      = "open"
	Matched   = "matched"
	Declined  = "declined"
	Withdrawn = "withdrawn"
)

// NeedStates are the states of a need with their names.
func NeedStates() []Word {
	return []Word{{Open, "待匹配"}, {Matched, "已匹配"}, {Declined, "不能提供"}, {Withdrawn, "已撤回"}}
}

// A Need is what an item needs from another department (需其他部门提供的).
type Need struct {
	ID           string    `json:"id"`
	Item         string    `json:"item" doc:"事项的实施编码"`
	ItemName     string    `json:"item_name"`
	Org          string    `json:"org" doc:"提出的单位"`
	OrgName      string    `json:"org_name"`
	Name         string    `json:"name" doc:"需要的材料"`
	Provider     string    `json:"provider" doc:"提供部门"`
	ProviderName string    `json:"provider_name"`
	Note         string    `json:"note,omitempty"`
	State        string    `json:"state" enum:"open,matched,declined,withdrawn"`
	StateName    string    `json:"state_name"`
	Kind         string    `json:"kind,omitempty" doc:"匹配的证照类型的目录名"`
	Title        string    `json:"title,omitempty" doc:"匹配的证照类型名称"`
	Answer       string    `json:"answer,omitempty"`
	At           time.Time `json:"at"`
	AnsweredAt   time.Time `json:"answered_at,omitzero"`
}

// A NeedPage is one page of needs, newest first.
type NeedPage struct {
	Items []Need `json:"items"`
	Next  string `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

func needView(n *needRow, names map[string]string, kinds kindsByName) Need {
	v := Need{ID: n.id, Item: n.code, ItemName: n.itemName, Org: n.org, OrgName: names[n.org], Name: n.name, Provider: n.provider, ProviderName: names[n.provider], Note: n.note,
		State: n.state, StateName: NameOf(NeedStates(), n.state), Kind: n.kind, Title: n.kind, Answer: n.answer, At: moment(n.at)}
	if k := kinds[n.kind]; k != nil {
		v.Title = k.Title
	}
	if n.answeredAt != nil {
		v.AnsweredAt = moment(*n.answeredAt)
	}
	return v
}

// Want is what an item is said to need.
type Want struct {
	Name     string `json:"name" minLength:"1" maxLength:"200" doc:"需要的材料"`
	Provider string `json:"provider" minLength:"1" maxLength:"64" doc:"提供部门"`
	Note     string `json:"note,omitempty" maxLength:"500"`
}

// Need says that an item needs something from another department, which is told.
func (s *Service) Need(ctx context.Context, code string, w Want) (*Item, error) {
	w.Name, w.Note = strings.TrimSpace(w.Name), strings.TrimSpace(w.Note)
	if n := utf8.RuneCountInString(w.Name); n == 0 || n > 200 || !legible(w.Name) || audit.Personal(w.Name) {
		return nil, errBound("name", "item.need", "须写需要的材料，至多 200 个字，不含个人信息")
	}
	if utf8.RuneCountInString(w.Note) > 500 || !legible(w.Note) || audit.Personal(w.Note) {
		return nil, errBound("note", "item.need", "说明至多 500 个字，不含个人信息")
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.mineTx(ctx, tx, code)
		if err != nil {
			return err
		}
		return s.needTx(tx, r, w)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.need", Object: objectOf(code)}, err)
	}
	return s.Get(ctx, code)
}

func (s *Service) needTx(tx *db.Tx, r *row, w Want) error {
	o, err := iam.OrgTx(tx, w.Provider)
	switch {
	case fault.As(err) != nil || err == nil && o.Closed:
		return errBound("provider", "item.provider", "没有这个部门，或已停用")
	case err != nil:
		return err
	case o.ID == r.org:
		return errBound("provider", "item.provider", "本单位提供的材料不用提出需求，请直接关联证照类型")
	}
	path, err := iam.PathTx(tx, o.ID)
	if err != nil {
		return err
	}
	n := &needRow{id: newID(), item: r.id, name: w.Name, provider: o.ID, providerPath: path, note: w.Note, account: actor(tx.Context()), at: tx.Now().UnixMilli()}
	made, err := insertNeed(tx, n)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("已经提出过这项需求").WithCode("item.need-exists").WithHint("请等待该部门匹配").WithField("name", "item.need-exists", "已经提出过")
	}
	if s.Notices != nil {
		err := s.Notices.PutTx(tx, notice.Notice{ID: "item.need/" + n.id, Org: o.ID, Permission: permManage, Topic: "item.need",
			Title: "其他部门需要本单位提供材料", Text: "事项“" + clip(r.name, 60) + "”需要“" + clip(w.Name, 60) + "”，请匹配证照类型或答复不能提供。", Link: "/console/items/needs"})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "item.need", Object: objectOf(r.code)})
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// An Answer is what becomes of a need.
type Answer struct {
	State  string `json:"state" enum:"matched,declined,withdrawn" doc:"已匹配、不能提供；撤回只由提出的单位"`
	Kind   string `json:"kind,omitempty" maxLength:"64" doc:"已匹配：证照类型的目录名或代码"`
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"不能提供、撤回：理由"`
}

// Answer ends a need: the provider or the item's unit names the kind, which is
// bound to the item at once, or the provider says that there is none, or the item's
// unit takes it back.
func (s *Service) Answer(ctx context.Context, need string, a Answer) (*Need, error) {
	if a.State != Matched && a.State != Declined && a.State != Withdrawn {
		return nil, errBound("state", "item.need-state", "请选择已匹配、不能提供或撤回")
	}
	if a.State == Matched && a.Reason == "" {
		a.Reason = "匹配需求"
	}
	reason, err := reasonOf(a.Reason)
	if err != nil {
		return nil, err
	}
	var n *needRow
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if n, err = needByID(tx, need); err != nil {
			return err
		}
		if err := mayAnswer(ctx, n, a.State); err != nil {
			return err
		}
		if n.state != Open {
			return fault.Conflict.New("这项需求已经答复").WithCode("item.need-state").WithHint("请刷新后查看")
		}
		return s.answerTx(tx, n, a, reason)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.answer", Object: "item-need/" + need}, err)
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	v := needView(n, names, kinds)
	return &v, nil
}

// mayAnswer refuses who manages the items of neither side; a unit does not decline
// for another, nor take back what it did not ask.
func mayAnswer(ctx context.Context, n *needRow, state string) error {
	own, provider := iam.Allow(ctx, permManage, n.org), iam.Allow(ctx, permManage, n.provider)
	switch {
	case state == Declined, own != nil && state == Matched:
		return provider
	}
	return own
}

func (s *Service) answerTx(tx *db.Tx, n *needRow, a Answer, reason string) error {
	now := tx.Now().UnixMilli()
	n.state, n.answer, n.answeredBy, n.answeredAt = a.State, reason, actor(tx.Context()), &now
	if a.State == Matched {
		k, err := s.kindTx(tx, strings.TrimSpace(a.Kind))
		if err != nil {
			return err
		}
		n.kind = k.Name
		if err := s.matchTx(tx, n, reason); err != nil {
			return err
		}
	}
	if err := answerNeed(tx, n); err != nil {
		return err
	}
	if s.Notices != nil && a.State != Withdrawn {
		err := s.Notices.PutTx(tx, notice.Notice{ID: "item.answer/" + n.id, Org: n.org, Permission: permManage, Topic: "item.answer",
			Title: "需其他部门提供的材料：" + NameOf(NeedStates(), n.state), Text: "事项“" + clip(n.itemName, 60) + "”需要的“" + clip(n.name, 60) + "”已答复。", Link: "/console/items/of/" + n.code})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "item.answer", Object: objectOf(n.code), Reason: reason})
}

// matchTx binds the kind that answers a need, unless it is bound already.
func (s *Service) matchTx(tx *db.Tx, n *needRow, reason string) error {
	r, err := byCode(tx, n.code, true)
	if err != nil {
		return err
	}
	w := &bindingRow{id: newID(), item: n.item, role: Input, kind: n.kind, needed: true, reason: reason, account: actor(tx.Context()), at: tx.Now().UnixMilli()}
	if materialTx(tx, r, n.name) == nil {
		w.material = n.name
	}
	if err := obtainableTx(tx, r, []*bindingRow{w}); err != nil {
		return err
	}
	_, err = insertBinding(tx, w)
	return err
}

// Needs pages through the needs of the items that whoever acts reads or manages,
// and those that ask of their units, newest first.
func (s *Service) Needs(ctx context.Context, state, cursor string, limit int) (*NeedPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	p := &NeedPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Need{}, ""
		paths, err := bothPathsTx(ctx, tx)
		if err != nil {
			return err
		}
		found, err := listNeeds(tx, paths, state, before, id, limit+1)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			p.Next = db.Cursor(found[limit-1].at, found[limit-1].id)
		}
		for _, n := range found {
			p.Items = append(p.Items, needView(n, names, kinds))
		}
		return nil
	})
	return p, err
}

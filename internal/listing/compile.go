package listing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// A group is the accepted rows that mean one certificate: they share a name or a
// code, directly or by a row between.
type group []*lineRow

// groupsOf puts rows together, in the order of their first rows.
func groupsOf(rows []*lineRow) (groups []group) {
	parent := make([]int, len(rows))
	root := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	first := map[string]int{}
	for i, l := range rows {
		parent[i] = i
		for _, key := range []string{"name " + fold(l.name), "code " + fold(l.code)} {
			if key == "code " {
				continue
			}
			if j, known := first[key]; known {
				a, b := root(i), root(j)
				parent[max(a, b)] = min(a, b)
			} else {
				first[key] = i
			}
		}
	}
	place := map[int]int{}
	for i, l := range rows {
		r := root(i)
		n, known := place[r]
		if !known {
			n = len(groups)
			place[r], groups = n, append(groups, nil)
		}
		groups[n] = append(groups[n], l)
	}
	return groups
}

// differs tells whether rows of a group say different things of the certificate
// itself, so that somebody must say which holds.
func (g group) differs() bool {
	return slices.ContainsFunc(g, func(l *lineRow) bool {
		return fold(l.name) != fold(g[0].name) || fold(l.code) != fold(g[0].code) || l.kind != g[0].kind
	})
}

// head is the row that stands for the group; nil where none was chosen and one must.
func (g group) head() *lineRow {
	for _, l := range g {
		if l.chosen {
			return l
		}
	}
	if g.differs() {
		return nil
	}
	return g[0]
}

// A Group is what stands twice in a round.
type Group struct {
	Rows   []Candidate `json:"rows"`
	Chosen string      `json:"chosen,omitempty" doc:"选定的一行"`
	Why    string      `json:"why,omitempty" doc:"选定的理由"`
}

// A Candidate is a row of a group.
type Candidate struct {
	ID       string `json:"id"`
	Unit     string `json:"unit"`
	UnitName string `json:"unit_name"`
	Name     string `json:"name"`
	Code     string `json:"code,omitempty"`
	Kind     string `json:"kind,omitempty"`
}

func groupView(g group, names map[string]string) (v Group) {
	for _, l := range g {
		v.Rows = append(v.Rows, Candidate{l.id, l.unit, names[l.unit], l.name, l.code, l.kind})
		if l.chosen {
			v.Chosen, v.Why = l.id, l.chosenWhy
		}
	}
	return v
}

// compileTx is an open round, locked, for who compiles it.
func (s *Service) compileTx(ctx context.Context, tx *db.Tx, id string) (*roundRow, error) {
	r, err := roundByID(tx, id, true)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permReview, r.org); err != nil {
		return nil, err
	}
	if _, err := person(ctx); err != nil {
		return nil, err
	}
	if r.state != Open {
		return nil, errEnded()
	}
	return r, nil
}

// Choose settles which row stands where rows of one name or code differ: its name,
// code and kind count; the units and items of all of them are kept.
func (s *Service) Choose(ctx context.Context, row, reason string) (*Round, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	round := ""
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := lineByID(tx, row)
		if err != nil {
			return err
		}
		round = l.round
		r, err := s.compileTx(ctx, tx, l.round)
		if err != nil {
			return err
		}
		accepted, err := acceptedOf(tx, r.id)
		if err != nil {
			return err
		}
		for _, g := range groupsOf(accepted) {
			if !slices.ContainsFunc(g, func(o *lineRow) bool { return o.id == l.id }) {
				continue
			}
			if !g.differs() {
				break
			}
			if err := choose(tx, g, l.id, actor(ctx), reason); err != nil {
				return err
			}
			return audit.Put(tx, audit.Entry{Action: "listing.choose", Object: "list-row/" + l.id, Reason: reason})
		}
		return fault.Conflict.New("这一行没有重复，不用选定").WithCode("listing.single").WithHint("只有名称或代码重复而内容不同的须选定")
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.choose", "list-row/"+row, err)
	}
	return s.Round(ctx, round)
}

// Publish merges what was accepted into the next version of the list. A round is
// published once, whoever asks how often.
func (s *Service) Publish(ctx context.Context, id, reason string) (*Edition, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	edition := newID()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.compileTx(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.publishTx(ctx, tx, r, edition, reason, names)
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.publish", roundObject(id), err)
	}
	return s.Edition(ctx, edition)
}

func (s *Service) publishTx(ctx context.Context, tx *db.Tx, r *roundRow, id, reason string, names map[string]string) error {
	parts, err := partsOf(tx, r.id)
	if err != nil {
		return err
	}
	accepted, err := acceptedOf(tx, r.id)
	if err != nil {
		return err
	}
	if err := ready(parts, accepted, actor(ctx), names); err != nil {
		return err
	}
	entries, err := merge(accepted, names)
	if err != nil {
		return err
	}
	whole := content{Entries: entries}
	for _, p := range parts {
		if p.state == Excused {
			whole.Without = append(whole.Without, Without{p.unit, names[p.unit], p.decidedWhy})
		}
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return fmt.Errorf("listing: writing an edition: %w", err)
	}
	e := &editionRow{id: id, list: r.list, org: r.org, round: r.id, title: r.title, content: string(raw), digest: gm.Sum(raw), entries: int64(len(entries)), reason: reason, account: actor(ctx), at: tx.Now().UnixMilli()}
	last, err := newestEdition(tx, r.list, r.org)
	if err != nil {
		return err
	}
	e.version = 1
	var before gm.Digest
	if last != nil {
		e.version, before = last.version+1, last.digest
	}
	if err := insertEdition(tx, e); err != nil {
		return err
	}
	if err := endRound(tx, r.id, Published, e.account, reason); err != nil {
		return err
	}
	for _, p := range parts {
		err := s.tell(tx, notice.Notice{ID: "listing.published/" + r.id, Org: p.unit, Permission: permReport, Topic: "listing.published",
			Title: ListName(r.list) + "已公布", Text: fmt.Sprintf("“%s”第 %d 版已公布，共 %d 项。", clip(r.title, 80), e.version, e.entries), Link: "/open/lists/" + id})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "listing.publish", Object: roundObject(r.id), Reason: reason, Before: before, After: e.digest})
}

// ready refuses to publish what did not go through all stages, or by three people.
func ready(parts []*partRow, accepted []*lineRow, account string, names map[string]string) error {
	var waiting []string
	for _, p := range parts {
		if p.state != Accepted && p.state != Excused {
			waiting = append(waiting, names[p.unit])
		}
		if p.state == Accepted && (p.submittedBy == account || p.decidedBy == account) {
			return errSame("梳理报送、审核汇总与统一编制")
		}
	}
	if len(waiting) > 0 {
		more := ""
		if len(waiting) > 3 {
			waiting, more = waiting[:3], fmt.Sprintf("等 %d 个单位", len(waiting))
		}
		return fault.Conflict.New("还没有审核通过：%s%s", strings.Join(waiting, "、"), more).WithCode("listing.stage").
			WithHint("各单位报送并审核通过后才能统一编制；未报送的单位可以写明理由后不再等待")
	}
	for _, l := range accepted {
		if l.account == account || l.reviewedBy == account {
			return errSame("梳理报送、审核汇总与统一编制")
		}
	}
	if len(accepted) == 0 {
		return fault.Conflict.New("没有通过审核的内容，不能公布空的清单").WithCode("listing.empty").WithHint("请中止这一轮，或等待单位报送")
	}
	return nil
}

// merge makes one entry of each group.
func merge(accepted []*lineRow, names map[string]string) (entries []Entry, err error) {
	for _, g := range groupsOf(accepted) {
		head := g.head()
		if head == nil {
			return nil, fault.Conflict.New("名称或代码重复而内容不同，还没有选定：%s", clip(g[0].name, 40)).WithCode("listing.twice").WithHint("请逐组选定以哪一行为准并写明理由")
		}
		e := Entry{Name: head.name, Code: head.code, Kind: head.kind, Basis: head.basis, Note: head.note}
		for _, l := range g {
			if !slices.ContainsFunc(e.Units, func(u Issuer) bool { return u.Unit == l.unit }) {
				e.Units = append(e.Units, Issuer{l.unit, names[l.unit]})
			}
			e.Items = append(e.Items, l.items...)
		}
		slices.SortFunc(e.Units, func(a, b Issuer) int { return strings.Compare(a.Unit, b.Unit) })
		slices.Sort(e.Items)
		e.Items = slices.Compact(e.Items)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Name, b.Name)) })
	return entries, nil
}

package sealing

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

type listPage struct {
	page.Frame
	Lead  string
	Tabs  page.Tabs
	Table page.Table
	Ask   bool // the reader may ask
}

// perPage is how many requests a list shows at once.
const perPage = 20

// mostScanned bounds how many requests are looked at for those that wait for the
// reader.
const mostScanned = 500

// chips of the states of requests.
var stateClass = map[string]string{
	sealing.Open: page.Care, sealing.Done: page.Good, sealing.Refused: page.Bad, sealing.Withdrawn: page.Plain,
	sealing.Draft: page.Plain, sealing.Waiting: page.Care, sealing.Approved: page.Good, sealing.Stamping: page.Care, sealing.Stamped: page.Good, sealing.Dropped: page.Plain,
}

func chipOf(state string) page.Chip {
	return page.Chip{Class: stateClass[state], Word: sealing.Label(state)}
}

// keepers tells who keeps seals, each asked once.
type keepers struct {
	s    *Service
	ctx  context.Context
	seen map[string]string
}

func (s *Service) keepers(ctx context.Context) *keepers {
	return &keepers{s, ctx, map[string]string{}}
}

// of is the account that keeps a seal, or "" for who may not know.
func (k *keepers) of(id string) string {
	who, known := k.seen[id]
	if !known {
		if x, err := k.s.Seal.Get(k.ctx, id); err == nil {
			who = x.Custodian
		}
		k.seen[id] = who
	}
	return who
}

// decides tells whether a step waits for whoever reads. Package sealing asks
// again.
func (k *keepers) decides(r *sealing.Request, st *sealing.Step) bool {
	if r.State != sealing.Open || st.State != sealing.Waiting || r.Account == iam.Self(k.ctx) || st.Level >= len(st.Levels) || !iam.May(k.ctx, "seal.use", st.SealOrg) {
		return false
	}
	for _, a := range st.Approvals {
		if !a.Lapsed && a.Account == iam.Self(k.ctx) {
			return false
		}
	}
	mine := k.of(st.Seal) == iam.Self(k.ctx)
	return mine == (st.Levels[st.Level] == seal.ByCustodian)
}

func (k *keepers) anyOf(r *sealing.Request) bool {
	for _, st := range r.Steps {
		if k.decides(r, st) {
			return true
		}
	}
	return false
}

// waiting pages through what waits for the reader: of what waits at their units
// that which is theirs to decide.
func (s *Service) waiting(ctx context.Context, cursor string) (*sealing.RequestPage, error) {
	k, out := s.keepers(ctx), &sealing.RequestPage{}
	for scanned := 0; scanned < mostScanned; scanned += perPage {
		p, err := s.Sealing.List(ctx, sealing.ListQuery{Whose: sealing.ToApprove, Limit: perPage, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, r := range p.Items {
			if k.anyOf(r) {
				out.Items = append(out.Items, r)
			}
		}
		if out.Next = p.Next; p.Next == "" || len(out.Items) >= perPage {
			return out, nil
		}
		cursor = p.Next
	}
	return out, nil
}

var leads = map[string]string{
	sealing.ToApprove: "等您批准的用印申请。请打开文件看清内容和盖章位置，再决定；批准后自动盖章。",
	sealing.Mine:      "您提出的用印申请。由印章保管人批准，批准后自动盖章，完成后在这里下载。",
	sealing.Unit:      "本单位提出的用印申请，供查阅。",
}

var empties = map[string]page.Empty{
	sealing.ToApprove: {Title: "没有等您批准的用印", Text: "有人申请用您保管的印章时，会出现在这里。"},
	sealing.Mine:      {Title: "还没有申请过用印", Text: "上传文件，选择印章，指定位置，提交后由印章保管人批准。", Href: New, Action: "申请用印"},
	sealing.Unit:      {Title: "本单位还没有用印申请", Text: "本单位人员申请用印后，会出现在这里。"},
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	uses, asks, reads := iam.May(ctx, "seal.use", ""), iam.May(ctx, "seal.ask", ""), iam.May(ctx, "seal.read", "")
	allowed := map[string]bool{sealing.ToApprove: uses, sealing.Mine: asks, sealing.Unit: reads}
	whose := q.Get("whose")
	if !allowed[whose] {
		for _, v := range []string{sealing.ToApprove, sealing.Mine, sealing.Unit} {
			if allowed[v] {
				whose = v
				break
			}
		}
	}
	var first *sealing.RequestPage // what waits for the reader, counted on every tab
	var err error
	if uses {
		if first, err = s.waiting(ctx, ""); err != nil {
			return err
		}
	}
	list := first
	if whose != sealing.ToApprove {
		list, err = s.Sealing.List(ctx, sealing.ListQuery{Whose: whose, Limit: perPage, Cursor: q.Get("cursor")})
	} else if q.Get("cursor") != "" {
		list, err = s.waiting(ctx, q.Get("cursor"))
	}
	if err != nil {
		return err
	}
	p := &listPage{Frame: s.Kit.Frame(r, "用印", "sealing", page.Wide), Lead: leads[whose], Ask: asks}
	p.Tabs = page.Tabs{Label: "用印申请"}
	for _, v := range []struct{ whose, label string }{{sealing.ToApprove, "待我批准"}, {sealing.Mine, "我申请的"}, {sealing.Unit, "本单位的"}} {
		if !allowed[v.whose] {
			continue
		}
		t := page.Tab{Label: v.label, Href: page.Asking(Home, "whose", v.whose), Current: v.whose == whose}
		if v.whose == sealing.ToApprove {
			t.Count = len(first.Items)
		}
		if v.whose == sealing.Mine {
			if t.Count, err = s.underWay(ctx); err != nil {
				return err
			}
		}
		p.Tabs.Items = append(p.Tabs.Items, t)
	}
	p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "批量用印", Href: Batches})
	if asks {
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "加注", Href: Annotate})
	}
	p.Table = table(list.Items, s.now(), empties[whose])
	if whose == sealing.ToApprove && asks {
		p.Table.Empty.Href, p.Table.Empty.Action = New, "申请用印"
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "whose", whose, "cursor", list.Next)
	}
	if q.Get("cursor") != "" {
		p.Table.Pager.First = page.Asking(Home, "whose", whose)
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

// underWay counts the reader's own requests that are not decided yet.
func (s *Service) underWay(ctx context.Context) (int, error) {
	p, err := s.Sealing.List(ctx, sealing.ListQuery{Whose: sealing.Mine, State: sealing.Open, Limit: 100})
	if err != nil {
		return 0, err
	}
	return len(p.Items), nil
}

func table(list []*sealing.Request, now time.Time, empty page.Empty) page.Table {
	t := page.Table{ID: "requests", Caption: "用印申请", Quiet: true, Head: []string{"文件", "印章", "申请人", "提出", "状态"}, Empty: empty}
	for _, r := range list {
		names := make([]string, len(r.Steps))
		stamped := 0
		for i, st := range r.Steps {
			names[i] = st.SealName
			if st.State == sealing.Stamped {
				stamped++
			}
		}
		state := page.Cell{Chips: []page.Chip{chipOf(r.State)}}
		if r.State == sealing.Open && len(r.Steps) > 1 {
			state.Sub = fmt.Sprintf("已盖 %d/%d", stamped, len(r.Steps))
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: r.Title, Href: page.At(Home, r.ID), Sub: fmt.Sprintf("%s，%d 页", r.Purpose, r.Pages)},
			{Text: strings.Join(names, "、")},
			{Text: r.Asker, Sub: r.OrgName},
			{Text: page.Ago(r.CreatedAt, now)},
			state,
		}})
	}
	return t
}

package sealing

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/auth"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

type requestPage struct {
	page.Frame
	R        *sealing.Request
	Chip     page.Chip
	Lead     string
	Notice   *page.Notice
	Problem  *page.Problem
	Pictures []picture
	Strip    bool // links to the pages stand above them
	Look     int  // the page at which a document of several opens
	Facts    []page.Fact
	Groups   []stepGroup
	Decide   *decision
	Own      bool // it is the reader's own: others decide
	Withdraw string
	Stamp    string // where the asker begins what is approved
	File     string
	Copy     string
	Evidence []page.Link
	Findings []string
}

// A stepGroup is steps that are decided on at a time.
type stepGroup struct {
	Word  string
	Steps []page.Step
}

// A decision is what the reader may say about a step.
type decision struct {
	Step   *sealing.Step
	Action string
	Refuse string
	Will   string // what happens
	Seen   string
	Code   *page.Field // nil: nothing need be typed
	Note   page.Field
	Codes  string // where a demo shows codes
	More   int    // steps of the reader after this one
	Recent bool   // a sign-in of the last minutes proves it
	Button string
	Look   int // the page where the seal is to stand, of a document of several
}

func (s *Service) getRequest(w http.ResponseWriter, r *http.Request) error {
	p, err := s.request(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "request", p)
}

func (s *Service) request(r *http.Request) (*requestPage, error) {
	ctx := r.Context()
	q, err := s.Sealing.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &requestPage{Frame: s.Kit.Frame(r, q.Title, "sealing", page.Wide), R: q, Chip: chipOf(q.State), Own: q.Account == iam.Self(ctx)}
	if r.Method == http.MethodPost {
		p.Path = page.At(Home, q.ID)
	}
	if p.Pictures, p.Strip = picturesOf(q), q.Pages > 1; p.Strip {
		p.Frame = p.WithScript("sealing.js")
		for _, one := range p.Pictures {
			if one.Sealed {
				p.Look = one.Page
				break
			}
		}
	}
	p.Facts = factsOf(q)
	k := s.keepers(ctx)
	who, err := s.IAM.Names(ctx, k.ofAll(q))
	if err != nil {
		return nil, err
	}
	p.Groups = groupsOfRequest(q, func(id string) string { return who[k.of(id)] })
	p.Lead = leadOf(q, p.Own)
	if p.Decide, err = s.decision(ctx, q, k); err != nil {
		return nil, err
	}
	if p.Decide != nil {
		p.Lead = "请先看清文件内容和盖章位置，再决定。批准只对这份文件、这个位置、这一次有效。"
		if p.Decide.Look > 0 {
			p.Look = p.Decide.Look
		}
	}
	s.offer(ctx, p)
	p.Notice = noticeOf(r.URL.Query().Get("done"), q)
	if p.Notice != nil && p.Notice.Class == page.Good && p.Notice.Href == "" && p.Look > 0 {
		p.Notice.Href, p.Notice.Action = "#page-"+strconv.Itoa(p.Look), fmt.Sprintf("看盖章的那一页：第 %d 页", p.Look)
	}
	for _, f := range q.Findings {
		if len(p.Findings) < 10 && !slices.Contains(p.Findings, f.Message) {
			p.Findings = append(p.Findings, f.Message)
		}
	}
	return p, nil
}

// ofAll are the accounts that keep the seals of a request, as far as the reader
// may know.
func (k *keepers) ofAll(q *sealing.Request) (out []string) {
	for _, st := range q.Steps {
		if who := k.of(st.Seal); who != "" {
			out = append(out, who)
		}
	}
	return out
}

// offer puts what the reader may do on the page.
func (s *Service) offer(ctx context.Context, p *requestPage) {
	q := p.R
	if q.State == sealing.Open && p.Own {
		p.Withdraw = page.At(Requests, q.ID, "withdraw")
		if slices.ContainsFunc(q.Steps, func(st *sealing.Step) bool { return st.State == sealing.Approved }) {
			p.Stamp = page.At(Requests, q.ID, "stamps")
		}
	}
	if q.State == sealing.Done {
		p.File, p.Copy = page.At(Requests, q.ID, "file"), page.At(Requests, q.ID, "copy")
	}
	for _, st := range q.Steps {
		if st.State == sealing.Stamped && st.Use != "" {
			p.Evidence = append(p.Evidence, page.Link{Label: st.SealName, Href: page.At(Requests, q.ID, "evidence", st.Use)})
		}
	}
}

func picturesOf(q *sealing.Request) (out []picture) {
	will, sealed := "", map[int]bool{}
	for _, st := range q.Steps {
		for _, spot := range st.Places {
			if spot.Clip == nil && st.State != sealing.Dropped {
				sealed[spot.Page] = true
			}
		}
	}
	if q.State == sealing.Open {
		will = "，将盖的印章已标出"
	}
	for n := range q.Pages {
		out = append(out, picture{
			Page: n + 1, Lazy: n > 1, Sealed: sealed[n+1], Alt: fmt.Sprintf("文件第 %d 页，共 %d 页%s", n+1, q.Pages, will),
			Src: page.Asking(page.At(Requests, q.ID, "pages", strconv.Itoa(n+1)), "v", q.Document[:12]+q.State), // another address for another picture
		})
	}
	return out
}

func factsOf(q *sealing.Request) []page.Fact {
	out := []page.Fact{{Label: "文件种类", Text: q.Purpose}, {Label: "事由", Text: q.Reason}, {Label: "申请人", Text: q.Asker}, {Label: "申请单位", Text: q.OrgName}, {Label: "提出时间", At: q.CreatedAt}}
	if q.Converted {
		out = append(out, page.Fact{Label: "格式", Text: "由 PDF 转换为 OFD"})
	}
	if !q.ClosedAt.IsZero() {
		out = append(out, page.Fact{Label: "办结时间", At: q.ClosedAt})
	}
	if q.Closing != "" {
		out = append(out, page.Fact{Label: "理由", Text: q.Closing})
	}
	label := "待盖文件摘要（SM3）"
	if q.State == sealing.Done {
		label = "成品摘要（SM3）"
	}
	return append(out, page.Fact{Label: label, Text: q.Document, Code: true})
}

func leadOf(q *sealing.Request, own bool) string {
	switch q.State {
	case sealing.Done:
		return "所有印章都已盖好并核验，可以下载使用；任何人都能核验这份文件。"
	case sealing.Refused:
		return "没有获得批准，文件没有发出。可以按理由修改后重新申请。"
	case sealing.Withdrawn:
		return "申请已由申请人撤回。"
	}
	if own {
		return "等印章保管人批准；批准后自动盖章，您会收到通知。自己提出的申请须由他人批准。"
	}
	return "等有权的人批准；批准后自动盖章。"
}

// groupsOfRequest tells what becomes of each seal, group by group.
func groupsOfRequest(q *sealing.Request, keeper func(seal string) string) (out []stepGroup) {
	last := -1
	sorted := slices.Clone(q.Steps)
	slices.SortStableFunc(sorted, func(a, b *sealing.Step) int { return a.Order - b.Order })
	for _, st := range sorted {
		if st.Order != last || out == nil {
			last = st.Order
			out = append(out, stepGroup{})
		}
		g := &out[len(out)-1]
		g.Steps = append(g.Steps, stepsOf(q, st, keeper(st.Seal))...)
	}
	if len(out) == 1 && len(q.Steps) == 1 {
		return out
	}
	for i := range out {
		n := 0
		for _, st := range sorted {
			if st.Order == orderOf(sorted, i) {
				n++
			}
		}
		out[i].Word = groupWord(i+1, n)
	}
	return out
}

// orderOf is the number of the n-th group.
func orderOf(sorted []*sealing.Step, n int) int {
	last, at := -1, -1
	for _, st := range sorted {
		if st.Order != last {
			last = st.Order
			at++
		}
		if at == n {
			return st.Order
		}
	}
	return -1
}

// factors are the Chinese words for how somebody proved to be there.
var factors = map[string]string{auth.WayCode: "一次性口令", auth.WayPassword: "登录密码", auth.WayRecent: "刚刚登录", "passkey": "通行密钥", "certificate": "数字证书", "session": "双因素登录"}

func factorWord(f string) string {
	if w := factors[f]; w != "" {
		return w
	}
	return f
}

// stepsOf is the history of one seal, and what is still to come.
func stepsOf(q *sealing.Request, st *sealing.Step, keeper string) (out []page.Step) {
	head := page.Step{Title: st.SealName, Chips: []page.Chip{chipOf(st.State)}, Text: placesWord(st.Places), State: "todo"}
	switch st.State {
	case sealing.Stamped:
		head.State, head.At = "done", st.StampedAt
		head.Who = "盖章后核验通过"
		head.Code, head.CodeLabel = st.After, "盖章后文件摘要"
	case sealing.Waiting, sealing.Approved, sealing.Stamping:
		head.State = "now"
	}
	if st.Trouble != "" && st.State != sealing.Stamped {
		head.Who = st.Trouble
		head.Chips = append(head.Chips, page.Chip{Class: page.Bad, Word: "没有完成"})
	}
	out = append(out, head)
	for _, a := range st.Approvals {
		one := page.Step{Title: sealing.LevelName(a.Level) + "批准", State: "done", At: a.At, Who: a.Approver + " · " + factorWord(a.Factor), Text: a.Note}
		if a.Lapsed {
			one.Chips, one.State = []page.Chip{{Class: page.Plain, Word: "已失效"}}, "todo"
		}
		out = append(out, one)
	}
	if st.State == sealing.Waiting && st.Level < len(st.Levels) {
		for i, level := range st.Levels[st.Level:] {
			who := sealing.LevelName(level)
			one := page.Step{Title: "等待" + who + "批准", State: "todo"}
			if level == seal.ByCustodian && keeper != "" {
				one.Who = keeper
			}
			if i == 0 {
				one.State = "now"
			}
			out = append(out, one)
		}
	}
	return out
}

// placesWord tells where a seal stands, as people say it.
func placesWord(spots []sealing.Spot) string {
	var on []int
	edge := 0
	for _, p := range spots {
		if p.Clip != nil {
			edge++
			continue
		}
		on = append(on, p.Page)
	}
	slices.Sort(on)
	on = slices.Compact(on)
	var words []string
	switch {
	case len(on) > 5:
		words = append(words, fmt.Sprintf("第 %d 至 %d 页，共 %d 页", on[0], on[len(on)-1], len(on)))
	case len(on) > 0:
		list := make([]string, len(on))
		for i, n := range on {
			list[i] = strconv.Itoa(n)
		}
		words = append(words, "第 "+strings.Join(list, "、")+" 页")
	}
	if edge > 0 {
		words = append(words, fmt.Sprintf("骑缝 %d 页", edge))
	}
	return strings.Join(words, "；")
}

// decision is the first step that waits for the reader, or nil.
func (s *Service) decision(ctx context.Context, q *sealing.Request, k *keepers) (*decision, error) {
	var mine []*sealing.Step
	for _, st := range q.Steps {
		if k.decides(q, st) {
			mine = append(mine, st)
		}
	}
	if len(mine) == 0 {
		return nil, nil
	}
	st := mine[0]
	d := &decision{Step: st, Seen: q.Base, More: len(mine) - 1, Action: page.At(Requests, q.ID, "steps", st.ID, "approve"), Refuse: page.At(Requests, q.ID, "steps", st.ID, "refuse")}
	d.Will, d.Button = willOf(q, st), "批准并盖章"
	if st.Level+1 < len(st.Levels) || q.Manual {
		d.Button = "批准"
	}
	for _, spot := range st.Places {
		if q.Pages > 1 && spot.Clip == nil {
			d.Look = spot.Page
			break
		}
	}
	d.Note = page.Field{ID: "note", Name: "note", Label: "意见", Max: 500, Hint: "可以不填，记入用印记录", Autocomplete: "off"}
	way := auth.WayCode
	if s.Way != nil {
		var err error
		if way, err = s.Way(ctx); err != nil {
			return nil, err
		}
	}
	switch way {
	case auth.WayRecent:
		d.Recent = true
	case auth.WayPassword:
		d.Code = &page.Field{ID: "code", Name: "code", Label: "登录密码", Type: "password", Required: true, Max: 200, Autocomplete: "current-password", Hint: "再次证明是您本人"}
	default:
		d.Code = &page.Field{ID: "code", Name: "code", Label: "一次性口令", Required: true, Max: 20, Mode: "numeric", Autocomplete: "one-time-code", Code: true, Short: true, Hint: "身份验证器现在显示的 6 位数字，证明是您本人"}
		if s.Demo {
			d.Codes = "/login/dev/codes"
		}
	}
	return d, nil
}

// willOf says what happens when a step is approved.
func willOf(q *sealing.Request, st *sealing.Step) string {
	where := placesWord(st.Places)
	if st.Level+1 < len(st.Levels) {
		return fmt.Sprintf("批准后，由%s再批准，然后盖“%s”（%s）。", sealing.LevelName(st.Levels[st.Level+1]), st.SealName, where)
	}
	if q.Manual {
		return fmt.Sprintf("批准后，由申请人%s盖“%s”一次（%s）。", q.Asker, st.SealName, where)
	}
	return fmt.Sprintf("批准后立即在这份文件上盖“%s”（%s），加盖时间戳并自动核验，不能撤回。", st.SealName, where)
}

// noticeOf tells what was just done.
func noticeOf(done string, q *sealing.Request) *page.Notice {
	left := 0
	trouble := ""
	for _, st := range q.Steps {
		if st.State != sealing.Stamped {
			left++
		}
		if st.Trouble != "" && st.State != sealing.Stamped {
			trouble = st.Trouble
		}
	}
	switch done {
	case "asked":
		if q.State == sealing.Open {
			return &page.Notice{Class: page.Good, Title: "已提交", Text: "已通知批准人。批准后自动盖章，完成后在这里下载。"}
		}
	case "approved", "stamped":
		switch {
		case q.State == sealing.Done:
			return &page.Notice{Class: page.Good, Title: "已盖章，核验通过", Text: "文件已完成，可以下载。"}
		case trouble != "":
			return &page.Notice{Class: page.Care, Title: "已批准，盖章还没有完成", Text: trouble}
		case slices.ContainsFunc(q.Steps, func(st *sealing.Step) bool { return st.State == sealing.Stamped }) && q.State == sealing.Open:
			return &page.Notice{Class: page.Good, Title: "已盖章，核验通过", Text: fmt.Sprintf("还有 %d 枚印章待盖，全部盖完后可以下载。", left)}
		case q.State == sealing.Open:
			return &page.Notice{Class: page.Good, Title: "已批准"}
		}
	case "refused":
		if q.State == sealing.Refused {
			return &page.Notice{Class: page.Care, Title: "已不予批准", Text: "已通知申请人，文件没有发出。"}
		}
	case "withdrawn":
		if q.State == sealing.Withdrawn {
			return &page.Notice{Class: page.Good, Title: "已撤回"}
		}
	}
	return nil
}

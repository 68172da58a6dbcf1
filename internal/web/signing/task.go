package signing

import (
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type taskPage struct {
	page.Frame
	Task    *signature.Task
	Chip    page.Chip
	Lead    string
	Notice  *page.Notice
	Problem *page.Problem
	Face    *face
	Pages   []page.Tab
	Signers []signerLine
	Facts   []page.Fact
	Events  []page.Step
	Asks    bool // may act as who began it
	At      string
	Over    bool
	Link    *linkShown
	Sign    string // where the reader signs it themselves
}

// A signerLine is a signer as who began the task sees them.
type signerLine struct {
	signature.Signer
	Chip  page.Chip
	Where string
	Note  string
	Link  bool // a link may be made
}

// A linkShown is a link that was just made: it is told this once.
type linkShown struct {
	Copy  page.Copy
	Code  *page.QR
	Of    string
	Until string
}

var taskNotices = notices{
	"new":      {Class: page.Good, Title: "已发起", Text: "有平台账号的签署人已收到站内通知；其他人请生成链接或二维码交给本人。"},
	"reminded": {Class: page.Good, Title: "已催办", Text: "轮到签署的人已收到通知。一小时内不能再次催办。"},
}

// leads say what comes next, and who does it.
var leads = map[string]string{
	signature.Open:      "等签署人签署。轮到谁，谁就能打开文件签名；全部签完后自动完成。",
	signature.Done:      "全部签署人已签署，可以下载文件和签署证据。",
	signature.Refused:   "有签署人拒绝签署，任务已结束。如仍需签署，请按理由改好文件后重新发起。",
	signature.Withdrawn: "发起方已撤回，不能再签署。",
	signature.Expired:   "到截止时间还没有签完，不能再签署。如仍需签署，请重新发起。",
}

func (s *Service) task(r *http.Request) (*taskPage, error) {
	ctx := r.Context()
	t, err := s.Signature.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &taskPage{Frame: s.Kit.Frame(r, t.Title, "signing", page.Wide), Task: t, Chip: chipOf(t.State), Lead: leads[t.State], At: page.At(Home, t.ID), Over: t.State != signature.Open}
	p.Notice = taskNotices.of(r)
	events, err := s.Signature.Events(ctx, t.ID)
	if err != nil && fault.As(err) == nil {
		return nil, err
	}
	p.Asks, p.Events = err == nil, stepsOf(events, t)
	if p.Face, err = s.face(ctx, t, pageOf(r, t), dpiShow); err != nil {
		return nil, err
	}
	p.Face.waiting(t)
	p.Pages = tabsOf(t, p.At, p.Face.Page)
	for _, x := range t.Signers {
		p.Signers = append(p.Signers, lineOf(x, p.Asks && !p.Over))
	}
	if _, mine := own(t); mine {
		p.Sign = page.At(Sign, t.ID)
	}
	p.Facts = factsOf(t)
	return p, nil
}

// pageOf is the page that the reader asks for, or else the first on which somebody
// is to sign next.
func pageOf(r *http.Request, t *signature.Task) int {
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n >= 1 && n <= t.Pages {
		return n
	}
	first := 1
	for i := len(t.Signers) - 1; i >= 0; i-- {
		if list := pagesOf(t.Signers[i]); len(list) > 0 {
			first = list[0]
			if t.Signers[i].State != signature.Waiting && t.Signers[i].State != signature.Signed {
				break
			}
		}
	}
	return first
}

// mostTabs is how many pages have a tab of their own.
const mostTabs = 12

func tabsOf(t *signature.Task, address string, current int) (tabs []page.Tab) {
	if t.Pages < 2 {
		return nil
	}
	from := max(1, min(current-mostTabs/2, t.Pages-mostTabs+1))
	for n := from; n <= min(t.Pages, from+mostTabs-1); n++ {
		tabs = append(tabs, page.Tab{Label: "第 " + strconv.Itoa(n) + " 页", Href: address + "?page=" + strconv.Itoa(n), Current: n == current})
	}
	return tabs
}

func lineOf(x signature.Signer, may bool) signerLine {
	l := signerLine{Signer: x, Chip: chipOf(x.State), Where: whereOf(x)}
	ended := x.State == signature.Signed || x.State == signature.Refused
	l.Link = may && !ended
	switch {
	case x.State == signature.Refused:
		l.Note = page.Moment(x.SignedAt) + "，理由：" + x.Reason
	case x.State == signature.Signed:
		l.Note = page.Moment(x.SignedAt)
		if f := factors[x.Factor]; f != "" {
			l.Note += "，以" + f + "确认"
		}
	case !x.ViewedAt.IsZero():
		l.Note = page.Moment(x.ViewedAt) + " 看过文件"
	}
	return l
}

func whereOf(x signature.Signer) string {
	if x.Way == signature.Plain {
		return "数字签名，不显示手写"
	}
	out := ""
	for i, n := range pagesOf(x) {
		if i > 0 {
			out += "、"
		}
		out += "第 " + strconv.Itoa(n) + " 页"
	}
	return "手写，签在" + out
}

func factsOf(t *signature.Task) []page.Fact {
	list := []page.Fact{{Label: "发起", Text: t.OrgName}, {Label: "发起时间", At: t.CreatedAt}, {Label: "截止", At: t.Until}}
	if !t.ClosedAt.IsZero() {
		list = append(list, page.Fact{Label: "结束", At: t.ClosedAt})
	}
	if t.Item != "" {
		list = append(list, page.Fact{Label: "事项", Text: t.Item, Code: true})
	}
	if t.Message != "" {
		list = append(list, page.Fact{Label: "说明", Text: t.Message})
	}
	return append(list, page.Fact{Label: "页数", Text: strconv.Itoa(t.Pages)}, page.Fact{Label: "待签文件摘要（SM3）", Text: t.Original, Code: true})
}

// happened are the words for what happened to a task.
var happened = map[string]string{
	"create": "发起签署", "link.sign": "生成签署链接", "link.pad": "生成手机手写二维码", "open": "打开签署链接", "pad": "手机打开手写页", "pad.draw": "手机手写签名",
	"claim": "本人认领，实名一致", "view": "查看文件", "capture": "手写签名", "confirm": "确认签署意愿", "sign": "签署完成", "refuse": "拒绝签署", "withdraw": "撤回", "read": "下载文件",
}

func stepsOf(events []signature.EvidenceEvent, t *signature.Task) (list []page.Step) {
	for _, e := range events {
		x := page.Step{Title: happened[e.Kind], At: e.At, Code: e.Document, CodeLabel: "文件摘要（SM3）"}
		if x.Title == "" {
			x.Title = e.Kind
		}
		if i := e.Number - 1; i >= 0 && i < len(t.Signers) {
			x.Text = strconv.Itoa(e.Number) + "号签署人 " + t.Signers[i].Name
		}
		x.Who = e.Device
		if e.Device != "" && e.Address != "" {
			x.Who += "，"
		}
		x.Who += e.Address
		list = append(list, x)
	}
	return list
}

func (s *Service) getTask(w http.ResponseWriter, r *http.Request) error {
	p, err := s.task(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "task", p)
}

// refuseTask shows the task again with what was refused above it.
func (s *Service) refuseTask(w http.ResponseWriter, r *http.Request, why error) error {
	if e := fault.As(why); e == nil || e.Kind == fault.NotFound || e.Kind == fault.Forbidden {
		return why
	}
	p, err := s.task(r)
	if err != nil {
		return err
	}
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, nil, nil); err != nil {
		return err
	}
	return s.set.Show(w, status, "task", p)
}

// postLink makes a signer's link and shows it, this once: its token is not kept.
func (s *Service) postLink(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.Atoi(r.PostFormValue("number"))
	if err != nil {
		return fault.Invalid.New("没有选择签署人").WithCode("form").WithHint("请回到任务页面，在签署人处生成链接")
	}
	l, err := s.Signature.Link(r.Context(), r.PathValue("id"), n)
	if err != nil {
		return s.refuseTask(w, r, err)
	}
	p, err := s.task(r)
	if err != nil {
		return err
	}
	p.Path = p.At // the address that was posted to is no page
	p.Link = &linkShown{
		Copy: page.Copy{ID: "link", Label: "签署链接", Text: l.URL, Hint: "只显示这一次。再次生成，以前的就失效"}, Until: page.Moment(l.Until),
	}
	for _, x := range p.Task.Signers {
		if x.Number == n {
			p.Link.Of = strconv.Itoa(n) + "号签署人 " + x.Name
		}
	}
	if p.Link.Code, err = page.DrawQR(l.URL); err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "task", p)
}

func (s *Service) postRemind(w http.ResponseWriter, r *http.Request) error {
	if err := s.Signature.Remind(r.Context(), r.PathValue("id")); err != nil {
		return s.refuseTask(w, r, err)
	}
	return page.See(w, r, page.At(Home, r.PathValue("id"))+"?done=reminded")
}

type withdrawPage struct {
	page.Frame
	Problem *page.Problem
	Confirm page.Confirm
}

func (s *Service) withdraw(r *http.Request) (*withdrawPage, error) {
	t, err := s.Signature.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	address := page.At(Home, t.ID)
	p := &withdrawPage{Frame: s.Kit.Frame(r, "撤回签署", "signing", page.Narrow)}
	p.Confirm = page.Confirm{
		Title: "撤回“" + t.Title + "”", Text: "撤回后任务结束，链接失效，还没有签的人不能再签；已经签的不受影响，但任务不会完成。不能恢复。",
		Facts:  []page.Fact{{Label: "已签", Text: count(t)}, {Label: "截止", At: t.Until}},
		Action: address + "/withdraw", Button: "撤回", Busy: "正在撤回…", Grave: true, Cancel: address,
		Reason: page.Field{Value: r.PostFormValue("reason"), Max: 500},
	}
	return p, nil
}

func (s *Service) getWithdraw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.withdraw(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "withdraw", p)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	why := s.Signature.Withdraw(r.Context(), r.PathValue("id"), r.PostFormValue("reason"))
	if why == nil {
		return page.See(w, r, page.At(Home, r.PathValue("id")))
	}
	if e := fault.As(why); e == nil || e.Kind == fault.NotFound || e.Kind == fault.Forbidden {
		return why
	}
	p, err := s.withdraw(r)
	if err != nil {
		return err
	}
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, map[string]string{"reason": "reason"}, map[string]string{"reason": "理由"}); err != nil {
		return err
	}
	p.Confirm.Reason.Error = p.Problem.At("reason")
	return s.set.Show(w, status, "withdraw", p)
}

package seals

import (
	"net/http"
	"slices"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// sealHead is what stands on every page of a seal.
type sealHead struct {
	page.Frame
	X       *seal.Seal
	Crumb   page.Link
	Heading string
	Unit    string // and the kind of seal
	Chips   []page.Chip
	Picture *picture
	Tabs    page.Tabs
	Lead    string
	Notice  *page.Notice
	Problem *page.Problem

	n *page.Names
}

// The views of a seal.
const (
	aboutView   = ""
	custodyView = "custody"
	rulesView   = "rules"
	usesView    = "uses"
)

// head is a seal that the reader may see, in one of its views. who are accounts
// that the view names.
func (s *Service) head(r *http.Request, view, lead string) (*sealHead, error) {
	ctx := r.Context()
	x, err := s.Seal.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	h := &sealHead{Frame: s.Kit.Frame(r, x.Name, "seals", page.Wide), X: x, Heading: x.Name, Lead: lead, Chips: chips(x, s.now()), Notice: doneNotice(r)}
	switch h.Crumb = (page.Link{Label: "印章", Href: Home}); {
	case iam.May(ctx, "seal.read", ""):
	case iam.May(ctx, "audit.read", ""):
		h.Crumb = page.Link{Label: "这枚印章的经过", Href: "/console/audit/objects?object=seal/" + x.ID}
	default:
		h.Crumb = page.Link{Label: "我的印章", Href: wallet}
	}
	if r.Method == http.MethodPost {
		h.Path = page.At(Home, x.ID)
	}
	if h.n, err = page.Named(ctx, s.IAM, x.Custodian, x.Person); err != nil {
		return nil, err
	}
	if h.Unit = seal.Label(x.Kind); x.Kind != seal.Personal {
		h.Unit += " · " + h.n.Org(x.Org)
	}
	if h.Picture, err = s.picture(r, x); err != nil {
		return nil, err
	}
	h.Tabs = page.Tabs{Label: "这枚印章", Items: []page.Tab{{Label: "概况", Href: page.At(Home, x.ID), Current: view == aboutView}}}
	add := func(label, name string) {
		h.Tabs.Items = append(h.Tabs.Items, page.Tab{Label: label, Href: page.At(Home, x.ID, name), Current: view == name})
	}
	if s.mayOf(ctx, "seal.read", x.Org) && x.Kind != seal.Personal {
		add("保管移交", custodyView)
		add("用印审批规则", rulesView)
	}
	add("用印记录", usesView)
	return h, nil
}

// done are what notices say after something was done.
var done = map[string]page.Notice{
	"thawed":    {Class: page.Good, Title: "已恢复使用", Text: "公开状态已同时变为“有效”。"},
	"lost":      {Class: page.Care, Title: "已报告密钥失控", Text: "印章已永久冻结，数字证书已吊销，密钥已停用。请申请更换印章。"},
	"offered":   {Class: page.Good, Title: "已发起移交", Text: "接收人接收后，保管责任才转移；在此之前仍由现保管人负责。"},
	"accepted":  {Class: page.Good, Title: "已接收", Text: "从现在起由您保管这枚印章，用印由您批准。"},
	"declined":  {Class: page.Good, Title: "移交已取消", Text: "仍由原保管人负责。"},
	"ruled":     {Class: page.Good, Title: "规则已加入，立即生效"},
	"unruled":   {Class: page.Good, Title: "规则已终止"},
	"granted":   {Class: page.Good, Title: "常备用印授权已生效"},
	"ended":     {Class: page.Good, Title: "常备用印授权已终止"},
	"requested": {Class: page.Good, Title: "证书请求已生成", Text: "请下载请求文件，交给签发机构；收到应答后在这里装入。"},
	"installed": {Class: page.Good, Title: "数字证书已装入", Text: "逐项核对通过，可以用来制作印章。"},
	"withdrawn": {Class: page.Good, Title: "证书请求已撤回", Text: "它的密钥已停用。"},
	"stopped":   {Class: page.Good, Title: "数字证书已停用"},
}

func doneNotice(r *http.Request) *page.Notice {
	if n, ok := done[r.URL.Query().Get("done")]; ok {
		return &n
	}
	return nil
}

type sealPage struct {
	sealHead
	Validity *validity
	Facts    []page.Fact
	Digital  digital
	Freeze   *page.Form
	FrozenAt bool // the seal is frozen: what can be done is said
	Links    []link
	Last     []link // what ends the seal
	Renew    string
	Timeline string // address of the audit's timeline; empty: the reader may not
	Public   string
}

type link struct{ Label, Href string }

// A validity is a bar of how much of the time is over.
type validity struct {
	From, To time.Time
	Percent  int
	Words    string
	Class    string
}

func validityOf(x *seal.Seal, now time.Time) *validity {
	v := &validity{From: x.ValidFrom, To: x.ValidTo, Class: page.Good, Words: "剩余 " + lastLong(days(now, x.ValidTo))}
	if all := x.ValidTo.Sub(x.ValidFrom); all > 0 {
		v.Percent = min(max(int(100*now.Sub(x.ValidFrom)/all), 0), 100)
	}
	switch left := days(now, x.ValidTo); {
	case now.After(x.ValidTo):
		v.Class, v.Words = page.Bad, "已到期"
	case left <= soon:
		v.Class, v.Words = page.Care, lastDays(left)
	}
	return v
}

func (s *Service) getSeal(w http.ResponseWriter, r *http.Request) error {
	p, err := s.about(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "seal", p)
}

func (s *Service) about(r *http.Request) (*sealPage, error) {
	h, err := s.head(r, aboutView, "这枚印章现在的状态。保管人批准用印，发现异常时立即冻结；恢复和注销由印章管理员办理。")
	if err != nil {
		return nil, err
	}
	if own(r.Context(), h.X) {
		h.Lead = "您本人的印章现在的状态。用印由您本人确认；不再使用或发现异常时，申请注销，或请印章管理部门立即冻结。"
	}
	ctx, x, now := r.Context(), h.X, s.now()
	p := &sealPage{sealHead: *h, Validity: validityOf(x, now), Facts: factsOf(h.n, x), Renew: renewal(ctx, x, now), FrozenAt: x.State == seal.Frozen}
	if p.Digital, err = s.digitalOf(ctx, x); err != nil {
		return nil, err
	}
	if x.State != seal.Made {
		p.Public = page.At(Open, x.ID)
	}
	if r.URL.Query().Get("done") == "frozen" && x.State == seal.Frozen {
		if p.Notice, err = s.frozenNotice(r, x); err != nil {
			return nil, err
		}
	}
	if iam.May(ctx, "audit.read", x.Org) {
		p.Timeline = page.Asking("/console/audit/objects", "object", "seal/"+x.ID)
	}
	s.offer(r, p)
	return p, nil
}

// offer puts what the reader may do on the page.
func (s *Service) offer(r *http.Request, p *sealPage) {
	ctx, x := r.Context(), p.X
	mayFreeze, manages := s.mayOf(ctx, "seal.freeze", x.Org), s.mayOf(ctx, "seal.manage", x.Org)
	if mayFreeze && x.State == seal.Effective {
		p.Freeze = freezeForm(x.ID)
	}
	if manages && x.State == seal.Frozen && x.LostAt.IsZero() {
		p.Links = append(p.Links, link{"恢复使用", page.At(Home, x.ID, "thaw")})
	}
	if mayFreeze && alive(x) && x.LostAt.IsZero() {
		p.Last = append(p.Last, link{"报告密钥失控", page.At(Home, x.ID, "lost")})
	}
	if open(x) && (iam.May(ctx, "seal.apply", x.Org) || own(ctx, x)) {
		if alive(x) && x.LostAt.IsZero() {
			p.Last = append(p.Last, link{"申请变更", applying("change", x.ID)})
		}
		p.Last = append(p.Last, link{"申请注销", applying("cancel", x.ID)})
	}
}

// factsOf is what is known of a seal.
func factsOf(n *page.Names, x *seal.Seal) []page.Fact {
	out := []page.Fact{{Label: "类别", Text: seal.Label(x.Kind)}}
	if x.Kind != seal.Personal {
		out = append(out, page.Fact{Label: "单位", Text: n.Org(x.Org)})
	}
	if x.Person != "" && x.Person != x.Custodian {
		out = append(out, page.Fact{Label: "本人", Text: n.Person(x.Person)})
	}
	out = append(out, page.Fact{Label: "保管人", Text: n.Person(x.Custodian)}, page.Fact{Label: "印章编号", Text: x.ID, Code: true})
	if x.FiledAt.IsZero() {
		out = append(out, page.Fact{Label: "备案", Text: "尚未备案"})
	} else {
		out = append(out, page.Fact{Label: "备案号", Text: dash(x.Number), Code: true}, page.Fact{Label: "备案机关", Text: n.Org(x.Authority)}, page.Fact{Label: "备案时间", At: x.FiledAt})
	}
	if !x.LostAt.IsZero() {
		out = append(out, page.Fact{Label: "密钥失控", At: x.LostAt})
	}
	if x.Application != "" {
		out = append(out, page.Fact{Label: "印章申请", Text: x.Application, Href: page.At("/console/seal-applications", x.Application)})
	}
	if x.Replaces != "" {
		out = append(out, page.Fact{Label: "所代替的印章", Text: x.Replaces, Href: page.At(Home, x.Replaces)})
	}
	if x.ReplacedBy != "" {
		out = append(out, page.Fact{Label: "由新印章代替", Text: x.ReplacedBy, Href: page.At(Home, x.ReplacedBy)})
	}
	if x.Imprint != "" {
		out = append(out, page.Fact{Label: "印模摘要（SM3）", Text: x.Imprint, Code: true})
	}
	return out
}

// reasons are why a seal is frozen: one is chosen, so that it takes one click.
var reasons = []string{"疑似被他人使用", "保管设备遗失或损坏", "保管人失联或离岗", "单位撤并、更名或停用", "核查用印情况", "其他紧急情况"}

func freezeForm(id string) *page.Form {
	f := &page.Form{ID: "freeze", Action: page.At(Home, id, "freeze"), Button: "立即冻结", Busy: "正在冻结…",
		Fields: []page.Field{{ID: "reason", Name: "reason", Label: "原因", Required: true}}}
	for _, why := range reasons {
		f.Fields[0].Options = append(f.Fields[0].Options, page.Option{Value: why, Label: why})
	}
	return f
}

func (s *Service) postFreeze(w http.ResponseWriter, r *http.Request) error {
	id, why := r.PathValue("id"), r.PostFormValue("reason")
	err := errReason(why)
	if err == nil {
		err = s.Seal.Freeze(r.Context(), id, why)
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, id), "done", "frozen"))
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.about(r)
	if e != nil {
		return e
	}
	var fields []page.Field
	if p.Freeze != nil {
		fields = p.Freeze.Fields
	}
	p.Problem, p.Title = page.Mark(err, fields), "有错误："+p.Title
	return s.set.Show(w, code, "seal", p)
}

func errReason(why string) error {
	if slices.Contains(reasons, why) {
		return nil
	}
	return fault.Invalid.New("还没有冻结：请选择原因").WithCode("seal.reason").WithHint("选好后再按“立即冻结”").WithField("reason", "required", "请选择一项")
}

// frozenNotice tells what the public sees now.
func (s *Service) frozenNotice(r *http.Request, x *seal.Seal) (*page.Notice, error) {
	p, err := s.Seal.PublicGet(r.Context(), x.ID)
	if err != nil {
		return nil, err
	}
	return &page.Notice{Class: page.Bad, Title: "公众现在看到：" + p.StateName, Text: "截至 " + page.Moment(s.now()) + "，这枚印章不能再用印；恢复由印章管理员办理。", Href: page.At(Open, x.ID), Action: "查看公开页面"}, nil
}

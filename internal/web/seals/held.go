package seals

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/web/page"
)

// A heldPage is what digital certificates a unit has, and what it asked for.
type heldPage struct {
	page.Frame
	Notice   *page.Notice
	Unit     iam.Org
	Held     page.Table
	Requests *page.Table // nil: the reader may not see them
	New      string
	Units    bool // the reader may choose another unit
}

// uses are what a digital certificate is for.
var heldUses = map[string]string{pki.Maker: "制章", pki.Unit: "单位印章", pki.Personal: "个人签名"}

func (s *Service) getHeld(w http.ResponseWriter, r *http.Request) error {
	ctx, org := r.Context(), r.URL.Query().Get("org")
	if org == "" && iam.May(ctx, "pki.manage", "") {
		return page.See(w, r, Held+"/units")
	}
	if org == "" {
		if p, ok := iam.From(ctx); ok {
			org = p.Org
		}
	}
	all, err := s.PKI.ListOf(ctx, org)
	if err != nil {
		return err
	}
	o, err := s.IAM.Org(ctx, org)
	if err != nil {
		return err
	}
	p := &heldPage{Frame: s.Kit.Frame(r, "数字证书", "digital-certificates", page.Wide), Unit: o, Notice: doneNotice(r), Units: iam.May(ctx, "pki.manage", "")}
	manages := iam.May(ctx, "pki.manage", org)
	var who []string
	for _, c := range all {
		who = append(who, c.Account)
	}
	n, err := page.Named(ctx, s.IAM, who...)
	if err != nil {
		return err
	}
	p.Held = s.heldTable(n, all, manages)
	if manages {
		p.New = page.Asking(Held+"/new", "org", org)
		asked, err := s.PKI.Requests(ctx, org)
		if err != nil {
			return err
		}
		t := requestTable(asked)
		p.Requests = &t
	}
	return s.set.Show(w, http.StatusOK, "held", p)
}

// heldTable lists digital certificates.
func (s *Service) heldTable(n *page.Names, all []pki.Registered, manages bool) page.Table {
	now := s.now()
	t := page.Table{ID: "held", Caption: "持有的数字证书", Quiet: true, Head: []string{"主体", "用途", "签发机构", "有效期至", "状态", "序列号"},
		Empty: page.Empty{Title: "还没有数字证书", Text: "制作印章时，可以由本平台签发，也可以先向外部电子认证服务机构申请。"}}
	if manages {
		t.Head = append(t.Head, "")
	}
	for _, c := range all {
		name := page.Cell{Text: c.Certificate.SubjectName()}
		if c.Account != "" {
			name.Text, name.Sub = n.Person(c.Account), "个人"
		}
		from := page.Cell{Text: c.Certificate.IssuerName()}
		if c.Authority != "" {
			from.Sub = "本平台"
		}
		until := page.Cell{Text: page.Day(c.Certificate.NotAfter)}
		if left := days(now, c.Certificate.NotAfter); c.UsableAt(now) && left <= soon {
			until.Sub = lastDays(left)
		}
		cells := []page.Cell{name, {Text: heldUses[c.Use], Sub: map[bool]string{true: "密钥在本平台", false: "密钥不在本平台"}[c.Key != ""]}, from, until, {Chips: []page.Chip{heldChip(c, now)}}, {Text: c.Serial, Code: true}}
		if manages {
			last := page.Cell{Text: "—"}
			if c.RevokedAt.IsZero() {
				last = page.Cell{Actions: []page.Action{{Label: "停用", Of: name.Text, Href: page.At(Held, "held", c.ID, "end")}}}
			}
			cells = append(cells, last)
		}
		t.Rows = append(t.Rows, page.Row{ID: "c-" + c.Serial, Cells: cells})
	}
	return t
}

func heldChip(c pki.Registered, now time.Time) page.Chip {
	switch left := days(now, c.Certificate.NotAfter); {
	case !c.RevokedAt.IsZero() && c.Authority != "":
		return page.Chip{Class: page.Bad, Word: "已吊销"}
	case !c.RevokedAt.IsZero():
		return page.Chip{Class: page.Plain, Word: "已停用"}
	case !c.UsableAt(now):
		return page.Chip{Class: page.Care, Word: "已到期"}
	case c.ReplacedBy != "":
		return page.Chip{Class: page.Plain, Word: "已更换"}
	case left <= soon:
		return page.Chip{Class: page.Care, Word: "即将到期"}
	}
	return page.Chip{Class: page.Good, Word: "有效"}
}

func requestChip(state string) page.Chip {
	switch state {
	case pki.Waiting:
		return page.Chip{Class: page.Care, Word: "等待应答"}
	case pki.Installed:
		return page.Chip{Class: page.Good, Word: "已装入"}
	}
	return page.Chip{Class: page.Plain, Word: "已撤回"}
}

func requestTable(all []pki.CertificateRequest) page.Table {
	t := page.Table{ID: "requests", Caption: "向外部机构的证书请求", Quiet: true, Head: []string{"名称", "签发机构", "状态", "申请时间", "应答截止"},
		Empty: page.Empty{Title: "没有证书请求", Text: "需要外部电子认证服务机构签发时，在这里生成请求。"}}
	for _, q := range all {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: q.Name, Href: page.At(Held, "requests", q.ID)}, {Text: dash(q.Authority)}, {Chips: []page.Chip{requestChip(q.State)}}, {At: q.At}, {Text: page.Day(q.Until)},
		}})
	}
	return t
}

type unitsPage struct {
	page.Frame
	Search page.Search
	Soon   page.Table // what ends soon
	Units  page.Table
}

// getUnits is where the digital certificates of a unit are looked for.
func (s *Service) getUnits(w http.ResponseWriter, r *http.Request) error {
	ctx, text, cursor := r.Context(), strings.TrimSpace(r.URL.Query().Get("q")), r.URL.Query().Get("cursor")
	found, err := s.IAM.OrgsPage(ctx, iam.OrgQuery{Text: text, Cursor: cursor, Limit: 50})
	if err != nil {
		return err
	}
	p := &unitsPage{Frame: s.Kit.Frame(r, "数字证书", "digital-certificates", page.Wide),
		Search: page.Search{Action: Held + "/units", Label: "查找单位", Fields: []page.Field{{ID: "q", Name: "q", Label: "单位名称", Value: text, Max: 100, Autocomplete: "off"}}}}
	if text != "" {
		p.Search.Clear = Held + "/units"
	}
	p.Units = page.Table{ID: "units", Caption: "单位", Quiet: true, Head: []string{"单位", "统一社会信用代码", "下级单位"}, Empty: page.Empty{Title: "没有找到", Text: "可以填写单位名称中的几个字。"}}
	for _, o := range found.Items {
		row := []page.Cell{{Text: o.Name, Sub: strings.Join(o.Above, " › "), Href: page.Asking(Held, "org", o.ID)}, {Text: dash(o.USCC), Code: true}, {Text: strconv.FormatInt(o.Children, 10) + " 个"}}
		p.Units.Rows = append(p.Units.Rows, page.Row{Cells: row})
	}
	if found.Next != "" {
		p.Units.Pager.Next = page.Asking(Held+"/units", "q", text, "cursor", found.Next)
	}
	if cursor != "" {
		p.Units.Pager.First = page.Asking(Held+"/units", "q", text)
	}
	ending, err := s.PKI.Expiring(ctx, pki.Renewal)
	if err != nil {
		return err
	}
	p.Soon = page.Table{ID: "soon", Caption: "30 日内到期", Quiet: true, Head: []string{"主体", "用途", "有效期至"}}
	for _, c := range ending {
		if !iam.May(ctx, "pki.manage", c.Org) || c.Account != "" {
			continue
		}
		p.Soon.Rows = append(p.Soon.Rows, page.Row{Cells: []page.Cell{{Text: c.Certificate.SubjectName(), Href: page.Asking(Held, "org", c.Org)}, {Text: heldUses[c.Use]}, {Text: page.Day(c.Certificate.NotAfter), Sub: lastDays(days(s.now(), c.Certificate.NotAfter))}}})
	}
	return s.set.Show(w, http.StatusOK, "units", p)
}

// causes are why a digital certificate is not used any more (RFC 5280 §5.3.1).
var causes = []page.Option{{Value: "5", Label: "停止使用"}, {Value: "4", Label: "已被代替"}, {Value: "3", Label: "隶属关系改变"}, {Value: "1", Label: "私钥泄露"}}

func (s *Service) endHeld(r *http.Request) (*confirmPage, string, error) {
	c, err := s.PKI.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, "", err
	}
	if err := iam.Allow(r.Context(), "pki.manage", c.Org); err != nil {
		return nil, "", err
	}
	back := page.Asking(Held, "org", c.Org)
	p := &confirmPage{Frame: s.Kit.Frame(r, "停用数字证书", "digital-certificates", page.Middle), Crumb: page.Link{Label: "数字证书", Href: back}, Heading: "停用数字证书",
		Lead: "停用后不能再用它签名或盖章，不能恢复。只想暂停一枚印章，请由保管人冻结印章。"}
	text := "由本平台签发：立即吊销，并在吊销列表中公布。"
	if c.Authority == "" {
		text = "由外部机构签发：本平台不再使用它；吊销须另向签发机构申请。"
	}
	p.Confirm = page.Confirm{Title: c.Certificate.SubjectName(), Text: text, Action: page.At(Held, "held", c.ID, "end"), Cancel: back, Button: "停用", Busy: "正在停用…", Grave: true,
		Facts:  []page.Fact{{Label: "签发机构", Text: c.Certificate.IssuerName()}, {Label: "有效期至", Text: page.Day(c.Certificate.NotAfter)}, {Label: "序列号", Text: c.Serial, Code: true}},
		Fields: []page.Field{{ID: "code", Name: "code", Label: "原因", Required: true, Options: causes, Value: r.PostFormValue("code")}}, Reason: page.Field{Value: r.PostFormValue("reason")}}
	if r.Method == http.MethodPost {
		p.Path = back
	}
	return p, back, nil
}

func (s *Service) getEndHeld(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.endHeld(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postEndHeld(w http.ResponseWriter, r *http.Request) error {
	p, back, err := s.endHeld(r)
	if err != nil {
		return err
	}
	code, e := strconv.Atoi(r.PostFormValue("code"))
	switch {
	case e != nil || labelOf(causes, r.PostFormValue("code")) == r.PostFormValue("code"):
		err = fault.Invalid.New("请选择原因").WithCode("pki.request").WithField("code", "required", "请选择")
		p.Confirm.Fields[0].Error = "请选择"
	default:
		if err = errEmpty(r); err == nil {
			err = s.PKI.End(r.Context(), r.PathValue("id"), code, strings.TrimSpace(r.PostFormValue("reason")))
		}
	}
	if err != nil {
		return s.again(w, p, err)
	}
	return page.See(w, r, back+"&done=stopped")
}

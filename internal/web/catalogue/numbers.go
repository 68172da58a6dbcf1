package catalogue

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

var numberingChips = map[string]page.Chip{
	catalogue.NumberingSubmitted: {Class: page.Care, Word: "会签中"}, catalogue.NumberingAgreed: {Class: page.Plain, Word: "已同意"},
	catalogue.NumberingReturned: {Class: page.Plain, Word: "被退回"}, catalogue.NumberingWithdrawn: {Class: page.Plain, Word: "已撤回"},
}

func numberingChip(n *catalogue.Numbering) page.Chip {
	if n.Holds {
		return page.Chip{Class: page.Good, Word: "现行"}
	}
	return numberingChips[n.State]
}

func atNumber(kind, id string, parts ...string) string {
	return page.At(Home, append([]string{kind, "numbers", id}, parts...)...)
}

func patternOf(n *catalogue.Numbering) string {
	return cmp.Or(n.Pattern, "恢复类型自身的规则")
}

var scopeWords = []page.Option{{Value: "", Label: "一直连续"}, {Value: "year", Label: "每年"}, {Value: "region", Label: "每个行政区划"}, {Value: "region year", Label: "每个行政区划的每年"}, {Value: "date", Label: "每天"},
	{Value: "region date", Label: "每个行政区划的每天"}}

func scopeWord(scope []string) string {
	list := slices.Sorted(slices.Values(scope))
	for _, o := range scopeWords {
		if slices.Equal(slices.Sorted(slices.Values(strings.Fields(o.Value))), list) {
			return o.Label
		}
	}
	return strings.Join(scope, "、")
}

// numberParts are the rules by which units number a kind, and the form for another.
func (s *Service) numberParts(r *http.Request, k *catalogue.Kind) (parts []page.Part, err error) {
	own := "类型自身的规则：" + k.Number.Pattern + "。"
	if k.Number.Holder {
		return []page.Part{{ID: "numbers", Title: "证照编号", Text: "以持证主体代码为证照编号。"}}, nil
	}
	list, err := s.Catalogue.Numberings(r.Context(), k.Name)
	if err != nil {
		return nil, err
	}
	t := &page.Table{ID: "numbers", Caption: "各单位的编号规则", Quiet: true, Head: []string{"单位", "编号规则", "样例", "状态"},
		Empty: page.Empty{Title: "各单位都按类型自身的规则编号"}}
	for i := range list {
		n := &list[i]
		t.Rows = append(t.Rows, page.Row{ID: n.ID, Cells: []page.Cell{{Text: n.OrgName, Sub: "第 " + strconv.Itoa(n.Version) + " 号规则", Href: atNumber(k.Name, n.ID)},
			{Text: patternOf(n)}, {Text: cmp.Or(n.Sample, "—")}, {Chips: []page.Chip{numberingChip(n)}}}})
	}
	parts = append(parts, page.Part{Title: "证照编号规则", Text: own + "下级单位可以只定自己的编号规则，名称、照面和元数据不变；由本单位的模板设计员提出，管理单位同意后使用，及于其下各单位。", Table: t})
	org, err := s.unitField(r, "number-org")
	if err != nil || org == nil {
		return parts, err
	}
	v := r.PostFormValue
	scope := page.Field{ID: "scope", Name: "scope", Label: "顺序号从 1 重新开始", Options: scopeWords[1:], Any: scopeWords[0].Label, Value: v("scope"), Hint: "按什么重新开始，编号里就要写出什么"}
	reason := reasonField(r, "如本局文号管理办法")
	reason.ID = "number-reason"
	return append(parts, page.Part{ID: "number", Title: "提出本级的编号规则", Form: &page.Form{ID: "number-form", Action: page.At(Home, k.Name, "numbers"), Button: "提出", Busy: "正在提出…", Plain: true, Fields: []page.Field{*org,
		{ID: "pattern", Name: "pattern", Label: "编号规则", Code: true, Max: 200, Value: v("pattern"), Hint: "如 青市监〔{year}〕{seq:6}号；{seq:6} 六位顺序号，{region} 六位区划，{year} 年，{yy} 年份后两位，{date} 日期。不填为恢复类型自身的规则"},
		scope, reason}}}), nil
}

// getNumber shows a rule, and what may be done with it.
func (s *Service) getNumber(w http.ResponseWriter, r *http.Request) error {
	p, err := s.numberPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) numberPage(r *http.Request) (*page.Sheet, error) {
	n, err := s.Catalogue.Numbering(r.Context(), r.PathValue("id"))
	if err == nil && n.Kind != r.PathValue("name") {
		err = fault.NotFound.New("没有这个编号规则").WithCode("catalogue.numbering").WithHint("请从证照类型的页面进入")
	}
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, n.OrgName+"的编号规则", "只改证照编号，不改名称、照面和元数据。管理单位同意后，本单位和其下各单位即按它编号；已制发的证照编号不变。", page.Middle).Under("证照类型", page.At(Home, n.Kind))
	p.Notice, p.Chips = noticeOf(r), []page.Chip{numberingChip(n)}
	facts := []page.Fact{{Label: "证照类型", Text: n.Kind, Code: true}, {Label: "编号规则", Text: patternOf(n), Code: n.Pattern != ""}, {Label: "样例", Text: n.Sample, Code: true}, {Label: "顺序号从 1 重新开始", Text: scopeWord(n.Scope)},
		{Label: "单位", Text: n.OrgName}, {Label: "管理单位", Text: n.ManagerName}, {Label: "理由", Text: n.Reason}, {Label: "决定", Text: n.Answer}}
	if n.State == catalogue.NumberingSubmitted {
		facts = append(facts, page.Fact{Label: "不能同意", Text: n.May.WhyUnable})
	}
	p.Add(page.Part{Facts: slices.DeleteFunc(facts, func(f page.Fact) bool { return f.Text == "" })})
	for _, a := range []struct {
		may              bool
		act, title, what string
		plain            bool
	}{{n.May.Agree, "agree", "同意", "代表管理单位同意", false}, {n.May.SendBack, "return", "退回", "退回编号规则", true}, {n.May.Withdraw, "withdraw", "撤回", "撤回编号规则", true}} {
		if !a.may {
			continue
		}
		f := reasonField(r, "依据或意见")
		f.ID = a.act + "-reason"
		p.Add(page.Part{ID: a.act, Title: a.title, Form: &page.Form{ID: a.act + "-form", Action: atNumber(n.Kind, n.ID, a.act), Button: a.what, Busy: "正在办理…", Plain: a.plain, Fields: []page.Field{f}}})
	}
	return p, nil
}

func (s *Service) postNumbers(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	n, err := s.Catalogue.ProposeNumbering(r.Context(), catalogue.NumberingProposal{Kind: r.PathValue("name"), Org: v("org"), Pattern: v("pattern"), Scope: strings.Fields(v("scope")), Reason: v("reason")})
	if err == nil {
		return page.See(w, r, page.Asking(atNumber(n.Kind, n.ID), "done", "number"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.kindPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) postNumber(w http.ResponseWriter, r *http.Request) error {
	id, reason := r.PathValue("id"), r.PostFormValue("reason")
	var err error
	switch act := r.PathValue("act"); act {
	case "agree":
		_, err = s.Catalogue.AgreeNumbering(r.Context(), id, reason)
	case "return":
		_, err = s.Catalogue.ReturnNumbering(r.Context(), id, reason)
	case "withdraw":
		_, err = s.Catalogue.WithdrawNumbering(r.Context(), id, reason)
	default:
		return fault.NotFound.New("没有这个页面").WithCode("route.unknown").WithHint("请从编号规则的页面进入")
	}
	if err == nil {
		return page.See(w, r, page.Asking(atNumber(r.PathValue("name"), id), "done", "number-"+r.PathValue("act")))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.numberPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

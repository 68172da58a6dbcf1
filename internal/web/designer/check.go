package designer

import (
	"net/http"
	"regexp"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

type checkPage struct {
	common
	Parts   []checkPart
	Ready   bool
	Changes []catalogue.Change
	Submit  page.Form
	Folder  page.Field
}

// A checkPart is one of the six parts that an entry holds, and what it lacks.
type checkPart struct {
	Name  string
	Chip  page.Chip
	Found []finding
}

func (s *Service) getCheck(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showCheck(w, r, http.StatusOK, o, nil)
}

func (s *Service) showCheck(w http.ResponseWriter, r *http.Request, code int, o *opened, refusal error) error {
	p := &checkPage{common: s.common(r, o, "check", refusal), Ready: true}
	for _, part := range s.Catalogue.PartsOf(o.entry.Name, o.design.files) {
		x := checkPart{Name: part.Name, Chip: page.Chip{Class: page.Good, Word: "齐备"}}
		if !part.Complete {
			p.Ready, x.Chip = false, page.Chip{Class: page.Care, Word: "还差"}
		}
		for _, f := range part.Problems {
			x.Found = append(x.Found, finding{Href: p.At + whereOf(o.design, f.Where), Text: nameOf(o.design, f.Where) + f.Message})
		}
		p.Parts = append(p.Parts, x)
	}
	var err error
	if p.Changes, err = s.Catalogue.Diff(r.Context(), o.entry.ID); err != nil && fault.As(err) == nil {
		return err
	}
	p.Submit = page.Form{ID: "submit", Title: "提交会签", Text: "提交后不能再改；签发单位和管理单位都同意，就发布为新版本。任何一方可以退回。", Action: p.At + "/submit",
		Hidden: []page.Hidden{{Name: "version", Value: num(o.version)}}, Button: "提交会签", Busy: "正在提交…",
		Fields: []page.Field{{ID: "starts", Name: "starts", Label: "从哪天起用", Type: "date", Value: r.PostFormValue("starts"), Hint: "不填为发布之日"},
			{ID: "reason", Name: "reason", Label: "为何新增或变更", Value: r.PostFormValue("reason"), Lines: 2, Max: 500, Required: true}}}
	if refusal != nil && fault.As(refusal) != nil {
		p.Problem = page.Mark(refusal, p.Submit.Fields)
	}
	return s.set.Show(w, code, "check", p)
}

var inAny = regexp.MustCompile(`^([a-z_]+)\[(\d+)\]`)

// whereOf is the page on which something that is wrong is put right.
func whereOf(d *design, where string) string {
	if m := inItems.FindStringSubmatch(where); m != nil && strings.HasPrefix(where, templateFile) {
		v := layoutValues(d)
		for n := range v.listed("i", "what", maxBoxes) {
			if v.Get("i"+num(n)+".src") == m[1]+"."+m[2] {
				return "#i" + num(n)
			}
		}
	}
	if m := inAny.FindStringSubmatch(where); m != nil {
		switch m[1] {
		case "seals":
			return "#s" + m[2]
		case "fields":
			return "/fields#f" + m[2]
		}
	}
	key := inFields.FindStringSubmatch(where)
	switch {
	case strings.HasPrefix(where, templateFile), where == "seals", strings.HasSuffix(where, ".png"), strings.HasSuffix(where, ".jpg"), where == "图片":
		return ""
	case strings.HasPrefix(where, exampleFile):
		return "/sample"
	case key != nil:
		for i := range d.kind.Fields {
			if d.kind.Fields[i].Key == key[1] {
				return "/fields#f" + num(i)
			}
		}
		return "/fields"
	case where == "fields":
		return "/fields"
	}
	name, _, _ := strings.Cut(where, "[")
	name = map[string]string{"holders.types": "types-person", "holders.id_types": "id-types-111", "issuer_levels": "issuer-levels-国家级", "number.pattern": "number"}[name]
	if name == "" {
		name = idOf(where)
	}
	return "/elements#" + name
}

// elementWords are what the elements are called.
var elementWords = map[string]string{"name": "类型名称", "code": "类型代码", "definer.name": "定义机构", "definer.level": "定义机构级别", "pattern": "式样", "basis": "设定依据",
	"category": "种类", "sharing": "共享类型", "sharing_basis": "限制共享的依据", "sharing_use": "使用要求", "number": "编号规则", "number.pattern": "编号规则", "validity.rule": "有效期",
	"validity.years": "有效期年数", "items": "关联事项", "issuer_levels": "颁发机构级别", "seals": "用印位置", "fields": "照面项", "example.json": "样例", "effect.exception": "法律效力的例外", "effect.basis": "例外的依据", "code_origin": "代码的来历",
	"holders.types": "持证主体类别", "holders.id_types": "证件种类"}

// nameOf names what is wrong, with a colon.
func nameOf(d *design, where string) string {
	if m := inFields.FindStringSubmatch(where); m != nil {
		for i := range d.kind.Fields {
			if d.kind.Fields[i].Key == m[1] {
				return "照面项“" + d.kind.Fields[i].Label + "”："
			}
		}
	}
	if m := inItems.FindStringSubmatch(where); m != nil && strings.HasPrefix(where, templateFile) {
		if it := at(d.template.Pages, m[1]+"."+m[2]); it != nil {
			return titleOf(&d.kind, it) + "："
		}
	}
	if w := elementWords[where]; w != "" {
		return w + "："
	}
	return ""
}

func (s *Service) postSubmit(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	o, err := s.open(r)
	if err != nil {
		return err
	}
	o.carried = v.str("version")
	_, refusal := s.Catalogue.Submit(r.Context(), o.entry.ID, v.int("version", "版本"), v.str("starts"), v.str("reason"))
	if refusal == nil {
		return page.See(w, r, page.At(Home, o.entry.ID)+"/check?done=submitted")
	}
	code := page.StatusOf(refusal)
	if code == 0 {
		return refusal
	}
	return s.showCheck(w, r, code, o, refusal)
}

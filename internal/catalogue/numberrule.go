package catalogue

import (
	"slices"
	"strings"

	"sidian/internal/fault"
)

// A NumberRule is how a unit numbers certificates of a kind that another defined:
// the one thing that a lower tier sets for itself (S4 任务6: name, face and metadata
// stay the same for all). It stands in the plan of a certificate, which is drafted
// again from it.
type NumberRule struct {
	Org     string   `json:"org"` // who set it: the issuer, or a unit above it
	Version int      `json:"version"`
	Pattern string   `json:"pattern"` // as [Number].Pattern
	Scope   []string `json:"scope,omitempty"`
}

// printed says which tokens print what a sequence starts anew for.
var printed = map[string][]string{"region": {"region"}, "year": {"year", "yy", "date"}, "date": {"date"}}

// checkRule refuses a rule by which two certificates could get one number.
func (k *Kind) checkRule(p *problems, r *NumberRule) []token {
	if n := len([]rune(r.Pattern)); n > 120 || strings.ContainsFunc(r.Pattern, unprintable) || strings.TrimSpace(r.Pattern) != r.Pattern {
		p.add("pattern", "length", "编号规则至多 120 个字，首尾不留空格，没有看不见的字符")
		return nil
	}
	list := k.tokens(p, "pattern", r.Pattern)
	for i, s := range r.Scope {
		where := at("scope", i)
		switch {
		case printed[s] == nil:
			p.add(where, "value", "只能是：region、year、date")
		case slices.Contains(r.Scope[:i], s):
			p.add(where, "twice", "重复了")
		case !slices.ContainsFunc(list, func(t token) bool { return slices.Contains(printed[s], t.kind) }):
			p.add(where, "unprinted", "顺序号按它从 1 重新开始，编号里就要写出它（%s），否则编号会重复", "{"+strings.Join(printed[s], "} 或 {")+"}")
		}
	}
	return list
}

// places tells whether numbers of the pattern name the region that they are of.
func places(list []token) bool {
	return slices.ContainsFunc(list, func(t token) bool { return t.kind == "region" })
}

// rule is what a certificate is numbered by: the tokens, and whether they are of a
// rule of its own.
func (k *Kind) rule(i *Issuance) (list []token, own bool, err error) {
	if i.Rule == nil {
		return k.numbers, false, nil
	}
	p := problems{}
	list = k.tokens(&p, "pattern", i.Rule.Pattern)
	if len(p) > 0 {
		return nil, true, fault.Conflict.New("本单位为“%s”定的编号规则与类型的现行版本不符", k.Title).WithCode("catalogue.rule-outdated").
			WithHint("请模板设计员在证照目录里按现行版本重新提出编号规则")
	}
	return list, true, nil
}

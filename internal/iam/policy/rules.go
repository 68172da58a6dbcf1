package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	cedarast "github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// A Rule is one text of rules.cedar: what refuses although a role grants.
type Rule struct {
	ID   string `json:"id"`
	Code string `json:"code"` // of the refusal
	Say  string `json:"say"`
	Hint string `json:"hint,omitempty"`
	Text string `json:"text"` // Cedar

	policy *cedar.Policy
}

func inRules(format string, args ...any) error {
	return &Error{File: "rules.cedar", Say: fmt.Sprintf(format, args...)}
}

// readRules reads the text without asking what its names mean.
func readRules(data []byte) ([]Rule, error) {
	switch {
	case len(data) > maxText:
		return nil, inRules("超过 %d KiB", maxText>>10)
	case !utf8.Valid(data):
		return nil, inRules("不是 UTF-8 文本")
	}
	if err := shallow(data); err != nil {
		return nil, err
	}
	list, err := cedar.NewPolicyListFromBytes("rules.cedar", data)
	if err != nil {
		return nil, inRules("格式不符：%s", short(err.Error()))
	}
	if len(list) > maxRules {
		return nil, inRules("规则至多 %d 条", maxRules)
	}
	seen := map[string]bool{}
	rules := make([]Rule, 0, len(list))
	for _, p := range list {
		r, err := newRule(p)
		if err != nil {
			return nil, err
		}
		if seen[r.ID] {
			return nil, inRules("规则 %s 重复", r.ID)
		}
		seen[r.ID] = true
		rules = append(rules, r)
	}
	return rules, nil
}

// shallow refuses brackets within brackets before a recursive reader sees them.
func shallow(data []byte) error {
	depth, line := 0, 1
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\n':
			line++
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"':
			i = endOfString(data, i)
		case '/':
			if i+1 < len(data) && data[i+1] == '/' {
				for i+1 < len(data) && data[i+1] != '\n' {
					i++
				}
			}
		}
		if depth > maxDepth {
			return inRules("第 %d 行嵌套过深", line)
		}
	}
	return nil
}

// endOfString returns the index of the quote that ends the string at i, or that
// of the last octet.
func endOfString(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"' && data[i] != '\n'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return min(i, len(data)-1)
}

var (
	ruleForm    = regexp.MustCompile(`^[a-z]{1,20}(\.[a-z]{1,20}){1,3}$`)
	annotations = []types.AnnotationKey{"id", "code", "say", "hint"}
)

func newRule(p *cedar.Policy) (Rule, error) {
	r := Rule{policy: p, Text: strings.TrimSpace(string(p.MarshalCedar())), Code: CodeRule}
	line := p.Position().Line
	for key, value := range p.Annotations() {
		if !slices.Contains(annotations, key) {
			return r, inRules("第 %d 行：没有 @%s 这种注解", line, short(string(key)))
		}
		if strings.TrimSpace(string(value)) == "" || utf8.RuneCountInString(string(value)) > maxSay {
			return r, inRules("第 %d 行：@%s 为空或过长", line, key)
		}
	}
	a := p.Annotations()
	if id := string(a["id"]); !ruleForm.MatchString(id) || strings.HasPrefix(id, "role.") {
		return r, inRules("第 %d 行的规则没有 @id，或其形式不符", line)
	}
	r.ID, r.Say, r.Hint = string(a["id"]), string(a["say"]), string(a["hint"])
	if r.Say == "" {
		return r, inRules("规则 %s 没有 @say（理由）", r.ID)
	}
	if code, ok := a["code"]; ok {
		r.Code = string(code)
		if !ruleForm.MatchString(r.Code) {
			return r, inRules("规则 %s 的 @code 形式不符", r.ID)
		}
	}
	if p.Effect() != cedar.Forbid {
		return r, inRules("规则 %s 是 permit：规则只能拒绝（forbid），授予只能写在 roles.yaml", r.ID)
	}
	return r, nil
}

// check refuses what the schema cannot tell: names of roles, purposes and
// classes that do not exist, and questions about single accounts and
// organisations, which belong to grants.
func (r *Rule) check(f *file) error {
	p := (*ast.Policy)(r.policy.AST())
	switch p.Principal.(type) {
	case ast.ScopeTypeEq:
		return inRules("规则 %s 针对单个账号：账号的权限由授权决定", r.ID)
	}
	if _, ok := p.Resource.(ast.ScopeTypeAll); !ok {
		return inRules("规则 %s 限定了 resource：单位范围由授权决定", r.ID)
	}
	for _, uid := range scopeEntities(p.Principal) {
		if err := r.checkEntity(uid, f); err != nil {
			return err
		}
	}
	nodes := 0
	for _, c := range p.Conditions {
		var err error
		ast.Inspect(ast.NewNode(c.Body), func(n ast.IsNode) bool {
			if nodes++; nodes > maxNodes {
				err = inRules("规则 %s 过长", r.ID)
			}
			if err == nil {
				err = r.checkNode(n, f)
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func scopeEntities(s ast.IsPrincipalScopeNode) []types.EntityUID {
	switch s := s.(type) {
	case ast.ScopeTypeIn:
		return []types.EntityUID{s.Entity}
	case ast.ScopeTypeIsIn:
		return []types.EntityUID{s.Entity}
	}
	return nil
}

func (r *Rule) checkEntity(uid types.EntityUID, f *file) error {
	switch {
	case uid.Type == typeAction:
		if slices.ContainsFunc(f.Permissions, func(p Permission) bool { return p.Name == string(uid.ID) }) {
			return nil
		}
		return inRules("规则 %s 中的权限 %s 没有定义", r.ID, short(string(uid.ID)))
	case uid.Type != typeRole:
		return inRules("规则 %s 不得指名 %s", r.ID, short(uid.String()))
	case slices.ContainsFunc(f.Roles, func(o Role) bool { return o.Code == string(uid.ID) }):
		return nil
	}
	return inRules("规则 %s 中的角色 %s 没有定义", r.ID, short(string(uid.ID)))
}

func (r *Rule) checkNode(n ast.IsNode, f *file) error {
	switch n := n.(type) {
	case ast.NodeTypeVariable:
		if n.Name == "resource" {
			return inRules("规则 %s 不得使用 resource：单位范围由授权决定", r.ID)
		}
	case ast.NodeValue:
		if uid, ok := n.Value.(types.EntityUID); ok {
			return r.checkEntity(uid, f)
		}
	case ast.NodeTypeEquals:
		return r.checkCompared(n.Left, n.Right, f)
	case ast.NodeTypeNotEquals:
		return r.checkCompared(n.Left, n.Right, f)
	}
	return nil
}

// checkCompared refuses a comparison with a purpose or class that does not
// exist: the rule would never hold, and nobody would see it.
func (r *Rule) checkCompared(a, b ast.IsNode, f *file) error {
	if _, isValue := a.(ast.NodeValue); isValue {
		a, b = b, a
	}
	access, ok := a.(ast.NodeTypeAccess)
	value, isValue := b.(ast.NodeValue)
	if !ok || !isValue {
		return nil
	}
	text, ok := value.Value.(types.String)
	if !ok {
		return nil
	}
	switch access.Value {
	case "purpose":
		if !slices.ContainsFunc(f.Purposes, func(p Purpose) bool { return p.Code == string(text) }) {
			return inRules("规则 %s 中的用途 %s 没有定义", r.ID, short(string(text)))
		}
	case "class":
		if !slices.Contains(classes[1:], string(text)) {
			return inRules("规则 %s 中的数据分级 %s 没有定义", r.ID, short(string(text)))
		}
	}
	return nil
}

// bare is the rule without its annotations: what it refuses, not what it says.
func (r *Rule) bare() string {
	p := *(*ast.Policy)(r.policy.AST())
	p.Annotations = nil
	return string(cedar.NewPolicyFromAST((*cedarast.Policy)(&p)).MarshalCedar())
}

package records

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/auditor"
	"sidian/internal/web/page"
)

//go:embed words.txt
var wordList string

// A vocabulary is the Chinese words for actions.
type vocabulary struct {
	groups  []string // names of groups, with their dot, in order
	actions []string // names of actions, in order
	of      map[string]string
}

// readWords reads a list of words: see words.txt.
func readWords(text string) (*vocabulary, error) {
	v := &vocabulary{of: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, word, ok := strings.Cut(line, " ")
		if !ok || word == "" || v.of[name] != "" || !strings.Contains(name, ".") {
			return nil, fmt.Errorf("records: the word list does not end at %q", line)
		}
		v.of[name] = word
		if strings.HasSuffix(name, ".") {
			v.groups = append(v.groups, name)
		} else {
			v.actions = append(v.actions, name)
		}
	}
	return v, lines.Err()
}

// word is the Chinese word for an action, or the action itself.
func (v *vocabulary) word(action string) string {
	if w := v.of[action]; w != "" {
		return w
	}
	group, _, _ := strings.Cut(action, ".")
	if w := v.of[group+"."]; w != "" {
		return w + "：" + action
	}
	return action
}

// options are all actions, each group before its own.
func (v *vocabulary) options() (out []page.Option) {
	for _, g := range v.groups {
		out = append(out, page.Option{Value: g, Label: v.of[g] + "（全部）"})
		for _, a := range v.actions {
			if strings.HasPrefix(a, g) {
				out = append(out, page.Option{Value: a, Label: v.of[g] + " · " + v.of[a]})
			}
		}
	}
	return out
}

// objects are the Chinese words for what is acted on, by what stands before the
// stroke.
var objects = map[string]string{
	"cert": "证照", "account": "账号", "session": "会话", "org": "单位", "grant": "授权", "client": "接入应用", "seal": "电子印章", "pki": "数字证书",
	"kind": "证照类型", "catalogue": "证照类型", "audit": "审计记录", "audit-export": "审计导出", "alarm": "告警", "glass": "应急查阅", "policy": "授权策略",
	"iam": "访问控制数据", "address": "网络地址", "due-rule": "时限取值", "due-code": "时限", "keys": "密钥", "onboard": "批量导入", "provider": "签章服务商",
}

// objectWord tells what sort of thing an object is, and which.
func objectWord(object string) (sort, id string) {
	sort, id, _ = strings.Cut(object, "/")
	if w := objects[sort]; w != "" {
		sort = w
	}
	if object == "audit/entries" {
		return "审计记录", ""
	}
	if id == "unknown" {
		id = "不存在的" + sort
	}
	return sort, id
}

// purposes are the Chinese words for purposes, as the policy that is shipped
// calls them; a policy may bring more, which then stand by their codes.
var purposes = []page.Option{
	{Value: "issue", Label: "办理证照"}, {Value: "window", Label: "窗口服务"}, {Value: "inspect", Label: "行政检查"}, {Value: "objection", Label: "异议核查"},
	{Value: "oversight", Label: "监督检查"}, {Value: "emergency", Label: "应急查阅"}, {Value: "self", Label: "本人查阅"},
}

func labelOf(options []page.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

var results = []page.Option{{Value: audit.Done, Label: "成功"}, {Value: audit.Refused, Label: "拒绝"}, {Value: audit.Failed, Label: "失败"}}

// resultChips tell what came of it; what was done as usual needs no mark.
func resultChips(e *auditor.Entry) []page.Chip {
	switch {
	case e.Result == audit.Refused:
		return []page.Chip{{Class: page.Bad, Word: "拒绝"}}
	case e.Result == audit.Failed:
		return []page.Chip{{Class: page.Care, Word: "失败"}}
	case e.Kind == auditor.Saw:
		return []page.Chip{{Class: page.Plain, Word: "查阅"}}
	}
	return []page.Chip{{Class: page.Good, Word: "成功"}}
}

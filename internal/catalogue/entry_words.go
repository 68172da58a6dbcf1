package catalogue

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/workday"
)

// Permissions.
const (
	permManage = "kind.manage"
	permRead   = "kind.read"
	permAgree  = "catalogue.agree"
)

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func today(now time.Time) string { return workday.DateOf(now).String() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// reasonOf checks why something is done.
func reasonOf(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	n := utf8.RuneCountInString(reason)
	if n == 0 || n > 500 || !utf8.ValidString(reason) || strings.ContainsFunc(reason, func(r rune) bool { return unprintable(r) && r != '\n' }) {
		return "", fault.Invalid.New("须填写理由").WithCode("reason.required").WithHint("写明依据，至多 500 个字").WithField("reason", "required", "必填，至多 500 个字")
	}
	if audit.Personal(reason) {
		return "", fault.Invalid.New("理由中不得写证件号码、手机号码").WithCode("catalogue.personal").WithHint("请改写理由").
			WithField("reason", "catalogue.personal", "不得写证件号码、手机号码")
	}
	return reason, nil
}

func errNoEntry() error {
	return fault.NotFound.New("没有这个目录条目").WithCode("catalogue.entry").WithHint("请从证照目录的条目列表中选择")
}

func errMoved() error {
	return fault.Conflict.New("条目刚刚被他人修改").WithCode("catalogue.moved").WithHint("请刷新页面，看过他人的修改后再办理；您的修改没有保存")
}

func errState(r *entryRow) error {
	return fault.Conflict.New("条目现在是“%s”，不能这样办理", EntryStateName(EntryState(r.state))).WithCode("catalogue.entry-state").
		WithHint("草稿可以修改和提交，会签中的可以同意或退回；已发布的请新建条目")
}

// EntryStateName is the word for a state.
func EntryStateName(state EntryState) string {
	return map[EntryState]string{EntryDraft: "草稿", EntrySubmitted: "会签中", EntryPublished: "已发布", EntryWithdrawn: "已撤回"}[state]
}

// StepName is the word for the action of a step.
func StepName(action string) string {
	return map[string]string{"propose": "起草", "save": "修改", "submit": "提交会签", "agree.issuer": "签发单位同意", "agree.manager": "管理单位同意",
		"return": "退回", "withdraw": "撤回", "publish": "发布"}[action]
}

func objectOf(name string) string { return "catalogue/" + name }

package policy_test

import (
	"strings"
	"testing"

	"sidian/internal/iam/policy"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	before := shipped(t)
	if list := policy.Diff(before, before); len(list) != 0 {
		t.Errorf("a version differs from itself: %v", list)
	}
	for name, tc := range map[string]struct {
		roles, rules [2]string
		want         string
		back         string
	}{
		"version":    {roles: [2]string{"version: 6", "version: 7"}, want: "版本由 6 改为 7", back: "版本由 7 改为 6"},
		"permission": {roles: [2]string{"may: [org.read, seal.apply,", "may: [cert.read, org.read, seal.apply,"}, want: "!角色‘印章保管员’增加‘查阅本单位证照’", back: "角色‘印章保管员’减少‘查阅本单位证照’"},
		"purpose":    {roles: [2]string{"purposes: [window]", "purposes: [window, objection]"}, want: "!角色‘窗口人员’可用的用途增加‘异议核查’", back: "角色‘窗口人员’可用的用途减少‘异议核查’"},
		"name":       {roles: [2]string{"name: 窗口人员", "name: 综合窗口"}, want: "角色‘窗口人员’改名为‘综合窗口’", back: "角色‘综合窗口’改名为‘窗口人员’"},
		"role": {roles: [2]string{"  - code: reviewer\n", "  - code: librarian\n    name: 图书员\n    may: [cert.read]\n  - code: reviewer\n"},
			want: "!增加角色‘图书员’（librarian）；!角色‘图书员’增加‘查阅本单位证照’", back: "删除角色‘图书员’（librarian）"},
		"label":        {roles: [2]string{"label: 签发证照", "label: 签发电子证照"}, want: "权限‘签发证照’（证照业务）改为‘签发电子证照’（证照业务）", back: "权限‘签发电子证照’（证照业务）改为‘签发证照’（证照业务）"},
		"program":      {roles: [2]string{"  may: [org.read, kind.read, kind.manage,", "  may: [org.read, kind.read,"}, want: "接入应用授权范围减少‘管理证照类型和模板’", back: "!接入应用授权范围增加‘管理证照类型和模板’"},
		"rule":         {rules: [2]string{"", head + `forbid (principal is Client, action, resource) when { context has class };`}, want: "增加规则 x.y：不行", back: "!删除规则 x.y：不行"},
		"condition":    {rules: [2]string{"when { context.level < 2 };", "when { context.level < 3 };"}, want: "!修改规则 holder.level 的条件：查阅本人证照、申请本人印章、投诉和签署，须先完成实名认证", back: "!修改规则 holder.level 的条件：查阅本人证照、申请本人印章、投诉和签署，须先完成实名认证"},
		"words":        {rules: [2]string{"请通过统一身份认证完成实名认证后重试", "请先实名"}, want: "修改规则 class.level 的文字：查看敏感信息，须先完成实名认证", back: "修改规则 class.level 的文字：查看敏感信息，须先完成实名认证"},
		"comment only": {rules: [2]string{"", "// 说明\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			after, err := policy.Parse(edit(t, tc.roles, tc.rules))
			if err != nil {
				t.Fatal(err)
			}
			if got := said(policy.Diff(before, after)); got != tc.want {
				t.Errorf("forth: %s\nwant   %s", got, tc.want)
			}
			if got := said(policy.Diff(after, before)); got != tc.back {
				t.Errorf("back: %s\nwant  %s", got, tc.back)
			}
		})
	}
}

// said joins changes; what widens has a mark.
func said(list []policy.Change) string {
	var b []string
	for _, c := range list {
		if c.Widens {
			c.Say = "!" + c.Say
		}
		b = append(b, c.Say)
	}
	return strings.Join(b, "；")
}

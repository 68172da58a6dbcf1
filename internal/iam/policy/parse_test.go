package policy_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sidian/internal/iam/policy"
)

// edit returns the shipped texts with one replacement in each; what is replaced
// must be there.
func edit(tb testing.TB, roles, rules [2]string) (a, b []byte) {
	tb.Helper()
	a, b = shipped(tb).Texts()
	for text, change := range map[*[]byte][2]string{&a: roles, &b: rules} {
		if change[0] == "" {
			*text = append(*text, change[1]...)
			continue
		}
		if !bytes.Contains(*text, []byte(change[0])) {
			tb.Fatalf("the shipped text does not contain %q", change[0])
		}
		*text = bytes.Replace(*text, []byte(change[0]), []byte(change[1]), 1)
	}
	return a, b
}

const head = "\n@id(\"x.y\") @say(\"不行\")\n"

func TestParseRefusesRules(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, say string }{
		"permits all":                 {"", head + `permit (principal, action, resource);`, "只能拒绝"},
		"permits all, without id":     {"", `permit (principal, action, resource);`, "@id"},
		"permits one":                 {"", head + `permit (principal in Role::"system", action == Action::"cert.issue", resource);`, "只能拒绝"},
		"no id":                       {"", `@say("不行") forbid (principal, action, resource);`, "@id"},
		"id of a role":                {"", `@id("role.clerk") @say("不行") forbid (principal, action, resource);`, "@id"},
		"no reason":                   {"", `@id("x.y") forbid (principal, action, resource);`, "@say"},
		"empty reason":                {"", `@id("x.y") @say(" ") forbid (principal, action, resource);`, "为空"},
		"long reason":                 {"", `@id("x.y") @say("` + strings.Repeat("长", 201) + `") forbid (principal, action, resource);`, "过长"},
		"unknown annotation":          {"", `@id("x.y") @say("不行") @if("x") forbid (principal, action, resource);`, "@if"},
		"bad code":                    {"", `@id("x.y") @say("不行") @code("DROP TABLE") forbid (principal, action, resource);`, "@code"},
		"id twice":                    {"", strings.Replace(head, "x.y", "class.level", 1) + `forbid (principal, action, resource) when { context.strict };`, "重复"},
		"annotation twice":            {"", `@id("x.y") @id("x.z") @say("不行") forbid (principal, action, resource);`, "格式"},
		"unknown permission":          {"", head + `forbid (principal, action == Action::"cert.burn", resource);`, "cert.burn"},
		"unknown permission inside":   {"", head + `forbid (principal, action, resource) when { action == Action::"cert.burn" };`, "cert.burn"},
		"unknown permission in a set": {"", head + `forbid (principal, action in [Action::"cert.read", Action::"cert.burn"], resource);`, "cert.burn"},
		"unknown role":                {"", head + `forbid (principal in Role::"king", action, resource);`, "king"},
		"unknown role inside":         {"", head + `forbid (principal, action, resource) when { principal in Role::"king" };`, "king"},
		"unknown type":                {"", head + `forbid (principal is Robot, action, resource);`, "Robot"},
		"unknown attribute":           {"", head + `forbid (principal, action, resource) when { context.weather };`, "weather"},
		"unknown purpose":             {"", head + `forbid (principal, action, resource) when { context has purpose && context.purpose == "fun" };`, "fun"},
		"unknown class":               {"", head + `forbid (principal, action, resource) when { context has class && "绝密" != context.class };`, "绝密"},
		"attribute may be missing":    {"", head + `forbid (principal, action, resource) when { context.purpose == "issue" };`, "purpose"},
		"wrong type":                  {"", head + `forbid (principal, action, resource) when { context.level == "2" };`, "规则 x.y"},
		"one account":                 {"", head + `forbid (principal == Staff::"7", action, resource);`, "单个账号"},
		"one account inside":          {"", head + `forbid (principal, action, resource) when { principal == Staff::"7" };`, "指名"},
		"one organisation":            {"", head + `forbid (principal, action, resource == Unit::"7");`, "resource"},
		"one organisation inside":     {"", head + `forbid (principal, action, resource) when { resource == Unit::"7" };`, "resource"},
		"not Cedar":                   {"", "drop table iam_grant;", "格式"},
		"not text":                    {"", "\xff\xfe", "UTF-8"},
		"cut short":                   {"", head + `forbid (principal, action`, "格式"},
		"too much":                    {"", strings.Repeat("// 长\n", 8000), "KiB"},
		"too many":                    {"", many(70), "至多"},
		"brackets":                    {"", head + `forbid (principal, action, resource) when { ` + strings.Repeat("(", 9000), "嵌套"},
		"sets":                        {"", head + `forbid (principal, action, resource) when { ` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `.isEmpty() };`, "嵌套"},
		"records":                     {"", head + `forbid (principal, action, resource) when { ` + strings.Repeat("{a:", 30) + "1" + strings.Repeat("}", 30) + `.a == 1 };`, "嵌套"},
		"nots":                        {"", head + `forbid (principal, action, resource) when { ` + strings.Repeat("!", 9000) + `true };`, "过长"},
		"ands":                        {"", head + `forbid (principal, action, resource) when { true` + strings.Repeat(" && true", 2000) + ` };`, "过长"},
		"ifs":                         {"", head + `forbid (principal, action, resource) when { ` + strings.Repeat("if true then true else ", 800) + `true };`, "过长"},
		"dots":                        {"", head + `forbid (principal, action, resource) when { context` + strings.Repeat(".a", 5000) + ` };`, "过长"},
		"bracket hidden in a comment": {"", head + "forbid (principal, action, resource) when { // \"\n" + strings.Repeat("(", 9000), "嵌套"},
		"bracket behind a string":     {"", head + `forbid (principal, action, resource) when { "\"" == ` + strings.Repeat("(", 9000), "嵌套"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roles, rules := edit(t, [2]string{}, [2]string{tc.old, tc.new})
			refusedFor(t, roles, rules, tc.say)
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "@id(\"x.%s\") @say(\"不行\") forbid (principal, action, resource) when { context.strict };\n", strings.Repeat("a", i%20+1)+"."+strings.Repeat("b", i/20+1))
	}
	return b.String()
}

func refusedFor(t *testing.T, roles, rules []byte, say string) {
	t.Helper()
	_, err := policy.Parse(roles, rules)
	e, ok := errors.AsType[*policy.Error](err)
	if !ok || !strings.Contains(e.Error(), say) {
		t.Fatalf("error %v; want one that says %q", err, say)
	}
	if len(e.Say) > 1200 {
		t.Errorf("the reason has %d octets", len(e.Say))
	}
}

func TestParseRefusesRoles(t *testing.T) {
	t.Parallel()
	clerk := "may: [org.read, kind.read, cert.draft,"
	for name, tc := range map[string]struct{ old, new, say string }{
		"administrator does business":   {"may: [org.manage,", "may: [cert.issue, org.manage,", "三员分立"},
		"security uses seals":           {"may: [org.read, account.lock,", "may: [seal.use, org.read, account.lock,", "三员分立"},
		"business administrates":        {clerk, "may: [grant.approve, org.read, kind.read, cert.draft,", "三员分立"},
		"business reads the audit":      {clerk, "may: [audit.read, org.read, kind.read, cert.draft,", "三员分立"},
		"system reads the audit":        {"may: [org.manage,", "may: [audit.read, org.manage,", "审计管理员"},
		"proposes and approves":         {"may: [org.manage,", "may: [grant.approve, org.manage,", "同时"},
		"approves the policy it writes": {"may: [org.manage,", "may: [policy.approve, org.manage,", "同时"},
		"auditor changes policy":        {"may: [org.read, grant.read, policy.read,", "may: [policy.approve, org.read, grant.read, policy.read,", "同时"},
		"two system administrators":     {"    temporary: true", "    admin: system", "临时角色"},
		"administrator and holder":      {"    holder: true", "    holder: true\n    admin: system", "不能同时"},
		"no security administrator":     {"admin: security", "admin: system", "三员分立"},
		"unknown administrator":         {"admin: security", "admin: root", "admin"},
		"another temporary role":        {"name: 经办人", "name: 经办人\n    temporary: true", "临时角色"},
		"glass stays":                   {"    temporary: true\n", "", "临时角色"},
		"glass signs":                   {"may: [cert.read, cert.reveal, person.read]", "may: [cert.read, cert.issue, cert.reveal, person.read]", "只能查阅"},
		"clerk reads people":            {clerk, "may: [person.read, org.read, kind.read, cert.draft,", "应急查阅"},
		"clerk has the emergency":       {"purposes: [window]", "purposes: [window, emergency]", "临时角色"},
		"clerk has the holder's":        {"purposes: [window]", "purposes: [window, self]", "持证人"},
		"holder reads others":           {"may: [cert.read.own, seal.apply.own, signature.sign.own, complaint.file.own]", "may: [cert.read.own, cert.read]", ".own"},
		"clerk reads own":               {clerk, "may: [cert.read.own, org.read, kind.read, cert.draft,", "只能由持证人"},
		"program administrates":         {"  may: [org.read, kind.read, kind.manage,", "  may: [grant.approve, org.read, kind.read, kind.manage,", "接入应用"},
		"program in an emergency":       {"  purposes: [issue, window,", "  purposes: [emergency, issue, window,", "接入应用"},
		"nobody approves grants":        {"account.lock, session.end, grant.approve,", "account.lock, session.end,", "无法再更正"},
		"nobody approves policies":      {"policy.approve, policy.read, glass.review", "policy.read, glass.review", "无法再更正"},
		"unknown permission":            {clerk, "may: [cert.burn, org.read, kind.read, cert.draft,", "没有定义"},
		"permission of no program":      {"permissions:\n", "permissions:\n  - { group: 其他, name: cert.burn, label: 销毁 }\n", "本程序"},
		"permission twice":              {"permissions:\n", "permissions:\n  - { group: 其他, name: cert.read, label: 查阅 }\n", "重复"},
		"permission held twice":         {clerk, "may: [org.read, org.read, kind.read, cert.draft,", "重复"},
		"unknown purpose":               {"purposes: [window]", "purposes: [fun]", "没有定义"},
		"role twice":                    {"code: reviewer", "code: clerk", "重复"},
		"code that is Cedar":            {"code: reviewer", `code: 'x", action, resource); permit (principal'`, "不符合规则"},
		"nameless role":                 {"name: 经办人", `name: ""`, "没有名称"},
		"unknown key":                   {"name: 经办人", "name: 经办人\n    sudo: true", "格式"},
		"key twice":                     {"name: 经办人", "name: 经办人\n    name: 别人", "格式"},
		"no version":                    {"version: 6", "version: 0", "version"},
		"version of text":               {"version: 6", "version: latest", "格式"},
		"anchor":                        {"purposes: [window]", "purposes: &a [window]", "锚点"},
		"alias":                         {"purposes: [window]", "purposes: &a [window]\n    may: *a", "锚点"},
		"tag":                           {"version: 6", "version: !!int 2", "标签"},
		"second document":               {"", "---\nversion: 6\n", "一个文档"},
		"bomb": {"", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n" +
			"e: [*d,*d,*d,*d,*d,*d,*d,*d]\n", "锚点"},
		"deep":     {"", "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", "嵌套"},
		"too much": {"", strings.Repeat("# 长\n", 9000), "KiB"},
		"not text": {"", "# \xff\n", "UTF-8"},
		"not YAML": {"", "\t: [", "格式"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roles, rules := edit(t, [2]string{tc.old, tc.new}, [2]string{})
			refusedFor(t, roles, rules, tc.say)
		})
	}
}

// What no policy may allow is found by asking, whatever the rules look like.
func TestParseRefusesWhatLiesBelowTheFloor(t *testing.T) {
	t.Parallel()
	_, rules := shipped(t).Texts()
	for id, say := range map[string]string{
		"purpose.needed": "不说明用途", "purpose.role": "岗位之外的用途", "class.second": "单因素",
		"holder.level": "未经实名", // class.level refuses holders nothing that this does not
	} {
		t.Run("without "+id, func(t *testing.T) {
			roles, _ := shipped(t).Texts()
			begin := bytes.Index(rules, []byte(`@id("`+id))
			end := begin + bytes.Index(rules[begin:], []byte(";\n"))
			_, err := policy.Parse(roles, bytes.Join([][]byte{rules[:begin], rules[end+2:]}, nil))
			if err == nil || !strings.Contains(err.Error(), say) {
				t.Errorf("error %v; want one that says %q", err, say)
			}
		})
	}
	for name, change := range map[string][2]string{
		"a rule that never holds":  {"context.strict && !context.second };\n\n@id(\"class.level\")", "context.strict && !context.second && context.level > 5 };\n\n@id(\"class.level\")"},
		"a level that is no level": {"when { context.level < 2 };", "when { context.level < 1 };"},
		"a purpose for all":        {"unless { context has purpose };", "unless { context has purpose || context.second };"},
		"for another permission":   {`Action::"cert.reveal", Action::"person.read"`, `Action::"cert.read", Action::"person.read"`},
	} {
		t.Run(name, func(t *testing.T) {
			roles, rules := edit(t, [2]string{}, change)
			refusedFor(t, roles, rules, "底线")
		})
	}
}

// A narrower policy, one that leaves permissions out, or one with more rules is
// fine.
func TestParseTakesWhatIsNarrower(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ roles, rules [2]string }{
		"as shipped":              {},
		"fewer permissions":       {roles: [2]string{"cert.read, cert.reveal, cert.annotate, seal.ask, seal.read, signature.ask, signature.read, signature.sign, due.read, complaint.reply, item.read, matter.manage, matter.read]", "cert.read]"}},
		"without a label":         {roles: [2]string{"  - { group: 证照业务, name: cert.read.any, label: 查阅全部证照 }\n", ""}, rules: [2]string{}},
		"a role of one's own":     {roles: [2]string{"  - code: reviewer\n", "  - code: librarian\n    name: 图书员\n    may: [cert.read]\n  - code: reviewer\n"}},
		"a role that may nothing": {roles: [2]string{"  - code: reviewer\n", "  - code: guest\n    name: 来宾\n    may: []\n  - code: reviewer\n"}},
		"one rule more":           {rules: [2]string{"", head + `forbid (principal is Client, action in [Action::"cert.issue"], resource) when { context has class && context.class != "公开" };`}},
	} {
		t.Run(name, func(t *testing.T) {
			roles, rules := edit(t, tc.roles, tc.rules)
			if name == "without a label" {
				roles = bytes.Replace(roles, []byte("cert.read, cert.read.any,"), []byte("cert.read,"), 1)
			}
			s, err := policy.Parse(roles, rules)
			if err != nil {
				t.Fatal(err)
			}
			if gotRoles, gotRules := s.Texts(); !bytes.Equal(gotRoles, roles) || !bytes.Equal(gotRules, rules) {
				t.Error("the texts are not those that were read")
			}
			if same := s.Digest() == shipped(t).Digest(); same != (name == "as shipped") {
				t.Errorf("the digest is the same: %v", same)
			}
		})
	}
}

func FuzzRules(f *testing.F) {
	roles, rules := shipped(f).Texts()
	for _, part := range bytes.SplitAfter(rules, []byte(";\n")) {
		f.Add(part)
	}
	for _, rule := range []string{
		`permit (principal, action, resource);`,
		`forbid (principal is Staff in Role::"clerk", action, resource) when { if context.strict then context.level + 1 > 2 else !context.owner };`,
		`forbid (principal, action, resource) when { [1, "a"].contains(context.level) && ip("::1").isLoopback() };`,
		`forbid (principal, action, resource) when { {a: [1]}.a.isEmpty() || "x" like "*" };`,
	} {
		f.Add([]byte(head + rule))
	}
	f.Fuzz(func(t *testing.T, more []byte) {
		s, err := policy.Parse(roles, append(bytes.Clone(rules), more...))
		keepsToTheFloor(t, s, err)
	})
}

func FuzzRoles(f *testing.F) {
	roles, rules := shipped(f).Texts()
	f.Add(roles)
	f.Add([]byte("version: 1\nroles: [*a]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("version: 1\npermissions: [{name: cert.read, label: a, group: b}]\nroles: [{code: a, name: b, may: [cert.read]}]"))
	f.Fuzz(func(t *testing.T, roles []byte) {
		s, err := policy.Parse(roles, rules)
		keepsToTheFloor(t, s, err)
	})
}

// keepsToTheFloor: whatever was taken, nobody sees personal data without a
// purpose, and no administrator does business.
func keepsToTheFloor(t *testing.T, s *policy.Set, err error) {
	t.Helper()
	if err != nil {
		if s != nil {
			t.Error("a set beside an error")
		}
		return
	}
	for _, r := range s.Roles() {
		sub := policy.Subject{Kind: policy.Staff, Roles: []policy.Held{{Role: r.Code, Org: "market"}}, Second: true, Level: 3, Strict: true}
		if s.Decide(sub, policy.Question{Permission: "cert.reveal", Org: "market"}, county).Allowed {
			t.Errorf("%s sees personal data without a purpose", r.Code)
		}
		if r.Admin != "" && s.Decide(sub, policy.Question{Permission: "cert.issue", Org: "market"}, county).Allowed {
			t.Errorf("the administrator %s issues", r.Code)
		}
	}
}

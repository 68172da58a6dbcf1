package state_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sidian/internal/cert/state"
)

func vocabularies(t *testing.T) map[string]*state.Vocabulary {
	t.Helper()
	all, err := state.Vocabularies()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*state.Vocabulary{}
	for _, v := range all {
		out[v.Name] = v
	}
	return out
}

// Each of ours has a line in each vocabulary: a code there, or why there is none;
// what is read back is what was said.
func TestVocabularies(t *testing.T) {
	t.Parallel()
	all := vocabularies(t)
	if len(all) != 7 {
		t.Errorf("%d vocabularies", len(all))
	}
	for name, v := range all {
		var want []string
		if v.Of == state.OfStatus {
			for _, i := range state.Statuses() {
				want = append(want, string(i.Status))
			}
		} else {
			want = append(want, state.Issue)
			for _, a := range state.Actions() {
				want = append(want, a.Code)
			}
		}
		var got []string
		for _, m := range v.Lines {
			got = append(got, m.Ours)
			o := v.Say(m.Ours)
			if (o.Code == "") != (m.None != "") || o.Code == "" && o.Description == "" || (o.Code == "") != (o.Name == "") || o.Vocabulary != name {
				t.Errorf("%s: %s is said as %+v", name, m.Ours, o)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has lines for %v", name, got)
		}
		for _, c := range v.Codes {
			if back, ok := v.Back(c.Code); ok && (v.Say(back).Code != c.Code || c.Other) {
				t.Errorf("%s: %s read back is %s", name, c.Code, back)
			}
		}
	}
}

func TestSayAndBack(t *testing.T) {
	t.Parallel()
	all := vocabularies(t)
	for name, c := range map[string]struct {
		vocabulary, ours string
		want             state.Outside
		back             string
	}{
		"the same word":   {"mohurd-special-work", "suspended", state.Outside{Code: "02", Name: "暂扣"}, "suspended"},
		"another order":   {"mohurd-safety-staff", "revoked", state.Outside{Code: "07", Name: "吊销"}, "revoked"},
		"inferred":        {"mohurd-safety-staff", "expired", state.Outside{Code: "05", Name: "失效", Inferred: true}, "expired"},
		"other":           {"mohurd-special-work", "lost", state.Outside{Code: "99", Name: "其他", Description: "已挂失", Inferred: true}, ""},
		"one for several": {"mot", "replaced", state.Outside{Code: "01", Name: "无效（已换发）", Inferred: true}, ""},
		"an action":       {"mohurd-operation", "resume", state.Outside{Code: "06", Name: "暂扣发还", Inferred: true}, "resume"},
		"the beginning":   {"mohurd-operation", state.Issue, state.Outside{Code: "01", Name: "新发", Inferred: true}, state.Issue},
		"no code":         {"guangdong", "suspended", state.Outside{Description: "没有表示暂扣的代码"}, ""},
		"a word":          {"shandong", "cancelled", state.Outside{Code: "注销", Name: "注销"}, "cancelled"},
		"with a reason":   {"gtmap", "abolished", state.Outside{Code: "2", Name: "注销", Reason: "2", Inferred: true}, ""},
		"not issued yet":  {"mot", "sealing", state.Outside{Description: "证照没有处于可以对外报送的状态"}, ""},
	} {
		v := all[c.vocabulary]
		c.want.Vocabulary = c.vocabulary
		if got := v.Say(c.ours); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if back, ok := v.Back(c.want.Code); back != c.back || ok != (c.back != "") {
			t.Errorf("%s: read back: %q", name, back)
		}
	}
}

// What is wrong with a file is told, and which line.
func TestVocabulariesRefused(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("vocabularies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	if _, err := state.ParseVocabularies(data); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a status without a line":      {"      lost: { none: 没有表示挂失的代码 }\n", "", `"guangdong": lost (挂失) has no line`},
		"an action without a line":     {"      extend: { code: \"02\", inferred: true }\n", "", `"mohurd-operation": extend (延期) has no line`},
		"a status of nobody":           {"      effective: { code: ISSUED, inferred: true }\n", "      effective: { code: ISSUED, inferred: true }\n      asleep: { code: DRAFT, inferred: true }\n", "asleep is none of ours"},
		"a status twice":               {"      effective: { code: ISSUED, inferred: true }\n", "      effective: { code: ISSUED, inferred: true }\n      effective: { code: DRAFT, inferred: true }\n", "already defined"},
		"a code of nobody":             {"suspended: { code: \"02\" }", "suspended: { code: \"20\" }", `"20" is no code`},
		"other without a description":  {"lost: { code: \"99\", description: 已挂失, inferred: true }", "lost: { code: \"99\", inferred: true }", "lost: a code that means other"},
		"a description of what is not": {"suspended: { code: \"02\" }", "suspended: { code: \"02\", description: 暂扣 }", "a code that means other"},
		"inferred, and not said so":    {"expired: { code: \"06\", inferred: true }", "expired: { code: \"06\" }", "失效 is not 过期"},
		"none, and a code":             {"lost: { none: 没有表示挂失的代码 }", "lost: { none: 没有表示挂失的代码, code: DRAFT }", "says why, and nothing else"},
		"neither":                      {"lost: { none: 没有表示挂失的代码 }", "lost: {}", `"" is no code`},
		"a reason of nobody":           {"reason: \"2\"", "reason: \"9\"", `"9" is no reason`},
		"an unknown key":               {"inferred: true", "guessed: true", "guessed"},
		"a code twice":                 {"{ code: REGISTERED, name: 已登记 }", "{ code: DRAFT, name: 已登记 }", "stands twice"},
		"a name twice":                 {"name: mot\n", "name: gtmap\n", "vocabulary gtmap stands twice"},
		"no grade":                     {"    grade: S\n", "    grade: X\n", "must be said"},
		"a second document":            {"vocabularies:\n", "vocabularies: []\n---\nvocabularies:\n", "one document"},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Errorf("%s changes nothing", name)
			continue
		}
		if _, err := state.ParseVocabularies([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

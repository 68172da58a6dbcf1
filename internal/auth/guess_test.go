package auth_test

import (
	"testing"

	"sidian/internal/auth"
	"sidian/internal/fault"
)

func TestGuessablePasswords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ password, want string }{
		"good":                     {"Brand-Start-2026", ""},
		"good, one known word":     {"wo3-Shanghai-Rk", ""},
		"good, in Chinese":         {"青禾7月的Yu-好大", ""},
		"good, with ten digits":    {"Kx-4409172835", ""},
		"a word and a year":        {"Password-2026", "password.common"},
		"a word with signs":        {"P@ssw0rd!123", "password.common"},
		"a word between digits":    {"123Admin@456", "password.common"},
		"two words":                {"AdminZhengwu1!", "password.common"},
		"pinyin":                   {"Woaini1314520!", "password.common"},
		"digits in a row":          {"Aa123456789", "password.common"},
		"digits in a row, back":    {"Aa-987654321", "password.common"},
		"the keyboard's rows":      {"Qwerty-12345", "password.common"},
		"the keyboard's columns":   {"1qaz@WSX3edc", "password.common"},
		"the alphabet":             {"Abcdefgh1234!", "password.common"},
		"one sign, many times":     {"Aaaaaaaaaa1!", "password.common"},
		"one piece, many times":    {"Xy7Xy7Xy7Xy7", "password.common"},
		"signs above digits":       {"!@#$%^&*()Aa1", "password.common"},
		"the username":             {"Zhou.yu-8841-k", "password.username"},
		"the platform":             {"Kp-SiDian-8841", "password.platform"},
		"the platform, in Chinese": {"四电-Kp-8841-xx", "password.platform"},
		"a phone number":           {"Kp-13800138000", "password.number"},
		"a citizen ID":             {"Kp-11010519491231002X", "password.number"},
		"too short":                {"Kp-88-x", "password.length"},
		"two classes":              {"kpkrtuvwoe-xm", "password.classes"},
	} {
		err := auth.CheckPassword("zhou.yu", c.password)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %s is refused: %v", name, c.password, err)
			}
			continue
		}
		f := fault.As(err)
		if f == nil || f.Code != "password.weak" || len(f.Fields) != 1 || f.Fields[0].Code != c.want || f.Fields[0].Message == "" {
			t.Errorf("%s: %s gives %+v, want %s", name, c.password, f, c.want)
		}
	}
}

func FuzzGuessable(f *testing.F) {
	for _, p := range []string{"", "四电", "\xff\xfe12345", "aaaaaaaaaaaaaaaaaaaaaaaa", "P@ssw0rd!123"} {
		f.Add("zhou", p)
	}
	f.Fuzz(func(t *testing.T, username, password string) {
		if len([]rune(password)) > 128 {
			return
		}
		before := auth.Unknown(password)
		if before < 0 || before > len([]rune(password)) {
			t.Errorf("%d unknown characters in %q", before, password)
		}
		if more := auth.Unknown(password + "12345678"); more > before+8 {
			t.Errorf("%q: %d, and %d with more", password, before, more)
		}
	})
}

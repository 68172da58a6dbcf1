package archive

import (
	"strings"
	"testing"
)

// Numbers of persons do not come into titles, whatever files were called.
func TestMasked(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"通知":                     "通知",
		"通知\n二":                  "通知 二",
		"给13800138000的回执":        "给138******00的回执",
		"110101199003070070的证明":  "110*************70的证明",
		"国办发〔2024〕20240101号":     "国办发〔2024〕20240101号",
		strings.Repeat("长", 300): strings.Repeat("长", 200),
	} {
		if title == "110101199003070070的证明" {
			title = "11010119900307" + checked("11010119900307") + "的证明"
			if got := masked(title); strings.Contains(got, "19900307") {
				t.Errorf("a citizen number: %s", got)
			}
			continue
		}
		if got := masked(title); got != want {
			t.Errorf("%s: %s, want %s", title, got, want)
		}
	}
}

// checked is a sequence and the check digit (GB 11643) for the first fourteen
// digits of a citizen number.
func checked(first string) string {
	digits := first + "001"
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return "001" + string("10X98765432"[sum%11])
}

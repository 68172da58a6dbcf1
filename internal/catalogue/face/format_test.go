package face

import "testing"

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ format, in, want string }{
		{"", "x", "x"},
		{"date", "2026-01-05", "2026年01月05日"},
		{"date", "长期", "长期"},
		{"date-dots", "2026-01-05", "2026.01.05"},
		{"date-upper", "2026-01-05", "二〇二六年一月五日"},
		{"date-upper", "2010-10-20", "二〇一〇年十月二十日"},
		{"date-upper", "2011-12-31", "二〇一一年十二月三十一日"},
		{"datetime", "2026-01-02T08:36", "2026年01月02日08时36分"},
		{"year", "2026-01-05", "2026"},
		{"rmb", "0", "零元整"},
		{"rmb", "1000000", "壹佰万元整"},
		{"rmb", "10", "壹拾元整"},
		{"rmb", "1234500.5", "壹佰贰拾叁万肆仟伍佰元伍角整"},
		{"rmb", "1409.5", "壹仟肆佰零玖元伍角整"},
		{"rmb", "6007.14", "陆仟零柒元壹角肆分"},
		{"rmb", "107000.53", "壹拾万柒仟元伍角叁分"},
		{"rmb", "16409.02", "壹万陆仟肆佰零玖元零贰分"},
		{"rmb", "325.04", "叁佰贰拾伍元零肆分"},
		{"rmb", "100000000", "壹亿元整"},
		{"rmb", "100000001", "壹亿零壹元整"},
		{"rmb", "100010000", "壹亿零壹万元整"},
		{"rmb", "10203040", "壹仟零贰拾万叁仟零肆拾元整"},
		{"rmb", "0.5", "伍角整"},
		{"rmb", "0.05", "伍分"},
		{"rmb", "-", "-"},
		{"thousands", "16850.25", "16,850.25"},
		{"thousands", "999", "999"},
		{"thousands", "1000000", "1,000,000"},
		{"groups", "6222020200012345", "6222 0202 0001 2345"},
	} {
		if got := formats[tc.format](tc.in); got != tc.want {
			t.Errorf("%s of %s = %s, want %s", tc.format, tc.in, got, tc.want)
		}
	}
}

func FuzzFormats(f *testing.F) {
	for _, s := range []string{"2026-01-05", "1234500.5", "100000001", "长期", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, format := range formats {
			if s != "" && format(s) == "" {
				t.Fatalf("%s printed nothing for %q", name, s)
			}
		}
	})
}

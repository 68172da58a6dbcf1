package face

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formats turn the text of a value into what is printed. A text that has not
// the expected shape is printed as it is: the value was checked before.
var formats = map[string]func(string) string{
	"":           func(s string) string { return s },
	"date":       dated("2006年01月02日"),
	"date-dots":  dated("2006.01.02"),
	"date-iso":   dated("2006-01-02"),
	"date-upper": upperDate,
	"year":       dated("2006"),
	"month":      dated("01"),
	"day":        dated("02"),
	"datetime":   timed,
	"rmb":        func(s string) string { return upperMoney(s) },
	"thousands":  thousands,
	"groups":     groups,
}

func dated(layout string) func(string) string {
	return func(s string) string {
		t, err := time.Parse("2006-01-02", s)
		if err != nil {
			return s
		}
		return t.Format(layout)
	}
}

func timed(s string) string {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		return s
	}
	return t.Format("2006年01月02日15时04分")
}

const upperDigits = "〇一二三四五六七八九"

func upperDigit(d byte) string { return string([]rune(upperDigits)[d-'0']) }

// upperDate writes 二〇二六年一月二日.
func upperDate(s string) string {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return s
	}
	var b strings.Builder
	for i := range 4 {
		b.WriteString(upperDigit(s[i]))
	}
	return b.String() + "年" + upperSmall(int(t.Month())) + "月" + upperSmall(t.Day()) + "日"
}

func upperSmall(n int) string {
	digits := []rune(upperDigits)
	switch {
	case n < 10:
		return string(digits[n])
	case n < 20:
		return "十" + strings.TrimPrefix(string(digits[n-10]), "〇")
	}
	return string(digits[n/10]) + "十" + strings.TrimPrefix(string(digits[n%10]), "〇")
}

// upperMoney writes an amount in yuan in capital numerals (正确填写票据和结算凭
// 证的基本规定): 1234500.5 is 壹佰贰拾叁万肆仟伍佰元伍角整.
func upperMoney(s string) string {
	whole, cents, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || n > 9999_9999_9999_9999 || len(cents) > 2 || strings.Trim(cents, "0123456789") != "" {
		return s
	}
	cents += strings.Repeat("0", 2-len(cents))
	out := upperWhole(n)
	if out != "" {
		out += "元"
	}
	jiao, fen := int(cents[0]-'0'), int(cents[1]-'0')
	switch {
	case jiao == 0 && fen == 0:
		if out == "" {
			out = "零元"
		}
		return out + "整"
	case jiao == 0 && out != "":
		out += "零"
	case jiao > 0:
		out += capitals[jiao] + "角"
	}
	if fen == 0 {
		return out + "整"
	}
	return out + capitals[fen] + "分"
}

var capitals = [10]string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}

func upperWhole(n uint64) string {
	units := []string{"", "万", "亿", "万亿"}
	var groups []int
	for ; n > 0; n /= 10000 {
		groups = append(groups, int(n%10000))
	}
	out, gap := "", false
	for i := len(groups) - 1; i >= 0; i-- {
		g := groups[i]
		if g == 0 {
			gap = out != ""
			continue
		}
		if out != "" && (gap || g < 1000) {
			out += "零"
		}
		out, gap = out+upperGroup(g)+units[i], false
	}
	return out
}

// upperGroup writes 1 to 9999.
func upperGroup(g int) string {
	units := []string{"仟", "佰", "拾", ""}
	digits := fmt.Sprintf("%04d", g)
	out, zero := "", false
	for i := range 4 {
		d := digits[i] - '0'
		if d == 0 {
			zero = out != ""
			continue
		}
		if zero {
			out, zero = out+"零", false
		}
		out += capitals[d] + units[i]
	}
	return out
}

// thousands writes 1234567.5 as 1,234,567.5.
func thousands(s string) string {
	whole, rest, dot := strings.Cut(s, ".")
	if strings.Trim(whole, "0123456789") != "" {
		return s
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		return whole + "." + rest
	}
	return whole
}

// groups writes a long code in groups of four.
func groups(s string) string {
	r := []rune(s)
	var b strings.Builder
	for i, c := range r {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

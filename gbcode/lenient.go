package gbcode

import "strings"

// tidy undoes what keyboards, spreadsheets and scanners do to codes: spaces,
// full-width forms, lower case. It tells what it did.
func tidy(s string) (string, []Warning) {
	var warnings []Warning
	if strings.HasPrefix(s, "\ufeff") {
		s = strings.TrimPrefix(s, "\ufeff")
		warnings = append(warnings, Warning{"bom", "去掉了开头的字节顺序标记"})
	}
	out := strings.Map(narrow, s)
	if out != s {
		warnings = append(warnings, Warning{"width", "全角字符已转为半角"})
	}
	bare := strings.Map(dropSpace, out)
	if bare != out {
		warnings = append(warnings, Warning{"space", "去掉了空格"})
	}
	upper := strings.ToUpper(bare)
	if upper != bare {
		warnings = append(warnings, Warning{"case", "小写字母已转为大写"})
	}
	return upper, warnings
}

// narrow maps the full-width forms of ASCII to ASCII.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	case r == '\u2010', r == '\u2011', r == '\u2012', r == '\u2013', r == '\u2014', r == '\u2212':
		return '-'
	}
	return r
}

func dropSpace(r rune) rune {
	switch r {
	case ' ', '\t', '\r', '\n', '\u00a0', '\u200b', '\u202f':
		return -1
	}
	return r
}

// dropHyphens removes the hyphens some systems print inside a code.
func dropHyphens(s string, warnings []Warning) (string, []Warning) {
	bare := strings.ReplaceAll(s, "-", "")
	if bare != s {
		warnings = append(warnings, Warning{"hyphen", "去掉了连字符"})
	}
	return bare, warnings
}

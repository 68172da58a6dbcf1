package table

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// A Problem is what is wrong with a cell of a line.
type Problem struct {
	Line   int    `json:"row" doc:"行号，标题行是第 1 行"`
	Column string `json:"column,omitempty" doc:"列标题；整行的问题没有"`
	Cell   string `json:"cell,omitempty" doc:"单元格，如 C12"`
	Value  string `json:"value,omitempty" doc:"原值；个人信息脱敏"`
	Code   string `json:"code" doc:"稳定的错误代码"`
	Rule   string `json:"rule" doc:"违反的规则"`
	Fix    string `json:"fix,omitempty" doc:"怎么改"`
}

// ByLine puts what is wrong with one line into one row: its number, and below
// each other cells, columns, values, rules, ways out and codes.
func ByLine(list []Problem) (rows [][]string) {
	line := 0
	for _, p := range list {
		cells := []string{strconv.Itoa(p.Line), p.Cell, p.Column, p.Value, p.Rule, p.Fix, p.Code}
		if p.Line != line {
			line, rows = p.Line, append(rows, cells)
			continue
		}
		last := rows[len(rows)-1]
		for i := 1; i < len(cells); i++ {
			last[i] += "\n" + cells[i]
		}
	}
	return rows
}

// Plain tells whether a text has only what people see, in characters that every
// system here knows: no control characters but, where lines are allowed, the ends
// of lines, and none that turn the direction.
func Plain(s string, lines bool) bool {
	for _, r := range s {
		switch {
		case lines && (r == '\n' || r == '\r'):
		case r == utf8.RuneError, r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return false
		}
	}
	return utf8.ValidString(s)
}

// Lossy tells whether a spreadsheet keeps what looks like a code as a number, so
// that its end may be lost.
func (c Cell) Lossy() bool {
	v := Trim(c.Text)
	if !c.Number {
		return false
	}
	for _, r := range v {
		if r == 'e' || r == 'E' {
			return true
		}
	}
	return len(v) > 15
}

// Day is the beginning of a day as people type it, in a zone. A day that a
// spreadsheet keeps as a number counts from 1900 (ISO/IEC 29500-1 §18.17.4).
func (c Cell) Day(zone *time.Location) (day time.Time, ok bool) {
	typed := Trim(c.Text)
	if c.Number {
		n := 0
		for _, r := range typed {
			if r < '0' || r > '9' || n > 100_000 {
				return day, false
			}
			n = n*10 + int(r-'0')
		}
		return time.Date(1899, 12, 30+n, 0, 0, 0, 0, zone), n >= 1000 && n <= 80_000 // 1902 to 2119
	}
	for _, form := range []string{"2006-01-02", "2006/1/2", "2006年1月2日", "2006.1.2", "20060102"} {
		if day, err := time.ParseInLocation(form, typed, zone); err == nil {
			return day, true
		}
	}
	return day, false
}

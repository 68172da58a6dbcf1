package ofd

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"sidian/ofd/internal/xmlx"
)

// An encoder appends XML in the one form we write: prefix "ofd:", attributes
// in a fixed order, no white space between elements. It keeps the first thing
// that cannot be written.
type encoder struct {
	b   []byte
	err error
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("ofd: writing "+format, args...)
	}
}

// head writes the declaration and the root element's start, still open.
func (e *encoder) head(root string) {
	e.b = append(e.b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<ofd:"...)
	e.b = append(e.b, root...)
	e.b = append(e.b, ` xmlns:ofd="`+xmlx.NS+`"`...)
}

func (e *encoder) open(name string) {
	e.b = append(e.b, "<ofd:"...)
	e.b = append(e.b, name...)
}

func (e *encoder) start(name string) {
	e.open(name)
	e.more()
}

func (e *encoder) more() { e.b = append(e.b, '>') }

func (e *encoder) empty() { e.b = append(e.b, "/>"...) }

func (e *encoder) close(name string) {
	e.b = append(e.b, "</ofd:"...)
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

// element writes <name>text</name>; text writes it only when there is any.
func (e *encoder) element(name, text string) {
	e.start(name)
	e.b = xmlx.AppendText(e.b, text)
	e.close(name)
}

func (e *encoder) text(name, text string) {
	if text != "" {
		e.element(name, text)
	}
}

func (e *encoder) attr(name, value string) { e.b = xmlx.AppendAttr(e.b, name, value) }

// opt writes an attribute that is not empty.
func (e *encoder) opt(name, value string) {
	if value != "" {
		e.attr(name, value)
	}
}

func (e *encoder) begin(name string) {
	e.b = append(e.b, ' ')
	e.b = append(e.b, name...)
	e.b = append(e.b, '=', '"')
}

func (e *encoder) done() { e.b = append(e.b, '"') }

func (e *encoder) id(name string, id ID) {
	if id == 0 {
		e.fail("%s: there is none", name)
	}
	e.optID(name, id)
}

func (e *encoder) optID(name string, id ID) {
	if id == 0 {
		return
	}
	e.begin(name)
	e.b = strconv.AppendUint(e.b, uint64(id), 10)
	e.done()
}

func (e *encoder) integer(name string, v int) {
	e.begin(name)
	e.b = strconv.AppendInt(e.b, int64(v), 10)
	e.done()
}

func (e *encoder) optInt(name string, v int) {
	if v != 0 {
		e.integer(name, v)
	}
}

func (e *encoder) flag(name string, v bool) { e.attr(name, strconv.FormatBool(v)) }

func (e *encoder) optFlag(name string, v bool) {
	if v {
		e.attr(name, "true")
	}
}

func (e *encoder) number(name string, v float64) {
	e.begin(name)
	e.value(v)
	e.done()
}

func (e *encoder) optNumber(name string, v float64) {
	if v != 0 {
		e.number(name, v)
	}
}

func (e *encoder) ptrNumber(name string, v *float64) {
	if v != nil {
		e.number(name, *v)
	}
}

func (e *encoder) value(v float64) {
	if math.IsNaN(v) || math.Abs(v) > 1e9 {
		e.fail("number %v: not a length", v)
		v = 0
	}
	e.b = appendNumber(e.b, v)
}

func (e *encoder) point(name string, p Point) {
	e.begin(name)
	e.value(p.X)
	e.b = append(e.b, ' ')
	e.value(p.Y)
	e.done()
}

func (e *encoder) boxValue(b Box) {
	for i, v := range [4]float64{b.X, b.Y, b.W, b.H} {
		if i > 0 {
			e.b = append(e.b, ' ')
		}
		e.value(v)
	}
}

// box writes an ST_Box, which must have an area (GB/T 33190-2016 §7.3).
func (e *encoder) box(name string, b Box) {
	if b.Empty() {
		e.fail("%s: box %v without area", name, b)
	}
	e.begin(name)
	e.boxValue(b)
	e.done()
}

func (e *encoder) boxElement(name string, b Box) {
	if b.Empty() {
		e.fail("%s: box %v without area", name, b)
	}
	e.start(name)
	e.boxValue(b)
	e.close(name)
}

func (e *encoder) matrix(m *Matrix) {
	if m == nil {
		return
	}
	e.begin("CTM")
	for i, v := range m {
		if i > 0 {
			e.b = append(e.b, ' ')
		}
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			e.fail("CTM: %v", *m)
			v = 0
		}
		e.b = appendFixed(e.b, v, 1e6, 6)
	}
	e.done()
}

func (e *encoder) array(name string, list []float64) {
	if len(list) == 0 {
		return
	}
	e.begin(name)
	for i, v := range list {
		if i > 0 {
			e.b = append(e.b, ' ')
		}
		e.value(v)
	}
	e.done()
}

// deltas writes n-1 distances; three or more equal ones as "g N v".
func (e *encoder) deltas(name string, list []float64) {
	if len(list) == 0 {
		return
	}
	e.begin(name)
	for i := 0; i < len(list); {
		run := 1
		for i+run < len(list) && round4(list[i+run]) == round4(list[i]) {
			run++
		}
		if i > 0 {
			e.b = append(e.b, ' ')
		}
		if run >= 3 {
			e.b = append(e.b, "g "...)
			e.b = strconv.AppendInt(e.b, int64(run), 10)
			e.b = append(e.b, ' ')
		} else {
			run = 1
		}
		e.value(list[i])
		i += run
	}
	e.done()
}

func round4(v float64) int64 { return int64(math.Round(v * 1e4)) }

// appendNumber writes a length with at most four decimals, a tenth of a
// micrometre.
func appendNumber(b []byte, v float64) []byte { return appendFixed(b, v, 1e4, 4) }

func appendFixed(b []byte, v, scale float64, decimals int) []byte {
	if math.IsNaN(v) || math.Abs(v) > 1e12 {
		return append(b, "NaN"...)
	}
	n := int64(math.Round(v * scale))
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	unit := int64(scale)
	b = strconv.AppendInt(b, n/unit, 10)
	rest := n % unit
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for range decimals {
		if rest == 0 {
			break
		}
		rest *= 10
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}

// runes counts characters as TextCode does: by code point.
func runes(s string) int { return utf8.RuneCountInString(s) }

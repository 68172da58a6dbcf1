package render

import (
	"math"
	"strconv"
)

// maxCoordinate keeps hostile numbers out of the arithmetic: ten kilometres of paper.
const maxCoordinate = 1e7

// number reads a finite decimal; whatever else is not a coordinate.
func number(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > maxCoordinate {
		return 0, false
	}
	return v, true
}

// abbreviated reads AbbreviatedData (GB/T 33190-2016 §9.1): S M L Q B A and C, where C closes the contour.
// It stops at the first thing it does not know and keeps what it has read until then; ok is false in that case.
func abbreviated(data string) (p *path, ok bool) {
	r := abbrevReader{src: data, path: &path{}}
	for {
		tok := r.next()
		if tok == "" {
			return r.path, true
		}
		if isNumberStart(tok[0]) { // numbers without a command repeat the one before, as SVG does
			if r.cmd == 0 || r.cmd == 'C' {
				return r.path, false
			}
			r.pushBack = tok
		} else {
			r.cmd = tok[0]
		}
		if !r.command() {
			return r.path, false
		}
	}
}

type abbrevReader struct {
	src      string
	pos      int
	pushBack string
	cmd      byte
	path     *path
	at       point
	start    point
}

func isNumberStart(c byte) bool { return c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' }

// next is one letter, or one number, or "" at the end.
func (r *abbrevReader) next() string {
	if s := r.pushBack; s != "" {
		r.pushBack = ""
		return s
	}
	for r.pos < len(r.src) && isSpace(r.src[r.pos]) {
		r.pos++
	}
	if r.pos >= len(r.src) {
		return ""
	}
	from := r.pos
	r.pos++
	if !isNumberStart(r.src[from]) {
		return r.src[from:r.pos]
	}
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		exponent := c == 'e' || c == 'E'
		sign := (c == '-' || c == '+') && (r.src[r.pos-1] == 'e' || r.src[r.pos-1] == 'E')
		if !exponent && !sign && c != '.' && (c < '0' || c > '9') {
			break
		}
		r.pos++
	}
	return r.src[from:r.pos]
}

func (r *abbrevReader) numbers(dst []float64) bool {
	for i := range dst {
		v, ok := number(r.next())
		if !ok {
			return false
		}
		dst[i] = v
	}
	return true
}

func (r *abbrevReader) command() bool {
	var n [7]float64
	switch r.cmd {
	case 'S', 'M':
		if !r.numbers(n[:2]) {
			return false
		}
		r.at = point{n[0], n[1]}
		r.start = r.at
		r.path.move(r.at)
	case 'L':
		if !r.numbers(n[:2]) {
			return false
		}
		r.begin()
		r.at = point{n[0], n[1]}
		r.path.line(r.at)
	case 'Q':
		if !r.numbers(n[:4]) {
			return false
		}
		r.begin()
		r.at = point{n[2], n[3]}
		r.path.quad(point{n[0], n[1]}, r.at)
	case 'B':
		if !r.numbers(n[:6]) {
			return false
		}
		r.begin()
		r.at = point{n[4], n[5]}
		r.path.cubic(point{n[0], n[1]}, point{n[2], n[3]}, r.at)
	case 'A':
		if !r.numbers(n[:7]) {
			return false
		}
		r.begin()
		to := point{n[5], n[6]}
		r.path.arc(r.at, n[0], n[1], n[2], n[3] != 0, n[4] != 0, to)
		r.at = to
	case 'C':
		if len(r.path.verbs) > 0 {
			r.path.close()
			r.at = r.start
		}
	default:
		return false
	}
	return true
}

// begin opens a contour where the writer left the move out, also after a close.
func (r *abbrevReader) begin() {
	if n := len(r.path.verbs); n == 0 || r.path.verbs[n-1] == closeTo {
		r.start = r.at
		r.path.move(r.at)
	}
}

package ofd

import (
	"math"
	"strconv"
)

// Scalars are read leniently: what is not a number is left out, lint tells.

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseFloat reads an xs:double that is finite.
func parseFloat(b []byte) (float64, bool) {
	if v, ok := parseShort(b); ok {
		return v, true
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false
	}
	return v, true
}

// parseShort reads up to 15 digits exactly: nearly every number there is.
func parseShort(b []byte) (float64, bool) {
	i, neg := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	var n uint64
	digits, point := 0, -1
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = digits
		default:
			return 0, false
		}
		if digits > 15 {
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	v := float64(n)
	if point >= 0 {
		v /= powers[digits-point]
	}
	if neg {
		v = -v
	}
	return v, true
}

func parseID(b []byte) (ID, bool) {
	b = trim(b)
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return ID(n), n <= math.MaxUint32
}

func idOf(b []byte) ID {
	id, ok := parseID(b)
	if !ok {
		return 0
	}
	return id
}

func intOf(b []byte, def int) int {
	v, err := strconv.Atoi(string(trim(b)))
	if err != nil {
		return def
	}
	return v
}

func floatOf(b []byte) float64 {
	v, _ := parseFloat(trim(b))
	return v
}

func floatPtr(b []byte) *float64 {
	if b == nil {
		return nil
	}
	if v, ok := parseFloat(trim(b)); ok {
		return &v
	}
	return nil
}

// boolOf reads an xs:boolean; anything else is the default.
func boolOf(b []byte, def bool) bool {
	switch string(trim(b)) {
	case "true", "1", "True", "TRUE":
		return true
	case "false", "0", "False", "FALSE":
		return false
	}
	return def
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' }

func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// word cuts the next blank-separated word off.
func word(b []byte) (w, rest []byte) {
	i := 0
	for i < len(b) && blank(b[i]) {
		i++
	}
	from := i
	for i < len(b) && !blank(b[i]) {
		i++
	}
	return b[from:i], b[i:]
}

// parseNumbers fills dst and gives how many numbers there were, at most
// len(dst); -1 when a word is not a number.
func parseNumbers(b []byte, dst []float64) int {
	for i := range dst {
		var w []byte
		if w, b = word(b); len(w) == 0 {
			return i
		}
		v, ok := parseFloat(w)
		if !ok {
			return -1
		}
		dst[i] = v
	}
	return len(dst)
}

// ParseBox reads an ST_Box "x y w h".
func ParseBox(s string) (Box, bool) { return parseBox([]byte(s)) }

func parseBox(b []byte) (Box, bool) {
	var v [4]float64
	if parseNumbers(b, v[:]) != 4 {
		return Box{}, false
	}
	return Box{v[0], v[1], v[2], v[3]}, true
}

func boxOf(b []byte) Box {
	box, _ := parseBox(b)
	return box
}

func boxPtr(b []byte) *Box {
	if box, ok := parseBox(b); ok {
		return &box
	}
	return nil
}

func pointOf(b []byte) Point {
	var v [2]float64
	parseNumbers(b, v[:])
	return Point{v[0], v[1]}
}

func matrixPtr(b []byte) *Matrix {
	if b == nil {
		return nil
	}
	var m Matrix
	if parseNumbers(b, m[:]) != 6 {
		return nil
	}
	return &m
}

// parseArray reads an ST_Array of numbers, at most limit of them.
func parseArray(b []byte, limit int) []float64 {
	var out []float64
	for len(out) < limit {
		var w []byte
		if w, b = word(b); len(w) == 0 {
			return out
		}
		v, ok := parseFloat(w)
		if !ok {
			return out
		}
		out = append(out, v)
	}
	return out
}

// ParseDelta reads a DeltaX or DeltaY, in which "g N v" stands for N times v
// (GB/T 33190-2016 §11.3), up to limit values. It is false when something in
// it is not a number.
func ParseDelta(s string, limit int) ([]float64, bool) { return parseDelta([]byte(s), limit) }

func parseDelta(b []byte, limit int) ([]float64, bool) {
	if len(trim(b)) == 0 {
		return nil, true
	}
	out := make([]float64, 0, min(limit, len(b)/2+1))
	for len(out) < limit {
		var w []byte
		if w, b = word(b); len(w) == 0 {
			return out, true
		}
		times := 1
		if len(w) == 1 && (w[0] == 'g' || w[0] == 'G') {
			w, b = word(b)
			n, ok := parseFloat(w)
			if !ok || n < 0 || n != math.Trunc(n) {
				return out, false
			}
			times = int(min(n, float64(limit-len(out))))
			w, b = word(b)
		}
		v, ok := parseFloat(w)
		if !ok {
			return out, false
		}
		for range times {
			out = append(out, v)
		}
	}
	return out, true
}

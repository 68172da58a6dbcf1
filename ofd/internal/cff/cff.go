// Package cff reads the glyphs of Compact Font Format programs (Adobe Technical
// Notes 5176 and 5177), as PDF files embed them. Hints are read over. Curves
// are given as quadratic ones that differ from the font's by less than a
// quarter of a unit, since they end in TrueType fonts.
package cff

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// standard are the strings every program shares (Technical Note 5176,
// appendix A), parted by blanks.
//
//go:embed strings.txt
var standard string

// Limits against hostile programs.
const (
	maxGlyphs = 65535
	maxDicts  = 256
	maxSteps  = 200_000 // operators of one glyph
	maxCalls  = 10      // subroutines inside each other, by the standard
)

// An Error tells what of a program cannot be read.
type Error struct{ Detail string }

func (e *Error) Error() string { return "cff: " + e.Detail }

func broken(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// A Font is a parsed program. It is immutable.
type Font struct {
	// Keyed tells that glyphs are known by CID and not by name.
	Keyed bool
	// Matrix leads from glyph units to ems.
	Matrix [6]float64

	glyphs, global [][]byte
	dicts          []private
	choice         []byte // of dicts, for each glyph; nil = the first
	names          []string
	cids           map[int]int // CID to glyph
	encoding       [256]int
}

type private struct {
	local   [][]byte
	matrix  [6]float64
	nominal float64
	usual   float64 // width of glyphs that name none
}

type dict map[int][]float64

// Parse reads a program with one font.
func Parse(data []byte) (*Font, error) {
	if len(data) < 4 || data[0] != 1 || int(data[2]) > len(data) {
		return nil, broken("no header of version 1")
	}
	_, at, err := index(data, int(data[2]))
	if err != nil {
		return nil, err
	}
	tops, at, err := index(data, at)
	if err != nil || len(tops) == 0 {
		return nil, broken("no top dictionary")
	}
	own, at, err := index(data, at)
	if err != nil {
		return nil, err
	}
	f := &Font{}
	if f.global, _, err = index(data, at); err != nil {
		return nil, err
	}
	top, err := readDict(tops[0])
	if err != nil {
		return nil, err
	}
	return f, f.read(data, top, own)
}

const (
	opCharset, opEncoding, opGlyphs, opPrivate, opSubrs, opUsual, opNominal = 15, 16, 17, 18, 19, 20, 21

	opType, opMatrix, opROS, opFDArray, opFDSelect = 0x0C06, 0x0C07, 0x0C1E, 0x0C24, 0x0C25
)

func (d dict) at(op int) (int, bool) {
	v := d[op]
	if len(v) == 0 || v[0] < 0 || v[0] > math.MaxInt32 {
		return 0, false
	}
	return int(v[0]), true
}

func (d dict) matrix() ([6]float64, bool) {
	var m [6]float64
	v, ok := d[opMatrix]
	if !ok || len(v) != 6 {
		return m, false
	}
	copy(m[:], v)
	return m, true
}

func (f *Font) read(data []byte, top dict, own [][]byte) error {
	if t, ok := top.at(opType); ok && t != 2 {
		return broken("charstrings of type %d", t)
	}
	at, ok := top.at(opGlyphs)
	if !ok {
		return broken("no glyphs")
	}
	var err error
	if f.glyphs, _, err = index(data, at); err != nil {
		return err
	}
	if len(f.glyphs) == 0 || len(f.glyphs) > maxGlyphs {
		return broken("%d glyphs", len(f.glyphs))
	}
	_, f.Keyed = top[opROS]
	matrix, given := top.matrix()
	f.Matrix = matrix
	if !given {
		f.Matrix = [6]float64{0.001, 0, 0, 0.001, 0, 0}
	}
	if f.Keyed {
		if err := f.readDicts(data, top, given); err != nil {
			return err
		}
	} else {
		p, err := readPrivate(data, top)
		if err != nil {
			return err
		}
		f.dicts = []private{p}
	}
	if err := f.readCharset(data, top, own); err != nil {
		return err
	}
	if !f.Keyed {
		return f.readEncoding(data, top)
	}
	return nil
}

var identity = [6]float64{1, 0, 0, 1, 0, 0}

// readDicts reads the font dictionaries of a program keyed by CID, each with a
// matrix of its own before the font's.
func (f *Font) readDicts(data []byte, top dict, given bool) error {
	at, _ := top.at(opFDArray)
	list, _, err := index(data, at)
	if err != nil || len(list) == 0 || len(list) > maxDicts {
		return broken("no font dictionaries")
	}
	for _, b := range list {
		d, err := readDict(b)
		if err != nil {
			return err
		}
		p, err := readPrivate(data, d)
		if err != nil {
			return err
		}
		if m, ok := d.matrix(); ok {
			p.matrix = m
			if !given { // the whole matrix stands here
				for i := range 6 {
					p.matrix[i] *= 1000
				}
			}
		}
		f.dicts = append(f.dicts, p)
	}
	return f.readChoice(data, top)
}

func (f *Font) readChoice(data []byte, top dict) error {
	at, ok := top.at(opFDSelect)
	if !ok || at >= len(data) {
		return broken("no choice of font dictionaries")
	}
	n := len(f.glyphs)
	switch b := data[at+1:]; data[at] {
	case 0:
		if len(b) < n {
			return broken("the choice of font dictionaries is cut off")
		}
		f.choice = b[:n]
	case 3:
		if len(b) < 4 {
			return broken("the choice of font dictionaries is cut off")
		}
		count := u16(b)
		b = b[2:]
		f.choice = make([]byte, n)
		for i := 0; i < count && len(b) >= 5; i++ {
			for g := u16(b); g < min(u16(b[3:]), n); g++ {
				f.choice[g] = b[2]
			}
			b = b[3:]
		}
	default:
		return broken("a choice of font dictionaries of format %d", data[at])
	}
	for _, c := range f.choice {
		if int(c) >= len(f.dicts) {
			return broken("a glyph of font dictionary %d", c)
		}
	}
	return nil
}

func readPrivate(data []byte, d dict) (private, error) {
	p := private{matrix: identity}
	v := d[opPrivate]
	if len(v) != 2 {
		return p, nil
	}
	size, at := int(v[0]), int(v[1])
	if size < 0 || at < 0 || at > len(data) || size > len(data)-at {
		return p, broken("the private dictionary lies outside")
	}
	in, err := readDict(data[at : at+size])
	if err != nil {
		return p, err
	}
	if w := in[opUsual]; len(w) > 0 {
		p.usual = w[0]
	}
	if w := in[opNominal]; len(w) > 0 {
		p.nominal = w[0]
	}
	if off, ok := in.at(opSubrs); ok {
		if p.local, _, err = index(data, at+off); err != nil {
			return p, err
		}
	}
	return p, nil
}

func u16(b []byte) int { return int(b[0])<<8 | int(b[1]) }

// index reads an INDEX and gives what it holds, and where it ends.
func index(data []byte, at int) ([][]byte, int, error) {
	if at < 0 || at+2 > len(data) {
		return nil, 0, broken("an index lies outside")
	}
	n := u16(data[at:])
	at += 2
	if n == 0 {
		return nil, at, nil
	}
	if at >= len(data) {
		return nil, 0, broken("an index is cut off")
	}
	size := int(data[at])
	at++
	base := at + (n+1)*size - 1
	if size < 1 || size > 4 || base >= len(data) {
		return nil, 0, broken("an index is cut off")
	}
	offset := func(i int) int {
		v := 0
		for _, c := range data[at+i*size : at+(i+1)*size] {
			v = v<<8 | int(c)
		}
		return v
	}
	out := make([][]byte, n)
	from := offset(0)
	for i := range n {
		to := offset(i + 1)
		if from < 1 || to < from || to > len(data)-base {
			return nil, 0, broken("an index leads outside")
		}
		out[i] = data[base+from : base+to]
		from = to
	}
	return out, base + from, nil
}

func readDict(b []byte) (dict, error) {
	out := dict{}
	var stack []float64
	for i := 0; i < len(b); {
		c := int(b[i])
		i++
		switch {
		case c <= 21:
			if c == 12 && i < len(b) {
				c = 0x0C00 | int(b[i])
				i++
			}
			out[c], stack = stack, nil
		case c == 28 && i+2 <= len(b):
			stack, i = append(stack, float64(int16(u16(b[i:])))), i+2
		case c == 29 && i+4 <= len(b):
			stack, i = append(stack, float64(int32(uint32(u16(b[i:]))<<16|uint32(u16(b[i+2:]))))), i+4
		case c == 30:
			v, next := realNumber(b, i)
			stack, i = append(stack, v), next
		case c >= 32 && c <= 246:
			stack = append(stack, float64(c-139))
		case c >= 247 && c <= 250 && i < len(b):
			stack, i = append(stack, float64((c-247)*256+int(b[i])+108)), i+1
		case c >= 251 && c <= 254 && i < len(b):
			stack, i = append(stack, float64(-(c-251)*256-int(b[i])-108)), i+1
		default:
			return nil, broken("a dictionary with byte %d", c)
		}
		if len(stack) > 513 {
			return nil, broken("a dictionary with too many operands")
		}
	}
	return out, nil
}

// realNumber reads a number written as decimal digits of four bits.
func realNumber(b []byte, i int) (float64, int) {
	var text strings.Builder
	for ; i < len(b); i++ {
		for _, d := range []byte{b[i] >> 4, b[i] & 15} {
			switch {
			case d < 10:
				text.WriteByte('0' + d)
			case d == 15:
				v, err := strconv.ParseFloat(text.String(), 64)
				if err != nil || math.IsInf(v, 0) {
					v = 0
				}
				return v, i + 1
			default:
				text.WriteString([]string{".", "E", "E-", "", "-"}[d-10])
			}
		}
	}
	return 0, i
}

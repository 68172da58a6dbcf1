package cff

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"testing"

	"sidian/ofd/internal/font"
)

var update = flag.Bool("update", false, "write the golden files again")

// number writes an operand of a charstring or dictionary.
func number(v int) []byte {
	switch {
	case v >= -107 && v <= 107:
		return []byte{byte(v + 139)}
	case v >= 108 && v <= 1131:
		return []byte{byte((v-108)/256 + 247), byte((v - 108) % 256)}
	case v >= -1131 && v <= -108:
		return []byte{byte((-v-108)/256 + 251), byte((-v - 108) % 256)}
	}
	return []byte{28, byte(v >> 8), byte(v)}
}

// code writes operands and operators: op(n) is an operator.
func code(items ...any) []byte {
	var out []byte
	for _, i := range items {
		switch v := i.(type) {
		case int:
			out = append(out, number(v)...)
		case op:
			if v >= 0x0C00 {
				out = append(out, 12)
			}
			out = append(out, byte(v))
		case raw:
			out = append(out, byte(v))
		}
	}
	return out
}

type (
	op  int
	raw byte
)

const (
	hstemhm, hintmask, rmoveto, hmoveto, rlineto, hlineto, vlineto, rrcurveto, callgsubr, callsubr, ret, endchar op = 18, 19, 21, 22, 5, 6, 7, 8, 29, 10, 11, 14

	rcurveline, rlinecurve, vvcurveto, hhcurveto, vhcurveto, hvcurveto, hflex, flex, flex1 op = 24, 25, 26, 27, 30, 31, 0x0C22, 0x0C23, 0x0C25
)

func indexOf(items ...[]byte) []byte {
	out := []byte{byte(len(items) >> 8), byte(len(items))}
	if len(items) == 0 {
		return out
	}
	out = append(out, 2)
	at := 1
	for i := -1; i < len(items); i++ {
		if i >= 0 {
			at += len(items[i])
		}
		out = append(out, byte(at>>8), byte(at))
	}
	return append(out, bytes.Join(items, nil)...)
}

func fixed(v int) []byte { return []byte{29, 0, 0, byte(v >> 8), byte(v)} }

// letters is a program with the glyphs A, B, C by every operator.
func letters() []byte {
	a := code(-20, 0, 50, 700, 50, hstemhm, 10, 40, hintmask, raw(0xE0), 100, 0, rmoveto, -107, callgsubr, endchar)
	b := code(100, 0, rmoveto, 0, 700, 300, 0, 0, -200, rrcurveto, 100, 100, 100, -100, vhcurveto, -50, -200, -100, -100, hvcurveto, -100, -300, -40, hlineto, endchar)
	c := code(100, hmoveto, 300, 60, 80, 120, 40, 100, 30, hflex, -20, 100, -30, 80, -10, 120, -60, 40, -40, 30, -400, flex1, 30, -20, 40, -30, 20, vvcurveto, -107, callsubr, endchar)
	subr := code(-10, -20, -30, -40, -50, 10, 20, 30, rlinecurve, ret)
	global := code(0, 700, 200, 0, 200, -700, -100, 0, -100, 350, rlineto, ret)
	notdef := code(endchar)
	private := append(number(500), 20)                               // defaultWidthX
	private = append(append(private, number(600)...), 21)            // nominalWidthX
	private = append(append(private, number(len(private)+2)...), 19) // Subrs, behind the dictionary
	charset := []byte{0, 0, 34, 0, 35, 0, 36}
	glyphs := indexOf(notdef, a, b, c)
	head := []byte{1, 0, 4, 2}
	names, strings, globals := indexOf([]byte("Letters")), indexOf(), indexOf(global)
	topSize := 5 + 1 + 5 + 1 + 10 + 1
	at := len(head) + len(names) + (2 + 1 + 4 + topSize) + len(strings) + len(globals)
	var top []byte
	top = append(append(top, fixed(at)...), 15)
	top = append(append(top, fixed(at+len(charset))...), 17)
	top = append(append(append(top, fixed(len(private))...), fixed(at+len(charset)+len(glyphs))...), 18)
	return bytes.Join([][]byte{head, names, indexOf(top), strings, globals, charset, glyphs, private, indexOf(subr)}, nil)
}

// TestLetters reads the program; testdata/letters.cff is for the tests of
// others, who compare it with another reader's drawing.
func TestLetters(t *testing.T) {
	t.Parallel()
	data := letters()
	if *update {
		if err := os.WriteFile("testdata/letters.cff", data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile("testdata/letters.cff")
	if err != nil || !bytes.Equal(golden, data) {
		t.Errorf("testdata/letters.cff is another: %v", err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if f.Keyed || f.Len() != 4 || f.Names()[1] != "A" {
		t.Errorf("%d glyphs %v", f.Len(), f.Names())
	}
	if gid, ok := f.ByCode('B'); !ok || gid != 2 {
		t.Errorf("B is glyph %d", gid)
	}
	if gid, ok := f.ByName("C"); !ok || gid != 3 {
		t.Errorf("C is glyph %d", gid)
	}
	got, err := f.Outline(1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]float32{{100, 0}, {100, 700}, {300, 700}, {500, 0}, {400, 0}, {300, 350}}
	if len(got) != len(want) {
		t.Fatalf("A is %v", got)
	}
	for i, s := range got {
		if s.To.X != want[i][0] || s.To.Y != want[i][1] {
			t.Errorf("point %d of A is %v, want %v", i, s.To, want[i])
		}
	}
	for gid := range 4 {
		if _, err := f.Outline(gid, 2048); err != nil {
			t.Errorf("glyph %d: %v", gid, err)
		}
	}
}

// TestCurves: the quadratic curves stay within a quarter of a unit of the cubic.
func TestCurves(t *testing.T) {
	t.Parallel()
	r := &runner{m: identity, em: 1}
	r.move(0, 0)
	r.curve(0, 700, 300, 0, 0, -500)
	cubic := [4]font.Point{{}, {X: 0, Y: 700}, {X: 300, Y: 700}, {X: 300, Y: 200}}
	n := len(r.out) - 1
	from := font.Point{}
	for i, s := range r.out[1:] {
		for k := 1; k < 8; k++ {
			u := float32(k) / 8
			q := font.Point{X: (1-u)*(1-u)*from.X + 2*u*(1-u)*s.Control.X + u*u*s.To.X, Y: (1-u)*(1-u)*from.Y + 2*u*(1-u)*s.Control.Y + u*u*s.To.Y}
			p := cubicAt(cubic, (float64(i)+float64(u))/float64(n))
			if d := (p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y); d > 0.3*0.3 {
				t.Errorf("part %d at %g is %v, want %v", i, u, q, p)
			}
		}
		from = s.To
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	data := letters()
	for n := range len(data) - 30 {
		f, err := Parse(data[:n])
		if err == nil && f.Len() == 4 {
			continue // what is missing at the end may not matter
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	f.global[0] = code(-107, callgsubr)
	if _, err := f.Outline(1, 1000); err == nil {
		t.Error("a subroutine that calls itself was carried out")
	}
	for _, bad := range [][]byte{code(1, 2, 3, 4, endchar), code(op(2)), code(op(0x0C00)), code(callsubr), code(500, callsubr), {12}} {
		f.glyphs[0] = bad
		if _, err := f.Outline(0, 1000); err == nil {
			t.Errorf("% x was carried out", bad)
		}
	}
	if _, err := f.Outline(99, 1000); err == nil {
		t.Error("a glyph that is not there")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(letters())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			return
		}
		for gid := range min(p.Len(), 20) {
			if _, err := p.Outline(gid, 1000); err != nil {
				var e *Error
				if !errors.As(err, &e) {
					t.Fatal(err)
				}
			}
		}
	})
}

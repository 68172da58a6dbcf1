package font

import (
	"errors"
	"testing"
)

// TestMake writes a font and reads it back.
func TestMake(t *testing.T) {
	t.Parallel()
	triangle := Outline{{Op: MoveTo, To: Point{100, 0}}, {Op: LineTo, To: Point{500, 0}}, {Op: LineTo, To: Point{300, 700}}, {Op: LineTo, To: Point{100, 0}}}
	drop := Outline{{Op: MoveTo, To: Point{-50, -300}}, {Op: QuadTo, Control: Point{900, 100}, To: Point{400, 800}}, {Op: QuadTo, Control: Point{-400, 400}, To: Point{-50, -300}}}
	data, err := Make("试 Font", 1000, []Glyph{{}, {Outline: triangle, Advance: 600, Runes: []rune{'A', '盖'}}, {Outline: append(triangle[:4:4], drop...), Advance: 1000, Runes: []rune{0x20000}}, {Advance: 250}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if f.NumGlyphs() != 4 || f.UnitsPerEm() != 1000 || f.Name() != "试 Font" {
		t.Errorf("%d glyphs, %d units, %q", f.NumGlyphs(), f.UnitsPerEm(), f.Name())
	}
	for r, want := range map[rune]uint16{'A': 1, '盖': 1, 0x20000: 2} {
		if gid, ok := f.GID(r); !ok || gid != want {
			t.Errorf("%c is glyph %d, want %d", r, gid, want)
		}
	}
	if _, ok := f.GID('B'); ok {
		t.Error("B has a glyph")
	}
	if f.Advance(1) != 600 || f.Advance(2) != 1000 || f.Advance(3) != 250 {
		t.Errorf("advances %d %d %d", f.Advance(1), f.Advance(2), f.Advance(3))
	}
	for gid, want := range map[uint16]Outline{0: nil, 1: triangle, 2: append(triangle[:4:4], drop...), 3: nil} {
		got, err := f.Outline(gid)
		if err != nil || len(got) != len(want) {
			t.Errorf("glyph %d is %v, want %v: %v", gid, got, want, err)
			continue
		}
		for i := range want {
			if got[i].Op != want[i].Op || got[i].To != want[i].To || got[i].Control != want[i].Control {
				t.Errorf("glyph %d: piece %d is %v, want %v", gid, i, got[i], want[i])
			}
		}
	}
	if gid, ok := f.GIDByCode(3, 1, 'A'); !ok || gid != 1 || !f.HasCmapOf(3, 1) || f.HasCmapOf(1, 0) {
		t.Errorf("A is glyph %d by its subtable", gid)
	}
	again, err := Make("试 Font", 1000, []Glyph{{}, {Outline: triangle, Advance: 600, Runes: []rune{'A', '盖'}}, {Outline: append(triangle[:4:4], drop...), Advance: 1000, Runes: []rune{0x20000}}, {Advance: 250}})
	if err != nil || string(again) != string(data) {
		t.Error("the same glyphs gave other bytes")
	}
	for name, bad := range map[string]struct {
		em     int
		glyphs []Glyph
	}{
		"none": {1000, nil}, "no em": {0, []Glyph{{}}}, "an em too large": {20000, []Glyph{{}}}, "too many": {1000, make([]Glyph, 70000)},
		"too far": {1000, []Glyph{{Outline: Outline{{Op: MoveTo}, {Op: LineTo, To: Point{40000, 0}}}}}},
	} {
		var e *MalformedError
		if _, err := Make("x", bad.em, bad.glyphs); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

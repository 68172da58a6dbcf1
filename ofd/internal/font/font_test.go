package font

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/image/font/sfnt"
)

func load(t testing.TB, name string) (*Font, []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "draw", "fonts", name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f, data
}

var files = []string{"NotoSerifSC-Regular.ttf", "NotoSansSC-Regular.ttf"}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			f, _ := load(t, file)
			if f.UnitsPerEm() != 1000 || f.Ascent() < 800 || f.Descent() >= 0 || f.NumGlyphs() < 8105 {
				t.Errorf("units %d, ascent %d, descent %d, glyphs %d", f.UnitsPerEm(), f.Ascent(), f.Descent(), f.NumGlyphs())
			}
			gid, ok := f.GID('执')
			if !ok || f.Advance(gid) != 1000 {
				t.Errorf("执: glyph %d %v, advance %d", gid, ok, f.Advance(gid))
			}
			if _, ok := f.GID('\u202E'); ok {
				t.Error("a direction override has a glyph")
			}
			outline, err := f.Outline(gid)
			if err != nil || len(outline) < 20 || outline[0].Op != MoveTo {
				t.Errorf("outline of 执: %d segments, %v", len(outline), err)
			}
		})
	}
}

// The reader agrees with an independent one on every character of the list.
func TestOutlineAgreesWithSfnt(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../draw/fonts/characters.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			ours, data := load(t, file)
			theirs, err := sfnt.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			var buf sfnt.Buffer
			compared := 0
			for _, r := range string(bytes.TrimSpace(list)) {
				if compareGlyph(t, ours, theirs, &buf, r) {
					compared++
				}
			}
			if compared < 8105 {
				t.Errorf("%d characters compared", compared)
			}
		})
	}
}

// compareGlyph reports whether both have the character; it fails the test when
// they differ.
func compareGlyph(t *testing.T, ours *Font, theirs *sfnt.Font, buf *sfnt.Buffer, r rune) bool {
	t.Helper()
	gid, ok := ours.GID(r)
	other, err := theirs.GlyphIndex(buf, r)
	if err != nil || ok != (other != 0) || ok && uint16(other) != gid {
		t.Fatalf("%q: glyph %d %v, theirs %d %v", r, gid, ok, other, err)
	}
	if !ok {
		return false
	}
	got, err := ours.Outline(gid)
	if err != nil {
		t.Fatalf("%q: %v", r, err)
	}
	want, err := theirs.LoadGlyph(buf, other, 1000<<6, nil)
	if err != nil {
		t.Fatalf("%q: theirs: %v", r, err)
	}
	a, b := drawnOurs(got), drawnTheirs(want)
	if len(a) != len(b) {
		t.Fatalf("%q: %d points, theirs %d", r, len(a), len(b))
	}
	for i := range a {
		// The other reader rounds points between two controls to whole units.
		if a[i].op != b[i].op || abs(a[i].x-b[i].x) > 32 || abs(a[i].y-b[i].y) > 32 {
			t.Fatalf("%q: point %d is %v, theirs %v", r, i, a[i], b[i])
		}
	}
	return true
}

func abs(v int) int { return max(v, -v) }

// drawn lists the points of an outline, y upwards; lines of no length are left
// out, since one reader writes the closing line and the other does not.
type drawnPoint struct{ op, x, y int }

func drawnOurs(o Outline) []drawnPoint {
	var out []drawnPoint
	var at Point
	for _, s := range o {
		if s.Op == LineTo && s.To == at {
			continue
		}
		if s.Op == QuadTo {
			out = append(out, drawnPoint{9, int(s.Control.X * 64), int(s.Control.Y * 64)})
		}
		out = append(out, drawnPoint{int(s.Op), int(s.To.X * 64), int(s.To.Y * 64)})
		at = s.To
	}
	return out
}

func drawnTheirs(segments sfnt.Segments) []drawnPoint {
	var out []drawnPoint
	var at [2]int
	for _, s := range segments {
		p := [2]int{int(s.Args[0].X), -int(s.Args[0].Y)}
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			out = append(out, drawnPoint{0, p[0], p[1]})
		case sfnt.SegmentOpLineTo:
			if p == at {
				continue
			}
			out = append(out, drawnPoint{1, p[0], p[1]})
		default:
			out = append(out, drawnPoint{9, p[0], p[1]})
			p = [2]int{int(s.Args[1].X), -int(s.Args[1].Y)}
			out = append(out, drawnPoint{2, p[0], p[1]})
		}
		at = p
	}
	return out
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	head := func(magic ...byte) []byte { return append(magic, make([]byte, 60)...) }
	for _, tc := range []struct {
		name   string
		data   []byte
		format string // "-" = malformed
	}{
		{"empty", nil, ""},
		{"text", []byte("this is not a font at all"), ""},
		{"opentype with cff", head('O', 'T', 'T', 'O'), "OpenType-CFF"},
		{"bare cff", head(1, 0, 4, 2), "CFF"},
		{"woff", head('w', 'O', 'F', 'F'), "WOFF"},
		{"woff2", head('w', 'O', 'F', '2'), "WOFF2"},
		{"type 1", head('%', '!', 'P', 'S'), "Type1"},
		{"truetype without tables", head(0, 1, 0, 0), "-"},
		{"collection that points outside", append([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\xFF\xFF\xFF\xFF"), make([]byte, 40)...), "-"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tc.data)
			var unsupported *UnsupportedError
			var malformed *MalformedError
			switch {
			case tc.format == "-" && !errors.As(err, &malformed):
				t.Errorf("got %v, want a malformed font", err)
			case tc.format != "-" && (!errors.As(err, &unsupported) || unsupported.Format != tc.format):
				t.Errorf("got %v, want format %q", err, tc.format)
			}
		})
	}
}

// without returns a copy of the font in which a table has another name.
func without(data []byte, tags ...string) []byte {
	out := bytes.Clone(data)
	n := int(binary.BigEndian.Uint16(out[4:]))
	for i := range n {
		for _, tag := range tags {
			if rec := out[12+16*i:]; string(rec[:4]) == tag {
				copy(rec, "xxxx")
			}
		}
	}
	return out
}

// Fonts of the field lack tables (69 public files: cmap 12 times).
func TestParseWithoutTables(t *testing.T) {
	t.Parallel()
	f, _ := load(t, files[1])
	data, err := f.Subset([]rune("证A"), "Test")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	gid, _ := whole.GID('证')
	for _, tags := range [][]string{{"cmap"}, {"name"}, {"OS/2"}, {"post"}, {"maxp"}, {"hhea"}, {"hmtx"}, {"cmap", "name", "OS/2", "post", "hhea", "hmtx", "maxp"}} {
		cut, err := Parse(without(data, tags...))
		if err != nil {
			t.Errorf("without %v: %v", tags, err)
			continue
		}
		want, _ := whole.Outline(gid)
		if got, err := cut.Outline(gid); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("without %v: outline differs: %v", tags, err)
		}
		if cut.Advance(gid) != 1000 {
			t.Errorf("without %v: advance %d", tags, cut.Advance(gid))
		}
		if cut.HasCmap() == (tags[0] == "cmap") {
			t.Errorf("without %v: HasCmap is %v", tags, cut.HasCmap())
		}
	}
	// Without head the offsets are taken as short ones, as in this subset.
	if _, err := Parse(without(data, "head")); err != nil {
		t.Errorf("without head: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	font, _ := load(f, files[1])
	for _, text := range []string{"A", "证照", "\U00020B9F1"} {
		if data, err := font.Subset([]rune(text), "Fuzz"); err == nil {
			f.Add(data)
			f.Add(without(data, "maxp", "hhea"))
		}
	}
	f.Add(buildComposite(nil))
	f.Add([]byte("OTTO"))
	f.Fuzz(func(t *testing.T, data []byte) {
		font, err := Parse(data)
		if err != nil {
			return
		}
		var runes []rune
		for _, r := range []rune{0, 'A', 'z', '证', '照', 0xF041, 0x20B9F} {
			if gid, ok := font.GID(r); ok {
				if int(gid) >= font.NumGlyphs() {
					t.Fatalf("glyph %d of %d", gid, font.NumGlyphs())
				}
				font.Advance(gid)
				runes = append(runes, r)
			}
		}
		for gid := range min(font.NumGlyphs(), 50) {
			if _, err := font.Outline(uint16(gid)); err != nil {
				var malformed *MalformedError
				if !errors.As(err, &malformed) {
					t.Fatalf("outline: %v", err)
				}
			}
		}
		subset, err := font.Subset(runes, "x")
		if err != nil {
			return
		}
		again, err := Parse(subset)
		if err != nil {
			t.Fatalf("own subset: %v", err)
		}
		for _, r := range runes {
			if _, ok := again.GID(r); !ok {
				t.Fatalf("subset lost %q", r)
			}
		}
	})
}

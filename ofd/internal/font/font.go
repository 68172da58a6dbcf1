// Package font reads TrueType outlines (tables glyf and loca) and cuts subsets
// out of them: what a Chinese certificate needs to look the same everywhere.
//
// Reading is tolerant, because the fonts embedded in documents of the field
// often lack cmap, name, OS/2, post, and at times hhea or maxp. Writing is
// strict and deterministic: the tables GB/T 42133 asks for (cmap, glyf, head,
// hhea, hmtx, loca, maxp, name, OS/2, post), right checksums, no hints.
//
// Not covered: CFF and CFF2 outlines (see [UnsupportedError]), variable fonts
// (the default instance is read), layout tables, bitmaps.
package font

import (
	"encoding/binary"
	"fmt"
)

// MaxSize is the largest font file Parse accepts, in bytes.
const MaxSize = 64 << 20

// maxTables bounds the table directory; real fonts have fewer than 30.
const maxTables = 256

// UnsupportedError says that the data is a font, but not one with TrueType
// outlines; a renderer then falls back to another font.
type UnsupportedError struct {
	// Format is "CFF", "OpenType-CFF", "WOFF", "WOFF2", "Type1" or "".
	Format string
}

func (e *UnsupportedError) Error() string {
	if e.Format == "" {
		return "font: not a font file"
	}
	return "font: " + e.Format + " outlines are not supported, only TrueType"
}

// MalformedError says which table of a TrueType font contradicts itself.
type MalformedError struct {
	Table  string
	Detail string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("font: table %q: %s", e.Table, e.Detail)
}

// Font is a parsed TrueType font. It is immutable and safe for concurrent use;
// it keeps the slice given to Parse, which must not be changed afterwards.
type Font struct {
	tables     map[string][]byte
	glyf, loca []byte
	hmtx       []byte
	longLoca   bool
	numGlyphs  int
	numHMetric int
	unitsPerEm int
	ascent     int
	descent    int
	lineGap    int
	cmap       cmapTable
	name       string
}

// Parse reads a TrueType font, or the first font of a TrueType collection.
// Errors are *UnsupportedError or *MalformedError.
func Parse(data []byte) (*Font, error) {
	if len(data) > MaxSize {
		return nil, &MalformedError{"", fmt.Sprintf("%d bytes are more than the limit of %d", len(data), MaxSize)}
	}
	tables, err := directory(data)
	if err != nil {
		return nil, err
	}
	f := &Font{tables: tables, glyf: tables["glyf"], loca: tables["loca"], hmtx: tables["hmtx"]}
	if _, ok := tables["glyf"]; !ok {
		if _, ok := tables["CFF "]; ok {
			return nil, &UnsupportedError{"OpenType-CFF"}
		}
		return nil, &MalformedError{"glyf", "missing"}
	}
	if len(f.loca) < 4 {
		return nil, &MalformedError{"loca", "missing or too short"}
	}
	f.readHead()
	f.readGlyphCount()
	f.readMetrics()
	f.cmap = chooseCmap(tables["cmap"])
	f.name = familyName(tables["name"])
	return f, nil
}

// directory returns the tables by tag. A table that runs past the end of the
// file is cut, since truncated fonts occur and their first glyphs are usable.
func directory(data []byte) (map[string][]byte, error) {
	if len(data) < 12 {
		return nil, &UnsupportedError{}
	}
	start := 0
	if string(data[:4]) == "ttcf" {
		if len(data) < 16 {
			return nil, &MalformedError{"ttcf", "truncated"}
		}
		off := binary.BigEndian.Uint32(data[12:])
		if uint64(off)+12 > uint64(len(data)) {
			return nil, &MalformedError{"ttcf", "offset of the first font outside the file"}
		}
		start = int(off)
	}
	if err := checkMagic(data[start:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(data[start+4:]))
	if n > maxTables {
		return nil, &MalformedError{"", fmt.Sprintf("%d tables in the directory", n)}
	}
	tables := make(map[string][]byte, n)
	for i := range n {
		at := start + 12 + 16*i
		if at+16 > len(data) {
			break
		}
		rec := data[at : at+16]
		off, size := uint64(binary.BigEndian.Uint32(rec[8:])), uint64(binary.BigEndian.Uint32(rec[12:]))
		if off > uint64(len(data)) {
			continue
		}
		end := min(off+size, uint64(len(data)))
		tables[string(rec[:4])] = data[off:end:end]
	}
	return tables, nil
}

func checkMagic(data []byte) error {
	switch binary.BigEndian.Uint32(data) {
	case 0x00010000, 0x74727565, 0x00020000: // 1.0, "true", 2.0 (seen in the field)
		return nil
	case 0x4F54544F:
		return &UnsupportedError{"OpenType-CFF"}
	case 0x774F4646:
		return &UnsupportedError{"WOFF"}
	case 0x774F4632:
		return &UnsupportedError{"WOFF2"}
	}
	switch {
	case data[0] == 1 && data[1] == 0 && data[2] >= 4 && data[2] < 32 && data[3] >= 1 && data[3] <= 4:
		return &UnsupportedError{"CFF"} // header: major, minor, header size, offset size
	case data[0] == '%' && data[1] == '!', data[0] == 0x80 && data[1] == 0x01:
		return &UnsupportedError{"Type1"}
	}
	return &UnsupportedError{}
}

func (f *Font) readHead() {
	f.unitsPerEm = 1000
	head := f.tables["head"]
	if len(head) >= 20 {
		if upem := int(u16(head, 18)); upem >= 16 && upem <= 16384 {
			f.unitsPerEm = upem
		}
	}
	if len(head) >= 52 {
		f.longLoca = u16(head, 50) != 0
	}
}

// readGlyphCount takes the smaller of what maxp says and what loca holds.
func (f *Font) readGlyphCount() {
	inLoca := len(f.loca)/2 - 1
	if f.longLoca {
		inLoca = len(f.loca)/4 - 1
	}
	f.numGlyphs = min(max(inLoca, 0), 0xFFFF)
	if maxp := f.tables["maxp"]; len(maxp) >= 6 {
		f.numGlyphs = min(f.numGlyphs, int(u16(maxp, 4)))
	}
}

func (f *Font) readMetrics() {
	f.ascent, f.descent = f.unitsPerEm*88/100, -f.unitsPerEm*12/100
	if hhea := f.tables["hhea"]; len(hhea) >= 36 {
		if a, d := i16(hhea, 4), i16(hhea, 6); a != 0 || d != 0 {
			f.ascent, f.descent, f.lineGap = a, d, i16(hhea, 8)
		}
		f.numHMetric = int(u16(hhea, 34))
	} else {
		f.numHMetric = len(f.hmtx) / 4
	}
	f.numHMetric = min(f.numHMetric, len(f.hmtx)/4)
}

// UnitsPerEm is the number of font units in one em, 16 to 16384.
func (f *Font) UnitsPerEm() int { return f.unitsPerEm }

// Ascent is the height above the baseline in font units, from hhea.
func (f *Font) Ascent() int { return f.ascent }

// Descent is the depth below the baseline in font units; it is negative.
func (f *Font) Descent() int { return f.descent }

// LineGap is the extra space between lines in font units.
func (f *Font) LineGap() int { return f.lineGap }

// NumGlyphs is the number of glyphs, .notdef included.
func (f *Font) NumGlyphs() int { return f.numGlyphs }

// Name is the family name in the font, or "" when it has none.
func (f *Font) Name() string { return f.name }

// HasCmap reports whether the font maps characters at all. Fonts of the field
// that are used with CGTransform often do not.
func (f *Font) HasCmap() bool { return f.cmap != nil }

// GID returns the glyph of a character. ok is false when the font has none,
// that is, when the character maps to .notdef or nothing.
func (f *Font) GID(r rune) (gid uint16, ok bool) {
	if f.cmap == nil || r < 0 {
		return 0, false
	}
	gid = f.cmap.lookup(uint32(r))
	if gid == 0 || int(gid) >= f.numGlyphs {
		return 0, false
	}
	return gid, true
}

// Advance is the horizontal advance of a glyph in font units. A font without
// hmtx advances one em per glyph.
func (f *Font) Advance(gid uint16) int {
	if f.numHMetric == 0 {
		return f.unitsPerEm
	}
	i := min(int(gid), f.numHMetric-1)
	return int(u16(f.hmtx, 4*i))
}

// bearing is the left side bearing of a glyph in font units.
func (f *Font) bearing(gid uint16) int16 {
	at := 4*int(gid) + 2
	if int(gid) >= f.numHMetric {
		at = 4*f.numHMetric + 2*(int(gid)-f.numHMetric)
	}
	if at+2 > len(f.hmtx) {
		return 0
	}
	return int16(u16(f.hmtx, at))
}

func u16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
func i16(b []byte, at int) int    { return int(int16(binary.BigEndian.Uint16(b[at:]))) }
func u32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }

package font

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// MissingError names a character that the font has no glyph for.
type MissingError struct{ Rune rune }

func (e *MissingError) Error() string {
	return fmt.Sprintf("font: no glyph for U+%04X %q", e.Rune, e.Rune)
}

// Subset returns a font with the glyphs of these characters only, in any
// order and with repetitions; family goes into its name table. The same
// characters give the same bytes. Errors are *MissingError or *MalformedError.
func (f *Font) Subset(runes []rune, family string) ([]byte, error) {
	return f.AppendSubset(nil, runes, family)
}

// AppendSubset appends the subset to dst, which lets a caller reuse a buffer.
func (f *Font) AppendSubset(dst []byte, runes []rune, family string) ([]byte, error) {
	s := subsetters.Get().(*subsetter)
	defer subsetters.Put(s)
	s.reset(f)
	if err := s.choose(runes); err != nil {
		return nil, err
	}
	return s.write(dst, family)
}

// subsetters keeps the working memory of Subset between calls; nothing in it
// outlives a call.
var subsetters = sync.Pool{New: func() any { return &subsetter{newGID: map[uint16]uint16{}} }}

type subsetter struct {
	font   *Font
	runes  []rune   // sorted, each once
	gids   []uint16 // old glyph of each rune
	glyphs []uint16 // old glyph of each new glyph; [0] is .notdef
	newGID map[uint16]uint16
	ends   []int // end of each new glyph in glyf
}

func (s *subsetter) reset(f *Font) {
	s.font = f
	s.runes, s.gids, s.glyphs, s.ends = s.runes[:0], s.gids[:0], s.glyphs[:0], s.ends[:0]
	clear(s.newGID)
}

// choose numbers the glyphs: .notdef, then in the order of the characters, so
// that runs of characters become runs of glyphs and the cmap stays small.
func (s *subsetter) choose(runes []rune) error {
	s.runes = append(s.runes, runes...)
	slices.Sort(s.runes)
	s.runes = slices.Compact(s.runes)
	s.glyphs = append(s.glyphs, 0)
	for _, r := range s.runes {
		gid, ok := s.font.GID(r)
		if !ok {
			return &MissingError{r}
		}
		s.gids = append(s.gids, gid)
		s.include(gid)
	}
	return nil
}

func (s *subsetter) include(gid uint16) uint16 {
	if n, ok := s.newGID[gid]; ok {
		return n
	}
	n := uint16(len(s.glyphs))
	s.newGID[gid] = n
	s.glyphs = append(s.glyphs, gid)
	return n
}

// write lays the tables out behind the directory. glyf comes last while its
// size is unknown; the directory is sorted by tag as the format demands.
func (s *subsetter) write(dst []byte, family string) ([]byte, error) {
	base := len(dst)
	dst = slices.Grow(dst, s.estimate())
	w := tableWriter{base: base, buf: grow(dst, 12+16*len(subsetTags))}
	if err := w.table("glyf", s.appendGlyphs); err != nil {
		return nil, err
	}
	short := s.ends[len(s.ends)-1] <= 2*0xFFFF
	steps := []struct {
		tag string
		fn  func([]byte) []byte
	}{
		{"OS/2", s.appendOS2},
		{"cmap", s.appendCmap},
		{"head", func(b []byte) []byte { return s.appendHead(b, short) }},
		{"hhea", s.appendHhea},
		{"hmtx", s.appendHmtx},
		{"loca", func(b []byte) []byte { return s.appendLoca(b, short) }},
		{"maxp", s.appendMaxp},
		{"name", func(b []byte) []byte { return appendName(b, family) }},
		{"post", s.appendPost},
	}
	for _, step := range steps {
		_ = w.table(step.tag, func(b []byte) ([]byte, error) { return step.fn(b), nil })
	}
	w.finish()
	return w.buf, nil
}

// estimate is about the size of the file: growing a buffer step by step would
// cost as much as everything else.
func (s *subsetter) estimate() int {
	n := 1024 + 24*len(s.glyphs) // other tables
	for _, gid := range s.glyphs {
		if data, err := s.font.glyphData(gid); err == nil {
			n += len(data)
		}
	}
	return n
}

// appendGlyphs copies the glyphs; .notdef is left empty, because a character
// without a glyph is refused before it could be shown.
func (s *subsetter) appendGlyphs(b []byte) ([]byte, error) {
	base := len(b)
	s.ends = append(s.ends, 0)
	for i := 1; i < len(s.glyphs); i++ { // composites add glyphs on the way
		data, err := s.font.glyphData(s.glyphs[i])
		if err != nil {
			return nil, err
		}
		switch {
		case data == nil:
		case i16(data, 0) < 0:
			b, err = s.appendComposite(b, data)
		default:
			b, err = appendSimple(b, data)
		}
		if err != nil {
			return nil, err
		}
		if len(s.glyphs) > 0xFFFF {
			return nil, &MalformedError{"glyf", "too many glyphs for a subset"}
		}
		if (len(b)-base)&1 != 0 {
			b = append(b, 0)
		}
		s.ends = append(s.ends, len(b)-base)
	}
	return b, nil
}

// appendSimple copies a simple glyph without its instructions.
func appendSimple(b, data []byte) ([]byte, error) {
	at := 10 + 2*i16(data, 0)
	if at == 10 {
		return append(b, data[:10]...), nil
	}
	if at+2 > len(data) {
		return nil, &MalformedError{"glyf", "glyph data cut"}
	}
	n := int(u16(data, at))
	if at+2+n > len(data) {
		return nil, &MalformedError{"glyf", "instructions outside the glyph"}
	}
	if n == 0 {
		return append(b, data...), nil
	}
	b = append(b, data[:at]...)
	b = append(b, 0, 0)
	return append(b, data[at+2+n:]...), nil
}

// appendComposite copies a composite glyph without its instructions and points
// it to the new numbers of its parts.
func (s *subsetter) appendComposite(b, data []byte) ([]byte, error) {
	base, end := len(b), 10
	err := eachComponent(data, func(c component) error {
		size, _ := componentSize(data, c.at)
		end = c.at + size
		return nil
	})
	if err != nil {
		return nil, err
	}
	b = append(b, data[:end]...)
	err = eachComponent(data, func(c component) error {
		if int(c.gid) >= s.font.numGlyphs {
			return &MalformedError{"glyf", "component outside the font"}
		}
		rec := b[base+c.at:]
		binary.BigEndian.PutUint16(rec, u16(rec, 0)&^haveInstruction)
		binary.BigEndian.PutUint16(rec[2:], s.include(c.gid))
		return nil
	})
	return b, err
}

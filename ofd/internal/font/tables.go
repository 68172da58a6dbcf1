package font

import (
	"encoding/binary"
	"unicode/utf16"
)

func put16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func put32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// copyOf appends a table of the font, cut or padded to exactly n bytes, and
// returns the buffer and the copy inside it.
func (s *subsetter) copyOf(b []byte, tag string, n int) (buf, table []byte) {
	from := len(b)
	src := s.font.tables[tag]
	b = append(b, src[:min(len(src), n)]...)
	b = grow(b, from+n-len(b))
	return b, b[from:]
}

// appendHead keeps bounding box, dates and style of the source.
func (s *subsetter) appendHead(b []byte, shortLoca bool) []byte {
	b, t := s.copyOf(b, "head", 54)
	binary.BigEndian.PutUint32(t, 0x00010000)
	binary.BigEndian.PutUint32(t[8:], 0) // checkSumAdjustment, by finish
	binary.BigEndian.PutUint32(t[12:], 0x5F0F3CF5)
	// Flags: baseline at 0, left side bearing at xMin, whole-pixel scaling.
	binary.BigEndian.PutUint16(t[16:], u16(t, 16)&0x000B)
	binary.BigEndian.PutUint16(t[18:], uint16(s.font.unitsPerEm))
	format := uint16(1)
	if shortLoca {
		format = 0
	}
	binary.BigEndian.PutUint16(t[50:], format)
	binary.BigEndian.PutUint16(t[52:], 0)
	return b
}

func (s *subsetter) appendHhea(b []byte) []byte {
	b, t := s.copyOf(b, "hhea", 36)
	binary.BigEndian.PutUint32(t, 0x00010000)
	binary.BigEndian.PutUint16(t[4:], uint16(s.font.ascent))
	binary.BigEndian.PutUint16(t[6:], uint16(s.font.descent))
	binary.BigEndian.PutUint16(t[8:], uint16(s.font.lineGap))
	binary.BigEndian.PutUint16(t[34:], uint16(s.longMetrics()))
	return b
}

// longMetrics is the number of glyphs whose advance is written: those at the
// end that share one advance (all the ideographs) need it only once.
func (s *subsetter) longMetrics() int {
	n := len(s.glyphs)
	last := s.font.Advance(s.glyphs[n-1])
	for n > 1 && s.font.Advance(s.glyphs[n-2]) == last {
		n--
	}
	return n
}

func (s *subsetter) appendHmtx(b []byte) []byte {
	long := s.longMetrics()
	for i, gid := range s.glyphs {
		if i < long {
			b = put16(b, uint16(s.font.Advance(gid)))
		}
		b = put16(b, uint16(s.font.bearing(gid)))
	}
	return b
}

func (s *subsetter) appendLoca(b []byte, short bool) []byte {
	b = s.appendOffset(b, 0, short)
	for _, end := range s.ends {
		b = s.appendOffset(b, end, short)
	}
	return b
}

func (s *subsetter) appendOffset(b []byte, at int, short bool) []byte {
	if short {
		return put16(b, uint16(at/2))
	}
	return put32(b, uint32(at))
}

// appendMaxp keeps the bounds of the source, which hold for any part of it,
// and drops what only hints use.
func (s *subsetter) appendMaxp(b []byte) []byte {
	b, t := s.copyOf(b, "maxp", 32)
	binary.BigEndian.PutUint32(t, 0x00010000)
	binary.BigEndian.PutUint16(t[4:], uint16(len(s.glyphs)))
	binary.BigEndian.PutUint16(t[14:], 2) // maxZones
	for at := 16; at < 28; at += 2 {
		binary.BigEndian.PutUint16(t[at:], 0)
	}
	return b
}

// appendPost writes version 3: no glyph names.
func (s *subsetter) appendPost(b []byte) []byte {
	b, t := s.copyOf(b, "post", 32)
	binary.BigEndian.PutUint32(t, 0x00030000)
	clear(t[16:]) // memory use in printers, unknown
	return b
}

// appendOS2 keeps weight, class and vertical metrics of the source.
func (s *subsetter) appendOS2(b []byte) []byte {
	b, t := s.copyOf(b, "OS/2", 96)
	if len(s.font.tables["OS/2"]) < 78 {
		clear(t)
		binary.BigEndian.PutUint16(t[4:], 400) // usWeightClass
		binary.BigEndian.PutUint16(t[6:], 5)   // usWidthClass
		binary.BigEndian.PutUint16(t[68:], uint16(s.font.ascent))
		binary.BigEndian.PutUint16(t[70:], uint16(s.font.descent))
		binary.BigEndian.PutUint16(t[74:], uint16(s.font.ascent))
		binary.BigEndian.PutUint16(t[76:], uint16(-s.font.descent))
	}
	if v := u16(t, 0); v < 2 || v > 4 || len(s.font.tables["OS/2"]) < 96 {
		binary.BigEndian.PutUint16(t, 4)
	}
	binary.BigEndian.PutUint16(t[8:], 0) // fsType: may be embedded
	first, last := uint16(0xFFFF), uint16(0)
	if n := len(s.runes); n > 0 {
		first, last = uint16(min(s.runes[0], 0xFFFF)), uint16(min(s.runes[n-1], 0xFFFF))
	}
	binary.BigEndian.PutUint16(t[64:], first)
	binary.BigEndian.PutUint16(t[66:], last)
	return b
}

// appendName writes the family as names 1, 4 and 6, for Windows in English.
func appendName(b []byte, family string) []byte {
	post := make([]byte, 0, len(family))
	for _, c := range []byte(family) {
		if c > 0x20 && c < 0x7F {
			post = append(post, c)
		}
	}
	texts := [4][]uint16{
		utf16.Encode([]rune(family)), utf16.Encode([]rune("Regular")),
		nil, utf16.Encode([]rune(string(post))),
	}
	texts[2] = texts[0]
	ids := [4]uint16{1, 2, 4, 6}
	b = put16(b, 0, uint16(len(ids)), uint16(6+12*len(ids)))
	at := 0
	for i, id := range ids {
		b = put16(b, 3, 1, 0x409, id, uint16(2*len(texts[i])), uint16(at))
		at += 2 * len(texts[i])
	}
	for _, text := range texts {
		b = put16(b, text...)
	}
	return b
}

package cff

import "strings"

// readCharset names the glyphs (Technical Note 5176 §13): by string, or by CID.
func (f *Font) readCharset(data []byte, top dict, own [][]byte) error {
	sids := make([]int, len(f.glyphs))
	at, _ := top.at(opCharset)
	switch {
	case at == 0 && !f.Keyed: // ISOAdobe: the strings in their order
		for i := range sids {
			sids[i] = i
		}
	case at <= 2 && !f.Keyed:
		return broken("the predefined charset %d", at)
	case at <= 2:
		for i := range sids {
			sids[i] = i
		}
	default:
		if err := charset(data, at, sids); err != nil {
			return err
		}
	}
	if f.Keyed {
		f.cids = make(map[int]int, len(sids))
		for gid, cid := range sids {
			if _, have := f.cids[cid]; !have {
				f.cids[cid] = gid
			}
		}
		return nil
	}
	shared := strings.Fields(standard)
	f.names = make([]string, len(sids))
	for gid, sid := range sids {
		switch {
		case sid < len(shared):
			f.names[gid] = shared[sid]
		case sid-len(shared) < len(own):
			f.names[gid] = string(own[sid-len(shared)])
		}
	}
	return nil
}

func charset(data []byte, at int, sids []int) error {
	if at >= len(data) {
		return broken("the charset lies outside")
	}
	b := data[at+1:]
	if data[at] == 0 {
		if len(b) < 2*(len(sids)-1) {
			return broken("the charset is cut off")
		}
		for i := 1; i < len(sids); i++ {
			sids[i] = u16(b[2*(i-1):])
		}
		return nil
	}
	size := map[byte]int{1: 1, 2: 2}[data[at]]
	if size == 0 {
		return broken("a charset of format %d", data[at])
	}
	for i := 1; i < len(sids); {
		if len(b) < 2+size {
			return broken("the charset is cut off")
		}
		first, left := u16(b), int(b[2])
		if size == 2 {
			left = u16(b[2:])
		}
		b = b[2+size:]
		for n := 0; n <= left && i < len(sids); n++ {
			sids[i] = first + n
			i++
		}
	}
	return nil
}

// standardRuns is the standard encoding: runs of codes with runs of strings
// (Technical Note 5176, appendix B).
var standardRuns = [][3]int{ // first code, last code, first string
	{32, 126, 1}, {161, 175, 96}, {177, 180, 111}, {182, 189, 115}, {191, 191, 123}, {193, 200, 124}, {202, 203, 132},
	{205, 208, 134}, {225, 225, 138}, {227, 227, 139}, {232, 235, 140}, {241, 241, 144}, {245, 245, 145}, {248, 251, 146},
}

// StandardNames gives the glyph names of the standard encoding by code.
func StandardNames() [256]string {
	shared := strings.Fields(standard)
	var out [256]string
	for _, r := range standardRuns {
		for code := r[0]; code <= r[1]; code++ {
			out[code] = shared[r[2]+code-r[0]]
		}
	}
	return out
}

// readEncoding reads the program's own encoding (§12).
func (f *Font) readEncoding(data []byte, top dict) error {
	at, _ := top.at(opEncoding)
	if at == 0 {
		for code, name := range StandardNames() {
			if gid, ok := f.ByName(name); ok && name != "" {
				f.encoding[code] = gid
			}
		}
		return nil
	}
	if at == 1 {
		return nil // the expert encoding: no code is known
	}
	if at+2 > len(data) {
		return broken("the encoding lies outside")
	}
	b, gid := data[at+2:], 1
	for range data[at+1] {
		if len(b) < 2 {
			break
		}
		first, left := int(b[0]), 0
		if data[at]&0x7F == 1 {
			left, b = int(b[1]), b[1:]
		}
		b = b[1:]
		for n := 0; n <= left && first+n < 256; n++ {
			if gid < len(f.glyphs) {
				f.encoding[first+n] = gid
			}
			gid++
		}
	}
	return nil
}

// ByName finds a glyph by its name.
func (f *Font) ByName(name string) (gid int, ok bool) {
	for i, n := range f.names {
		if n == name {
			return i, true
		}
	}
	return 0, false
}

// Names gives the glyphs' names; nil when they are keyed by CID.
func (f *Font) Names() []string { return f.names }

// ByCode finds a glyph by the program's own encoding.
func (f *Font) ByCode(code byte) (gid int, ok bool) { return f.encoding[code], f.encoding[code] != 0 }

// ByCID finds a glyph by its CID; in a program that is not keyed, CIDs are
// glyph numbers (ISO 32000-1 §9.7.4.2).
func (f *Font) ByCID(cid int) (gid int, ok bool) {
	if !f.Keyed {
		return cid, cid < len(f.glyphs)
	}
	gid, ok = f.cids[cid]
	return gid, ok
}

// Len is the number of glyphs.
func (f *Font) Len() int { return len(f.glyphs) }

package font

// cmapTable maps character codes to glyphs; 0 means none.
type cmapTable interface {
	lookup(code uint32) uint16
}

// chooseCmap takes the subtable that covers most of Unicode. Symbol and
// Macintosh subtables come last: they occur alone in cut-down embedded fonts,
// where their codes are in practice the characters of the text.
func chooseCmap(table []byte) cmapTable {
	if len(table) < 4 {
		return nil
	}
	var best cmapTable
	bestRank := 0
	n := min(int(u16(table, 2)), 64)
	for i := range n {
		at := 4 + 8*i
		if at+8 > len(table) {
			break
		}
		rank := cmapRank(u16(table, at), u16(table, at+2))
		off := u32(table, at+4)
		if rank <= bestRank || uint64(off)+6 > uint64(len(table)) {
			continue
		}
		sub := parseCmap(table[off:])
		if sub == nil {
			continue
		}
		if u16(table, at) == 3 && u16(table, at+2) == 0 {
			sub = symbolCmap{sub}
		}
		best, bestRank = sub, rank
	}
	return best
}

func cmapRank(platform, encoding uint16) int {
	switch {
	case platform == 3 && encoding == 10:
		return 7
	case platform == 0 && (encoding == 4 || encoding == 6):
		return 6
	case platform == 3 && encoding == 1:
		return 5
	case platform == 0 && encoding != 5: // 5 holds variation sequences only
		return 4
	case platform == 3 && encoding == 0:
		return 3
	case platform == 1:
		return 2
	case platform == 0:
		return 0
	}
	return 1
}

func parseCmap(sub []byte) cmapTable {
	switch u16(sub, 0) {
	case 0:
		if len(sub) >= 6+256 {
			return cmap0(sub[6 : 6+256])
		}
	case 4:
		return parseCmap4(sub)
	case 6:
		if len(sub) >= 10 {
			n := min(int(u16(sub, 8)), (len(sub)-10)/2)
			return cmap6{first: uint32(u16(sub, 6)), glyphs: sub[10 : 10+2*n]}
		}
	case 12:
		if len(sub) >= 16 {
			n := min(uint64(u32(sub, 12)), uint64(len(sub)-16)/12)
			return cmap12(sub[16 : 16+12*n])
		}
	}
	return nil
}

// symbolCmap finds characters in the private area U+F000 as well, where
// Windows symbol fonts keep them.
type symbolCmap struct{ cmapTable }

func (c symbolCmap) lookup(code uint32) uint16 {
	if gid := c.cmapTable.lookup(code); gid != 0 || code > 0xFF {
		return gid
	}
	return c.cmapTable.lookup(0xF000 | code)
}

type cmap0 []byte

func (c cmap0) lookup(code uint32) uint16 {
	if code < uint32(len(c)) {
		return uint16(c[code])
	}
	return 0
}

type cmap6 struct {
	first  uint32
	glyphs []byte
}

func (c cmap6) lookup(code uint32) uint16 {
	i := uint64(code) - uint64(c.first)
	if code < c.first || 2*i+2 > uint64(len(c.glyphs)) {
		return 0
	}
	return u16(c.glyphs, int(2*i))
}

// cmap4 keeps the four parallel arrays and what follows them, as in the file.
type cmap4 struct {
	n    int    // segments
	body []byte // from endCode on, to the end of the cmap table
}

func parseCmap4(sub []byte) cmapTable {
	if len(sub) < 14 {
		return nil
	}
	// The length field is wrong in fonts with large tables, so the real end
	// of the data is the bound.
	n := min(int(u16(sub, 6))/2, (len(sub)-16)/8)
	if n <= 0 {
		return nil
	}
	return cmap4{n: n, body: sub[14:]}
}

func (c cmap4) lookup(code uint32) uint16 {
	if code > 0xFFFF {
		return 0
	}
	lo, hi := 0, c.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if uint32(u16(c.body, 2*mid)) < code {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == c.n {
		return 0
	}
	starts, deltas, offsets := 2*c.n+2, 4*c.n+2, 6*c.n+2
	start := uint32(u16(c.body, starts+2*lo))
	if code < start {
		return 0
	}
	delta := u16(c.body, deltas+2*lo)
	rangeOffset := int(u16(c.body, offsets+2*lo))
	if rangeOffset == 0 || rangeOffset == 0xFFFF {
		return uint16(code) + delta
	}
	at := offsets + 2*lo + rangeOffset + 2*int(code-start)
	if at+2 > len(c.body) {
		return 0
	}
	if gid := u16(c.body, at); gid != 0 {
		return gid + delta
	}
	return 0
}

type cmap12 []byte

func (c cmap12) lookup(code uint32) uint16 {
	lo, hi := 0, len(c)/12
	n := hi
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if u32(c, 12*mid+4) < code {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == n {
		return 0
	}
	start := u32(c, 12*lo)
	if code < start {
		return 0
	}
	gid := uint64(u32(c, 12*lo+8)) + uint64(code-start)
	if gid > 0xFFFF {
		return 0
	}
	return uint16(gid)
}

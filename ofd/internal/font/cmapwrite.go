package font

import "math/bits"

// segment is a run of characters with a run of glyphs.
type segment struct {
	first, last rune
	gid         uint16
}

func (s *subsetter) segments() []segment {
	segs := make([]segment, 0, len(s.runes)+1)
	for i, r := range s.runes {
		gid := s.newGID[s.gids[i]]
		if n := len(segs); n > 0 {
			last := &segs[n-1]
			// A format 4 run must not cross into the next plane.
			if r == last.last+1 && r != 0x10000 && int(gid) == int(last.gid)+int(r-last.first) {
				last.last = r
				continue
			}
		}
		segs = append(segs, segment{r, r, gid})
	}
	return segs
}

// maxSegments keeps the length of a format 4 subtable within its 16 bits.
const maxSegments = 8000

// appendCmap writes a Windows Unicode subtable of format 4 and, when that
// cannot hold all, because a character lies beyond the first plane or there are
// too many runs, one of format 12.
func (s *subsetter) appendCmap(b []byte) []byte {
	segs := s.segments()
	bmp := len(segs)
	for bmp > 0 && segs[bmp-1].first > 0xFFFF {
		bmp--
	}
	bmp = min(bmp, maxSegments)
	if bmp == len(segs) {
		b = put16(b, 0, 1, 3, 1)
		b = put32(b, 12)
		return appendFormat4(b, segs)
	}
	size4 := uint32(len(appendFormat4(nil, segs[:bmp])))
	b = put16(b, 0, 2, 3, 1)
	b = put32(b, 20)
	b = put16(b, 3, 10)
	b = put32(b, 20+size4)
	b = appendFormat4(b, segs[:bmp])
	return appendFormat12(b, segs)
}

func appendFormat4(b []byte, segs []segment) []byte {
	if n := len(segs); n == 0 || segs[n-1].last != 0xFFFF {
		segs = append(segs[:n:n], segment{0xFFFF, 0xFFFF, 0})
	}
	n := uint16(len(segs))
	selector := uint16(bits.Len16(n) - 1)
	search := uint16(2) << selector
	b = put16(b, 4, 16+8*n, 0, 2*n, search, selector, 2*n-search)
	for _, g := range segs {
		b = put16(b, uint16(g.last))
	}
	b = put16(b, 0)
	for _, g := range segs {
		b = put16(b, uint16(g.first))
	}
	for _, g := range segs {
		b = put16(b, g.gid-uint16(g.first)) // wraps, as the format wants
	}
	return append(b, make([]byte, 2*n)...) // idRangeOffset
}

func appendFormat12(b []byte, segs []segment) []byte {
	n := uint32(len(segs))
	b = put16(b, 12, 0)
	b = put32(b, 16+12*n, 0, n)
	for _, g := range segs {
		b = put32(b, uint32(g.first), uint32(g.last), uint32(g.gid))
	}
	return b
}

package convert

import (
	"unicode/utf16"

	"sidian/ofd/internal/pdf"
)

// A cmap maps codes to CIDs or to characters (ISO 32000-1 §9.7.5, §9.10.3).
type cmap struct {
	spaces []codeSpace
	cids   []cidRange
	chars  map[uint32][]rune
}

type codeSpace struct {
	size     int
	low, top uint32
}

type cidRange struct {
	low, top uint32
	cid      int
}

// maxMapped bounds the codes of one map.
const maxMapped = 70_000

func number32(o pdf.Object) (v uint32, size int, ok bool) {
	s, ok := o.(pdf.String)
	if !ok || len(s) == 0 || len(s) > 4 {
		return 0, 0, false
	}
	for i := range len(s) {
		v = v<<8 | uint32(s[i])
	}
	return v, len(s), true
}

func parseCmap(data []byte) (*cmap, error) {
	m := &cmap{chars: map[uint32][]rune{}}
	lex := pdf.NewLexer(data)
	var args []pdf.Object
	for {
		o, ok, err := lex.Next()
		if err != nil {
			return nil, refuse("font", "a character map: %v", err)
		}
		if !ok {
			return m, nil
		}
		op, is := o.(pdf.Op)
		if !is {
			if args = append(args, o); len(args) > 3*maxMapped {
				return nil, refuse("limit", "a character map too large")
			}
			continue
		}
		switch op {
		case "usecmap":
			return nil, refuse("font", "a character map that uses another")
		case "endcodespacerange":
			m.readSpaces(args)
		case "endbfchar":
			m.readChars(args)
		case "endbfrange":
			m.readRanges(args)
		case "endcidchar", "endcidrange":
			m.readCIDs(args, op == "endcidrange")
		}
		if len(m.chars) > maxMapped || len(m.cids) > maxMapped {
			return nil, refuse("limit", "a character map too large")
		}
		args = args[:0]
	}
}

func (m *cmap) readSpaces(args []pdf.Object) {
	for ; len(args) >= 2; args = args[2:] {
		low, size, ok := number32(args[0])
		top, size2, ok2 := number32(args[1])
		if ok && ok2 && size == size2 {
			m.spaces = append(m.spaces, codeSpace{size, low, top})
		}
	}
}

func utf16Text(s pdf.String) []rune {
	var u []uint16
	for i := 0; i+1 < len(s); i += 2 {
		u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
	}
	if len(s) == 1 {
		u = []uint16{uint16(s[0])}
	}
	return utf16.Decode(u)
}

func (m *cmap) readChars(args []pdf.Object) {
	for ; len(args) >= 2; args = args[2:] {
		code, _, ok := number32(args[0])
		text, ok2 := args[1].(pdf.String)
		if ok && ok2 && len(text) <= 64 {
			m.chars[code] = utf16Text(text)
		}
	}
}

func (m *cmap) readRanges(args []pdf.Object) {
	for ; len(args) >= 3; args = args[3:] {
		low, _, ok := number32(args[0])
		top, _, ok2 := number32(args[1])
		if !ok || !ok2 || top < low || top-low > 0xFFFF {
			continue
		}
		switch v := args[2].(type) {
		case pdf.String:
			text := utf16Text(v)
			if len(text) == 0 || len(text) > 32 {
				continue
			}
			for i := uint32(0); i <= top-low && len(m.chars) <= maxMapped; i++ {
				next := append([]rune(nil), text...)
				next[len(next)-1] += rune(i)
				m.chars[low+i] = next
			}
		case pdf.Array:
			for i, o := range v {
				if s, ok := o.(pdf.String); ok && uint32(i) <= top-low && len(s) <= 64 {
					m.chars[low+uint32(i)] = utf16Text(s)
				}
			}
		}
	}
}

func (m *cmap) readCIDs(args []pdf.Object, ranges bool) {
	step := 2
	if ranges {
		step = 3
	}
	for ; len(args) >= step; args = args[step:] {
		low, _, ok := number32(args[0])
		top, _, ok2 := number32(args[step-2])
		cid, ok3 := args[step-1].(int)
		if ok && ok2 && ok3 && top >= low {
			m.cids = append(m.cids, cidRange{low, top, cid})
		}
	}
}

// cid gives the CID of a code; the later range holds.
func (m *cmap) cid(code uint32) int {
	for i := len(m.cids) - 1; i >= 0; i-- {
		if r := m.cids[i]; code >= r.low && code <= r.top {
			return r.cid + int(code-r.low)
		}
	}
	return 0
}

// next takes a code off a string, by the code spaces.
func (m *cmap) next(s []byte) (code uint32, size int) {
	for size = 1; size <= 4 && size <= len(s); size++ {
		code = code<<8 | uint32(s[size-1])
		for _, c := range m.spaces {
			if c.size == size && within(code, c) {
				return code, size
			}
		}
	}
	return uint32(s[0]), 1
}

// within compares byte by byte: a code space is a box, not a run.
func within(code uint32, c codeSpace) bool {
	for i := 0; i < c.size; i++ {
		b, low, top := code>>(8*i)&0xFF, c.low>>(8*i)&0xFF, c.top>>(8*i)&0xFF
		if b < low || b > top {
			return false
		}
	}
	return true
}

package font

import "unicode/utf16"

// familyName takes name 1 (family) in English if there is one, else in any
// language, else the PostScript name 6.
func familyName(table []byte) string {
	if len(table) < 6 {
		return ""
	}
	n := min(int(u16(table, 2)), 512)
	store := int(u16(table, 4))
	best, bestRank := "", 0
	for i := range n {
		at := 6 + 12*i
		if at+12 > len(table) {
			break
		}
		rank := nameRank(u16(table, at), u16(table, at+4), u16(table, at+6))
		if rank <= bestRank {
			continue
		}
		from := store + int(u16(table, at+10))
		to := from + int(u16(table, at+8))
		if to > len(table) {
			continue
		}
		if s := decodeName(u16(table, at), table[from:to]); s != "" {
			best, bestRank = s, rank
		}
	}
	return best
}

func nameRank(platform, language, id uint16) int {
	rank := 0
	switch id {
	case 1:
		rank = 4
	case 6:
		rank = 1
	default:
		return 0
	}
	if platform == 3 && language == 0x409 {
		rank += 2
	} else if platform == 1 && language == 0 {
		rank++
	}
	return rank
}

func decodeName(platform uint16, raw []byte) string {
	if platform == 1 {
		for _, c := range raw {
			if c < 0x20 || c > 0x7E {
				return "" // Macintosh scripts are not decoded
			}
		}
		return string(raw)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = u16(raw, 2*i)
	}
	return string(utf16.Decode(units))
}

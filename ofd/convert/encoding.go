package convert

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"sidian/ofd/internal/cff"
	"sidian/ofd/internal/pdf"
)

// namesText maps glyph names to characters: "name=hex", parted by blanks. The
// names are Adobe's (Adobe Glyph List for New Fonts).
//
//go:embed names.txt
var namesText string

var glyphNames = sync.OnceValue(func() map[string]rune {
	out := map[string]rune{}
	for _, pair := range strings.Fields(namesText) {
		name, hex, _ := strings.Cut(pair, "=")
		if v, err := strconv.ParseUint(hex, 16, 32); err == nil {
			out[name] = rune(v)
		}
	}
	return out
})

// runeOf gives the character of a glyph name; 0 when it is not known.
func runeOf(name string) rune {
	name, _, _ = strings.Cut(name, ".") // a.alt is a
	if r, ok := glyphNames()[name]; ok {
		return r
	}
	for _, prefix := range []string{"uni", "u"} {
		if hex, ok := strings.CutPrefix(name, prefix); ok && len(hex) >= 4 && len(hex) <= 6 {
			if v, err := strconv.ParseUint(hex, 16, 32); err == nil {
				return rune(v)
			}
		}
	}
	return 0
}

// Characters above 0x7F of the encodings (ISO 32000-1 annex D).
const (
	winHigh = "€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ"
	macHigh = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ"
)

// An encoding gives name and character of each code of a simple font.
type encoding struct {
	name  [256]string // "" = the character tells
	char  [256]rune   // 0 = none
	given bool        // the font's dictionary says something
}

func (e *encoding) ascii() {
	for c := 0x20; c < 0x7F; c++ {
		e.char[c] = rune(c)
	}
}

func (e *encoding) base(name pdf.Name) {
	switch name {
	case "WinAnsiEncoding":
		e.ascii()
		for i, r := range []rune(winHigh) {
			e.char[0x80+i] = r
		}
		for c := 0xA0; c < 0x100; c++ {
			e.char[c] = rune(c)
		}
	case "MacRomanEncoding":
		e.ascii()
		for i, r := range []rune(macHigh) {
			e.char[0x80+i] = r
		}
	default:
		for c, n := range cff.StandardNames() {
			e.name[c], e.char[c] = n, 0
			if n != "" {
				e.char[c] = runeOf(n)
			}
		}
	}
}

// readEncoding reads a simple font's Encoding (§9.6.6).
func (c *converter) readEncoding(o pdf.Object, symbolic bool) *encoding {
	e := &encoding{}
	switch v := c.file.Get(o).(type) {
	case pdf.Name:
		if v == "WinAnsiEncoding" || v == "MacRomanEncoding" || v == "StandardEncoding" {
			e.given = true
			e.base(v)
		}
	case pdf.Dict:
		base := c.file.Name(v["BaseEncoding"])
		if base != "" || !symbolic {
			e.given = true
			e.base(base)
		}
		code := 0
		for _, item := range c.file.Array(v["Differences"]) {
			switch x := c.file.Get(item).(type) {
			case int:
				code = x
			case pdf.Name:
				if code >= 0 && code < 256 {
					e.name[code], e.char[code] = string(x), runeOf(string(x))
					e.given = true
				}
				code++
			}
		}
	}
	return e
}

// macCode finds a character's code in the Macintosh encoding.
func macCode(r rune) (byte, bool) {
	if r >= 0x20 && r < 0x7F {
		return byte(r), true
	}
	for i, m := range []rune(macHigh) {
		if m == r {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}

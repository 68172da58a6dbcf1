// Package qr makes QR codes (ISO/IEC 18004, model 2) of error correction level
// M, versions 1 to 20: what a certificate prints.
//
// The library we otherwise use takes 3 ms a code, three times what making,
// sealing and signing the whole document may cost; this takes some 60 µs,
// because rows are machine words and each version's pattern is made once.
package qr

import "errors"

// MaxVersion is the largest symbol made: 97 modules a side, 666 bytes.
const MaxVersion = 20

// ErrTooLong refuses a text that no symbol up to MaxVersion holds.
var ErrTooLong = errors.New("qr: text too long")

// Code is a symbol without its quiet zone.
type Code struct {
	// Size is the number of modules a side.
	Size int
	rows []bits
}

// Dark tells the colour of a module; outside the symbol all is light.
func (c *Code) Dark(x, y int) bool {
	if x < 0 || y < 0 || x >= c.Size || y >= c.Size {
		return false
	}
	return c.rows[y].get(x)
}

// Encode makes the smallest symbol for a text, in alphanumeric mode if its
// characters allow it and as UTF-8 bytes otherwise.
func Encode(text string) (*Code, error) {
	mode := modeOf(text)
	for v := 1; v <= MaxVersion; v++ {
		p := patternOf(v)
		if mode.bits(len(text), v) > 8*p.dataBytes {
			continue
		}
		return draw(p, p.interleaved(mode.encode(text, v, p.dataBytes))), nil
	}
	return nil, ErrTooLong
}

// draw lays out the codewords and chooses the mask with the lowest penalty.
func draw(p *pattern, codewords []byte) *Code {
	n := p.size
	rows, cols := make([]bits, n), make([]bits, n)
	for i, at := range p.order {
		if i>>3 < len(codewords) && codewords[i>>3]>>(7-i&7)&1 != 0 {
			x, y := int(at)%n, int(at)/n
			rows[y].set(x)
			cols[x].set(y)
		}
	}
	best, lowest := 0, 0
	outRows, outCols := make([]bits, n), make([]bits, n)
	for mask := range 8 {
		p.masked(outRows, outCols, rows, cols, mask)
		if score := penalty(outRows, outCols); mask == 0 || score < lowest {
			best, lowest = mask, score
		}
	}
	p.masked(outRows, outCols, rows, cols, best)
	return &Code{Size: n, rows: outRows}
}

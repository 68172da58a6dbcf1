package draw

import "sidian/ofd"

// Align places the characters of a line between its ends.
type Align uint8

// Horizontal alignments (along the line; in vertical text, along the column).
const (
	Left Align = iota
	Center
	Right
	Justify    // both ends, but for the last line of a paragraph
	Distribute // 分散对齐: both ends, every line
)

// VAlign places the lines between top and bottom of the box (in vertical text:
// the columns between its right and its left side).
type VAlign uint8

// Alignments of the block of lines.
const (
	Top VAlign = iota
	Middle
	Bottom
)

// Style says how a text is set. Only Font and Size are mandatory.
type Style struct {
	Font *Family
	// Size is the size of the characters in mm (1 pt = 0.3528 mm, see Points).
	Size float64
	// MinSize is how small the text may become to fit its box; 0 = it may not.
	MinSize float64
	// LineHeight is the distance of baselines as a multiple of Size; 0 = 1.4.
	LineHeight float64
	// LetterSpacing is extra space between characters as a multiple of Size.
	LetterSpacing float64
	// Indent is the space before the first line of each paragraph, as a
	// multiple of Size; 2 is the Chinese custom.
	Indent float64
	Align  Align
	VAlign VAlign
	// Color of the characters; nil = black.
	Color *ofd.Color
	// Vertical sets columns from right to left.
	Vertical bool
	// Bold thickens the strokes by a line of 3 % of Size in the same colour.
	Bold bool
	// MaxLines bounds the number of lines; 0 = as many as the box holds.
	MaxLines int
}

// Points turns a size in points into mm.
func Points(pt float64) float64 { return pt * 25.4 / 72 }

const (
	defaultLineHeight = 1.4
	boldStroke        = 0.03
	// An ideograph fills its em: this much above the baseline, the rest below.
	emAscent = 0.88
)

func (s *Style) lineHeight() float64 {
	if s.LineHeight > 0 {
		return s.LineHeight
	}
	return defaultLineHeight
}

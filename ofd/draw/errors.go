package draw

import (
	"fmt"

	"sidian/ofd"
)

// A MissingGlyphError refuses a text because of a character that no font has.
// Text may hold personal data and is therefore not part of Error's words.
type MissingGlyphError struct {
	Rune rune
	Text string
}

func (e *MissingGlyphError) Error() string {
	return fmt.Sprintf("draw: no font has the character %q (U+%04X)", e.Rune, e.Rune)
}

// An OverflowError refuses a text that does not fit its box at its smallest
// size. Text may hold personal data and is not part of Error's words.
type OverflowError struct {
	Text         string
	Box          ofd.Box // mm
	NeededWidth  float64 // mm at the smallest size
	NeededHeight float64
}

func (e *OverflowError) Error() string {
	return fmt.Sprintf("draw: a text needs %.1f × %.1f mm and has %.1f × %.1f mm",
		e.NeededWidth, e.NeededHeight, e.Box.W, e.Box.H)
}

// An ImageError refuses a picture.
type ImageError struct{ Detail string }

func (e *ImageError) Error() string { return "draw: image: " + e.Detail }

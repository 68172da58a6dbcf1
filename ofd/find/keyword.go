package find

import (
	"errors"
	"fmt"

	"sidian/ofd"
)

// Options say where to look, and how much.
type Options struct {
	DocIndex int   // which DocBody, from 0
	Pages    []int // 0-based, among that document's pages; nil = all
	Limit    int   // most hits given, in the order of the pages; 0 = 1,000
	Limits   Limits
}

// Limits bound what one search costs. Zero fields are defaults.
type Limits struct {
	Characters int // of one page; 200,000
	Depth      int // blocks and composites inside each other; 16
}

func (l Limits) filled() Limits {
	if l.Characters == 0 {
		l.Characters = 200_000
	}
	if l.Depth == 0 {
		l.Depth = 16
	}
	return l
}

// A Hit is a place where the word stands.
type Hit struct {
	Page       int     // 0-based, among the document's pages
	X, Y, W, H float64 // box round the characters, mm from the upper left corner of the page
	Text       string  // as it is written there
}

// maxKeyword is how many characters may be sought.
const maxKeyword = 200

// ErrKeyword refuses a word that is empty, or longer than 200 characters.
var ErrKeyword = errors.New("find: the word sought is empty or too long")

// Keyword gives the places of a word in reading order. No place is no error.
// Errors are ErrKeyword, a page that cannot be read, and *ofd.RefusedError for a
// page with more text than the limits allow.
func Keyword(d *ofd.Document, text string, o Options) ([]Hit, error) {
	want := foldAll(text)
	if len(want) == 0 || len(want) > maxKeyword {
		return nil, ErrKeyword
	}
	bodies := d.Bodies()
	if o.DocIndex < 0 || o.DocIndex >= len(bodies) {
		return nil, fmt.Errorf("finding a word: there is no document %d in the package", o.DocIndex)
	}
	all := bodies[o.DocIndex].Pages()
	numbers := o.Pages
	if numbers == nil {
		numbers = make([]int, len(all))
		for i := range numbers {
			numbers[i] = i
		}
	}
	limit := o.Limit
	if limit <= 0 {
		limit = 1000
	}
	fonts := newFonts(d)
	var hits []Hit
	for _, n := range numbers {
		if n < 0 || n >= len(all) {
			return nil, fmt.Errorf("finding a word: the document has no page %d, but %d", n+1, len(all))
		}
		chars, err := collect(all[n], o.Limits.filled(), fonts)
		if err != nil {
			return nil, fmt.Errorf("finding a word on page %d: %w", n+1, err)
		}
		hits = append(hits, matches(n, lines(chars, len(want)), want)...)
		if len(hits) >= limit {
			return hits[:limit], nil
		}
	}
	return hits, nil
}

// matches finds the word in the lines; what was matched is not matched again.
func matches(page int, list [][]char, want []rune) []Hit {
	var hits []Hit
	for _, line := range list {
		for i := 0; i+len(want) <= len(line); i++ {
			if !equal(line[i:], want) {
				continue
			}
			h := span(line[i : i+len(want)])
			h.Page = page
			if !repeated(hits, h) {
				hits = append(hits, h)
			}
			i += len(want) - 1
		}
	}
	order(hits)
	return hits
}

func equal(line []char, want []rune) bool {
	for i, r := range want {
		if line[i].folded != r {
			return false
		}
	}
	return true
}

// span joins the characters' boxes.
func span(chars []char) Hit {
	box := chars[0].box
	var text []rune
	for _, c := range chars {
		box = box.join(c.box)
		text = append(text, c.written)
	}
	return Hit{X: box.x0, Y: box.y0, W: box.x1 - box.x0, H: box.y1 - box.y0, Text: string(text)}
}

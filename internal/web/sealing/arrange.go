package sealing

import (
	"context"
	"math"
	"slices"
	"strconv"

	"sidian/internal/fault"
	"sidian/ofd"
)

// margin is how far from the edges of the last page a seal stands by itself, mm.
const margin = 25

// arrange proposes a place for each seal that has none: where the document asks
// for a seal, else at the lower right of the last page, one beside the other.
func (s *Service) arrange(ctx context.Context, d *draft) error {
	doc, err := s.document(ctx, d)
	if err != nil {
		return err
	}
	boxes, err := doc.Body().Boxes()
	if err != nil {
		return err
	}
	word, hits := marked(doc)
	last := boxes[len(boxes)-1]
	for i := range d.Seals {
		c := &d.Seals[i]
		if c.Way != "" {
			continue
		}
		c.Way, c.Found = onPages, ""
		c.Word, c.EdgeY = word, mm(math.Max(last.H/2-c.H/2, 0))
		if i < len(hits) {
			h := hits[i]
			c.Found, c.On = word, strconv.Itoa(h.Page+1)
			c.put(ofd.Box{X: h.X + h.W/2 - c.W/2, Y: h.Y + h.H/2 - c.H/2}, boxes[h.Page])
			continue
		}
		c.On = strconv.Itoa(len(boxes))
		taken, err := s.spots(ctx, &draft{Seals: d.Seals[:i], Pages: d.Pages}, doc)
		if err != nil && fault.As(err) == nil {
			return err
		}
		c.put(free(c, last, len(boxes), taken), last)
	}
	return nil
}

// between is how far seals stand from each other by themselves, mm.
const between = 4

// free is a corner on the last page where no other seal stands: from the lower
// right to the left, and then above. There is none on a page that is full.
func free(c *chosen, on ofd.Box, page int, taken []spot) ofd.Box {
	first := ofd.Box{X: on.W - margin - c.W, Y: on.H - 2*margin - c.H}
	for y := first.Y; y >= 0; y -= 10 {
		for x := first.X; x >= 0; x -= 10 {
			if !slices.ContainsFunc(taken, func(t spot) bool {
				return t.Page == page && x < t.X+t.W+between && t.X < x+c.W+between && y < t.Y+t.H+between && t.Y < y+c.H+between
			}) {
				return ofd.Box{X: x, Y: y}
			}
		}
	}
	return first
}

// put places a seal at a corner, moved so that it lies on its page.
func (c *chosen) put(corner, on ofd.Box) {
	c.X = mm(math.Min(math.Max(corner.X, 0), math.Max(on.W-c.W, 0)))
	c.Y = mm(math.Min(math.Max(corner.Y, 0), math.Max(on.H-c.H, 0)))
}

// mm is a length as people read it: to a tenth.
func mm(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

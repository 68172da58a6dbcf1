package sealing

import (
	"context"
	"math"
	"strconv"

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
	right := last.W - margin
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
		if right-c.W < 0 {
			right = last.W
		}
		c.On = strconv.Itoa(len(boxes))
		c.put(ofd.Box{X: right - c.W, Y: last.H - 2*margin - c.H}, last)
		right -= c.W + 6
	}
	return nil
}

// put places a seal at a corner, moved so that it lies on its page.
func (c *chosen) put(corner, on ofd.Box) {
	c.X = mm(math.Min(math.Max(corner.X, 0), math.Max(on.W-c.W, 0)))
	c.Y = mm(math.Min(math.Max(corner.Y, 0), math.Max(on.H-c.H, 0)))
}

// mm is a length as people read it: to a tenth.
func mm(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

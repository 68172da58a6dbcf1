package draw

import "sidian/ofd"

// A Border is a decorative frame: a broad and a fine line, joined by ornaments
// in the corners. Zero fields mean the defaults.
type Border struct {
	Color  *ofd.Color // nil = a dark red
	Broad  float64    // width of the outer line in mm; 0 = 1.2
	Fine   float64    // width of the inner line; 0 = 0.3
	Gap    float64    // between the two; 0 = 1.6
	Corner float64    // side of the corner ornaments; 0 = 9
}

func (b Border) filled() Border {
	set := func(v *float64, standard float64) {
		if *v <= 0 {
			*v = standard
		}
	}
	set(&b.Broad, 1.2)
	set(&b.Fine, 0.3)
	set(&b.Gap, 1.6)
	set(&b.Corner, 9)
	if b.Color == nil {
		b.Color = ofd.RGB(158, 32, 32)
	}
	return b
}

// Border draws a decorative frame whose outer edge is the box.
func (c *Canvas) Border(box ofd.Box, border Border) []ofd.ID {
	b := border.filled()
	outer := inflate(box, -b.Broad/2)
	inner := inflate(box, -(b.Broad + b.Gap + b.Fine/2))
	return []ofd.ID{
		c.Rect(outer, Pen{Width: b.Broad, Color: b.Color}),
		c.stroke(inflate(inner, b.Fine), c.notched(inner, b), Pen{Width: b.Fine, Color: b.Color}),
		c.corners(inner, b),
	}
}

// notched is a rectangle whose corners step inwards, drawn in the space of a
// boundary one line width larger.
func (c *Canvas) notched(inner ofd.Box, b Border) string {
	n := b.Corner / 3
	x0, y0 := b.Fine, b.Fine
	x1, y1 := b.Fine+inner.W, b.Fine+inner.H
	var p ofd.Path
	p.Move(mm(x0+n), mm(y0))
	for _, q := range [][2]float64{
		{x1 - n, y0}, {x1 - n, y0 + n}, {x1, y0 + n}, {x1, y1 - n}, {x1 - n, y1 - n}, {x1 - n, y1},
		{x0 + n, y1}, {x0 + n, y1 - n}, {x0, y1 - n}, {x0, y0 + n}, {x0 + n, y0 + n},
	} {
		p.Line(mm(q[0]), mm(q[1]))
	}
	return p.Close().String()
}

// corners draws the 回 figure of each corner as one path.
func (c *Canvas) corners(inner ofd.Box, b Border) ofd.ID {
	box := inflate(inner, b.Fine)
	// A square spiral in a unit square, its open end towards the page.
	spiral := [][2]float64{{1, 0.12}, {0.12, 0.12}, {0.12, 1}, {0.72, 1}, {0.72, 0.44}, {0.44, 0.44}, {0.44, 0.72}}
	side := b.Corner
	var p ofd.Path
	for _, mirror := range [][2]bool{{false, false}, {true, false}, {true, true}, {false, true}} {
		for i, q := range spiral {
			x, y := q[0]*side, q[1]*side
			if mirror[0] {
				x = box.W - x
			}
			if mirror[1] {
				y = box.H - y
			}
			if i == 0 {
				p.Move(mm(x), mm(y))
			} else {
				p.Line(mm(x), mm(y))
			}
		}
	}
	return c.stroke(box, p.String(), Pen{Width: b.Fine * 1.5, Color: b.Color})
}

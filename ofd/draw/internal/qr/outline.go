package qr

import "strconv"

// Path appends the edges of the dark areas as OFD AbbreviatedData, in modules,
// shifted by quiet modules to the right and down: closed polygons with the dark
// side on the right, so that both winding rules fill them. Tracing areas
// instead of squares leaves no seams when a screen smooths the edges.
func (c *Code) Path(b []byte, quiet int) []byte {
	seen := make([]bits, c.Size)
	for y := range c.Size {
		for x := range c.Size {
			// An edge that runs east has dark below and light above.
			if c.rows[y].get(x) && !c.Dark(x, y-1) && !seen[y].get(x) {
				b = c.trace(b, seen, x, y, quiet)
			}
		}
	}
	return b
}

var steps = [4][2]int{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} // east, south, west, north

func (c *Code) trace(b []byte, seen []bits, startX, startY, quiet int) []byte {
	x, y, dir := startX, startY, 0
	b = point(b, 'M', x+quiet, y+quiet)
	for {
		if dir == 0 {
			seen[y].set(x)
		}
		x, y = x+steps[dir][0], y+steps[dir][1]
		left, right := c.ahead(x, y, dir)
		turn := 0
		switch {
		case left:
			turn = 3
		case !right:
			turn = 1
		}
		dir = (dir + turn) % 4
		if x == startX && y == startY && dir == 0 {
			return append(b, "C "...)
		}
		if turn != 0 {
			b = point(b, 'L', x+quiet, y+quiet)
		}
	}
}

// ahead gives the colours of the two modules in front of a corner.
func (c *Code) ahead(x, y, dir int) (left, right bool) {
	switch dir {
	case 0:
		return c.Dark(x, y-1), c.Dark(x, y)
	case 1:
		return c.Dark(x, y), c.Dark(x-1, y)
	case 2:
		return c.Dark(x-1, y), c.Dark(x-1, y-1)
	}
	return c.Dark(x-1, y-1), c.Dark(x, y-1)
}

func point(b []byte, op byte, x, y int) []byte {
	b = append(b, op, ' ')
	b = strconv.AppendInt(b, int64(x), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(y), 10)
	return append(b, ' ')
}

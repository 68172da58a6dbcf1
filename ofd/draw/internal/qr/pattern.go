package qr

import "sync"

// pattern is what all symbols of a version share. It is immutable.
type pattern struct {
	version, size int
	dataBytes     int
	generator     []byte
	order         []uint16 // modules for data bits, in placement order: y·size+x
	masks         [8]layer // mask on the data modules, and everything else
}

// layer is laid over the data modules: xor for the mask, then the function
// patterns and the format information, which the data never touch.
type layer struct{ rows, cols []bits }

var patterns [MaxVersion]struct {
	once sync.Once
	p    *pattern
}

func patternOf(version int) *pattern {
	slot := &patterns[version-1]
	slot.once.Do(func() { slot.p = newPattern(version) })
	return slot.p
}

// masked writes the symbol for one mask into the output slices.
func (p *pattern) masked(outRows, outCols, rows, cols []bits, mask int) {
	m := &p.masks[mask]
	for i := range rows {
		outRows[i] = rows[i].xor(m.rows[i])
		outCols[i] = cols[i].xor(m.cols[i])
	}
}

// canvas is a symbol under construction.
type canvas struct {
	size       int
	dark, used []bits
}

func (c *canvas) put(x, y int, dark bool) {
	if x < 0 || y < 0 || x >= c.size || y >= c.size {
		return
	}
	c.used[y].set(x)
	if dark {
		c.dark[y].set(x)
	}
}

func newPattern(version int) *pattern {
	n := 17 + 4*version
	c := &canvas{size: n, dark: make([]bits, n), used: make([]bits, n)}
	for i := range n { // timing patterns; the finders hide their ends
		c.put(i, 6, i%2 == 0)
		c.put(6, i, i%2 == 0)
	}
	// Finders overwrite the timing pattern's ends, so those are cleared first.
	for _, at := range [][2]int{{0, 0}, {n - 7, 0}, {0, n - 7}} {
		c.finder(at[0], at[1])
	}
	c.alignments(version)
	c.versionInfo(version)
	p := &pattern{version: version, size: n}
	// Format information goes in per mask; its modules are reserved here.
	reserved := &canvas{size: n, dark: make([]bits, n), used: append([]bits(nil), c.used...)}
	reserved.format(0)
	p.order = reserved.placement()
	p.dataBytes = len(p.order)/8 - blockCount[version-1]*ecPerBlock[version-1]
	p.generator = generator(ecPerBlock[version-1])
	for mask := range 8 {
		p.masks[mask] = c.layer(mask, p.order)
	}
	return p
}

// finder draws a finder pattern with its light separator.
func (c *canvas) finder(x0, y0 int) {
	for dy := -1; dy <= 7; dy++ {
		for dx := -1; dx <= 7; dx++ {
			edge := max(abs(dx-3), abs(dy-3)) // distance from the middle
			c.clear(x0+dx, y0+dy)
			c.put(x0+dx, y0+dy, edge != 2 && edge != 4)
		}
	}
}

func (c *canvas) clear(x, y int) {
	if x < 0 || y < 0 || x >= c.size || y >= c.size {
		return
	}
	var one bits
	one.set(x)
	c.dark[y] = c.dark[y].and(one.not())
}

// alignments draws the alignment patterns. Their positions (annex E) are even
// steps back from the far edge, then 6.
func (c *canvas) alignments(version int) {
	if version == 1 {
		return
	}
	count := version/7 + 2
	step := (version*8 + count*3 + 5) / (count*4 - 4) * 2
	at := []int{6}
	for i := count - 2; i >= 0; i-- {
		at = append(at, c.size-7-i*step)
	}
	last := at[len(at)-1]
	for _, y := range at {
		for _, x := range at {
			if x == 6 && y == 6 || x == 6 && y == last || x == last && y == 6 {
				continue
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					c.clear(x+dx, y+dy)
					c.put(x+dx, y+dy, max(abs(dx), abs(dy)) != 1)
				}
			}
		}
	}
}

// versionInfo draws the version twice, from version 7 on (§7.10).
func (c *canvas) versionInfo(version int) {
	if version < 7 {
		return
	}
	rem := version
	for range 12 {
		rem = rem<<1 ^ rem>>11*0x1F25
	}
	word := version<<12 | rem
	for i := range 18 {
		dark := word>>i&1 != 0
		c.put(c.size-11+i%3, i/3, dark)
		c.put(i/3, c.size-11+i%3, dark)
	}
}

// format draws level M (00) and the mask twice, and the dark module (§7.9).
func (c *canvas) format(mask int) {
	rem := mask
	for range 10 {
		rem = rem<<1 ^ rem>>9*0x537
	}
	word := (mask<<10 | rem) ^ 0x5412
	bit := func(i int) bool { return word>>i&1 != 0 }
	for i := range 6 {
		c.put(8, i, bit(i))
	}
	c.put(8, 7, bit(6))
	c.put(8, 8, bit(7))
	c.put(7, 8, bit(8))
	for i := 9; i < 15; i++ {
		c.put(14-i, 8, bit(i))
	}
	for i := range 8 {
		c.put(c.size-1-i, 8, bit(i))
	}
	for i := 8; i < 15; i++ {
		c.put(8, c.size-15+i, bit(i))
	}
	c.put(8, c.size-8, true)
}

// placement lists the free modules in the zigzag of §7.7.3.
func (c *canvas) placement() []uint16 {
	var order []uint16
	up := true
	for right := c.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5 // the vertical timing pattern
		}
		for i := range c.size {
			y := i
			if up {
				y = c.size - 1 - i
			}
			for _, x := range [2]int{right, right - 1} {
				if !c.used[y].get(x) {
					order = append(order, uint16(y*c.size+x))
				}
			}
		}
		up = !up
	}
	return order
}

func (c *canvas) layer(mask int, order []uint16) layer {
	full := &canvas{size: c.size, dark: append([]bits(nil), c.dark...), used: append([]bits(nil), c.used...)}
	full.format(mask)
	for _, at := range order {
		x, y := int(at)%c.size, int(at)/c.size
		full.put(x, y, maskAt(mask, x, y))
	}
	l := layer{rows: full.dark, cols: make([]bits, c.size)}
	for y := range c.size {
		for x := range c.size {
			if l.rows[y].get(x) {
				l.cols[x].set(y)
			}
		}
	}
	return l
}

// maskAt is table 10 of ISO/IEC 18004.
func maskAt(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (x/3+y/2)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

func abs(v int) int { return max(v, -v) }

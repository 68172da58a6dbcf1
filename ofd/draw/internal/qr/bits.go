package qr

import mathbits "math/bits"

// bits is a row or column of up to 128 modules, bit i = module i.
type bits struct{ lo, hi uint64 }

func (b bits) get(i int) bool {
	if i < 64 {
		return b.lo>>i&1 != 0
	}
	return b.hi>>(i-64)&1 != 0
}

func (b *bits) set(i int) {
	if i < 64 {
		b.lo |= 1 << i
	} else {
		b.hi |= 1 << (i - 64)
	}
}

func (b bits) and(c bits) bits  { return bits{b.lo & c.lo, b.hi & c.hi} }
func (b bits) xor(c bits) bits  { return bits{b.lo ^ c.lo, b.hi ^ c.hi} }
func (b bits) not() bits        { return bits{^b.lo, ^b.hi} }
func (b bits) count() int       { return mathbits.OnesCount64(b.lo) + mathbits.OnesCount64(b.hi) }
func (b bits) right(n int) bits { return bits{b.lo>>n | b.hi<<(64-n), b.hi >> n} } // 0 < n < 64
func (b bits) left1() bits      { return bits{b.lo << 1, b.hi<<1 | b.lo>>63} }

// first gives a row whose first n bits are set.
func first(n int) bits {
	if n >= 64 {
		return bits{^uint64(0), 1<<(n-64) - 1}
	}
	return bits{1<<n - 1, 0}
}

// penalty is the sum of ISO/IEC 18004 §7.8.3.1.
func penalty(rows, cols []bits) int {
	n := len(rows)
	score, dark := 0, 0
	for i := range n {
		score += linePenalty(rows[i], n) + linePenalty(cols[i], n)
		dark += rows[i].count()
		if i+1 < n {
			score += 3 * blocks(rows[i], rows[i+1], n)
		}
	}
	// N4: ten points for each 5 % that the dark modules are away from half.
	off := dark*20 - n*n*10
	if off < 0 {
		off = -off
	}
	return score + (off+n*n-1)/(n*n)*10 - tenIf(off > 0)
}

func tenIf(b bool) int {
	if b {
		return 10
	}
	return 0
}

// linePenalty counts runs of five and more (N1) and the proportions of a
// finder pattern with a light side (N3).
func linePenalty(line bits, n int) int {
	same := line.xor(line.right(1)).not().and(first(n - 1))
	five := same.and(same.right(1)).and(same.right(2).and(same.right(3)))
	starts := five.and(five.left1().not())
	score := five.count() + 2*starts.count()
	light := line.not()
	finder := line.and(light.right(1)).and(line.right(2)).and(line.right(3)).
		and(line.right(4)).and(light.right(5)).and(line.right(6))
	quiet := light.and(light.right(1)).and(light.right(2)).and(light.right(3))
	// 1011101 at i with 0000 at i+7, or with 0000 at i-4.
	after := finder.and(quiet.right(7)).and(first(n - 10))
	before := quiet.and(finder.right(4)).and(first(n - 10))
	return score + 40*(after.count()+before.count())
}

// blocks counts the squares of four modules of one colour in two rows (N2).
func blocks(a, b bits, n int) int {
	sameA, sameB := a.xor(a.right(1)).not(), b.xor(b.right(1)).not()
	return sameA.and(sameB).and(a.xor(b).not()).and(first(n - 1)).count()
}

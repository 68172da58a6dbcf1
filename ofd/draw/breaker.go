package draw

// breaker fills lines one after the other; all lengths are in em.
type breaker struct {
	glyphs  []glyph
	room    float64
	spacing float64
	indent  float64
	lines   []line
}

func (b *breaker) run() {
	start := 0
	for start < len(b.glyphs) {
		end := start
		for end < len(b.glyphs) && b.glyphs[end].r != '\n' {
			end++
		}
		b.paragraph(start, end)
		start = end + 1
	}
}

func (b *breaker) paragraph(start, end int) {
	if start == end {
		b.lines = append(b.lines, line{from: start, to: end, last: true})
		return
	}
	indent := b.indent
	for start < end {
		next := b.lineEnd(start, end, b.room-indent)
		b.emit(start, next, indent, next == end)
		start, indent = next, 0
		for start < end && b.glyphs[start].r == ' ' {
			start++ // spaces do not begin a line
		}
	}
}

// lineEnd is the first glyph that no longer belongs to the line: the last place
// to break that fits, or, inside a word longer than the line, where it is full.
func (b *breaker) lineEnd(start, end int, room float64) int {
	width, lastBreak := 0.0, start
	for i := start; i < end; i++ {
		if i > start {
			width += b.spacing
		}
		width += b.glyphs[i].advance
		if width > room && i > start && b.glyphs[i].r != ' ' {
			if lastBreak > start {
				return lastBreak
			}
			return i
		}
		if i+1 < end && breakable(b.glyphs[i].r, b.glyphs[i+1].r) {
			lastBreak = i + 1
		}
	}
	return end
}

func (b *breaker) emit(from, to int, indent float64, last bool) {
	for to > from && b.glyphs[to-1].r == ' ' {
		to-- // spaces hang at the end of a line
	}
	l := line{from: from, to: to, indent: indent, last: last}
	for i := from; i < to; i++ {
		l.width += b.glyphs[i].advance
	}
	l.width += float64(max(to-from-1, 0)) * b.spacing
	b.lines = append(b.lines, l)
}

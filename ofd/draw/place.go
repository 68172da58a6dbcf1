package draw

import (
	"math"

	"sidian/ofd"
)

// margin around the characters of an object: its boundary clips, and letters
// reach below the em of the ideographs. A multiple of the size.
const margin = 0.3

// setter turns a typeset into text objects: one for each run of one font.
type setter struct {
	c      *Canvas
	t      *typeset
	deltas []float64
	runs   []run
	ids    []ofd.ID
	text   []byte
}

// run is consecutive glyphs of one font on one line.
type run struct {
	from, to int
	code     ofd.TextCode // X, Y on the page
	box      ofd.Box
}

func (c *Canvas) place(t *typeset) []ofd.ID {
	s := setter{c: c, t: t, deltas: make([]float64, 0, 2*len(t.glyphs))}
	for i := range t.lines {
		s.line(i)
	}
	for from := 0; from < len(s.runs); {
		to := from + 1
		for to < len(s.runs) && s.fontOf(to) == s.fontOf(from) {
			to++
		}
		s.object(s.runs[from:to])
		from = to
	}
	return s.ids
}

func (s *setter) fontOf(i int) *Font { return s.t.glyphs[s.runs[i].from].font }

// line places the glyphs of a line and cuts it into runs.
func (s *setter) line(index int) {
	t := s.t
	l := t.lines[index]
	if l.from == l.to {
		return
	}
	along, gap := s.spread(l)
	for i := l.from; i < l.to; {
		r := run{from: i, to: i + 1}
		for r.to < l.to && t.glyphs[r.to].font == t.glyphs[i].font {
			r.to++
		}
		along = s.run(&r, index, along, gap, l)
		s.runs = append(s.runs, r)
		i = r.to
	}
}

// spread gives where a line starts along its direction, and the extra space of
// its gaps, in mm.
func (s *setter) spread(l line) (start, gap float64) {
	t := s.t
	length := t.box.W
	if t.style.Vertical {
		length = t.box.H
	}
	start = l.indent * t.size
	free := math.Max(0, length-(l.width+l.indent)*t.size)
	switch t.style.Align {
	case Center:
		start += free / 2
	case Right:
		start += free
	case Justify:
		if n := s.gaps(l); !l.last && n > 0 {
			gap = free / float64(n)
		}
	case Distribute:
		if n := s.gaps(l); n > 0 {
			gap = free / float64(n)
		} else {
			start += free / 2
		}
	}
	return start, gap
}

// opens tells whether the gap after a glyph takes part in spreading: words of
// letters keep together unless the text is distributed.
func (s *setter) opens(i int) bool {
	if s.t.style.Align == Distribute {
		return true
	}
	a, b := s.t.glyphs[i].r, s.t.glyphs[i+1].r
	return a > 0x2E7F || b > 0x2E7F || a == ' '
}

func (s *setter) gaps(l line) int {
	n := 0
	for i := l.from; i+1 < l.to; i++ {
		if s.opens(i) {
			n++
		}
	}
	return n
}

// run fills the text code of a run that starts along mm from the line's start
// and gives where the next one starts.
func (s *setter) run(r *run, index int, along, gap float64, l line) float64 {
	t := s.t
	across := s.across(index)
	first := len(s.deltas)
	var x, y float64
	begin := along
	for i := r.from; i < r.to; i++ {
		gx, gy := s.origin(i, along, across)
		if i == r.from {
			r.code.X, r.code.Y = gx, gy
		} else {
			s.deltas = append(s.deltas, mm(gx-x), mm(gy-y))
		}
		x, y = gx, gy
		along += t.glyphs[i].advance * t.size
		if i+1 < l.to {
			along += t.style.LetterSpacing * t.size
			if gap > 0 && s.opens(i) {
				along += gap
			}
		}
	}
	s.split(r, first)
	if t.style.Vertical {
		r.box = ofd.Box{X: across, Y: t.box.Y + begin, W: t.size, H: along - begin}
	} else {
		r.box = ofd.Box{X: t.box.X + begin, Y: across, W: along - begin, H: t.size}
	}
	return along
}

// split turns the pairs collected from first on into DeltaX and, in columns,
// DeltaY: both written, so that no reader adds an advance of its own.
func (s *setter) split(r *run, first int) {
	pairs := s.deltas[first:]
	n := len(pairs) / 2
	if n == 0 {
		return
	}
	r.code.DeltaX = make([]float64, n)
	for i := range n {
		r.code.DeltaX[i] = pairs[2*i]
	}
	if s.t.style.Vertical {
		r.code.DeltaY = make([]float64, n)
		for i := range n {
			r.code.DeltaY[i] = pairs[2*i+1]
		}
	}
	s.deltas = s.deltas[:first]
}

// across is where a line's em begins across its direction, on the page.
func (s *setter) across(index int) float64 {
	t := s.t
	pitch, room := t.style.lineHeight()*t.size, t.box.H
	if t.style.Vertical {
		room = t.box.W
	}
	offset := 0.0
	switch free := math.Max(0, room-t.thickness()); t.style.VAlign {
	case Middle:
		offset = free / 2
	case Bottom:
		offset = free
	}
	offset += float64(index) * pitch
	if t.style.Vertical {
		return t.box.X + t.box.W - offset - t.size
	}
	return t.box.Y + offset
}

// origin is the baseline origin of a glyph on the page.
func (s *setter) origin(i int, along, across float64) (x, y float64) {
	t := s.t
	if t.style.Vertical {
		return across + (1-t.glyphs[i].width)/2*t.size, t.box.Y + along + emAscent*t.size
	}
	return t.box.X + along, across + emAscent*t.size
}

// object makes one text object of runs that share a font.
func (s *setter) object(runs []run) {
	t := s.t
	box := runs[0].box
	for _, r := range runs[1:] {
		box = union(box, r.box)
	}
	g := s.c.graphic(inflate(box, margin*t.size))
	o := &ofd.TextObject{
		Graphic: g, Size: mm(t.size), FillColor: orBlack(t.style.Color),
		Codes: make([]ofd.TextCode, len(runs)),
	}
	if t.style.Bold {
		width := mm(t.size * boldStroke)
		o.Stroke, o.StrokeColor, o.LineWidth = true, o.FillColor, &width
	}
	for i := range runs {
		o.Codes[i] = s.code(&runs[i], g.Boundary)
	}
	s.c.objects = append(s.c.objects, placed{text: o, font: s.c.d.fontFor(t.glyphs[runs[0].from].font, o.Codes)})
	s.ids = append(s.ids, g.ID)
}

func (s *setter) code(r *run, boundary ofd.Box) ofd.TextCode {
	s.text = s.text[:0]
	for _, g := range s.t.glyphs[r.from:r.to] {
		s.text = append(s.text, string(g.r)...)
	}
	code := r.code
	code.X, code.Y, code.Text = mm(code.X-boundary.X), mm(code.Y-boundary.Y), string(s.text)
	return code
}

func union(a, b ofd.Box) ofd.Box {
	x, y := math.Min(a.X, b.X), math.Min(a.Y, b.Y)
	return ofd.Box{X: x, Y: y, W: math.Max(a.X+a.W, b.X+b.W) - x, H: math.Max(a.Y+a.H, b.Y+b.H) - y}
}

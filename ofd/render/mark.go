package render

import (
	"fmt"
	"math"

	"github.com/boombuler/barcode/qr"
)

// Limits of a mark, which comes from the program and not from the document, but may hold what people typed.
const (
	maxMarkLines = 8
	maxMarkRunes = 400
)

// marked walks a page and puts the mark on it.
func (w *walker) marked(page int) (*scene, error) {
	s, err := w.scene(page)
	if err != nil || w.opts.Mark == nil {
		return s, err
	}
	return s, w.mark(s, w.opts.Mark)
}

// mark lays the watermark over the page and adds the strip below it: the page grows by the strip, so that nothing on it is
// hidden.
func (w *walker) mark(s *scene, m *Mark) error {
	lines := m.Lines
	if len(lines) > maxMarkLines {
		lines = lines[:maxMarkLines]
	}
	if len(lines) > 0 {
		w.watermark(s, lines[0])
	}
	unit := math.Min(math.Max(s.width/210, 0.35), 2)
	strip := rect{0, s.height, s.width, s.height}
	var code *path
	if m.QR != "" {
		var err error
		if code, err = qrPath(m.QR); err != nil {
			return err
		}
		strip.y1 = math.Max(strip.y1, strip.y0+22*unit)
	}
	strip.y1 = math.Max(strip.y1, strip.y0+(float64(len(lines))*4.6+4)*unit)
	s.height = strip.y1
	s.items = append(s.items,
		item{m: identity, alpha: 1, paint: paint{r: 255, g: 255, b: 255}, path: rectPath(strip)},
		item{m: identity, alpha: 1, paint: gray(120), path: rectPath(rect{strip.x0 + 4*unit, strip.y0, strip.x1 - 4*unit, strip.y0 + 0.2*unit})})
	room := strip.width() - 8*unit
	if code != nil {
		side := strip.height() - 4*unit
		room -= side + 3*unit
		at := translate(strip.x1-4*unit-side, strip.y0+2*unit)
		s.items = append(s.items, item{m: scale(side, side).then(at), alpha: 1, path: code})
	}
	w.stripText(s, lines, strip, room, unit)
	return nil
}

func gray(v uint8) paint { return paint{r: v, g: v, b: v} }

// stripText writes the lines, smaller where one would not fit.
func (w *walker) stripText(s *scene, lines []string, strip rect, room, unit float64) {
	top := strip.y0 + (strip.height()-float64(len(lines))*4.6*unit)/2
	for i, text := range lines {
		glyphs, width := w.line(text)
		if width == 0 {
			continue
		}
		size := math.Min(3.2*unit, room/width)
		base := top + (float64(i)+0.75)*4.6*unit
		s.items = append(s.items, item{m: scale(size, size).then(translate(4*unit, base)), alpha: 1, paint: gray(60), glyphs: glyphs})
	}
}

// watermark repeats the text along rising diagonals, faint enough to read through.
func (w *walker) watermark(s *scene, text string) {
	glyphs, width := w.line(text)
	if width == 0 {
		return
	}
	diagonal := math.Hypot(s.width, s.height)
	size := math.Min(math.Min(s.width, s.height)/22, diagonal*0.7/width)
	turn := rotate(-30).then(translate(s.width/2, s.height/2))
	stepX, stepY := (width+4)*size, size*9
	nx, ny := math.Ceil(diagonal/2/stepX), math.Ceil(diagonal/2/stepY)
	page := rect{0, 0, s.width, s.height}
	clip := (*clip)(nil).narrow(rectPath(page), nonZero)
	for y := -ny; y <= ny; y++ {
		for x := -nx; x <= nx; x++ {
			shift := math.Mod(math.Abs(y), 2) * stepX / 2
			m := scale(size, size).then(translate(x*stepX+shift-width*size/2, y*stepY)).then(turn)
			it := item{clip: clip, m: m, alpha: 0.13, paint: gray(40), glyphs: glyphs}
			if !it.hidden(page) {
				s.items = append(s.items, it)
			}
		}
	}
}

// line sets text in the embedded fonts at size 1 from the origin, and gives its width.
func (w *walker) line(text string) ([]glyph, float64) {
	face := w.faces.fallback("sans")
	if face.font == nil {
		return nil, 0
	}
	var out []glyph
	x, n := 0.0, 0
	for _, r := range text {
		if n++; n > maxMarkRunes {
			break
		}
		f := face
		gid, ok := f.font.GID(r)
		if !ok {
			if serif := w.faces.fallback("serif"); serif.font != nil {
				if g, has := serif.font.GID(r); has {
					f, gid = serif, g
				}
			}
		}
		k := 1 / f.units()
		if sh := f.shape(gid); !sh.path.empty() {
			out = append(out, glyph{shape: sh, m: matrix{k, 0, 0, -k, x, 0}})
		}
		x += float64(f.font.Advance(gid)) * k
	}
	if len(out) == 0 {
		return nil, 0
	}
	return out, x
}

// qrPath draws a QR code into the unit square, a box for each run of dark modules of a row.
func qrPath(text string) (*path, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("render: making the mark's QR code: %w", err)
	}
	p := &path{}
	n := code.Bounds().Dx()
	k := 1 / float64(n)
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r < 0x8000
	}
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && dark(x, y) {
				x++
			}
			if x > from {
				p.appendPath(rectPath(rect{float64(from) * k, float64(y) * k, float64(x) * k, float64(y+1) * k}), identity)
			}
		}
	}
	return p, nil
}

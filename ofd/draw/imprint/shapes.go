package imprint

import (
	"math"

	"golang.org/x/image/vector"

	"sidian/ofd/internal/font"
)

// drawing collects shapes in millimetres from the seal's middle, y downwards.
type drawing struct {
	font   *font.Font
	r      *vector.Rasterizer
	cx, cy float64
	scale  float64 // pixels per mm
}

func (d *drawing) xy(x, y float64) (float32, float32) {
	return float32((x + d.cx) * d.scale), float32((y + d.cy) * d.scale)
}

func (d *drawing) seal(s Spec) error {
	d.cx, d.cy = s.Width/2, s.Height/2
	a, b := s.Width/2-0.1, s.Height/2-0.1
	ring := s.Width / 35 // 1.2 mm for the usual 42 mm
	d.ellipse(a, b, false)
	d.ellipse(a-ring, b-ring, true)
	size := s.Height * 0.135
	gap := s.Height * 0.03
	line := ellipse{a - ring - gap - size/2, b - ring - gap - size/2}
	if err := d.arc([]rune(s.Name), line, size, 0, 0.74); err != nil {
		return err
	}
	if s.Code != "" {
		small := s.Height * 0.045
		under := ellipse{a - ring - gap/2 - small/2, b - ring - gap/2 - small/2}
		if err := d.arc([]rune(s.Code), under, small, math.Pi, 0.2); err != nil {
			return err
		}
	}
	if s.Width == s.Height {
		d.star(s.Height / 6)
	}
	bottom := s.Height * 0.27
	if s.Width != s.Height {
		bottom = s.Height * 0.05
	}
	return d.straight([]rune(s.Bottom), bottom, s.Height*0.1, s.Width*0.52)
}

// ellipse adds a closed curve; holes run the other way round.
func (d *drawing) ellipse(a, b float64, hole bool) {
	const steps = 360
	for i := range steps {
		t := 2 * math.Pi * float64(i) / steps
		if hole {
			t = -t
		}
		x, y := d.xy(a*math.Cos(t), b*math.Sin(t))
		if i == 0 {
			d.r.MoveTo(x, y)
		} else {
			d.r.LineTo(x, y)
		}
	}
	d.r.ClosePath()
}

// star adds a five-pointed star, one point up, by its ten corners.
func (d *drawing) star(radius float64) {
	inner := radius * math.Sin(math.Pi/10) / math.Sin(3*math.Pi/10)
	for i := range 10 {
		r := radius
		if i%2 == 1 {
			r = inner
		}
		t := math.Pi*float64(i)/5 - math.Pi/2
		x, y := d.xy(r*math.Cos(t), r*math.Sin(t))
		if i == 0 {
			d.r.MoveTo(x, y)
		} else {
			d.r.LineTo(x, y)
		}
	}
	d.r.ClosePath()
}

// placement puts a glyph's em square, its middle at (x, y), turned by angle.
type placement struct {
	x, y, angle   float64
	width, height float64 // of the em, mm
}

// glyph adds the outline of a character. The stroke of a serif font is thin at
// this size, which is how engraved seals look.
func (d *drawing) glyph(r rune, p placement) error {
	gid, ok := d.font.GID(r)
	if !ok {
		return &SpecError{"no glyph for " + string(r)}
	}
	outline, err := d.font.Outline(gid)
	if err != nil {
		return err
	}
	em := float64(d.font.UnitsPerEm())
	advance := float64(d.font.Advance(gid)) / em
	sin, cos := math.Sincos(p.angle)
	at := func(q font.Point) (float32, float32) {
		x := (float64(q.X)/em - advance/2) * p.width
		y := (0.38 - float64(q.Y)/em) * p.height // the em reaches from -0.12 to 0.88
		return d.xy(p.x+x*cos-y*sin, p.y+x*sin+y*cos)
	}
	for i, s := range outline {
		x, y := at(s.To)
		switch s.Op {
		case font.MoveTo:
			if i > 0 {
				d.r.ClosePath()
			}
			d.r.MoveTo(x, y)
		case font.LineTo:
			d.r.LineTo(x, y)
		case font.QuadTo:
			cx, cy := at(s.Control)
			d.r.QuadTo(cx, cy, x, y)
		}
	}
	if len(outline) > 0 {
		d.r.ClosePath()
	}
	return nil
}

// straight sets a line of text in the middle, narrowed to fit a width.
func (d *drawing) straight(text []rune, y, size, room float64) error {
	step := math.Min(size*1.05, room/math.Max(1, float64(len(text))))
	for i, r := range text {
		x := (float64(i) - float64(len(text)-1)/2) * step
		if err := d.glyph(r, placement{x: x, y: y, width: step * 0.95, height: size}); err != nil {
			return err
		}
	}
	return nil
}

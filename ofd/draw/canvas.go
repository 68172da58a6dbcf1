package draw

import (
	"math"

	"sidian/ofd"
)

// A Canvas collects the objects of one page. See Drawing.
type Canvas struct {
	d       *Drawing
	page    *ofd.PageBuilder
	note    *note // instead of a page
	objects []placed
}

// note is an annotation whose appearance waits for Finish.
type note struct {
	page ofd.ID
	a    ofd.Annotation
}

// placed is an object that waits for Finish: text for the ID of its font.
type placed struct {
	text  *ofd.TextObject
	font  *usedFont
	other ofd.Object
}

// A Pen says how lines are drawn.
type Pen struct {
	Width float64    // mm; 0 = 0.25
	Color *ofd.Color // nil = black
	Dash  []float64  // mm on and off, in turn
}

func (p Pen) width() float64 {
	if p.Width > 0 {
		return p.Width
	}
	return 0.25
}

// Text sets a text in a box and gives the IDs of the objects it became, in
// reading order; an empty text becomes none. The text may have several
// paragraphs, parted by newlines. Errors are *OverflowError and
// *MissingGlyphError.
func (c *Canvas) Text(box ofd.Box, text string, style Style) ([]ofd.ID, error) {
	set, err := layout(box, text, &style)
	if err != nil || len(set.lines) == 0 {
		return nil, err
	}
	return c.place(set), nil
}

// Line draws a straight line.
func (c *Canvas) Line(from, to ofd.Point, pen Pen) ofd.ID {
	w := pen.width() / 2
	box := ofd.Box{
		X: math.Min(from.X, to.X) - w, Y: math.Min(from.Y, to.Y) - w,
		W: math.Abs(to.X-from.X) + 2*w, H: math.Abs(to.Y-from.Y) + 2*w,
	}
	var path ofd.Path
	path.Move(mm(from.X-box.X), mm(from.Y-box.Y)).Line(mm(to.X-box.X), mm(to.Y-box.Y))
	return c.stroke(box, path.String(), pen)
}

// Rect draws the frame of a box; the line's middle lies on its edges.
func (c *Canvas) Rect(box ofd.Box, pen Pen) ofd.ID {
	w := pen.width() / 2
	var path ofd.Path
	path.Rect(w, w, mm(box.W), mm(box.H))
	return c.stroke(inflate(box, w), path.String(), pen)
}

// RoundRect draws the frame of a box with round corners of a radius in mm.
func (c *Canvas) RoundRect(box ofd.Box, radius float64, pen Pen) ofd.ID {
	w := pen.width() / 2
	r := math.Max(0, math.Min(radius, math.Min(box.W, box.H)/2))
	x0, y0, x1, y1 := w, w, w+box.W, w+box.H
	var path ofd.Path
	path.Move(mm(x0+r), mm(y0)).Line(mm(x1-r), mm(y0)).Arc(mm(r), mm(r), 0, false, true, mm(x1), mm(y0+r))
	path.Line(mm(x1), mm(y1-r)).Arc(mm(r), mm(r), 0, false, true, mm(x1-r), mm(y1))
	path.Line(mm(x0+r), mm(y1)).Arc(mm(r), mm(r), 0, false, true, mm(x0), mm(y1-r))
	path.Line(mm(x0), mm(y0+r)).Arc(mm(r), mm(r), 0, false, true, mm(x0+r), mm(y0)).Close()
	return c.stroke(inflate(box, w), path.String(), pen)
}

// Fill paints a box in one colour; nil = black.
func (c *Canvas) Fill(box ofd.Box, color *ofd.Color) ofd.ID {
	var path ofd.Path
	path.Rect(0, 0, mm(box.W), mm(box.H))
	return c.add(&ofd.PathObject{
		Graphic: c.graphic(box), NoStroke: true, Fill: true, FillColor: orBlack(color), Data: path.String(),
	})
}

func (c *Canvas) stroke(box ofd.Box, data string, pen Pen) ofd.ID {
	width := mm(pen.width())
	g := c.graphic(box)
	g.LineWidth, g.DashPattern = &width, pen.Dash
	return c.add(&ofd.PathObject{Graphic: g, StrokeColor: orBlack(pen.Color), Data: data})
}

// graphic takes the next ID, so that callers can refer to the object at once.
func (c *Canvas) graphic(box ofd.Box) ofd.Graphic {
	return ofd.Graphic{ID: c.d.b.NewID(), Boundary: rounded(box)}
}

func (c *Canvas) add(o ofd.Object) ofd.ID {
	c.objects = append(c.objects, placed{other: o})
	return o.Base().ID
}

func orBlack(color *ofd.Color) *ofd.Color {
	if color == nil {
		return ofd.RGB(0, 0, 0)
	}
	return color
}

// mm rounds to the micrometre: finer than any device, and short in the file.
func mm(v float64) float64 { return math.Round(v*1000) / 1000 }

// rounded rounds outwards, since a boundary clips.
func rounded(b ofd.Box) ofd.Box {
	x, y := math.Floor(b.X*1000)/1000, math.Floor(b.Y*1000)/1000
	return ofd.Box{X: x, Y: y, W: math.Ceil((b.X+b.W-x)*1000) / 1000, H: math.Ceil((b.Y+b.H-y)*1000) / 1000}
}

func inflate(b ofd.Box, by float64) ofd.Box {
	return ofd.Box{X: b.X - by, Y: b.Y - by, W: b.W + 2*by, H: b.H + 2*by}
}

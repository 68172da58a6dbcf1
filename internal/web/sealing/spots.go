package sealing

import (
	"fmt"

	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/ofd"
	"sidian/ofd/find"
	"sidian/ofd/sign"
)

// A spot is where an imprint is shown on a page: as package sealing resolves it
// when the request is made. It is for the picture; what counts is decided there.
type spot struct {
	sealing.Spot
	Seal int  // place in the draft
	Free bool // it can be moved by hand
}

// slack forgives rounding, mm.
const slack = 0.05

// spots resolves every place of a draft that can be; what cannot is told at its
// control.
func spots(d *draft, doc *ofd.Document) ([]spot, error) {
	boxes, err := doc.Body().Boxes()
	if err != nil {
		return nil, fmt.Errorf("sealing: pages of a draft: %w", err)
	}
	var out []spot
	var told *fault.Error
	tell := func(err error) {
		e := fault.As(err)
		if e == nil {
			return
		}
		if told == nil {
			told = e
			return
		}
		for _, f := range e.Fields {
			told = told.WithField(f.Name, f.Code, f.Message)
		}
	}
	for i := range d.Seals {
		c := &d.Seals[i]
		places, err := c.places(i, d.Pages)
		if err != nil {
			tell(err)
			continue
		}
		for _, p := range places {
			found, err := c.resolve(i, p, doc, boxes)
			tell(err)
			out = append(out, found...)
		}
	}
	if told == nil {
		return out, nil
	}
	return out, told
}

func (c *chosen) resolve(n int, p sealing.Place, doc *ofd.Document, boxes []ofd.Box) (out []spot, err error) {
	wrong := func(what, code, format string, args ...any) error {
		return fault.Invalid.New("盖章位置还不正确").WithCode("sealing.place").WithHint("请按每一项的说明更正后重试").WithField(name(n, what), code, fmt.Sprintf(format, args...))
	}
	add := func(page int, x, y float64, free bool) error {
		b := boxes[page-1]
		if x < -slack || y < -slack || x+c.W > b.W+slack || y+c.H > b.H+slack {
			return wrong("x", "outside", "“%s”超出第 %d 页（宽 %.0f、高 %.0f 毫米，印章 %.0f×%.0f 毫米）", c.Name, page, b.W, b.H, c.W, c.H)
		}
		out = append(out, spot{Spot: sealing.Spot{Page: page, X: x, Y: y, W: c.W, H: c.H}, Seal: n, Free: free})
		return nil
	}
	switch {
	case p.Straddle != nil:
		for _, at := range sign.Straddle(p.Straddle.From-1, p.Straddle.To-1, 0, p.Y, c.W, c.H) {
			b := boxes[at.PageIndex]
			if p.Y+c.H > b.H+slack {
				return nil, wrong("edge-y", "outside", "骑缝章超出第 %d 页的下边缘", at.PageIndex+1)
			}
			out = append(out, spot{Seal: n, Spot: sealing.Spot{
				Page: at.PageIndex + 1, X: b.W + at.X, Y: at.Y, W: at.W, H: at.H, Clip: &sealing.Clip{X: at.Clip.X, Y: at.Clip.Y, W: at.Clip.W, H: at.Clip.H},
			}})
		}
		return out, nil
	case p.Keyword != "":
		hits, err := find.Keyword(doc, p.Keyword, find.Options{Limit: 200})
		if err != nil || len(hits) == 0 {
			return nil, wrong("word", "keyword", "文件中没有找到“%s”", p.Keyword)
		}
		if !p.Each {
			hits = hits[:1]
		}
		for _, h := range hits {
			x, y := h.X+h.W/2-c.W/2, h.Y+h.H/2-c.H/2
			if p.Right {
				x = h.X + h.W
			}
			if err := add(h.Page+1, x, y, false); err != nil {
				return out, wrong("word", "outside", "在“%s”处盖“%s”会超出第 %d 页，请改用指定位置", p.Keyword, c.Name, h.Page+1)
			}
		}
		return out, nil
	case p.All:
		for i := range boxes {
			if err := add(i+1, p.X, p.Y, true); err != nil {
				return out, err
			}
		}
		return out, nil
	}
	list := p.Pages
	if p.Page > 0 {
		list = []int{p.Page}
	}
	for _, page := range list {
		if err := add(page, p.X, p.Y, true); err != nil {
			return out, err
		}
	}
	return out, nil
}

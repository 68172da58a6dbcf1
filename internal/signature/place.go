package signature

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/find"
	"sidian/ofd/sign"
)

// Sizes of the box that a handwriting fits into, in mm.
const (
	usualW, usualH = 40, 16
	leastSide      = 4
	mostSide       = 200
	// gap is between a keyword and what is written after it.
	gap = 1
	// mostPlaces is how often one signer may sign in a document.
	mostPlaces = 20
)

// resolve finds where places are in a document: each by page and coordinates, or it
// is refused, with the field that is wrong.
func resolve(d *ofd.Document, at string, places []Place) ([]Place, error) {
	out := make([]Place, 0, len(places))
	for i, p := range places {
		field := fmt.Sprintf("%s.places[%d]", at, i)
		q, err := locate(d, p)
		var e *fault.Error
		if errors.As(err, &e) {
			return nil, e.WithCode("signature.place").WithHint("请核对签名位置").WithField(field, "place", e.Msg)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func locate(d *ofd.Document, p Place) (Place, error) {
	for _, v := range []float64{p.X, p.Y, p.W, p.H} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return p, fault.Invalid.New("签名位置的坐标和大小应为不小于 0 的数")
		}
	}
	if p.W == 0 {
		p.W = usualW
	}
	if p.H == 0 {
		p.H = usualH
	}
	if p.W < leastSide || p.H < leastSide || p.W > mostSide || p.H > mostSide {
		return p, fault.Invalid.New("签名框的长宽应在 %d 到 %d 毫米之间", leastSide, mostSide)
	}
	var err error
	switch {
	case p.Keyword != "" && p.Field != "":
		return p, fault.Invalid.New("关键字和数据项只能选一种")
	case p.Keyword != "":
		p, err = byKeyword(d, p)
	case p.Field != "":
		p, err = byField(d, p)
	case p.Page == 0:
		return p, fault.Invalid.New("请给出签名位置：页码和坐标、关键字或数据项")
	}
	if err != nil {
		return p, err
	}
	return within(d, p)
}

// within refuses a place that is not on the page. One that was found beside a word
// or a field is moved on to the page first.
func within(d *ofd.Document, p Place) (Place, error) {
	pages := d.Pages()
	if p.Page < 1 || p.Page > len(pages) {
		return p, fault.Invalid.New("文件没有第 %d 页，共 %d 页", p.Page, len(pages))
	}
	box, err := pages[p.Page-1].Box()
	if err != nil {
		return p, fault.Invalid.Wrap(err, "文件第 %d 页的大小无法读取", p.Page)
	}
	if p.Keyword != "" || p.Field != "" {
		p.X, p.Y = max(0, min(p.X, box.W-p.W)), max(0, min(p.Y, box.H-p.H))
	}
	if p.X+p.W > box.W+0.01 || p.Y+p.H > box.H+0.01 {
		return p, fault.Invalid.New("签名位置超出第 %d 页（%.0f × %.0f 毫米）", p.Page, box.W, box.H)
	}
	return Place{Page: p.Page, X: p.X, Y: p.Y, W: p.W, H: p.H}, nil
}

func byKeyword(d *ofd.Document, p Place) (Place, error) {
	o := find.Options{}
	if p.Page > 0 {
		o.Pages = []int{p.Page - 1}
	}
	if p.Page > len(d.Pages()) {
		return p, fault.Invalid.New("文件没有第 %d 页，共 %d 页", p.Page, len(d.Pages()))
	}
	hits, err := find.Keyword(d, p.Keyword, o)
	if errors.Is(err, find.ErrKeyword) {
		return p, fault.Invalid.New("关键字为空或过长")
	}
	if err != nil {
		return p, fault.Invalid.Wrap(err, "文件的文字无法读取，不能按关键字定位")
	}
	n := p.Nth
	if n == 0 {
		n = len(hits)
	}
	if n < 1 || n > len(hits) {
		return p, fault.Invalid.New("文件中没有要找的关键字，或没有这么多处（共 %d 处）", len(hits))
	}
	h := hits[n-1]
	p.Page, p.X, p.Y = h.Page+1, h.X+h.W+gap, h.Y+h.H/2-p.H/2
	return p, nil
}

// byField puts the box in the middle of the first object that shows the field, no
// larger than it where it is large enough for a name.
func byField(d *ofd.Document, p Place) (Place, error) {
	index, err := d.DataIndex()
	if err != nil {
		return p, fault.Invalid.Wrap(err, "文件的数据索引无法读取，不能按数据项定位")
	}
	for _, e := range index {
		if e.Field != p.Field {
			continue
		}
		for _, ref := range e.Refs {
			page := d.Body().Page(ref.PageID)
			if page == nil {
				continue
			}
			content, err := page.Content()
			if err != nil {
				return p, fault.Invalid.Wrap(err, "文件第 %d 页无法读取", page.Index+1)
			}
			o := content.Find(ref.ObjectID)
			if o == nil {
				continue
			}
			b := o.Base().Boundary
			if b.W >= usualW/2 && b.H >= usualH/2 { // an empty field of a form; a word would be too small
				p.W, p.H = min(b.W, mostSide), min(b.H, mostSide)
			}
			p.Page, p.X, p.Y = page.Index+1, b.X+(b.W-p.W)/2, b.Y+(b.H-p.H)/2
			return p, nil
		}
	}
	return p, fault.Invalid.New("文件中没有数据项“%s”", p.Field)
}

func placesText(places []Place) string {
	b, err := json.Marshal(places)
	if err != nil {
		return "[]" // finite numbers only: locate refused others
	}
	return string(b)
}

func (r *signerRow) list() (places []Place, err error) {
	if err := json.Unmarshal([]byte(r.places), &places); err != nil {
		return nil, fmt.Errorf("signature: reading the places of a signer: %w", err)
	}
	return places, nil
}

// stamps are the places for a picture of a width by height ratio: as large as fits
// into each box, in its middle.
func stamps(places []Place, ratio float64) []sign.Place {
	out := make([]sign.Place, len(places))
	for i, p := range places {
		w, h := p.W, p.W/ratio
		if h > p.H {
			w, h = p.H*ratio, p.H
		}
		out[i] = sign.Place{PageIndex: p.Page - 1, X: p.X + (p.W-w)/2, Y: p.Y + (p.H-h)/2, W: w, H: h}
	}
	return out
}

package sealing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/find"
	"sidian/ofd/sign"
)

// Bounds of places.
const (
	maxSpots  = 2000 // of one step
	maxHits   = 200  // of one keyword
	leastSide = 3    // mm: a smaller imprint cannot be read
	mostSide  = 120  // mm
	slack     = 0.05 // mm: rounding is no offence
	// leastSlice is the narrowest slice of a straddle seal that still shows, mm.
	leastSlice = 1
	// covering is how much of the smaller of two imprints may lie under the other.
	covering = 0.9
)

// A layout is the pages of a document, as places are resolved on them.
type layout struct {
	doc   *ofd.Document
	boxes []ofd.Box
}

func layoutOf(d *ofd.Document) (*layout, error) {
	boxes, err := d.Body().Boxes()
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "文件的页面无法读取").WithCode("sealing.file").WithHint("请用原制作软件重新生成文件").WithField("file", "page", "页面无法读取")
	}
	return &layout{d, boxes}, nil
}

// A misplaced place is told by field.
type misplaced struct{ code, message string }

func (m *misplaced) Error() string { return "sealing: misplaced: " + m.code }

func wrong(code, format string, args ...any) error {
	return &misplaced{code, fmt.Sprintf(format, args...)}
}

// resolve turns a place into spots. w and h are the imprint's own size.
func (l *layout) resolve(p Place, w, h float64) ([]Spot, error) {
	if p.W == 0 && p.H == 0 {
		p.W, p.H = w, h
	}
	if err := p.sound(); err != nil {
		return nil, err
	}
	var spots []Spot
	var err error
	switch {
	case p.Page > 0:
		spots, err = l.pages(p, []int{p.Page})
	case len(p.Pages) > 0:
		spots, err = l.pages(p, p.Pages)
	case p.All:
		all := make([]int, len(l.boxes))
		for i := range all {
			all[i] = i + 1
		}
		spots, err = l.pages(p, all)
	case p.Keyword != "":
		spots, err = l.keyword(p)
	case p.Field != "":
		spots, err = l.field(p)
	default:
		return l.straddle(p)
	}
	if err != nil {
		return nil, err
	}
	for _, s := range spots {
		if err := l.inside(s); err != nil {
			return nil, err
		}
	}
	return spots, nil
}

// sound looks at the numbers, and that exactly one way is chosen.
func (p *Place) sound() error {
	ways := 0
	for _, chosen := range []bool{p.Page != 0, len(p.Pages) > 0, p.All, p.Keyword != "", p.Field != "", p.Straddle != nil} {
		if chosen {
			ways++
		}
	}
	if ways != 1 {
		return wrong("way", "须且只须选一种：页、多页、每一页、关键字、数据项、骑缝")
	}
	for _, v := range []float64{p.X, p.Y, p.W, p.H} {
		if math.IsNaN(v) || math.Abs(v) > 1e4 {
			return wrong("number", "坐标或大小不是合理的毫米数")
		}
	}
	if p.W < leastSide || p.H < leastSide || p.W > mostSide || p.H > mostSide {
		return wrong("size", "印模的长宽须为 %d 到 %d 毫米", leastSide, mostSide)
	}
	return nil
}

func (l *layout) pages(p Place, pages []int) ([]Spot, error) {
	spots := make([]Spot, 0, len(pages))
	seen := map[int]bool{}
	for _, n := range pages {
		if n < 1 || n > len(l.boxes) {
			return nil, wrong("page", "文件没有第 %d 页，共 %d 页", n, len(l.boxes))
		}
		if seen[n] {
			return nil, wrong("page", "第 %d 页重复", n)
		}
		seen[n] = true
		spots = append(spots, Spot{Page: n, X: p.X, Y: p.Y, W: p.W, H: p.H})
	}
	return spots, nil
}

func (l *layout) keyword(p Place) ([]Spot, error) {
	hits, err := l.hits(p.Keyword)
	switch {
	case err != nil:
		return nil, err
	case len(hits) == 0:
		return nil, wrong("keyword", "文件中没有找到这个关键字")
	case p.Each && len(hits) > maxHits:
		return nil, wrong("keyword", "关键字出现超过 %d 处，请换一个更确切的", maxHits)
	case !p.Each:
		hits = hits[:1]
	}
	spots := make([]Spot, 0, len(hits))
	for _, h := range hits {
		spots = append(spots, around(Spot{Page: h.Page + 1, W: p.W, H: p.H}, ofd.Box{X: h.X, Y: h.Y, W: h.W, H: h.H}, p.Right))
	}
	return spots, nil
}

func (l *layout) hits(word string) ([]find.Hit, error) {
	found, err := find.Keyword(l.doc, word, find.Options{Limit: maxHits + 1})
	if err != nil {
		return nil, wrong("keyword", "不能在文件中查找这个关键字，请改用坐标")
	}
	return found, nil
}

// around puts a spot on the middle of a box, or to the right of it.
func around(s Spot, b ofd.Box, right bool) Spot {
	s.X, s.Y = b.X+b.W/2-s.W/2, b.Y+b.H/2-s.H/2
	if right {
		s.X = b.X + b.W
	}
	return s
}

// field finds a data item of the document's index (GB/T 36905).
func (l *layout) field(p Place) ([]Spot, error) {
	index, err := l.doc.DataIndex()
	if err != nil {
		return nil, wrong("field", "文件的数据项索引无法读取，请改用坐标")
	}
	for _, e := range index {
		if e.Field != p.Field {
			continue
		}
		for _, ref := range e.Refs {
			if s, ok := l.object(ref, p); ok {
				return []Spot{s}, nil
			}
		}
	}
	return nil, wrong("field", "文件中没有这个数据项，请改用关键字或坐标")
}

func (l *layout) object(ref ofd.ObjectRef, p Place) (Spot, bool) {
	for i, page := range l.doc.Body().Pages() {
		if page.ID != ref.PageID {
			continue
		}
		c, err := page.Content()
		if err != nil {
			return Spot{}, false
		}
		if o := c.Find(ref.ObjectID); o != nil {
			return around(Spot{Page: i + 1, W: p.W, H: p.H}, o.Base().Boundary, p.Right), true
		}
	}
	return Spot{}, false
}

// straddle puts one slice of the imprint on the right edge of each page.
func (l *layout) straddle(p Place) ([]Spot, error) {
	from, to := p.Straddle.From, p.Straddle.To
	if from == 0 {
		from = 1
	}
	if to == 0 {
		to = len(l.boxes)
	}
	n := to - from + 1
	switch {
	case from < 1 || to > len(l.boxes) || n < 1:
		return nil, wrong("page", "骑缝的页码须在第 1 到 %d 页之间", len(l.boxes))
	case n < 2:
		return nil, wrong("straddle", "骑缝章至少跨 2 页")
	case p.W/float64(n) < leastSlice:
		return nil, wrong("straddle", "跨 %d 页时每页不足 %d 毫米，看不清；请分成每 %d 页一组", n, leastSlice, int(p.W/leastSlice))
	}
	spots := make([]Spot, n)
	for i, at := range sign.Straddle(from-1, to-1, 0, p.Y, p.W, p.H) {
		box := l.boxes[at.PageIndex]
		if p.Y < -slack || p.Y+p.H > box.H+slack {
			return nil, wrong("outside", "骑缝章超出第 %d 页的上下边缘", at.PageIndex+1)
		}
		c := at.Clip
		spots[i] = Spot{Page: at.PageIndex + 1, X: round(box.W + at.X), Y: at.Y, W: at.W, H: at.H, Clip: &Clip{X: c.X, Y: c.Y, W: c.W, H: c.H}}
	}
	return spots, nil
}

// round keeps micrometres, the resolution that is written.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

func (l *layout) inside(s Spot) error {
	b := l.boxes[s.Page-1]
	if s.X < -slack || s.Y < -slack || s.X+s.W > b.W+slack || s.Y+s.H > b.H+slack {
		return wrong("outside", "印章超出第 %d 页（宽 %.0f、高 %.0f 毫米）", s.Page, b.W, b.H)
	}
	return nil
}

// box is what of a spot shows on its page.
func (s Spot) box() ofd.Box {
	if s.Clip == nil {
		return ofd.Box{X: s.X, Y: s.Y, W: s.W, H: s.H}
	}
	return ofd.Box{X: s.X + s.Clip.X, Y: s.Y + s.Clip.Y, W: s.Clip.W, H: s.Clip.H}
}

// hides tells whether one of two boxes lies nearly whole under the other.
func hides(a, b ofd.Box) bool {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	return w > 0 && h > 0 && w*h > covering*min(a.W*a.H, b.W*b.H)
}

// stamped are the boxes of the seals that stand on the pages already.
func (l *layout) stamped() map[int][]ofd.Box {
	out := map[int][]ofd.Box{}
	pages := l.doc.Body().Pages()
	for _, rec := range l.doc.Body().Signatures() {
		f, err := l.doc.Signature(rec)
		if err != nil {
			continue // refused before: signable
		}
		for _, st := range f.Stamps {
			i := slices.IndexFunc(pages, func(p *ofd.Page) bool { return p.ID == st.PageRef })
			b := st.Boundary
			if st.Clip != nil {
				b = ofd.Box{X: b.X + st.Clip.X, Y: b.Y + st.Clip.Y, W: st.Clip.W, H: st.Clip.H}
			}
			if i >= 0 {
				out[i+1] = append(out[i+1], b)
			}
		}
	}
	return out
}

// An imprintSize is how large a seal is by itself, in mm.
type imprintSize struct{ w, h float64 }

// Places resolves where seals are to stand on a document, a list of spots for
// each step, and refuses what is off its page or hides another seal. Beside such
// a refusal, whose fields are steps[i].places[j], stand the spots of the places
// that can be.
func (s *Service) Places(ctx context.Context, d *ofd.Document, steps []StepAsk) ([][]Spot, error) {
	l, err := layoutOf(d)
	if err != nil {
		return nil, err
	}
	sizes := map[string]imprintSize{}
	for _, st := range steps {
		if _, known := sizes[st.Seal]; known {
			continue
		}
		im, err := s.Seal.Imprint(ctx, st.Seal)
		if err != nil {
			return nil, err
		}
		sizes[st.Seal] = imprintSize{float64(im.Width), float64(im.Height)}
	}
	return l.spots(steps, sizes)
}

// spots resolves all places of all steps.
func (l *layout) spots(steps []StepAsk, sizes map[string]imprintSize) ([][]Spot, error) {
	f := fault.Invalid.New("盖章位置不正确").WithCode("sealing.place").WithHint("请按每一处的说明更正后重试")
	on := l.stamped()
	out := make([][]Spot, len(steps))
	for i, st := range steps {
		for j, p := range st.Places {
			at := fmt.Sprintf("steps[%d].places[%d]", i, j)
			size := sizes[st.Seal]
			found, err := l.resolve(p, size.w, size.h)
			var m *misplaced
			if errors.As(err, &m) {
				f = f.WithField(at, m.code, m.message)
				continue
			}
			if err != nil {
				return nil, err
			}
			for _, s := range found {
				if slices.ContainsFunc(on[s.Page], func(b ofd.Box) bool { return hides(b, s.box()) }) {
					f = f.WithField(at, "covered", fmt.Sprintf("第 %d 页的位置与另一枚印章重叠", s.Page))
				}
				on[s.Page] = append(on[s.Page], s.box())
			}
			out[i] = append(out[i], found...)
		}
		if len(out[i]) > maxSpots {
			f = f.WithField(fmt.Sprintf("steps[%d].places", i), "too-many", fmt.Sprintf("一枚印章至多盖 %d 处", maxSpots))
		}
	}
	return out, f.OrNil()
}

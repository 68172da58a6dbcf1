package render

import (
	"bufio"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"

	"sidian/ofd"
)

// PNG writes one page, counted from 0, at Options.DPI, on white.
func PNG(doc *ofd.Document, page int, w io.Writer, opts Options) ([]Warning, error) {
	img, warnings, err := Image(doc, page, opts)
	if err != nil {
		return warnings, err
	}
	out := bufio.NewWriter(w)
	if err := png.Encode(out, img); err != nil {
		return warnings, fmt.Errorf("render: writing PNG: %w", err)
	}
	return warnings, out.Flush()
}

// Image gives one page, counted from 0, as pixels at Options.DPI, on white.
func Image(doc *ofd.Document, page int, opts Options) (*image.RGBA, []Warning, error) {
	wk := newWalker(doc, opts)
	s, err := wk.marked(page)
	if err != nil {
		return nil, nil, err
	}
	img, err := paintScene(s, opts.dpi(), wk.limits)
	return img, s.warnings, err
}

func (o Options) dpi() float64 {
	if o.DPI > 0 {
		return o.DPI
	}
	return 96
}

const mmPerInch = 25.4

func paintScene(s *scene, dpi float64, limits Limits) (*image.RGBA, error) {
	k := dpi / mmPerInch
	fw, fh := math.Ceil(s.width*k-1e-6), math.Ceil(s.height*k-1e-6)
	fw, fh = math.Max(fw, 1), math.Max(fh, 1)
	if !(fw*fh <= float64(limits.Pixels)) || fw > 1<<20 || fh > 1<<20 {
		return nil, &LimitError{What: "pixels", Got: fw * fh, Max: float64(limits.Pixels)}
	}
	work := limits.Work
	if work <= 0 {
		work = 300_000_000 + 20*int(fw)*int(fh)
	}
	c := newCanvas(int(fw), int(fh), scale(k, k), work)
	c.draw(s)
	if c.halted {
		s.warnings = append(s.warnings, Warning{WarnLimit, "页面绘制量超出上限，其余部分未绘制；请用专用阅读器查看原件"})
	}
	return c.img, nil
}

package signing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/ofd"
	"sidian/ofd/find"
	"sidian/ofd/render"
)

// Where signatures go, in millimetres.
const (
	boxW, boxH = 40, 16 // for a name written by hand
	edge       = 18     // from the edge of the paper
	gap        = 4      // between two signatures
	after      = 1      // behind a word
)

// bounds are for documents that clerks send before they are anybody's.
var bounds = render.Limits{Objects: 40_000, Points: 400_000, Source: 12_000_000}

// open opens the document that was sent. The data that it returns is OFD.
func (s *Service) open(q *request) (*ofd.Document, []byte, error) {
	if len(q.data) == 0 {
		return nil, nil, fault.Invalid.New("没有选择待签文件").WithCode("signature.file").WithHint("请选择 OFD 或 PDF 文件").WithField("file", "required", "请选择一个文件")
	}
	bad := func(err error, format string, args ...any) error {
		f := fault.Invalid.New(format, args...)
		if err != nil {
			f = fault.Invalid.Wrap(err, format, args...)
		}
		return f.WithCode("signature.file").WithHint("请上传可以签名的 OFD（GB/T 33190）或 PDF 文件").WithField("file", "file", "不能签署这个文件")
	}
	data := q.data
	if isPDF(data) {
		if s.Signature.Convert == nil {
			return nil, nil, bad(nil, "本平台尚未启用 PDF 转换，请先转为 OFD 后上传")
		}
		d, err := s.Signature.Convert(data)
		if e := fault.As(err); e != nil {
			return nil, nil, bad(err, "该 PDF 不能如实转为 OFD：%s", e.Msg)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("signing: converting a document: %w", err)
		}
		if data, err = d.Bytes(); err != nil {
			return nil, nil, fmt.Errorf("signing: writing a document: %w", err)
		}
	}
	d, err := ofd.Open(data)
	if err != nil {
		return nil, nil, bad(err, "文件不是可以读取的 OFD 或 PDF")
	}
	if len(d.Pages()) == 0 {
		return nil, nil, bad(nil, "文件没有页")
	}
	return d, data, nil
}

func isPDF(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1024)], " \r\n\t\ufeff"), []byte("%PDF-"))
}

// mostLooked is how many pages the form shows; places on others are typed.
const (
	mostLooked = 20
	dpiLook    = 72
)

// drawn draws the first pages of a document.
func drawn(ctx context.Context, d *ofd.Document) (list []lookedPage, err error) {
	for i, p := range d.Pages() {
		if i == mostLooked || ctx.Err() != nil {
			break
		}
		size, err := p.Box()
		if err != nil {
			return nil, fault.Invalid.Wrap(err, "文件第 %d 页的大小无法读取", i+1).WithCode("signature.file").WithHint("请换一个文件")
		}
		var b bytes.Buffer
		if _, err := render.PNG(d, i, &b, render.Options{DPI: dpiLook, Limits: bounds}); err != nil {
			return nil, fault.Invalid.Wrap(err, "文件第 %d 页画不出来", i+1).WithCode("signature.file").WithHint("请换一个文件")
		}
		list = append(list, lookedPage{W: size.W, H: size.H, Src: string(pngURL(b.Bytes()))})
	}
	return list, nil
}

// A laid place is where a signature goes, or why it cannot.
type laid struct {
	signature.Place
	err error // a fault
}

// lay finds the place of each signer. What the form's script shows and what is
// sent on come from here alike.
func lay(d *ofd.Document, list []*row) []laid {
	out := make([]laid, len(list))
	corner, hands, words := 0, 0, map[string][]nth{}
	for i, x := range list {
		if x.Way == signature.Plain {
			continue
		}
		hands++
		switch x.Where {
		case "keyword":
			words[x.Keyword] = append(words[x.Keyword], nth{i, hands - 1})
		case "point":
			out[i] = x.point(d)
		default:
			out[i] = inCorner(d, corner)
			corner++
		}
	}
	for word, list := range words {
		byWord(d, word, list, hands, out)
	}
	return out
}

func (x *row) point(d *ofd.Document) laid {
	n, err := strconv.Atoi(x.Page)
	left, okX := numeric(x.X)
	top, okY := numeric(x.Y)
	if err != nil || !okX || !okY {
		return laid{err: fault.Invalid.New("请填写第几页，以及距左边、距上边多少毫米")}
	}
	return within(d, signature.Place{Page: n, X: left, Y: top, W: boxW, H: boxH}, false)
}

// inCorner is the place of the n-th who signs in the lower right corner: one above
// the other, the first lowest, then further left.
func inCorner(d *ofd.Document, n int) laid {
	pages := d.Pages()
	size, err := pages[len(pages)-1].Box()
	if err != nil {
		return laid{err: fault.Invalid.Wrap(err, "最后一页的大小无法读取")}
	}
	most := max(1, int((size.H/2-edge)/(boxH+gap)))
	column, line := n/most, n%most
	return within(d, signature.Place{
		Page: len(pages), X: size.W - edge - boxW - float64(column)*(boxW+gap), Y: size.H - edge - boxH - float64(line)*(boxH+gap), W: boxW, H: boxH,
	}, true)
}

// nth is a signer by the place in the list, and among those who write by hand.
type nth struct{ at, hand int }

// byWord lays those who sign behind the same word: each behind one of its last
// occurrences, in order. Where there is one for everybody who writes, each has
// their own, so that nobody moves when another is put elsewhere.
func byWord(d *ofd.Document, word string, list []nth, hands int, out []laid) {
	fail := func(err error) {
		for _, x := range list {
			out[x.at] = laid{err: err}
		}
	}
	hits, err := hitsOf(d, word)
	switch {
	case errors.Is(err, find.ErrKeyword):
		fail(fault.Invalid.New("请填写要写在其后的词，例如“签字：”"))
	case err != nil:
		fail(fault.Invalid.Wrap(err, "文件的文字读不出，不能按词定位，请改为指定位置"))
	case len(hits) == 0:
		fail(fault.Invalid.New("文件中没有“%s”，请换一个词，或指定位置", word))
	case len(hits) < len(list):
		fail(fault.Invalid.New("文件中“%s”只有 %d 处，不够 %d 位签署人，请换一个词，或指定位置", word, len(hits), len(list)))
	default:
		for k, x := range list {
			i := len(hits) - len(list) + k
			if len(hits) >= hands {
				i = len(hits) - hands + x.hand
			}
			h := hits[i]
			out[x.at] = within(d, signature.Place{Page: h.Page + 1, X: h.X + h.W + after, Y: h.Y + h.H/2 - boxH/2, W: boxW, H: boxH}, true)
		}
	}
}

// alike are other ways in which forms say the usual word.
var alike = []string{"（签字）：", "签名：", "（签名）："}

// hitsOf finds a word; the usual one in the ways in which forms have it.
func hitsOf(d *ofd.Document, word string) ([]find.Hit, error) {
	hits, err := find.Keyword(d, word, find.Options{})
	for _, other := range alike {
		if err != nil || len(hits) > 0 || word != usualWord {
			break
		}
		hits, err = find.Keyword(d, other, find.Options{})
	}
	return hits, err
}

// within refuses a place that is not on the page; one that was found is moved on
// to it.
func within(d *ofd.Document, p signature.Place, move bool) laid {
	if p.Page < 1 || p.Page > len(d.Pages()) {
		return laid{err: fault.Invalid.New("文件没有第 %d 页，共 %d 页", p.Page, len(d.Pages()))}
	}
	size, err := d.Pages()[p.Page-1].Box()
	if err != nil {
		return laid{err: fault.Invalid.Wrap(err, "第 %d 页的大小无法读取", p.Page)}
	}
	if move {
		p.X, p.Y = max(0, min(p.X, size.W-p.W)), max(0, min(p.Y, size.H-p.H))
	}
	p.X, p.Y = round(p.X), round(p.Y)
	if p.X+p.W > size.W+0.01 || p.Y+p.H > size.H+0.01 {
		return laid{err: fault.Invalid.New("签名位置超出第 %d 页（%.0f × %.0f 毫米），签名框宽 %d、高 %d 毫米", p.Page, size.W, size.H, boxW, boxH)}
	}
	return laid{Place: p}
}

func round(v float64) float64 { return math.Round(v*100) / 100 }

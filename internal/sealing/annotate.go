package sealing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/draw"
)

// An Annotation (加注) says for what a copy of a document was handed out: it
// stands on a cover of its own, under which the original lies unchanged.
type Annotation struct {
	Title     string    // of the original
	Purpose   string    // what the copy is for
	Recipient string    // whom it is for
	Matter    string    // the matter, or its number
	Until     time.Time // good until; zero: no end is said
	Number    string    // of this copy
	Original  []byte    // an OFD, with its seals
	FileName  string    // under which the original is attached; empty: original.ofd
}

// An AnnotateRequest asks for an annotated copy that is sealed at once under a
// standing policy of the seal.
type AnnotateRequest struct {
	Annotation
	Seal   string
	Kind   string // 文件种类 of the policy; empty: 加注
	Org    string // asked for; empty: the caller's own
	Reason string
}

// Annotated is the kind of document (文件种类) that annotated copies are.
const Annotated = "加注"

// Cover makes the annotated copy, not sealed yet: a page that says what it is
// for, and the original as an attachment, byte for byte, so that its own seals
// stay verifiable. It can be asked for in a Request as well.
func (s *Service) Cover(a Annotation) ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	b := ofd.New(ofd.DocInfo{
		Title: "加注件：" + a.Title, Creator: "sidian", DocUsage: Annotated,
		CustomDatas: []ofd.CustomData{{Name: "加注编号", Value: a.Number}, {Name: "原件摘要", Value: fmt.Sprintf("%x", gm.Sum(a.Original))}},
	})
	name := a.FileName
	if name == "" {
		name = "original.ofd"
	}
	b.Attach(ofd.AttachmentSpec{Name: name, Format: "ofd", Usage: "原件", FileName: "original.ofd", Data: a.Original, Level: ofd.Store})
	b.Signable()
	if err := s.drawCover(b, &a); err != nil {
		return nil, err
	}
	d, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("sealing: making a cover: %w", err)
	}
	return d.Bytes()
}

func (a *Annotation) check() error {
	f := fault.Invalid.New("加注内容不完整或不正确").WithCode("sealing.annotation").WithHint("请按每一项的说明更正后重试")
	for _, v := range []struct{ field, name, value string }{
		{"title", "原件名称", a.Title}, {"purpose", "用途", a.Purpose}, {"recipient", "接收方", a.Recipient}, {"matter", "事项", a.Matter}, {"number", "加注编号", a.Number},
	} {
		f = words(f, v.field, v.name, v.value, 200)
	}
	if len(a.Original) > MaxFile-1<<20 {
		f = f.WithField("file", "too-large", fmt.Sprintf("原件不超过 %d MB", MaxFile>>20-1))
	} else if _, err := ofd.Open(a.Original); err != nil {
		f = f.WithField("file", "unreadable", "原件不是可以读取的 OFD")
	}
	return f.OrNil()
}

// The cover, in millimetres.
var (
	coverPage  = ofd.Box{W: 210, H: 297}
	coverTitle = ofd.Box{X: 25, Y: 30, W: 160, H: 16}
	coverTable = ofd.Point{X: 25, Y: 58}
	coverFoot  = ofd.Box{X: 25, Y: 255, W: 160, H: 24}
)

// CoverPlace is where the seal stands on a cover by custom: over the date line.
var CoverPlace = Place{Page: 1, X: 135, Y: 200}

func (s *Service) drawCover(b *ofd.Builder, a *Annotation) error {
	d := draw.New(b)
	c := d.Page(b.AddPage(coverPage.W, coverPage.H))
	serif, sans := s.Fonts.Serif, s.Fonts.Sans
	texts := []func() error{
		func() error {
			_, err := c.Text(coverTitle, "电子文件加注页", draw.Style{Font: sans, Size: 9, Align: draw.Center, VAlign: draw.Middle})
			return err
		},
		func() error {
			until := "不限"
			if !a.Until.IsZero() {
				until = a.Until.In(beijing).Format("2006年1月2日")
			}
			t := draw.Table{Columns: []float64{36, 124}, Padding: 2.5, Style: draw.Style{Font: serif, Size: 4.8, MinSize: 3, VAlign: draw.Middle}}
			for _, row := range [][2]string{
				{"加注编号", a.Number}, {"原件名称", a.Title}, {"用途", a.Purpose}, {"接收方", a.Recipient}, {"事项", a.Matter}, {"使用期限", until},
				{"原件摘要", fmt.Sprintf("SM3 %x", gm.Sum(a.Original))},
			} {
				t.Rows = append(t.Rows, draw.Row{Height: 14, Cells: []draw.Cell{{Text: row[0]}, {Text: row[1]}}})
			}
			_, err := c.Table(coverTable, t)
			return err
		},
		func() error {
			_, err := c.Text(coverFoot, "原件作为附件附后，未作任何改动，其上的签章可单独验证。本页只用于上述用途、接收方和事项，改作他用无效。", draw.Style{Font: serif, Size: 4, MinSize: 3})
			return err
		},
	}
	for _, text := range texts {
		if err := text(); err != nil {
			return coverRefusal(err)
		}
	}
	return d.Finish()
}

func coverRefusal(err error) error {
	f := fault.Invalid.New("加注页写不下，或有不能显示的字").WithCode("sealing.annotation").WithHint("请缩短文字，或换用通用规范汉字")
	var missing *draw.MissingGlyphError
	var overflow *draw.OverflowError
	var table *draw.TableError
	switch {
	case errors.As(err, &missing):
		return f.WithField("text", "glyph", "不能显示字符“"+string(missing.Rune)+"”")
	case errors.As(err, &overflow), errors.As(err, &table):
		return f.WithField("text", "too-long", "文字太长")
	}
	return fmt.Errorf("sealing: drawing a cover: %w", err)
}

var beijing = time.FixedZone("CST", 8*3600)

// Annotate makes an annotated copy and seals it under a standing policy for
// annotations. What it returns verifies by itself; so does the original in it.
func (s *Service) Annotate(ctx context.Context, r AnnotateRequest) ([]byte, *Item, error) {
	cover, err := s.Cover(r.Annotation)
	if err != nil {
		return nil, nil, err
	}
	if r.Kind == "" {
		r.Kind = Annotated
	}
	if strings.TrimSpace(r.Reason) == "" {
		r.Reason = "加注：" + r.Matter
	}
	return s.StampNow(ctx, NowAsk{
		BatchAsk: BatchAsk{Title: "加注件 " + r.Number, Purpose: r.Kind, Reason: r.Reason, Org: r.Org, Seal: r.Seal, Places: []Place{CoverPlace}},
		Name:     "annotated.ofd", Data: cover,
	})
}

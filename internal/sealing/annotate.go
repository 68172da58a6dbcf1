package sealing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/seal/cover"
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
const Annotated = cover.Kind

// Cover makes the annotated copy, not sealed yet: a page that says what it is
// for, and the original as an attachment, byte for byte, so that its own seals
// stay verifiable. It can be asked for in a Request as well.
func (s *Service) Cover(a Annotation) ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	b := ofd.New(ofd.DocInfo{
		Title: "加注件：" + a.Title, Creator: "sidian", DocUsage: Annotated, CustomDatas: cover.Data(a.Number, gm.Sum(a.Original)),
	})
	name := a.FileName
	if name == "" {
		name = cover.OriginalFile
	}
	cover.Attach(b, name, a.Original)
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

// CoverPlace is where the seal stands on a cover by custom: over the date line.
var CoverPlace = Place{Page: 1, X: cover.Seal.X, Y: cover.Seal.Y}

func (s *Service) drawCover(b *ofd.Builder, a *Annotation) error {
	until := "不限"
	if !a.Until.IsZero() {
		until = a.Until.In(beijing).Format("2006年1月2日")
	}
	p := cover.Cover{
		Heading: "电子文件加注页",
		Facts: [][2]string{
			{cover.Number, a.Number}, {"原件名称", a.Title}, {"用途", a.Purpose}, {"接收方", a.Recipient}, {"事项", a.Matter}, {"使用期限", until},
			{cover.Origin, cover.Digest(gm.Sum(a.Original))},
		},
		Foot: "原件作为附件附后，未作任何改动，其上的签章可单独验证。本页只用于上述用途、接收方和事项，改作他用无效。",
	}
	d := draw.New(b)
	if err := p.Draw(d.Page(b.AddPage(cover.Page.W, cover.Page.H)), s.Fonts); err != nil {
		return cover.Refusal(err, "sealing.annotation")
	}
	return d.Finish()
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

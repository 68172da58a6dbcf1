package face

import (
	"errors"
	"fmt"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// creator names the program in the documents it makes.
const creator = "Sidian"

// A Sheet is a page of a face, for what is laid over it.
type Sheet struct {
	ID  ofd.ID
	Box ofd.Box
}

// FillWith is Fill, with more that is drawn into the document before it is made:
// over the pages of the face, or on pages behind them.
func (f *Face) FillWith(v Values, more func(b *ofd.Builder, d *draw.Drawing, face []Sheet) error) (*ofd.Document, error) {
	return f.fill(v, more)
}

func (f *Face) fill(v Values, more func(*ofd.Builder, *draw.Drawing, []Sheet) error) (*ofd.Document, error) {
	b := f.skeleton.New(ofd.DocInfo{
		DocID: v.DocID, Title: v.Title, Author: v.Author, CreationDate: v.Created, Creator: creator, CustomDatas: v.Metadata,
	})
	d := draw.NewShared(b, f.shared)
	var sheets []Sheet
	for i := range f.pages {
		p := b.AddPage(f.template.Width, f.template.Height)
		p.Template(f.pages[i].template, "Background")
		w := writer{b: b, page: p, canvas: d.Page(p), v: &v}
		if err := w.mark(f); err != nil {
			return nil, err
		}
		for n := range f.pages[i].items {
			if err := w.item(&f.pages[i].items[n]); err != nil {
				return nil, err
			}
		}
		sheets = append(sheets, Sheet{p.ID(), ofd.Box{W: f.template.Width, H: f.template.Height}})
	}
	if more != nil {
		if err := more(b, d, sheets); err != nil {
			return nil, err
		}
	}
	if len(v.Data) > 0 {
		b.Attach(ofd.AttachmentSpec{Name: "照面数据", Format: "json", Usage: "FaceData", FileName: "face.json", Data: v.Data, Level: ofd.Fast})
	}
	if err := d.Finish(); err != nil {
		return nil, fmt.Errorf("face: drawing: %w", err)
	}
	doc, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("face: building the document: %w", err)
	}
	return doc, nil
}

// writer draws the items of one page of one document.
type writer struct {
	b      *ofd.Builder
	page   *ofd.PageBuilder
	canvas *draw.Canvas
	v      *Values
}

// mark lays the mark under the texts: they stay readable, and it is seen.
func (w *writer) mark(f *Face) error {
	if w.v.Mark == "" {
		return nil
	}
	_, err := w.canvas.Text(ofd.Box{W: f.template.Width, H: f.template.Height}, w.v.Mark, f.mark)
	return fieldError(err, "mark", "标记")
}

func (w *writer) item(it *item) error {
	switch it.what {
	case 'q':
		return w.code(it)
	case 'p':
		return w.picture(it)
	case 't':
		return w.rows(it)
	}
	text := it.empty
	if s := w.v.Texts[it.key]; s != "" {
		text = it.prefix + it.format(s) + it.suffix
	}
	if text == "" {
		return nil
	}
	ids, err := w.canvas.Text(it.box, text, it.style)
	if err != nil {
		return fieldError(err, it.key, it.slot.Label)
	}
	w.tag(it, ids)
	return nil
}

func (w *writer) tag(it *item, ids []ofd.ID) {
	for _, name := range it.slot.Tags {
		w.b.Tag(name, w.page.ID(), ids...)
	}
}

func (w *writer) code(it *item) error {
	if w.v.Code == "" {
		return nil
	}
	_, err := w.canvas.QR(it.box, w.v.Code, it.color)
	return fieldError(err, "code", "二维码")
}

func (w *writer) picture(it *item) error {
	p, ok := w.v.Pictures[it.key]
	if !ok {
		return nil
	}
	img, err := draw.ParseImage(p.Data)
	if err != nil {
		return fieldError(err, it.key, it.slot.Label)
	}
	w.tag(it, []ofd.ID{w.canvas.Image(it.box, img, draw.Contain)})
	return nil
}

func (w *writer) rows(it *item) error {
	rows := w.v.Rows[it.key]
	if len(rows) == 0 {
		return nil
	}
	if room := int((it.box.H - it.rowHeight) / it.rowHeight); len(rows) > room {
		return &FieldError{Key: it.key, Label: it.slot.Label, Code: "rows", Msg: fmt.Sprintf("“%s”有 %d 行，照面只印得下 %d 行", it.slot.Label, len(rows), room)}
	}
	t := draw.Table{Columns: widths(it.columns), Pen: it.pen, Style: it.style}
	for _, r := range rows {
		row := draw.Row{Height: it.rowHeight, Fixed: true}
		for _, c := range it.columns {
			row.Cells = append(row.Cells, draw.Cell{Text: r[c.Key]})
		}
		t.Rows = append(t.Rows, row)
	}
	placed, err := w.canvas.Table(ofd.Point{X: it.box.X, Y: it.box.Y + it.rowHeight}, t)
	if err != nil {
		return fieldError(err, it.key, it.slot.Label)
	}
	var ids []ofd.ID
	for _, row := range placed.IDs {
		for _, cell := range row {
			ids = append(ids, cell...)
		}
	}
	w.tag(it, ids)
	return nil
}

// fieldError says in Chinese which field cannot be printed, and why.
func fieldError(err error, key, label string) error {
	if err == nil {
		return nil
	}
	var overflow *draw.OverflowError
	var missing *draw.MissingGlyphError
	var image *draw.ImageError
	e := &FieldError{Key: key, Label: label, Err: err}
	switch {
	case errors.As(err, &overflow):
		e.Code, e.Msg = "overflow", fmt.Sprintf("“%s”的文字太长，照面上放不下；请精简后重试", label)
	case errors.As(err, &missing):
		e.Code, e.Msg = "glyph", fmt.Sprintf("“%s”里的“%c”（U+%04X）没有字形，印不出来；请联系运维人员安装全字库，或改用规范字", label, missing.Rune, missing.Rune)
	case errors.As(err, &image):
		e.Code, e.Msg = "picture", fmt.Sprintf("“%s”不是完好的 PNG 或 JPEG 图片", label)
	default:
		e.Code, e.Msg = "draw", fmt.Sprintf("“%s”画不出来", label)
	}
	return e
}

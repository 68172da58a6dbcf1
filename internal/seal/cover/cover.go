// Package cover draws what makes an annotated copy (加注件) of a document: a page
// that says what the copy is for, the watermark over other pages, and the
// original as an attachment, byte for byte, so that its own seals stay
// verifiable. It is pure: who may make one, and who seals it, is for others.
package cover

import (
	"errors"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/draw"
)

// Kind is the kind of document (文件种类) that annotated copies are, and the
// purpose for which a seal's standing policy allows them.
const Kind = "加注"

// Number and Origin name, in the document's CustomDatas, the number of a copy and
// the digest of what it is a copy of.
const (
	Number = "加注编号"
	Origin = "原件摘要"
)

// OriginalFile is the name in the package of what is attached.
const OriginalFile = "original.ofd"

// A Cover is the page. Facts stand in a table, a label and a text each.
type Cover struct {
	Heading string
	Facts   [][2]string
	Foot    string
}

// The page, in millimetres.
var (
	Page  = ofd.Box{W: 210, H: 297}
	title = ofd.Box{X: 25, Y: 26, W: 160, H: 16}
	table = ofd.Point{X: 25, Y: 50}
	foot  = ofd.Box{X: 25, Y: 255, W: 160, H: 24}
)

// Seal is where the seal stands on the page by custom: over the date line.
var Seal = ofd.Point{X: 135, Y: 205}

const (
	rowHeight = 14.0
	mostRows  = 11 // above the seal
)

// Draw draws the page.
func (c *Cover) Draw(on *draw.Canvas, fonts *draw.Fonts) error {
	if len(c.Facts) > mostRows {
		return fmt.Errorf("cover: %d facts, there is room for %d", len(c.Facts), mostRows)
	}
	if _, err := on.Text(title, c.Heading, draw.Style{Font: fonts.Sans, Size: 9, Align: draw.Center, VAlign: draw.Middle}); err != nil {
		return err
	}
	t := draw.Table{Columns: []float64{36, 124}, Padding: 2.5, Style: draw.Style{Font: fonts.Serif, Size: 4.8, MinSize: 3, VAlign: draw.Middle}}
	for _, f := range c.Facts {
		t.Rows = append(t.Rows, draw.Row{Height: rowHeight, Cells: []draw.Cell{{Text: f[0]}, {Text: f[1]}}})
	}
	if _, err := on.Table(table, t); err != nil {
		return err
	}
	_, err := on.Text(foot, c.Foot, draw.Style{Font: fonts.Serif, Size: 4, MinSize: 3})
	return err
}

// Data is what the document says of itself in its CustomDatas; origin is the digest of
// the original.
func Data(number string, origin gm.Digest) []ofd.CustomData {
	return []ofd.CustomData{{Name: Number, Value: number}, {Name: Origin, Value: fmt.Sprintf("%x", origin)}}
}

// Digest is the original's digest as it is printed.
func Digest(origin gm.Digest) string { return fmt.Sprintf("SM3 %x", origin) }

// Attach puts the original under the copy, shown by a name.
func Attach(b *ofd.Builder, name string, original []byte) {
	b.Attach(ofd.AttachmentSpec{Name: name, Format: "ofd", Usage: "原件", FileName: OriginalFile, Data: original, Level: ofd.Store})
}

// lines of a watermark on a page, and how faint they are.
const (
	markLines = 6
	markAlpha = 56
)

// Watermark lays a text over a page, line under line, as an annotation of the
// page (GB/T 36905-2018 加注件; GB/T 33190-2016 §15.2 Watermark).
func Watermark(d *draw.Drawing, page ofd.ID, box ofd.Box, text string, fonts *draw.Fonts) error {
	on := d.Annotate(page, ofd.Annotation{Type: "Watermark", Boundary: box, Remark: Kind})
	size := min(box.W, box.H) / 28
	st := draw.Style{
		Font: fonts.Sans, Size: size, MinSize: size / 3, MaxLines: 2, Align: draw.Center, VAlign: draw.Middle,
		Color: &ofd.Color{Value: []float64{176, 32, 32}, Alpha: ofd.Alpha(markAlpha)},
	}
	margin, step := box.W*0.04, box.H/markLines
	for i := range markLines {
		if _, err := on.Text(ofd.Box{X: margin, Y: float64(i) * step, W: box.W - 2*margin, H: step}, text, st); err != nil {
			return err
		}
	}
	return nil
}

// Words is the text of a watermark: for whom, for what, until when.
func Words(recipient, purpose, item, until string) string {
	parts := []string{"仅供" + recipient + "用于" + purpose}
	if item != "" {
		parts = append(parts, "事项："+item)
	}
	return strings.Join(append(parts, "有效期至 "+until), " ")
}

// Refusal says in Chinese what cannot be drawn, under a code of the caller's.
func Refusal(err error, code string) error {
	f := fault.Invalid.New("加注页写不下，或有不能显示的字").WithCode(code).WithHint("请缩短文字，或换用通用规范汉字")
	var missing *draw.MissingGlyphError
	var overflow *draw.OverflowError
	var table *draw.TableError
	switch {
	case errors.As(err, &missing):
		return f.WithField("text", "glyph", "不能显示字符“"+string(missing.Rune)+"”")
	case errors.As(err, &overflow), errors.As(err, &table):
		return f.WithField("text", "too-long", "文字太长")
	}
	return fmt.Errorf("cover: drawing: %w", err)
}

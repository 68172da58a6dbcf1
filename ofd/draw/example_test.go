package draw_test

import (
	"errors"
	"fmt"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// A certificate with one field; the character no font has is named.
func Example() {
	fonts, err := draw.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "营业执照"})
	page := b.AddPage(210, 297)
	d := draw.New(b)
	c := d.Page(page)
	c.Border(ofd.Box{X: 10, Y: 10, W: 190, H: 277}, draw.Border{})
	box := ofd.Box{X: 30, Y: 60, W: 150, H: 12}
	ids, err := c.Text(box, "示例科技有限公司", draw.Style{Font: fonts.Serif, Size: draw.Points(16), MinSize: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	b.Tag("ZZMC", page.ID(), ids...)

	_, err = c.Text(box, "张😀", draw.Style{Font: fonts.Serif, Size: 5})
	var missing *draw.MissingGlyphError
	fmt.Println(errors.As(err, &missing), string(missing.Rune))

	if err := d.Finish(); err != nil {
		fmt.Println(err)
		return
	}
	doc, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(doc.Pages()), "page")
	// Output:
	// true 😀
	// 1 page
}

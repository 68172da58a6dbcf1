package sealingtest

import (
	"fmt"
	"sync"
	"testing"

	"sidian/ofd"
	"sidian/ofd/draw"
)

var fonts = sync.OnceValues(draw.Embedded)

// Fonts are the embedded fonts.
func Fonts(t testing.TB) *draw.Fonts {
	t.Helper()
	f, err := fonts()
	must(t, err)
	return f
}

// Keyword stands on the last page of every [Document].
const Keyword = "（盖章）"

// Field is a data item on the first page of every [Document].
const Field = "标题"

// Document draws an official document of A4 pages.
func Document(t testing.TB, title string, pages int) []byte {
	t.Helper()
	b := ofd.New(ofd.DocInfo{Title: title, Subject: fmt.Sprintf("%s %d", title, pages)})
	d := draw.New(b)
	serif := Fonts(t).Serif
	for n := range pages {
		page := b.AddPage(210, 297)
		c := d.Page(page)
		ids, err := c.Text(ofd.Box{X: 30, Y: 30, W: 150, H: 14}, title, draw.Style{Font: serif, Size: 7, MinSize: 2, Align: draw.Center})
		must(t, err)
		if n == 0 {
			b.Tag(Field, page.ID(), ids...)
		}
		_, err = c.Text(ofd.Box{X: 30, Y: 60, W: 150, H: 10}, fmt.Sprintf("第 %d 页，共 %d 页", n+1, pages), draw.Style{Font: serif, Size: 5})
		must(t, err)
		if n == pages-1 {
			_, err = c.Text(ofd.Box{X: 120, Y: 230, W: 40, H: 8}, Keyword, draw.Style{Font: serif, Size: 5})
			must(t, err)
		}
	}
	must(t, d.Finish())
	doc, err := b.Build()
	must(t, err)
	data, err := doc.Bytes()
	must(t, err)
	return data
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

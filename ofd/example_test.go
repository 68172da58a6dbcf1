package ofd_test

import (
	"fmt"

	"sidian/ofd"
)

func Example() {
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "营业执照"})
	font := b.AddFont(ofd.FontSpec{Name: "SimSun"})
	page := b.AddPage(210, 297)
	name := page.Text(ofd.TextObject{
		Graphic: ofd.Graphic{Boundary: ofd.Box{X: 20, Y: 30, W: 20, H: 6}},
		Font:    font, Size: 5,
		Codes: []ofd.TextCode{{Y: 5, DeltaX: []float64{5, 5, 5}, Text: "营业执照"}},
	})
	b.Tag("ZZMC", page.ID(), name)
	built, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := built.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}

	d, err := ofd.Open(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	index, err := d.DataIndex()
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := d.Body().FieldText(index[0])
	fmt.Println(d.Info().Title, len(d.Pages()), index[0].Field, text, err)
	// Output: 营业执照 1 ZZMC 营业执照 <nil>
}

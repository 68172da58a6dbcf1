package render_test

import (
	"bytes"
	"fmt"
	"strings"

	"sidian/ofd"
	"sidian/ofd/render"
)

func ExampleSVG() {
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef"})
	font := b.AddFont(ofd.FontSpec{Name: "SimSun"})
	page := b.AddPage(85.6, 54)
	page.Layer("Body", 0)
	page.Text(ofd.TextObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: 5, Y: 5, W: 60, H: 8}}, Font: font, Size: 5,
		FillColor: ofd.RGB(0, 0, 0), Codes: []ofd.TextCode{{Y: 5, DeltaX: []float64{5, 5, 5}, Text: "营业执照"}}})
	doc, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg bytes.Buffer
	warnings, err := render.SVG(doc, 0, &svg, render.Options{})
	first, _, _ := strings.Cut(svg.String(), "\n")
	fmt.Println(warnings, err)
	fmt.Println(first)
	// Output:
	// [] <nil>
	// <svg xmlns="http://www.w3.org/2000/svg" width="85.6mm" height="54mm" viewBox="0 0 85.6 54" role="img">
}

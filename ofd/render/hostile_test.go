package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestHostile renders documents that ask for far more than they look like. Each ends by a limit, in every format, and says so.
func TestHostile(t *testing.T) {
	t.Parallel()
	var zig strings.Builder
	zig.WriteString("M 0 0")
	for i := range 20000 {
		fmt.Fprintf(&zig, " L %d %d", i%97, (i*31)%79)
	}
	clipd := `<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="0 0 100 80"><ofd:AbbreviatedData>` + zig.String() + `</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips>`
	cases := map[string]small{
		"zigzag stroke": paints(strings.Repeat(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Join="Round" Cap="Round" DashPattern="0.6 0.3"><ofd:AbbreviatedData>`+zig.String()+`</ofd:AbbreviatedData></ofd:PathObject>`, 10)),
		"long dashes":   paints(strings.Repeat(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Join="Round" Cap="Round" DashPattern="0.6 0.3"><ofd:AbbreviatedData>M 0 0 L 5000 4000</ofd:AbbreviatedData></ofd:PathObject>`, 3000)),
		"gradients":     paints(strings.Repeat(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor><ofd:RadialShd StartPoint="30 30" EndPoint="30 30" EndRadius="10"><ofd:Segment><ofd:Color Value="255 0 0"/></ofd:Segment><ofd:Segment><ofd:Color Value="0 0 255"/></ofd:Segment></ofd:RadialShd></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 100 0 L 100 80 L 0 80 C</ofd:AbbreviatedData></ofd:PathObject>`, 5000)),
		"composites": {page: layer(`<ofd:CompositeObject ID="5" Boundary="0 0 100 80" ResourceID="30">` + clipd + `</ofd:CompositeObject>`),
			resources: `<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30" Width="20" Height="20"><ofd:Content>` + strings.Repeat(`<ofd:CompositeObject ID="7" Boundary="0 0 100 80" ResourceID="30"/>`+rgbPath("1 2 3", "", square), 20) + `</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>`},
		"pattern": paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor><ofd:Pattern Width="2" Height="2"><ofd:CellContent>` + strings.Repeat(rgbPath("1 2 3", "", square), 200) + `</ofd:CellContent></ofd:Pattern></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 100 0 L 100 80 L 0 80 C</ofd:AbbreviatedData></ofd:PathObject>`),
		"text":    textDoc(`Font="10" Size="2000" HScale="3"`, `<ofd:TextCode X="0" Y="40" DeltaX="g 100000 0.001">`+strings.Repeat("龘", 100000)+`</ofd:TextCode>`),
	}
	limits := Limits{Objects: 5000, Points: 300_000, Work: 30_000_000}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := c.open(t)
			_, warnings, err := Image(doc, 0, Options{Limits: limits})
			if err != nil || !limited(warnings) {
				t.Errorf("PNG: %v, %v; want a limit", warnings, err)
			}
			var svg, pdf bytes.Buffer
			if _, err := SVG(doc, 0, &svg, Options{Limits: limits}); err != nil || svg.Len() > 64<<20 {
				t.Errorf("SVG: %d bytes, %v", svg.Len(), err)
			}
			if _, err := PDF(doc, &pdf, Options{Limits: limits}); err != nil || pdf.Len() > 64<<20 {
				t.Errorf("PDF: %d bytes, %v", pdf.Len(), err)
			}
		})
	}
}

func limited(warnings []Warning) bool {
	for _, w := range warnings {
		if w.Code == WarnLimit {
			return true
		}
	}
	return false
}

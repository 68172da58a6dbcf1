package sealapply

import (
	"net/http"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// An extent is the size of an imprint, in millimetres, with how it is known; zero:
// it is not, and is measured.
type extent struct {
	Width, Height int
	How           string
}

// governments are the diameters of the seals of people's governments by their tier
// (国发〔1999〕25号); of other units the rule gives a limit alone.
var governments = map[string]int{"province": 50, "city": 45, "county": 45, "town": 42}

// standardSize is the size that the rule prescribes for a seal of a unit.
func standardSize(kind string, o iam.Org) extent {
	if d := governments[o.Tier]; kind == seal.LegalName && strings.HasSuffix(o.Name, "人民政府") && d > 0 {
		return extent{d, d, "人民政府印章的规定直径（国发〔1999〕25号）"}
	}
	return extent{}
}

// said is how the size is known, for who checks it; empty: it is measured.
func (x extent) said() string {
	if x.How == "" {
		return ""
	}
	return "已按" + x.How + "填好；与实物不同的，按实物改。"
}

// sizeFields ask for the size of an imprint: what was sent stays, else what is known
// stands there, to be held against the seal of metal or rubber.
func sizeFields(r *http.Request, known extent) []page.Field {
	width, height := "", ""
	if known.Width > 0 {
		width, height = itoa(known.Width), itoa(known.Height)
	}
	if r.PostForm.Has("width") {
		width, height = r.PostFormValue("width"), r.PostFormValue("height")
	}
	return []page.Field{
		{ID: "width", Name: "width", Label: "宽（毫米）", Value: width, Required: true, Short: true, Mode: "numeric", Max: 3},
		{ID: "height", Name: "height", Label: "高（毫米）", Value: height, Required: true, Short: true, Mode: "numeric", Max: 3},
	}
}

package issuing

import (
	"encoding/base64"
	"html/template"
	"regexp"

	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

// A changedPart is a picture or a table in which a draft differs from the version
// in force.
type changedPart struct {
	ID, Label string
	Was, Is   template.URL // pictures
	NoWas     string       // what stands where there is no picture
	NoIs      string
	Pictures  bool
	Table     *page.Table
}

// changed is the table of what a draft changes, masked, or revealed; pictures and
// tables are compared below it.
func changed(c *issuing.Correction) *page.Table {
	t := &page.Table{ID: "changes", Caption: "逐项对照", Quiet: true, Head: []string{"项", "现行版本", "改为"}, Empty: page.Empty{Title: "还没有改动", Text: "更正和变更至少改一项；内容不变的办理换证。"}}
	for _, x := range c.Changes {
		t.Rows = append(t.Rows, page.Row{ID: "change-" + x.Name, Cells: []page.Cell{{Text: x.Label}, {Text: x.Before}, {Text: x.After}}})
	}
	return t
}

// changedParts compares pictures side by side, and tables row by row.
func changedParts(c *issuing.Correction) (out []changedPart) {
	for _, x := range c.Changes {
		p := changedPart{ID: "part-" + x.Name, Label: x.Label}
		switch {
		case x.WasPicture != nil || x.IsPicture != nil:
			p.Pictures = true
			p.Was, p.Is = shown(x.WasPicture), shown(x.IsPicture)
			p.NoWas, p.NoIs = "现行版本没有图片", "改后没有图片"
		case len(x.Rows) > 0:
			p.Table = changedRows(x)
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}

var pictureMedia = regexp.MustCompile(`^image/(png|jpeg)$`)

// shown is a picture as an address that the browser draws; none for what is not a
// picture that faces take.
func shown(p *issuing.Picture) template.URL {
	if p == nil || !pictureMedia.MatchString(p.Media) {
		return ""
	}
	return template.URL("data:" + p.Media + ";base64," + base64.StdEncoding.EncodeToString(p.Data)) // of a fixed list of types, and base64
}

var rowWords = map[string]page.Chip{
	issuing.RowAdded: {Class: page.Good, Word: "增加"}, issuing.RowRemoved: {Class: page.Bad, Word: "删去"}, issuing.RowChanged: {Class: page.Care, Word: "改动"},
}

func changedRows(x issuing.Change) *page.Table {
	t := &page.Table{ID: "rows-" + x.Name, Caption: x.Label + "的改动", Quiet: true, Head: append([]string{"改动"}, x.Columns...)}
	for _, r := range x.Rows {
		cells := []page.Cell{{Chips: []page.Chip{rowWords[r.What]}}}
		for i := range x.Columns {
			was, is := cellOf(r.Before, i), cellOf(r.After, i)
			switch {
			case r.What == issuing.RowRemoved:
				cells = append(cells, page.Cell{Text: was})
			case r.What == issuing.RowChanged && was != is:
				cells = append(cells, page.Cell{Text: is, Sub: "原为：" + first(was, "（空）")})
			default:
				cells = append(cells, page.Cell{Text: is})
			}
		}
		t.Rows = append(t.Rows, page.Row{Cells: cells})
	}
	return t
}

func cellOf(texts []string, i int) string {
	if i < len(texts) {
		return texts[i]
	}
	return ""
}

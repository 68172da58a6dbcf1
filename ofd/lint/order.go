package lint

import (
	"sidian/ofd"
	"sidian/ofd/internal/xmlx"
)

// sequences are the child orders of the XSD's elements that are sequences. A
// repeated name stays in its place.
var sequences = map[string][]string{
	"DocBody": {"DocInfo", "DocRoot", "Versions", "Signatures"},
	"DocInfo": {"DocID", "Title", "Author", "Subject", "Abstract", "CreationDate", "ModDate", "DocUsage", "Cover", "Keywords",
		"Creator", "CreatorVersion", "CustomDatas"},
	"Document": {"CommonData", "Pages", "Outlines", "Permissions", "Actions", "VPreferences", "Bookmarks", "Annotations",
		"CustomTags", "Attachments", "Extensions"},
	"CommonData":  {"MaxUnitID", "PageArea", "PublicRes", "DocumentRes", "TemplatePage", "DefaultCS"},
	"PageArea":    {"PhysicalBox", "ApplicationBox", "ContentBox", "BleedBox"},
	"Area":        {"PhysicalBox", "ApplicationBox", "ContentBox", "BleedBox"},
	"Permissions": {"Edit", "Annot", "Export", "Signature", "Watermark", "PrintScreen", "Print", "ValidPeriod"},
	"TextObject":  {"Actions", "Clips", "FillColor", "StrokeColor"},
	"PathObject":  {"Actions", "Clips", "StrokeColor", "FillColor", "AbbreviatedData"},
	"ImageObject": {"Actions", "Clips", "Border"},
	"Annot":       {"Remark", "Parameters", "Appearance"},
	"CustomTag":   {"SchemaLoc", "FileLoc"},
	"SignedInfo":  {"Provider", "SignatureMethod", "SignatureDateTime", "References", "StampAnnot", "Seal"},
	"Signature":   {"SignedInfo", "SignedValue"},
	"Page":        {"Template", "PageRes", "Area", "Content", "Actions"},
}

// elementOrder: children stand in the order of the XSD. Half of the files in
// use break this, and readers live with it.
var elementOrder = &rule{id: "element_order", clause: "GB/T 33190-2016 附录 A", severity: Warning, in: notIssuing, check: func(c *context) {
	c.rawParts(func(part string, _ ofd.Role, r *xmlx.Reader) {
		type level struct {
			order []string
			at    int
			told  bool
		}
		stack := []level{{order: sequences[string(r.Local())]}}
		for {
			switch r.Next() {
			case xmlx.Start:
				top := &stack[len(stack)-1]
				name := string(r.Local())
				if at := indexOf(top.order, name); at >= 0 {
					if at < top.at && !top.told {
						top.told = true
						c.report(part, "元素 %s 的次序与标准不符，应在 %s 之前", name, top.order[top.at])
					}
					top.at = max(top.at, at)
				}
				stack = append(stack, level{order: sequences[name]})
			case xmlx.End:
				if stack = stack[:len(stack)-1]; len(stack) == 0 {
					return
				}
			case xmlx.None:
				return
			}
		}
	})
}}

func indexOf(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

package convert

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// checkDocument refuses files whose look is more than their pages say, or that
// a conversion would take something from.
func checkDocument(f *pdf.File, root pdf.Dict) error {
	if f.Dict(root["Perms"]) != nil {
		return refuse("signed", "the catalogue has permissions by signature")
	}
	form := f.Dict(root["AcroForm"])
	if flags, _ := f.Get(form["SigFlags"]).(int); flags&1 != 0 && signedField(f, form["Fields"], 0) {
		return refuse("signed", "a signature field has a value")
	}
	if signedField(f, form["Fields"], 0) {
		return refuse("signed", "a signature field has a value")
	}
	names := f.Dict(root["Names"])
	switch {
	case f.Get(form["XFA"]) != nil, f.Get(root["NeedsRendering"]) == true:
		return refuse("xfa", "the form is XFA")
	case f.Get(form["NeedAppearances"]) == true && len(f.Array(form["Fields"])) > 0:
		return refuse("form", "the form has no appearances")
	case filled(f, names["JavaScript"], 0), f.Dict(f.Dict(root["OpenAction"])) != nil && f.Name(f.Dict(root["OpenAction"])["S"]) == "JavaScript", f.Get(root["AA"]) != nil:
		return refuse("javascript", "the document has scripts")
	case filled(f, names["EmbeddedFiles"], 0), f.Get(root["Collection"]) != nil:
		return refuse("attachment", "the document has embedded files")
	}
	return checkLayers(f, f.Dict(root["OCProperties"]))
}

// filled tells whether a name tree has a name (§7.9.6).
func filled(f *pdf.File, o pdf.Object, depth int) bool {
	d := f.Dict(o)
	if len(f.Array(d["Names"])) > 0 || depth > 16 {
		return true
	}
	for _, k := range f.Array(d["Kids"]) {
		if filled(f, k, depth+1) {
			return true
		}
	}
	return false
}

// signedField looks for a signature field with a value (ISO 32000-1 §12.7.4.5).
func signedField(f *pdf.File, list pdf.Object, depth int) bool {
	if depth > 16 {
		return true // nobody can tell
	}
	for _, o := range f.Array(list) {
		d := f.Dict(o)
		if f.Name(d["FT"]) == "Sig" && f.Get(d["V"]) != nil {
			return true
		}
		if d["Kids"] != nil && signedField(f, d["Kids"], depth+1) {
			return true
		}
	}
	return false
}

// checkLayers refuses optional content that is not shown (§8.11.4).
func checkLayers(f *pdf.File, oc pdf.Dict) error {
	if oc == nil {
		return nil
	}
	d := f.Dict(oc["D"])
	if base := f.Name(d["BaseState"]); base != "" && base != "ON" || len(f.Array(d["OFF"])) > 0 {
		return refuse("layer", "some optional content is hidden")
	}
	for _, o := range f.Array(d["AS"]) {
		if len(f.Array(f.Dict(o)["OCGs"])) > 0 && f.Name(f.Dict(o)["Event"]) != "" {
			for _, g := range f.Array(f.Dict(o)["OCGs"]) {
				u := f.Dict(f.Dict(g)["Usage"])
				if f.Name(f.Dict(u["View"])["ViewState"]) == "OFF" || f.Name(f.Dict(u["Print"])["PrintState"]) == "OFF" {
					return refuse("layer", "some optional content is shown or printed only")
				}
			}
		}
	}
	return nil
}

// infoOf takes title and author from the file where the options have none.
func infoOf(f *pdf.File, info ofd.DocInfo) ofd.DocInfo {
	d := f.Dict(f.Trailer["Info"])
	for _, field := range []struct {
		to  *string
		key pdf.Name
	}{{&info.Title, "Title"}, {&info.Author, "Author"}, {&info.Subject, "Subject"}} {
		if s, ok := f.Get(d[field.key]).(pdf.String); ok && *field.to == "" {
			*field.to = cleaned(textString(s))
		}
	}
	if s, ok := f.Get(d["CreationDate"]).(pdf.String); ok && info.CreationDate == "" {
		info.CreationDate = dateOf(string(s))
	}
	return info
}

// dateOf reads the day of "D:20260131…"; "" when it is none.
func dateOf(s string) string {
	s = strings.TrimPrefix(s, "D:")
	if len(s) < 8 || strings.Trim(s[:8], "0123456789") != "" {
		return ""
	}
	if s[4:6] < "01" || s[4:6] > "12" || s[6:8] < "01" || s[6:8] > "31" {
		return ""
	}
	return s[:4] + "-" + s[4:6] + "-" + s[6:8]
}

// textString reads a text string (§7.9.2.2): UTF-16 or UTF-8 by its mark, else
// bytes as in Latin-1, which PDFDocEncoding is nearly.
func textString(s pdf.String) string {
	b := []byte(s)
	switch {
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		var u []uint16
		for i := 2; i+1 < len(b); i += 2 {
			u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(u))
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		return string(b[3:])
	}
	var out strings.Builder
	for _, c := range b {
		out.WriteRune(rune(c))
	}
	return out.String()
}

// cleaned drops what XML cannot hold, and bounds the length.
func cleaned(s string) string {
	const most = 500
	var out strings.Builder
	n := 0
	for _, r := range s {
		if r < 0x20 || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF || !utf8.ValidRune(r) {
			continue
		}
		if n++; n > most {
			break
		}
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}

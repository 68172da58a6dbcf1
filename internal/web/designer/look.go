package designer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sidian/certid"
	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/render"
)

// A look is what the real renderer makes of a design, as far as it can be drawn,
// and what is wrong with it by name.
type look struct {
	Pages []template.URL
	Found []fault.Field // as the catalogue names them
	kind  *catalogue.Kind
}

// rounds bounds how often what is wrong is left out to draw the rest.
const rounds = 60

// look draws a design. It is a sketch: what is not there yet is stood in for, and
// what cannot be drawn is left out and named.
func (s *Service) look(d *design) (look, error) {
	var l look
	k, err := s.whole(d, &l)
	if err != nil || k == nil {
		return l, err
	}
	l.kind = k
	compiled, err := s.compile(k, &l)
	if err != nil || compiled == nil {
		return l, err
	}
	doc, err := s.fill(k, compiled, &l)
	if err != nil || doc == nil {
		return l, err
	}
	for i := range min(len(doc.Pages()), len(d.template.Pages)) {
		var b strings.Builder
		if _, err := render.SVG(doc, i, &b, render.Options{}); err != nil {
			return l, fmt.Errorf("designer: drawing page %d: %w", i, err)
		}
		l.Pages = append(l.Pages, template.URL("data:image/svg+xml;base64,"+base64.StdEncoding.EncodeToString([]byte(b.String()))))
	}
	return l, nil
}

// standIn is the code of a kind that has none yet: it stands in a sketch alone.
const standIn = "11100000MB0143028R999"

// whole is the kind of a design with everything that it lacks stood in for; nil
// when it cannot be read even so.
func (s *Service) whole(d *design, l *look) (*catalogue.Kind, error) {
	kept, err := d.again()
	if err != nil {
		return nil, err
	}
	files, err := kept.written(d) // what is shown may not be saved
	if err != nil {
		return nil, err
	}
	if kept, err = read(d.name, files); err != nil {
		return nil, err
	}
	next, err := kept.again()
	if err != nil {
		return nil, err
	}
	k := &next.kind
	fillElements(k)
	slots := k.Seals
	if len(k.Seals) == 0 {
		l.Found = append(l.Found, fault.Field{Name: "seals", Code: "missing", Message: "还没有用印位置：请加上颁发机构的印章"})
		k.Seals = []catalogue.SealSlot{{Role: "issuer", Kind: catalogue.LegalName, At: face.Box{0, 0, 5, 5}}}
	}
	if len(k.Fields) == 0 {
		k.Fields = []catalogue.Field{{Key: "none", Label: "照面项", Type: catalogue.Text, Hidden: true}}
	}
	for range 4 {
		files, err := kept.written(next)
		if err != nil {
			return nil, err
		}
		if len(files[exampleFile]) == 0 {
			files[exampleFile] = []byte("{}")
		}
		made, err := catalogue.ParseFiles(d.name, files)
		if err == nil {
			return made, nil
		}
		found, ok := findingsOf(err)
		if !ok {
			return nil, err
		}
		for _, f := range found {
			if !slices.Contains(l.Found, f) && !(len(slots) == 0 && strings.HasPrefix(f.Name, "seals")) {
				l.Found = append(l.Found, f)
			}
		}
		mend(next, found)
	}
	return nil, nil
}

// fillElements stands in for elements that are missing: they are not on the face.
func fillElements(k *catalogue.Kind) {
	stand := func(s *string, with string) {
		if *s == "" {
			*s = with
		}
	}
	stand(&k.Title, "（未命名）")
	stand(&k.Definer.Name, "（定义机构）")
	stand(&k.Definer.Level, "国家级")
	stand(&k.Pattern, "（式样）")
	if code, err := certid.ParseKind(standIn); err == nil && k.Code.IsZero() {
		k.Code = code
	}
	k.Origin, k.Category, k.Sharing, k.Limit, k.Use = catalogue.Local, "证件", catalogue.ShareNone, "（依据）", ""
	if len(k.Basis) == 0 {
		k.Basis = []string{"（依据）"}
	}
}

var (
	inFields = regexp.MustCompile(`^fields\.([A-Za-z0-9_]+)`)
	inList   = regexp.MustCompile(`^(fields|seals)\[(\d+)\]`)
)

// mend takes out what was found wrong, so that the rest can be drawn.
func mend(d *design, found []fault.Field) {
	k := &d.kind
	for _, f := range found {
		switch {
		case inFields.MatchString(f.Name):
			key := inFields.FindStringSubmatch(f.Name)[1]
			for i := range k.Fields {
				if k.Fields[i].Key == key {
					k.Fields[i] = plain(k.Fields[i])
				}
			}
		case inList.MatchString(f.Name):
			m := inList.FindStringSubmatch(f.Name)
			i, _ := strconv.Atoi(m[2])
			if m[1] == "fields" && i < len(k.Fields) {
				k.Fields[i].Key = "none" + m[2]
			} else if m[1] == "seals" && i < len(k.Seals) {
				k.Seals[i] = catalogue.SealSlot{Role: "issuer", Kind: catalogue.LegalName, At: face.Box{0, 0, 5, 5}}
			}
		case strings.HasPrefix(f.Name, "number"):
			k.Number = catalogue.Number{Pattern: "{seq:6}"}
		case strings.HasPrefix(f.Name, "validity"):
			k.Validity = catalogue.Validity{Rule: "open"}
		case strings.HasPrefix(f.Name, "holders"):
			k.Holders = catalogue.Holders{Types: []string{"person", "legal", "unincorporated"}, IDTypes: []string{"111", "001"}, OptionalID: true}
		case strings.HasPrefix(f.Name, "excluded"):
			k.Excluded = nil
		case strings.HasPrefix(f.Name, "metadata"):
			k.Metadata = nil
		case f.Name == templateFile:
			d.template.Width, d.template.Height = 210, 297
		default:
			k.Items, k.Levels, k.Standard = nil, nil, ""
			fillElements(k)
		}
	}
}

// plain is a field with no more than its name and a type that draws.
func plain(f catalogue.Field) catalogue.Field {
	out := catalogue.Field{Key: f.Key, Label: f.Label, Type: catalogue.Text, Hidden: f.Hidden}
	if out.Label == "" {
		out.Label = f.Key
	}
	if f.Type == catalogue.Pict {
		out.Type = catalogue.Pict
	}
	if f.Type == catalogue.Table && len(f.Columns) > 0 {
		out.Type = catalogue.Table
		for _, c := range f.Columns {
			if keyForm.MatchString(c.Key) && c.Label != "" {
				out.Columns = append(out.Columns, catalogue.Column{Key: c.Key, Label: c.Label})
			}
		}
	}
	return out
}

var inItems = regexp.MustCompile(`pages\[(\d+)\]\.items\[(\d+)\]`)

// compile makes the face, without the items that cannot be drawn.
func (s *Service) compile(k *catalogue.Kind, l *look) (*face.Face, error) {
	t := *k.Template
	t.Pages = slices.Clone(t.Pages)
	k.Template = &t
	slots := k.Slots()
	for i := range rounds {
		f, err := face.Compile(&t, slots, s.Catalogue.Fonts)
		if err == nil {
			return f, nil
		}
		var found face.Problems
		if !errors.As(err, &found) {
			return nil, err
		}
		for _, x := range found {
			if i == 0 {
				l.Found = append(l.Found, fault.Field{Name: templateFile + " " + x.Where, Code: x.Code, Message: x.Message})
			}
			if m := inItems.FindStringSubmatch(x.Where); m != nil {
				p, _ := strconv.Atoi(m[1])
				n, _ := strconv.Atoi(m[2])
				t.Pages[p].Items = slices.Clone(t.Pages[p].Items)
				t.Pages[p].Items[n] = face.Item{Ground: "tint", At: face.Box{0, 0, 1, 1}, Color: "#ffffff", Alpha: 0.01}
			}
		}
		for key, slot := range slots {
			slot.Required = false
			slots[key] = slot
		}
	}
	return nil, nil
}

// fill draws the sample, or the names of the fields where there is none, without
// the values that do not fit.
func (s *Service) fill(k *catalogue.Kind, f *face.Face, l *look) (*ofd.Document, error) {
	v, err := s.sample(k, l)
	if err != nil {
		return nil, err
	}
	for range rounds {
		doc, err := f.Fill(v)
		if err == nil {
			return doc, nil
		}
		var e *face.FieldError
		if !errors.As(err, &e) {
			return nil, err
		}
		l.Found = append(l.Found, fault.Field{Name: "fill." + e.Key, Code: e.Code, Message: e.Msg})
		delete(v.Texts, e.Key)
		delete(v.Pictures, e.Key)
		delete(v.Rows, e.Key)
		if e.Key == "code" {
			v.Code = ""
		}
	}
	return nil, nil
}

func (s *Service) sample(k *catalogue.Kind, l *look) (face.Values, error) {
	d, err := k.Sample()
	if err == nil {
		return d.Face, nil
	}
	if len(k.Example) > 2 {
		found, ok := findingsOf(err)
		if !ok {
			return face.Values{}, err
		}
		l.Found = append(l.Found, found...)
	}
	i := catalogue.SampleIssuance()
	v := face.Values{DocID: i.DocID, Title: k.Title, Author: i.Issuer.Name, Created: i.Issued.String(), Code: i.Code, Mark: i.Mark,
		Texts: map[string]string{}, Pictures: map[string]face.Picture{}, Rows: map[string][]map[string]string{}}
	for key, slot := range k.Slots() {
		switch {
		case slot.Kind == face.RowsSlot:
			row := map[string]string{}
			for c := range slot.Columns {
				row[c] = "—"
			}
			v.Rows[key] = []map[string]string{row}
		case slot.Kind == face.TextSlot && strings.HasPrefix(slot.Format, "date"):
			v.Texts[key] = "2026-01-05"
		case slot.Kind == face.TextSlot:
			v.Texts[key] = "〔" + slot.Label + "〕"
		}
	}
	return v, nil
}

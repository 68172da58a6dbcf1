package catalogue

import (
	"errors"

	"sidian/internal/catalogue/face"
	"sidian/ofd/draw"
)

// Slots are what the kind's template may print: its fields, and the sources as
// "@name".
func (k *Kind) Slots() map[string]face.Slot {
	slots := map[string]face.Slot{}
	for i := range k.Fields {
		f := &k.Fields[i]
		s := face.Slot{Label: f.Label, Suffix: f.Unit, Tags: []string{metadataName(f.Key)}, Required: !f.Hidden}
		switch f.Type {
		case DateType:
			s.Format = "date"
		case DateTime:
			s.Format = "datetime"
		case Pict:
			s.Kind = face.PictureSlot
		case Table:
			s.Kind, s.Columns = face.RowsSlot, map[string]string{}
			for _, c := range f.Columns {
				s.Columns[c.Key] = c.Label
			}
		}
		if from, ok := lookup(f.Source); ok && from.tag != "" {
			s.Tags = append(s.Tags, from.tag)
		}
		slots[f.Key] = s
	}
	for _, name := range k.sources {
		if from, ok := lookup(name); ok {
			s := face.Slot{Label: from.label}
			if from.date {
				s.Format = "date"
			}
			if from.tag != "" {
				s.Tags = []string{from.tag}
			}
			slots["@"+name] = s
		}
	}
	return slots
}

// Compile makes the face of a kind. Problems of the template are a
// *fault.Error of kind Invalid.
func Compile(k *Kind, fonts *draw.Fonts) (*face.Face, error) {
	f, err := face.Compile(k.Template, k.Slots(), fonts)
	if err == nil {
		return f, nil
	}
	p := problems{}
	var found face.Problems
	if !errors.As(err, &found) {
		return nil, err
	}
	for _, x := range found {
		p.add(templateFile+" "+x.Where, x.Code, "%s", x.Message)
	}
	return nil, p.err("证照类型“" + k.Title + "”的照面模板不合规")
}

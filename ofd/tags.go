package ofd

import "sidian/ofd/internal/xmlx"

// A CustomTag is a record of CustomTags.xml. The XSD says NameSpace, the
// standard's text TypeID: both are read, NameSpace is written.
type CustomTag struct {
	NameSpace string
	TypeID    string
	Schema    string // part name
	File      string // part name
}

// An ObjectRef points to an object of a page.
type ObjectRef struct{ PageID, ObjectID ID }

// An IndexEntry is a field of the data index (GB/T 36905-2018): its name, the
// tag file it stands in, and the objects that show it.
type IndexEntry struct {
	Field string
	Part  string
	Refs  []ObjectRef
}

// CustomTags reads CustomTags.xml (GB/T 33190-2016 §16).
func (b *Body) CustomTags() ([]CustomTag, error) {
	p := b.doc.Part(b.CustomTagsPart)
	if b.CustomTagsPart == "" || p == nil {
		return nil, nil
	}
	var list []CustomTag
	var bad error
	err := readXML(p, b.doc.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) != "CustomTag" {
				continue
			}
			t := CustomTag{NameSpace: string(r.Attr("NameSpace")), TypeID: string(r.Attr("TypeID"))}
			for d := r.Depth(); r.Child(d); {
				switch string(r.Local()) {
				case "SchemaLoc":
					t.Schema, bad = b.doc.keepError(p.Name, "CustomTags/CustomTag/SchemaLoc", r.Trimmed(), bad)
				case "FileLoc":
					t.File, bad = b.doc.keepError(p.Name, "CustomTags/CustomTag/FileLoc", r.Trimmed(), bad)
				}
			}
			list = append(list, t)
		}
	}, "CustomTags")
	if err == nil {
		err = bad
	}
	return list, err
}

// DataIndex reads the tag files: every element that holds an ObjectRef is a
// field, whatever its namespace. Field names are unescaped (see TagName).
func (b *Body) DataIndex() ([]IndexEntry, error) {
	tags, err := b.CustomTags()
	if err != nil {
		return nil, err
	}
	var all []IndexEntry
	for _, t := range tags {
		p := b.doc.Part(t.File)
		if t.File == "" || p == nil {
			continue
		}
		err := readXML(p, b.doc.limits, func(r *xmlx.Reader) { all = readIndex(r, p.Name, all) })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readIndex(r *xmlx.Reader, part string, all []IndexEntry) []IndexEntry {
	name := FieldName(string(r.Local()))
	var refs []ObjectRef
	for d := r.Depth(); r.AnyChild(d); {
		if string(r.Local()) == "ObjectRef" {
			page := idOf(r.Attr("PageRef"))
			refs = append(refs, ObjectRef{PageID: page, ObjectID: idOf(r.Trimmed())})
			continue
		}
		all = readIndex(r, part, all)
	}
	if len(refs) > 0 {
		all = append(all, IndexEntry{Field: name, Part: part, Refs: refs})
	}
	return all
}

// FieldText gives what a field of the data index shows: the text of its
// objects on their pages, joined. It is how a value of CustomDatas is compared
// with the signed page (GB/T 36905-2018).
func (b *Body) FieldText(e IndexEntry) (string, error) {
	var s []byte
	for _, ref := range e.Refs {
		p := b.Page(ref.PageID)
		if p == nil {
			return "", malformed(e.Part, e.Field, "page %d does not exist", ref.PageID)
		}
		c, err := p.Content()
		if err != nil {
			return "", err
		}
		o := c.Find(ref.ObjectID)
		if o == nil {
			return "", malformed(e.Part, e.Field, "object %d does not exist on page %d", ref.ObjectID, ref.PageID)
		}
		s = appendObjectText(s, o)
	}
	return string(s), nil
}

func appendObjectText(s []byte, o Object) []byte {
	switch o := o.(type) {
	case *TextObject:
		return append(s, o.Text()...)
	case *PageBlock:
		for _, in := range o.Objects {
			s = appendObjectText(s, in)
		}
	}
	return s
}

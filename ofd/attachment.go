package ofd

import "sidian/ofd/internal/xmlx"

// An Attachment is CT_Attachment (GB/T 33190-2016 §19.1).
type Attachment struct {
	ID           string
	Name         string
	Format       string
	CreationDate string // xs:dateTime as written
	ModDate      string
	Size         float64 // KB as written, 0 when left out
	Hidden       bool
	Usage        string // "" = none
	File         string // part name
}

// Attachments reads the document's attachments.
func (b *Body) Attachments() ([]Attachment, error) {
	p := b.doc.Part(b.AttachmentsPart)
	if b.AttachmentsPart == "" || p == nil {
		return nil, nil
	}
	var list []Attachment
	var bad error
	err := readXML(p, b.doc.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) != "Attachment" {
				continue
			}
			a := Attachment{
				ID: string(r.Attr("ID")), Name: string(r.Attr("Name")), Format: string(r.Attr("Format")),
				CreationDate: string(r.Attr("CreationDate")), ModDate: string(r.Attr("ModDate")),
				Size: floatOf(r.Attr("Size")), Hidden: !boolOf(r.Attr("Visible"), true), Usage: string(r.Attr("Usage")),
			}
			for d := r.Depth(); r.Child(d); {
				if string(r.Local()) == "FileLoc" {
					if a.File, bad = b.doc.keepError(p.Name, "Attachments/Attachment", r.Trimmed(), bad); bad != nil {
						break
					}
				}
			}
			list = append(list, a)
		}
	}, "Attachments")
	if err == nil {
		err = bad
	}
	return list, err
}

// keepError resolves a location and keeps the first error met.
func (d *Document) keepError(base, path string, loc []byte, first error) (string, error) {
	name, err := d.locate(base, loc)
	if first == nil && err != nil {
		first = &MalformedError{Part: base, Path: path, Err: err}
	}
	return name, first
}

package ofd

import (
	"fmt"

	"sidian/ofd/internal/xmlx"
)

// readDocument reads Document.xml (GB/T 33190-2016 §7.5).
func (b *Body) readDocument(p *Part) error {
	var bad error
	fail := func(path string, err error) {
		if bad == nil && err != nil {
			bad = &MalformedError{Part: p.Name, Path: "Document/" + path, Err: err}
		}
	}
	err := readXML(p, b.doc.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			switch name := string(r.Local()); name {
			case "CommonData":
				b.readCommon(r, p.Name, fail)
			case "Pages":
				b.readPages(r, p.Name, fail)
			case "Outlines":
				b.Outlines = readOutlines(r)
			case "Permissions":
				b.Permissions = readPermissions(r)
			case "Annotations", "CustomTags", "Attachments", "Extensions":
				if loc := r.Trimmed(); len(loc) > 0 {
					fail(name, b.link(name, p.Name, loc))
				}
			}
		}
	}, "Document")
	if err != nil {
		return err
	}
	return bad
}

func (b *Body) link(name, base string, loc []byte) error {
	part, err := b.doc.locate(base, loc)
	if err != nil {
		return err
	}
	switch name {
	case "Annotations":
		b.AnnotationsPart = part
	case "CustomTags":
		b.CustomTagsPart = part
	case "Attachments":
		b.AttachmentsPart = part
	case "Extensions":
		b.ExtensionsPart = part
	}
	return nil
}

func (b *Body) readCommon(r *xmlx.Reader, base string, fail func(string, error)) {
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "MaxUnitID":
			b.MaxUnitID = idOf(r.Trimmed())
		case "PageArea":
			b.Area = readArea(r)
		case "DefaultCS":
			b.DefaultCS = idOf(r.Trimmed())
		case "PublicRes":
			name, err := b.doc.locate(base, r.Trimmed())
			fail("CommonData/PublicRes", err)
			b.PublicRes = append(b.PublicRes, name)
		case "DocumentRes":
			name, err := b.doc.locate(base, r.Trimmed())
			fail("CommonData/DocumentRes", err)
			b.DocumentRes = append(b.DocumentRes, name)
		case "TemplatePage":
			t := &Template{Name: string(r.Attr("Name")), ZOrder: string(r.Attr("ZOrder"))}
			t.Index, t.ID, t.body = len(b.Templates), idOf(r.Attr("ID")), b
			var err error
			t.Part, err = b.doc.locate(base, r.Attr("BaseLoc"))
			fail("CommonData/TemplatePage", err)
			b.Templates = append(b.Templates, t)
		}
	}
}

func (b *Body) readPages(r *xmlx.Reader, base string, fail func(string, error)) {
	for d := r.Depth(); r.Child(d); {
		if string(r.Local()) != "Page" {
			continue
		}
		name, err := b.doc.locate(base, r.Attr("BaseLoc"))
		fail(fmt.Sprintf("Pages/Page[%d]", len(b.pages)+1), err)
		b.pages = append(b.pages, &Page{Index: len(b.pages), ID: idOf(r.Attr("ID")), Part: name, body: b})
	}
}

func readArea(r *xmlx.Reader) PageArea {
	var a PageArea
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "PhysicalBox":
			a.Physical = boxOf(r.Content())
		case "ApplicationBox":
			a.Application = boxPtr(r.Content())
		case "ContentBox":
			a.Content = boxPtr(r.Content())
		case "BleedBox":
			a.Bleed = boxPtr(r.Content())
		}
	}
	return a
}

func readPermissions(r *xmlx.Reader) Permissions {
	var p Permissions
	deny := map[string]*bool{
		"Edit": &p.NoEdit, "Annot": &p.NoAnnot, "Export": &p.NoExport, "Signature": &p.NoSignature,
		"Watermark": &p.NoWatermark, "PrintScreen": &p.NoPrintScreen,
	}
	for d := r.Depth(); r.Child(d); {
		switch name := string(r.Local()); name {
		case "Print":
			p.NoPrint = !boolOf(r.Attr("Printable"), true)
			p.Copies = intOf(r.Attr("Copies"), 0)
		case "ValidPeriod":
			p.ValidFrom, p.ValidTo = string(r.Attr("StartDate")), string(r.Attr("EndDate"))
		default:
			if to := deny[name]; to != nil {
				*to = !boolOf(r.Trimmed(), true)
			}
		}
	}
	return p
}

// readOutlines reads the outline elements inside the current element.
func readOutlines(r *xmlx.Reader) []Outline {
	var list []Outline
	for d := r.Depth(); r.Child(d); {
		if string(r.Local()) != "OutlineElem" {
			continue
		}
		o := Outline{Title: string(r.Attr("Title"))}
		readOutline(r, &o)
		list = append(list, o)
	}
	return list
}

func readOutline(r *xmlx.Reader, o *Outline) {
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "OutlineElem":
			child := Outline{Title: string(r.Attr("Title"))}
			readOutline(r, &child)
			o.Children = append(o.Children, child)
		case "Actions":
			o.PageID = readTarget(r)
		}
	}
}

// readTarget finds the page the actions of the current element go to.
func readTarget(r *xmlx.Reader) ID {
	var id ID
	for d := r.Depth(); ; {
		switch r.Next() {
		case xmlx.Start:
			if id == 0 && string(r.Local()) == "Dest" {
				id = idOf(r.Attr("PageID"))
			}
		case xmlx.End:
			if r.Depth() < d {
				return id
			}
		case xmlx.None:
			return id
		}
	}
}

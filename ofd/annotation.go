package ofd

import "sidian/ofd/internal/xmlx"

// An Annotation is an Annot of a page (GB/T 33190-2016 §15.2).
type Annotation struct {
	ID          ID
	PageID      ID
	Part        string // part name of the file it stands in
	Type        string // Link, Path, Highlight, Stamp, Watermark
	Subtype     string
	Creator     string
	LastModDate string // xs:date
	Hidden      bool   // Visible="false"
	NoPrint     bool   // Print="false"
	NoZoom      bool
	NoRotate    bool
	Editable    bool // ReadOnly="false"
	Remark      string
	Parameters  []CustomData
	Boundary    Box
	Objects     []Object
}

// Annotations reads the annotations of all pages.
func (b *Body) Annotations() ([]*Annotation, error) {
	files, err := b.annotationFiles()
	if err != nil {
		return nil, err
	}
	var all []*Annotation
	for _, f := range files {
		some, err := b.readAnnotations(f)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (b *Body) annotationsOf(page ID) ([]*Annotation, error) {
	files, err := b.annotationFiles()
	if err != nil {
		return nil, err
	}
	var all []*Annotation
	for _, f := range files {
		if f.page != page {
			continue
		}
		some, err := b.readAnnotations(f)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

type annotationFile struct {
	page ID
	loc  string // as written
	part string
}

// annotationFiles reads Annotations.xml.
func (b *Body) annotationFiles() ([]annotationFile, error) {
	p := b.doc.Part(b.AnnotationsPart)
	if b.AnnotationsPart == "" || p == nil {
		return nil, nil
	}
	var files []annotationFile
	var bad error
	err := readXML(p, b.doc.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			f := annotationFile{page: idOf(r.Attr("PageID"))}
			for d := r.Depth(); r.Child(d); {
				if string(r.Local()) == "FileLoc" {
					f.loc = string(r.Trimmed())
					f.part, bad = b.doc.keepError(p.Name, "Annotations/Page", []byte(f.loc), bad)
				}
			}
			if f.part != "" {
				files = append(files, f)
			}
		}
	}, "Annotations")
	if err == nil {
		err = bad
	}
	return files, err
}

func (b *Body) readAnnotations(f annotationFile) ([]*Annotation, error) {
	p := b.doc.Part(f.part)
	if p == nil {
		return nil, nil
	}
	var list []*Annotation
	err := readXML(p, b.doc.limits, func(r *xmlx.Reader) {
		o := objectReader{Reader: r, budget: deltaBudget}
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) == "Annot" {
				a := o.annotation()
				a.PageID, a.Part = f.page, p.Name
				list = append(list, a)
			}
		}
	}, "PageAnnot")
	return list, err
}

func (o *objectReader) annotation() *Annotation {
	a := &Annotation{
		ID: idOf(o.Attr("ID")), Type: string(o.Attr("Type")), Subtype: string(o.Attr("Subtype")),
		Creator: string(o.Attr("Creator")), LastModDate: string(o.Attr("LastModDate")),
		Hidden: !boolOf(o.Attr("Visible"), true), NoPrint: !boolOf(o.Attr("Print"), true),
		NoZoom: boolOf(o.Attr("NoZoom"), false), NoRotate: boolOf(o.Attr("NoRotate"), false),
		Editable: !boolOf(o.Attr("ReadOnly"), true),
	}
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "Remark":
			a.Remark = string(o.Content())
		case "Parameters":
			for d := o.Depth(); o.Child(d); {
				name := string(o.Attr("Name"))
				a.Parameters = append(a.Parameters, CustomData{Name: name, Value: string(o.Content())})
			}
		case "Appearance":
			a.Boundary = boxOf(o.Attr("Boundary"))
			a.Objects = o.objects()
		}
	}
	return a
}

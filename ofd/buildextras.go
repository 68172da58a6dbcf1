package ofd

import (
	"path"
	"strconv"
	"strings"
)

// AttachmentSpec says what to attach.
type AttachmentSpec struct {
	Name         string // as shown
	Format       string // "xml", "ofd" …
	Usage        string
	CreationDate string // xs:dateTime
	Hidden       bool
	FileName     string // name in the package, ASCII preferred; "" = chosen by the builder
	Data         []byte
	Level        Level
}

// Attach adds an attachment and gives its ID (an xs:ID, in a space of its own).
func (b *Builder) Attach(a AttachmentSpec) string {
	id := "a" + strconv.Itoa(len(b.attachments)+1)
	if a.Name == "" {
		b.keep(malformed(attachName, id, "attachment without a name"))
	}
	name := path.Base(a.FileName)
	if a.FileName == "" || name != a.FileName || strings.EqualFold(name, "attachments.xml") {
		name = id
		if a.Format != "" && !strings.ContainsAny(a.Format, "./\\") {
			name += "." + strings.ToLower(a.Format)
		}
	}
	part := NewPartLevel(b.free(attachDir+name), a.Data, a.Level)
	b.attachments = append(b.attachments, attachment{a, id, part})
	return id
}

func (b *Builder) appendAttachments(parts []*Part) []*Part {
	if len(b.attachments) == 0 {
		return parts
	}
	var e encoder
	e.head("Attachments")
	e.more()
	for _, a := range b.attachments {
		e.open("Attachment")
		e.attr("ID", a.id)
		e.attr("Name", a.Name)
		e.opt("Format", a.Format)
		e.opt("CreationDate", a.CreationDate)
		e.number("Size", float64(len(a.Data))/1024)
		if a.Hidden {
			e.flag("Visible", false)
		}
		e.opt("Usage", a.Usage)
		e.more()
		e.element("FileLoc", a.part.Name[len(attachDir):])
		e.close("Attachment")
		parts = append(parts, a.part)
	}
	e.close("Attachments")
	b.keep(e.err)
	return append(parts, NewPart(attachName, e.b))
}

// TagSpace is the NameSpace written for the data index when none is set.
const TagSpace = "GB/T 36905-2018"

// TagNameSpace sets the NameSpace of the data index.
func (b *Builder) TagNameSpace(ns string) { b.namespace = ns }

// Tag points a field of the data index (GB/T 36905-2018) to objects of a page.
// The field's element is TagName(field). Several calls for one field add up.
func (b *Builder) Tag(field string, page ID, objects ...ID) {
	if field == "" || page == 0 || len(objects) == 0 {
		b.keep(malformed(tagName, field, "field without a name, page or object"))
		return
	}
	var refs []ObjectRef
	for _, o := range objects {
		refs = append(refs, ObjectRef{PageID: page, ObjectID: o})
	}
	for i := range b.index {
		if b.index[i].Field == field {
			b.index[i].Refs = append(b.index[i].Refs, refs...)
			return
		}
	}
	b.index = append(b.index, IndexEntry{Field: field, Refs: refs})
}

func (b *Builder) appendTags(parts []*Part) []*Part {
	if len(b.index) == 0 {
		return parts
	}
	space := b.namespace
	if space == "" {
		space = TagSpace
	}
	var list encoder
	list.head("CustomTags")
	list.more()
	list.open("CustomTag")
	list.attr("NameSpace", space)
	list.more()
	list.element("FileLoc", path.Base(tagName))
	list.close("CustomTag")
	list.close("CustomTags")

	var e encoder
	e.head("eCertificate")
	e.more()
	for _, entry := range b.index {
		name := TagName(entry.Field)
		e.start(name)
		for _, ref := range entry.Refs {
			e.open("ObjectRef")
			e.id("PageRef", ref.PageID)
			e.more()
			e.b = strconv.AppendUint(e.b, uint64(ref.ObjectID), 10)
			e.close("ObjectRef")
		}
		e.close(name)
	}
	e.close("eCertificate")
	b.keep(e.err)
	return append(parts, NewPart(tagsName, list.b), NewPart(tagName, e.b))
}

// Annotate puts an annotation on a page and gives its ID. Creator and
// LastModDate, when left out, are the document's Creator and CreationDate.
func (b *Builder) Annotate(page ID, a Annotation) ID {
	a.ID = b.takeID(a.ID)
	if a.Creator == "" {
		a.Creator = b.info.Creator
	}
	if a.LastModDate == "" {
		a.LastModDate = b.info.CreationDate
	}
	if a.Type == "" || a.LastModDate == "" {
		b.keep(malformed(annotsName, strconv.Itoa(int(a.ID)), "annotation without type or date"))
	}
	b.annotations = append(b.annotations, pageAnnotation{page, a})
	return a.ID
}

func (b *Builder) appendAnnotations(parts []*Part) []*Part {
	if len(b.annotations) == 0 {
		return parts
	}
	var list encoder
	list.head("Annotations")
	list.more()
	for i, p := range b.pages {
		body := b.pageAnnotations(p.id)
		if body == nil {
			continue
		}
		loc := "Page_" + strconv.Itoa(i) + "/Annotation.xml"
		list.open("Page")
		list.id("PageID", p.id)
		list.more()
		list.element("FileLoc", loc)
		list.close("Page")
		parts = append(parts, NewPart(annotFolder+loc, body))
	}
	list.close("Annotations")
	return append(parts, NewPart(annotsName, list.b))
}

func (b *Builder) pageAnnotations(page ID) []byte {
	var e encoder
	for i := range b.annotations {
		if b.annotations[i].page != page {
			continue
		}
		if e.b == nil {
			e.head("PageAnnot")
			e.more()
		}
		e.annotation(&b.annotations[i].a, b.takeID)
	}
	if e.b != nil {
		e.close("PageAnnot")
	}
	b.keep(e.err)
	return e.b
}

func (e *encoder) annotation(a *Annotation, next func(ID) ID) {
	e.open("Annot")
	e.id("ID", a.ID)
	e.attr("Type", a.Type)
	e.attr("Creator", a.Creator)
	e.attr("LastModDate", a.LastModDate)
	if a.Hidden {
		e.flag("Visible", false)
	}
	e.opt("Subtype", a.Subtype)
	if a.NoPrint {
		e.flag("Print", false)
	}
	e.optFlag("NoZoom", a.NoZoom)
	e.optFlag("NoRotate", a.NoRotate)
	if a.Editable {
		e.flag("ReadOnly", false)
	}
	e.more()
	e.text("Remark", a.Remark)
	if len(a.Parameters) > 0 {
		e.start("Parameters")
		for _, p := range a.Parameters {
			e.open("Parameter")
			e.attr("Name", p.Name)
			e.more()
			e.b = appendCode(e.b, p.Value)
			e.close("Parameter")
		}
		e.close("Parameters")
	}
	e.open("Appearance")
	e.box("Boundary", a.Boundary)
	e.more()
	for _, o := range a.Objects {
		e.object(o, next)
	}
	e.close("Appearance")
	e.close("Annot")
}

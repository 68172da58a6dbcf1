package ofd

import (
	"encoding/hex"
	"strconv"

	"sidian/gm"
)

// rootXML writes OFD.xml.
func (b *Builder) rootXML(parts []*Part) []byte {
	var e encoder
	e.head("OFD")
	e.attr("Version", "1.0")
	if b.archive {
		e.attr("DocType", "OFD-A")
	} else {
		e.attr("DocType", "OFD")
	}
	e.more()
	e.start("DocBody")
	if b.info.DocID == "" {
		b.info.DocID = contentID(parts)
	}
	e.docInfo(&b.info)
	e.element("DocRoot", mainName)
	if b.isSignable() {
		e.element("Signatures", "/"+signsName)
	}
	e.close("DocBody")
	e.close("OFD")
	b.keep(e.err)
	return e.b
}

// contentID derives a DocID from the parts' names and digests.
func contentID(parts []*Part) string {
	h := gm.NewHash()
	for _, p := range parts {
		sum := p.sum()
		h.Write([]byte(p.Name))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (e *encoder) docInfo(i *DocInfo) {
	e.start("DocInfo")
	e.element("DocID", i.DocID)
	e.text("Title", i.Title)
	e.text("Author", i.Author)
	e.text("Subject", i.Subject)
	e.text("Abstract", i.Abstract)
	e.text("CreationDate", i.CreationDate)
	e.text("ModDate", i.ModDate)
	e.text("DocUsage", i.DocUsage)
	e.text("Cover", i.Cover)
	if len(i.Keywords) > 0 {
		e.start("Keywords")
		for _, k := range i.Keywords {
			e.element("Keyword", k)
		}
		e.close("Keywords")
	}
	e.text("Creator", i.Creator)
	e.text("CreatorVersion", i.CreatorVersion)
	if len(i.CustomDatas) > 0 {
		e.start("CustomDatas")
		for _, c := range i.CustomDatas {
			e.open("CustomData")
			e.attr("Name", c.Name)
			e.more()
			e.b = appendCode(e.b, c.Value)
			e.close("CustomData")
		}
		e.close("CustomDatas")
	}
	e.close("DocInfo")
}

// document writes Document.xml. It comes last, when MaxUnitID is known.
func (b *Builder) document() []byte {
	var e encoder
	e.head("Document")
	e.more()
	e.start("CommonData")
	e.element("MaxUnitID", strconv.FormatUint(uint64(max(b.last, 1)), 10))
	e.start("PageArea")
	if len(b.pages) > 0 {
		e.boxElement("PhysicalBox", b.pages[0].box)
	}
	e.close("PageArea")
	b.resourceLinks(&e)
	for _, t := range b.templateRecords() {
		e.open("TemplatePage")
		e.id("ID", t.id)
		e.opt("Name", t.name)
		e.opt("ZOrder", t.zorder)
		e.attr("BaseLoc", t.loc)
		e.empty()
	}
	e.close("CommonData")
	e.start("Pages")
	for i, p := range b.pages {
		e.open("Page")
		e.id("ID", p.id)
		e.attr("BaseLoc", "Pages/Page_"+strconv.Itoa(i)+"/Content.xml")
		e.empty()
	}
	e.close("Pages")
	e.permissions(b.permissions)
	b.links(&e)
	e.close("Document")
	b.keep(e.err)
	return e.b
}

func (b *Builder) resourceLinks(e *encoder) {
	public, own := false, false
	if b.base == nil {
		public, own = resXML(b.res.public()...) != nil, resXML(b.res.document()...) != nil
	} else {
		public, own = b.base.public != nil, resXML(append(b.res.public(), b.res.document()...)...) != nil
	}
	if public {
		e.element("PublicRes", "PublicRes.xml")
	}
	if own {
		e.element("DocumentRes", "DocumentRes.xml")
	}
}

func (b *Builder) links(e *encoder) {
	if len(b.annotations) > 0 {
		e.element("Annotations", annotsName[len(docDir):])
	}
	if len(b.index) > 0 {
		e.element("CustomTags", tagsName[len(docDir):])
	}
	if len(b.attachments) > 0 {
		e.element("Attachments", attachName[len(docDir):])
	}
}

func (e *encoder) permissions(p *Permissions) {
	if p == nil {
		return
	}
	e.start("Permissions")
	for _, d := range []struct {
		name string
		deny bool
	}{
		{"Edit", p.NoEdit}, {"Annot", p.NoAnnot}, {"Export", p.NoExport},
		{"Signature", p.NoSignature}, {"Watermark", p.NoWatermark}, {"PrintScreen", p.NoPrintScreen},
	} {
		if d.deny {
			e.element(d.name, "false")
		}
	}
	if p.NoPrint || p.Copies > 0 {
		e.open("Print")
		e.flag("Printable", !p.NoPrint)
		if p.Copies > 0 {
			e.integer("Copies", p.Copies)
		}
		e.empty()
	}
	if p.ValidFrom != "" || p.ValidTo != "" {
		e.open("ValidPeriod")
		e.opt("StartDate", p.ValidFrom)
		e.opt("EndDate", p.ValidTo)
		e.empty()
	}
	e.close("Permissions")
}

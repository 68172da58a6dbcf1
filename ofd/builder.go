package ofd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sidian/ofd/internal/limits"
)

// Where things lie in the packages we write. Nothing but OFD.xml has a fixed
// name by the standard, yet some readers guess these.
const (
	docDir      = "Doc_0/"
	mainName    = docDir + "Document.xml"
	publicName  = docDir + "PublicRes.xml"
	ownName     = docDir + "DocumentRes.xml"
	resFolder   = docDir + "Res/"
	tplFolder   = docDir + "Tpls/"
	pageFolder  = docDir + "Pages/"
	attachName  = docDir + "Attachs/Attachments.xml"
	attachDir   = docDir + "Attachs/"
	tagsName    = docDir + "Tags/CustomTags.xml"
	tagName     = docDir + "Tags/CustomTag.xml"
	annotsName  = docDir + "Annots/Annotations.xml"
	annotFolder = docDir + "Annots/"
	signsDir    = docDir + "Signs/"
	signsName   = signsDir + "Signatures.xml"
)

// A Builder makes a document. It is not safe for concurrent use. Errors are
// kept: the first one is answered by Build.
//
//	b := ofd.New(ofd.DocInfo{DocID: id, Title: "营业执照"})
//	font := b.AddFont(ofd.FontSpec{Name: "SimSun", Data: subset})
//	page := b.AddPage(210, 297)
//	obj := page.Text(ofd.TextObject{Font: font, Size: 5, Graphic: …, Codes: …})
//	b.Tag("ZZMC", page.ID(), obj)
//	doc, err := b.Build()
type Builder struct {
	info        DocInfo
	base        *Skeleton
	last        ID // largest ID in use
	err         error
	res         resources
	files       []*Part // fonts and images
	names       map[string]bool
	pages       []*PageBuilder
	templates   []*PageBuilder
	attachments []attachment
	index       []IndexEntry
	namespace   string
	permissions *Permissions
	annotations []pageAnnotation
	signable    bool
	archive     bool
}

type attachment struct {
	AttachmentSpec
	id   string
	part *Part
}

type pageAnnotation struct {
	page ID
	a    Annotation
}

// New starts a document. A DocID that is left out is derived from the
// document's content, so that the same input still gives the same bytes.
func New(info DocInfo) *Builder { return &Builder{info: info, names: map[string]bool{}} }

func (b *Builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Info gives the information about the document as it will be written, to be
// completed before Build.
func (b *Builder) Info() *DocInfo { return &b.info }

// NewID takes the next free ID.
func (b *Builder) NewID() ID {
	b.last++
	return b.last
}

// takeID keeps an ID that is given and takes the next one otherwise.
func (b *Builder) takeID(id ID) ID {
	if id == 0 {
		return b.NewID()
	}
	b.last = max(b.last, id)
	return id
}

// AddPage adds a page of w × h mm.
func (b *Builder) AddPage(w, h float64) *PageBuilder {
	p := &PageBuilder{b: b, id: b.NewID(), box: Box{0, 0, w, h}}
	p.enc.b = make([]byte, 0, 4096)
	b.pages = append(b.pages, p)
	return p
}

// AddTemplate adds a template page; zorder is Background, Foreground or "".
func (b *Builder) AddTemplate(name, zorder string, w, h float64) *PageBuilder {
	p := &PageBuilder{b: b, id: b.NewID(), box: Box{0, 0, w, h}, name: name, zorder: zorder}
	b.templates = append(b.templates, p)
	return p
}

// Permit sets the permissions.
func (b *Builder) Permit(p Permissions) { b.permissions = &p }

// Signable links an empty list of signatures, so that OFD.xml need not change,
// and can be covered, when the document is signed.
func (b *Builder) Signable() { b.signable = true }

// Archive sets DocType to OFD-A.
func (b *Builder) Archive() { b.archive = true }

var errNoPages = errors.New("ofd: building: the document has no page")

// Build makes the document.
func (b *Builder) Build() (*Document, error) {
	if len(b.pages) == 0 {
		b.keep(errNoPages)
	}
	parts := make([]*Part, 1, 16)
	for i, p := range b.pages {
		parts = append(parts, NewPartLevel(pageFolder+"Page_"+strconv.Itoa(i)+"/Content.xml", p.content(), Small))
	}
	parts = b.appendResources(parts)
	parts = b.appendTemplates(parts)
	parts = b.appendAnnotations(parts)
	parts = b.appendTags(parts)
	parts = b.appendAttachments(parts)
	parts = append(parts, NewPart(mainName, b.document()))
	if b.signable || b.base != nil && b.base.signable {
		parts = append(parts, NewPart(signsName, emptySignatures()))
	}
	parts[0] = NewPart(rootName, b.rootXML(parts[1:]))
	if b.err != nil {
		return nil, b.err
	}
	d, err := assemble(parts, limits.Default())
	if err != nil {
		return nil, fmt.Errorf("ofd: reading what was built: %w", err)
	}
	return d, nil
}

func (b *Builder) isSignable() bool { return b.signable || b.base != nil && b.base.signable }

// free gives a part name that is not taken.
func (b *Builder) free(name string) string {
	if b.base != nil && b.base.names[name] || b.names[name] {
		at := strings.LastIndexByte(name, '.')
		if at < strings.LastIndexByte(name, '/') {
			at = len(name)
		}
		for n := 2; ; n++ {
			if try := name[:at] + "_" + strconv.Itoa(n) + name[at:]; !b.names[try] && (b.base == nil || !b.base.names[try]) {
				name = try
				break
			}
		}
	}
	b.names[name] = true
	return name
}

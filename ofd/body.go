package ofd

import "sync"

// A Body is one document of the package (DocBody): what Document.xml says,
// and the way to everything it links to.
type Body struct {
	Index       int // 0-based, among the package's DocBody elements
	Info        DocInfo
	DocRoot     string // part name of Document.xml
	MaxUnitID   ID
	Area        PageArea // of pages that have none of their own
	DefaultCS   ID
	PublicRes   []string // part names
	DocumentRes []string
	Templates   []*Template
	Permissions Permissions
	Outlines    []Outline

	AnnotationsPart string // part names, "" when not linked
	CustomTagsPart  string
	AttachmentsPart string
	ExtensionsPart  string
	SignaturesPart  string
	Versions        []VersionRecord

	doc        *Document
	pages      []*Page
	signatures signatureList

	resOnce sync.Once
	res     *Resources
	resErr  error
}

// Pages gives the document's pages in order.
func (b *Body) Pages() []*Page { return b.pages }

// Page finds a page by its ST_ID; nil when there is none.
func (b *Body) Page(id ID) *Page {
	for _, p := range b.pages {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Template finds a template page by its ST_ID; nil when there is none.
func (b *Body) Template(id ID) *Template {
	for _, t := range b.Templates {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Signatures gives the records of the document's signatures.
func (b *Body) Signatures() []SignatureRecord { return b.signatures.Records }

package ofd

// A Builder makes a document. It is not safe for concurrent use. Errors are
// kept: the first one is answered by Build.
//
//	b := ofd.New(ofd.DocInfo{DocID: id, Title: "营业执照"})
//	font := b.AddFont(ofd.FontSpec{Name: "SimSun", File: subset})
//	page := b.AddPage(210, 297)
//	obj := page.Text(ofd.TextObject{Font: font, Size: 5, Boundary: box, Codes: …})
//	b.Tag("ZZMC", page.ID(), obj)
//	doc, err := b.Build()
type Builder struct {
	info        DocInfo
	base        *Skeleton
	next        ID
	err         error
	public      resources
	own         resources
	pages       []*PageBuilder
	templates   []*PageBuilder
	files       []*Part // fonts, images, attachments
	names       map[string]bool
	attachments []AttachmentSpec
	attachParts []string
	index       []IndexEntry
	namespace   string
	permissions *Permissions
	annotations []pageAnnotation
	signable    bool
	docType     string
	area        *Box
}

// A Skeleton is the static part of a kind of document, made once: fonts,
// images, template pages, attachments, compressed and digested. Documents
// made from it share its parts. It is safe for concurrent use.
type Skeleton struct {
	next        ID
	public      *Part
	files       []*Part
	templates   []templateRecord
	permissions *Permissions
	signable    bool
	namespace   string
	docType     string
	area        *Box
}

// FontSpec says what font to add.
type FontSpec struct {
	Name       string // FontName, also the system font's name when not embedded
	Family     string // "" = Name
	Bold       bool
	Italic     bool
	Serif      bool
	FixedWidth bool
	Charset    string
	File       *Part  // embedded TrueType; its Name is chosen by the builder
	Data       []byte // the same as bytes, stored at level Fast
}

// AttachmentSpec says what to attach.
type AttachmentSpec struct {
	Name         string // shown name
	Format       string // "xml", "ofd" …
	Usage        string
	CreationDate string // xs:dateTime
	Hidden       bool
	FileName     string // ASCII name in the package; "" = chosen by the builder
	Data         []byte
	Level        Level
}

type templateRecord struct {
	ID     ID
	Name   string
	ZOrder string
	Loc    string
}

type pageAnnotation struct {
	page ID
	a    Annotation
}

package ofd

import "errors"

var errNotYet = errors.New("ofd: not built yet")

func appendNumber(b []byte, v float64) []byte { return b }

type resources struct{}

// New starts a document.
func New(info DocInfo) *Builder { return &Builder{} }

// AddFont adds a font resource.
func (b *Builder) AddFont(f FontSpec) ID { return 0 }

// AddImage adds a picture; format is PNG, JPEG, …
func (b *Builder) AddImage(data []byte, format string) ID { return 0 }

// AddImagePart adds a picture that was frozen before.
func (b *Builder) AddImagePart(p *Part, format string) ID { return 0 }

// AddDrawParam adds a draw parameter.
func (b *Builder) AddDrawParam(p DrawParam) ID { return 0 }

// AddColorSpace adds a colour space.
func (b *Builder) AddColorSpace(c ColorSpace) ID { return 0 }

// AddComposite adds a composite unit.
func (b *Builder) AddComposite(c Composite) ID { return 0 }

// NewID takes the next free ID.
func (b *Builder) NewID() ID { return 0 }

// AddPage adds a page of w × h mm.
func (b *Builder) AddPage(w, h float64) *PageBuilder { return nil }

// AddTemplate adds a template page.
func (b *Builder) AddTemplate(name, zorder string, w, h float64) *PageBuilder { return nil }

// Attach adds an attachment and gives its ID.
func (b *Builder) Attach(a AttachmentSpec) string { return "" }

// Tag points a field of the data index to objects of a page.
func (b *Builder) Tag(field string, page ID, objects ...ID) {}

// TagNameSpace sets the NameSpace of the data index.
func (b *Builder) TagNameSpace(ns string) {}

// Annotate puts an annotation on a page and gives its ID.
func (b *Builder) Annotate(page ID, a Annotation) ID { return 0 }

// Permit sets the permissions.
func (b *Builder) Permit(p Permissions) {}

// Signable links an empty list of signatures.
func (b *Builder) Signable() {}

// Skeleton freezes what has been added.
func (b *Builder) Skeleton() (*Skeleton, error) { return nil, errNotYet }

// New starts a document that shares the skeleton's parts.
func (s *Skeleton) New(info DocInfo) *Builder { return nil }

// Build makes the document.
func (b *Builder) Build() (*Document, error) { return nil, errNotYet }

// ID is the page's ST_ID.
func (p *PageBuilder) ID() ID { return p.id }

// Template lays a template page under or over the page.
func (p *PageBuilder) Template(id ID, zorder string) {}

// Layer starts a new layer: Body, Background, Foreground or Custom.
func (p *PageBuilder) Layer(kind string, drawParam ID) ID { return 0 }

// Text adds a text object and gives its ID.
func (p *PageBuilder) Text(t TextObject) ID { return 0 }

// Path adds a path object.
func (p *PageBuilder) Path(o PathObject) ID { return 0 }

// Image adds an image object.
func (p *PageBuilder) Image(o ImageObject) ID { return 0 }

// Composite adds a composite object.
func (p *PageBuilder) Composite(o CompositeObject) ID { return 0 }

// Add adds any object.
func (p *PageBuilder) Add(o Object) ID { return 0 }

// PrepareSignatures gives a document whose OFD.xml links a list of signatures.
func (d *Document) PrepareSignatures(body int) (*Document, error) { return nil, errNotYet }

// SignatureDir gives the directory and number for the next signature.
func (d *Document) SignatureDir(body int) (dir string, id int) { return "", 0 }

// WithSignature adds a record to the list.
func (d *Document) WithSignature(body int, rec NewSignature, parts ...*Part) (*Document, error) {
	return nil, errNotYet
}

// NewSignature is a record to add.
type NewSignature struct {
	ID    int
	Type  string
	Loc   string
	MaxID int
}

// MarshalSignature writes a Signature.xml.
func MarshalSignature(f *SignatureFile) ([]byte, error) { return nil, errNotYet }

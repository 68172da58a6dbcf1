package ofd

import (
	"strings"
	"sync/atomic"

	"sidian/ofd/internal/limits"
)

// Limits bound what a package may cost its reader; zero fields are defaults.
type Limits = limits.Limits

// XMLLimits bound one XML part.
type XMLLimits = limits.XML

// Options for OpenWith.
type Options struct {
	Limits Limits
}

// A Document is an opened or built package. It is never changed: With and the
// editing functions give another document that shares the unchanged parts. It
// is safe for concurrent use.
type Document struct {
	parts  []*Part // in archive order
	byName map[string]*Part
	fold   map[string]*Part // by lower-case name; first one wins
	limits Limits

	root     *root
	bodies   []*Body
	problems []Problem
	kept     atomic.Int64 // elements of the pages whose content is kept
}

// A Problem is something Open could live with: a part that is named but
// missing, a version it does not know.
type Problem struct {
	Part    string
	Message string // English
}

// Open reads a package with the default limits. It reads the archive's
// directory and the heads of the document (OFD.xml, Document.xml, the list of
// signatures), not the pages.
func Open(data []byte) (*Document, error) { return OpenWith(data, Options{}) }

// OpenWith reads a package. data must not be changed afterwards.
func OpenWith(data []byte, opts Options) (*Document, error) {
	lim := opts.Limits.Filled()
	parts, err := readZip(data, lim)
	if err != nil {
		return nil, err
	}
	return assemble(parts, lim)
}

func assemble(parts []*Part, lim Limits) (*Document, error) {
	d := &Document{parts: parts, limits: lim}
	d.index()
	if err := d.load(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) index() {
	d.byName = make(map[string]*Part, len(d.parts))
	d.fold = make(map[string]*Part, len(d.parts))
	for _, p := range d.parts {
		d.byName[p.Name] = p
		if low := strings.ToLower(p.Name); d.fold[low] == nil {
			d.fold[low] = p
		}
	}
}

// Parts gives all parts in the archive's order. The slice must not be changed.
func (d *Document) Parts() []*Part { return d.parts }

// Part finds a part by its path from the root, with or without leading slash:
// exactly, else without regard to case. nil when there is none.
func (d *Document) Part(name string) *Part {
	name = strings.TrimPrefix(name, "/")
	if p := d.byName[name]; p != nil {
		return p
	}
	if clean, err := Resolve("", name); err == nil && clean != name {
		if p := d.byName[clean]; p != nil {
			return p
		}
		name = clean
	}
	return d.fold[strings.ToLower(name)]
}

// Find resolves a location written in the file base and gives its part, nil
// when there is none, and the name it would have.
func (d *Document) Find(base, loc string) (*Part, string, error) {
	name, err := Resolve(base, loc)
	if err != nil {
		return nil, "", err
	}
	if p := d.Part(name); p != nil {
		return p, p.Name, nil
	}
	return nil, name, nil
}

// With gives a copy of the document with parts added, or put in the place of
// those that have the same name: the way a signature is added. Nothing else
// changes, so that every other part keeps its bytes.
func (d *Document) With(parts ...*Part) (*Document, error) {
	all := make([]*Part, len(d.parts), len(d.parts)+len(parts))
	copy(all, d.parts)
	for _, p := range parts {
		if at := indexOf(all, p.Name); at >= 0 {
			all[at] = p
		} else if err := checkName(p.Name, d.limits); err != nil {
			return nil, err
		} else {
			all = append(all, p)
		}
	}
	return assemble(all, d.limits)
}

// Without gives a copy of the document without the parts named.
func (d *Document) Without(names ...string) (*Document, error) {
	drop := map[string]bool{}
	for _, n := range names {
		drop[n] = true
	}
	var keep []*Part
	for _, p := range d.parts {
		if !drop[p.Name] {
			keep = append(keep, p)
		}
	}
	return assemble(keep, d.limits)
}

func indexOf(parts []*Part, name string) int {
	for i, p := range parts {
		if p.Name == name {
			return i
		}
	}
	return -1
}

// Bytes writes the package: OFD.xml first, then the parts in their order,
// each with the bytes it had. The same document gives the same bytes.
func (d *Document) Bytes() ([]byte, error) { return writeZip(d.parts) }

// Problems lists what Open could live with.
func (d *Document) Problems() []Problem { return d.problems }

// Limits gives the bounds the document was opened with.
func (d *Document) Limits() Limits { return d.limits }

// Version is OFD.xml's Version, DocType its DocType.
func (d *Document) Version() string { return d.root.Version }

// DocType is OFD.xml's DocType: OFD, or OFD-A for archives.
func (d *Document) DocType() string { return d.root.DocType }

// Bodies gives the documents in the package, nearly always one.
func (d *Document) Bodies() []*Body { return d.bodies }

// Body gives the first document; a package without one is not opened.
func (d *Document) Body() *Body { return d.bodies[0] }

// Info gives the first document's information.
func (d *Document) Info() DocInfo { return d.Body().Info }

// Pages gives the pages of all documents in the package, in order.
func (d *Document) Pages() []*Page {
	if len(d.bodies) == 1 {
		return d.bodies[0].pages
	}
	var all []*Page
	for _, b := range d.bodies {
		all = append(all, b.pages...)
	}
	return all
}

// Attachments gives the attachments of all documents in the package.
func (d *Document) Attachments() ([]Attachment, error) {
	return gather(d, (*Body).Attachments)
}

// CustomTags gives the custom tag files of all documents in the package.
func (d *Document) CustomTags() ([]CustomTag, error) {
	return gather(d, (*Body).CustomTags)
}

// DataIndex gives the data index (GB/T 36905): the fields of the custom tag
// files and the objects they point to.
func (d *Document) DataIndex() ([]IndexEntry, error) {
	return gather(d, (*Body).DataIndex)
}

// Annotations gives the annotations of all pages.
func (d *Document) Annotations() ([]*Annotation, error) {
	return gather(d, (*Body).Annotations)
}

// Signatures gives the records of all signatures, in the files' order.
func (d *Document) Signatures() []SignatureRecord {
	if len(d.bodies) == 1 {
		return d.bodies[0].signatures.Records
	}
	var all []SignatureRecord
	for _, b := range d.bodies {
		all = append(all, b.signatures.Records...)
	}
	return all
}

// Resources gives the resources of the first document.
func (d *Document) Resources() (*Resources, error) { return d.Body().Resources() }

// Permissions gives the first document's permissions.
func (d *Document) Permissions() Permissions { return d.Body().Permissions }

func gather[T any](d *Document, get func(*Body) ([]T, error)) ([]T, error) {
	var all []T
	for _, b := range d.bodies {
		some, err := get(b)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

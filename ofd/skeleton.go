package ofd

import (
	"errors"
	"maps"
	"strconv"
)

// A Skeleton is the static part of a kind of document, made once: fonts,
// images, draw parameters and template pages, compressed and digested.
// Documents made from it share its parts. It is safe for concurrent use.
type Skeleton struct {
	last        ID
	public      *Part
	files       []*Part
	templates   []templateRecord
	pages       []*Part // of the templates
	names       map[string]bool
	permissions *Permissions
	signable    bool
	archive     bool
	namespace   string
}

type templateRecord struct {
	id     ID
	name   string
	zorder string
	loc    string // relative to Document.xml
}

var errNotStatic = errors.New("ofd: making a skeleton: only resources and template pages can be static")

// Skeleton freezes the resources and template pages that were added. The
// permissions, and whether the document is signable, are taken over.
func (b *Builder) Skeleton() (*Skeleton, error) {
	if len(b.pages)+len(b.attachments)+len(b.index)+len(b.annotations) > 0 || b.base != nil {
		b.keep(errNotStatic)
	}
	s := &Skeleton{names: map[string]bool{}, permissions: b.permissions, signable: b.signable, archive: b.archive, namespace: b.namespace}
	if res := resXML(append(b.res.public(), b.res.document()...)...); res != nil {
		s.public = Freeze(publicName, res, Best)
	}
	for _, f := range b.files {
		data, err := f.Data()
		if err != nil {
			return nil, err
		}
		level := f.level
		if level > Store {
			level = Best
		}
		s.files = append(s.files, Freeze(f.Name, data, level))
	}
	for i, t := range b.templates {
		rec := t.record(i)
		s.templates = append(s.templates, rec)
		s.pages = append(s.pages, Freeze(docDir+rec.loc, t.content(), Best))
	}
	maps.Copy(s.names, b.names)
	s.last = b.last
	return s, b.err
}

func (p *PageBuilder) record(i int) templateRecord {
	return templateRecord{p.id, p.name, p.zorder, "Tpls/Tpl_" + strconv.Itoa(i) + "/Content.xml"}
}

// New starts a document that shares the skeleton's parts. Its own IDs begin
// behind the skeleton's.
func (s *Skeleton) New(info DocInfo) *Builder {
	b := New(info)
	b.base, b.last = s, s.last
	b.permissions, b.archive, b.namespace = s.permissions, s.archive, s.namespace
	return b
}

// Size is the number of compressed bytes the skeleton's parts have.
func (s *Skeleton) Size() int {
	n := 0
	for _, list := range [][]*Part{{s.public}, s.files, s.pages} {
		for _, p := range list {
			if p != nil {
				n += len(p.raw)
			}
		}
	}
	return n
}

// templateRecords gives the skeleton's template pages and the builder's own.
func (b *Builder) templateRecords() []templateRecord {
	var list []templateRecord
	if b.base != nil {
		list = append(list, b.base.templates...)
	}
	for _, t := range b.templates {
		list = append(list, t.record(len(list)))
	}
	return list
}

func (b *Builder) appendTemplates(parts []*Part) []*Part {
	from := 0
	if b.base != nil {
		parts = append(parts, b.base.pages...)
		from = len(b.base.templates)
	}
	for i, t := range b.templates {
		parts = append(parts, NewPart(docDir+t.record(from+i).loc, t.content()))
	}
	return parts
}

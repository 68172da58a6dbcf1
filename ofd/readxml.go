package ofd

import (
	"errors"
	"strconv"
	"sync"

	"sidian/ofd/internal/xmlx"
)

var readers = sync.Pool{New: func() any { return new(xmlx.Reader) }}

// readXML walks a part whose root has one of the local names given. read is
// called inside the root element and may stop anywhere; the rest of the part
// must still be well-formed.
func readXML(p *Part, lim Limits, read func(r *xmlx.Reader), roots ...string) error {
	data, err := p.Data()
	if err != nil {
		return err
	}
	r := readers.Get().(*xmlx.Reader)
	defer readers.Put(r)
	r.Reset(data, lim.XML)
	if r.Root(roots...) {
		read(r)
		for r.Next() != xmlx.None {
		}
	}
	err = xmlError(p.Name, r.Err())
	r.Reset(nil, lim.XML) // keep no part alive from the pool
	return err
}

func xmlError(part string, err error) error {
	if err == nil {
		return nil
	}
	var e *xmlx.Error
	if errors.As(err, &e) && e.Limit {
		return refuse("xml", "XML 内容超出安全限制（层数、数量或 DTD）", "%s: %v", part, e)
	}
	path := ""
	if e != nil {
		path = "byte " + strconv.Itoa(e.Offset)
	}
	return &MalformedError{Part: part, Path: path, Err: err}
}

// locate resolves the current element's location text, or an attribute's, and
// gives the name of the part there is, else the name it would have.
func (d *Document) locate(base string, loc []byte) (string, error) {
	_, name, err := d.Find(base, string(loc))
	return name, err
}

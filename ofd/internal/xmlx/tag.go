package xmlx

import "bytes"

func (r *Reader) startTag() Kind {
	d := r.data
	p := r.pos + 1
	n := nameLen(d[p:])
	if n == 0 {
		return r.fail("tag without a name")
	}
	name := d[p : p+n]
	if len(r.stack) == 0 && r.rooted {
		return r.fail("second root element %q", name)
	}
	if !r.bounds(n) {
		return None
	}
	prefix, local, ok := split(name)
	if !ok {
		return r.fail("name %q has more than one colon", name)
	}
	p += n
	r.attrs, r.scratch = r.attrs[:0], r.scratch[:0]
	bindings := len(r.ns)
	for {
		from := p
		for p < len(d) && space(d[p]) {
			p++
		}
		if p >= len(d) {
			return r.fail("document ends inside a tag")
		}
		if d[p] == '>' {
			p++
			break
		}
		if d[p] == '/' {
			if p+1 >= len(d) || d[p+1] != '>' {
				return r.fail("/ inside a tag")
			}
			p += 2
			r.closing = true
			break
		}
		if p == from {
			r.pos = p
			return r.fail("no space before an attribute")
		}
		if p = r.attribute(p, bindings); p < 0 {
			return None
		}
	}
	r.pos = p
	r.rooted = true
	r.stack = append(r.stack, frame{name, bindings})
	r.prefix, r.local = prefix, local
	r.uri = r.lookup(prefix)
	r.kind = Start
	return Start
}

// bounds counts the element that begins and checks the limits.
func (r *Reader) bounds(nameLen int) bool {
	r.elements++
	switch {
	case r.elements > r.lim.Elements:
		r.limit("more than %d elements", r.lim.Elements)
	case len(r.stack) >= r.lim.Depth:
		r.limit("elements nested more than %d deep", r.lim.Depth)
	case nameLen > r.lim.Name:
		r.limit("name of %d bytes", nameLen)
	}
	return r.err == nil
}

// attribute reads one attribute at p and gives the place behind it, -1 when
// the reading failed.
func (r *Reader) attribute(p, bindings int) int {
	d := r.data
	n := nameLen(d[p:])
	r.pos = p
	if n == 0 {
		r.fail("attribute without a name")
		return -1
	}
	if n > r.lim.Name {
		r.limit("name of %d bytes", n)
		return -1
	}
	prefix, local, ok := split(d[p : p+n])
	if !ok {
		r.fail("name %q has more than one colon", d[p:p+n])
		return -1
	}
	p = skipSpace(d, p+n)
	if p >= len(d) || d[p] != '=' {
		r.fail("attribute %q without a value", local)
		return -1
	}
	p = skipSpace(d, p+1)
	if p >= len(d) || d[p] != '"' && d[p] != '\'' {
		r.fail("value of %q without quotes", local)
		return -1
	}
	end := bytes.IndexByte(d[p+1:], d[p])
	if end < 0 {
		r.fail("value of %q that does not end", local)
		return -1
	}
	value := d[p+1 : p+1+end]
	next := p + end + 2
	if value, ok = r.value(value, local); !ok {
		return -1
	}
	if !r.store(prefix, local, value, bindings) {
		return -1
	}
	return next
}

func (r *Reader) value(value, local []byte) ([]byte, bool) {
	simple := true
	for _, c := range value {
		if c == '<' {
			r.fail("< in the value of %q", local)
			return nil, false
		}
		if c == '&' || c == '\r' {
			simple = false
		}
	}
	if simple {
		return value, true
	}
	return r.decode(value)
}

func (r *Reader) store(prefix, local, value []byte, bindings int) bool {
	if len(r.attrs)+len(r.ns)-bindings >= r.lim.Attributes {
		r.limit("more than %d attributes", r.lim.Attributes)
		return false
	}
	declares, declared := string(prefix) == "xmlns", local
	if len(prefix) == 0 && string(local) == "xmlns" {
		declares, declared = true, nil
	}
	if declares {
		for _, b := range r.ns[bindings:] {
			if bytes.Equal(b.prefix, declared) {
				r.fail("namespace %q declared twice", declared)
				return false
			}
		}
		// The value may lie in the scratch buffer, which the next token reuses.
		r.ns = append(r.ns, binding{declared, bytes.Clone(value)})
		return true
	}
	for i := range r.attrs {
		if a := &r.attrs[i]; bytes.Equal(a.Local, local) && bytes.Equal(a.Prefix, prefix) {
			r.fail("attribute %q twice", local)
			return false
		}
	}
	r.attrs = append(r.attrs, Attr{prefix, local, value})
	return true
}

func (r *Reader) endTag() Kind {
	d := r.data
	p := r.pos + 2
	n := nameLen(d[p:])
	if len(r.stack) == 0 {
		return r.fail("end tag without a start")
	}
	open := r.stack[len(r.stack)-1].name
	if !bytes.Equal(d[p:p+n], open) {
		return r.fail("element %q closed by %q", open, d[p:p+n])
	}
	p = skipSpace(d, p+n)
	if p >= len(d) || d[p] != '>' {
		return r.fail("end tag of %q that does not end", open)
	}
	r.pos = p + 1
	return r.pop()
}

func (r *Reader) pop() Kind {
	top := r.stack[len(r.stack)-1]
	r.prefix, r.local, _ = split(top.name)
	r.uri = r.lookup(r.prefix)
	r.stack = r.stack[:len(r.stack)-1]
	r.ns = r.ns[:top.bindings]
	r.attrs = r.attrs[:0]
	r.closing = false
	r.kind = End
	return End
}

func (r *Reader) lookup(prefix []byte) []byte {
	for i := len(r.ns) - 1; i >= 0; i-- {
		if bytes.Equal(r.ns[i].prefix, prefix) {
			return r.ns[i].uri
		}
	}
	return nil
}

// split cuts a qualified name; at most one colon, not at an end.
func split(name []byte) (prefix, local []byte, ok bool) {
	colon := bytes.IndexByte(name, ':')
	if colon < 0 {
		return nil, name, true
	}
	local = name[colon+1:]
	if colon == 0 || nameLen(local) != len(local) || len(local) == 0 || bytes.IndexByte(local, ':') >= 0 {
		return nil, nil, false
	}
	return name[:colon], local, true
}

func skipSpace(d []byte, p int) int {
	for p < len(d) && space(d[p]) {
		p++
	}
	return p
}

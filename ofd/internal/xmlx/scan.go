package xmlx

import "bytes"

// Next goes on to the next token.
func (r *Reader) Next() Kind {
	if r.err != nil {
		return None
	}
	if r.closing {
		return r.pop()
	}
	for {
		r.begin = r.pos
		if r.pos >= len(r.data) {
			return r.eof()
		}
		if r.data[r.pos] != '<' {
			if k := r.chars(); k == Text || r.err != nil {
				return k
			}
			continue
		}
		if r.pos+1 >= len(r.data) {
			return r.fail("document ends inside a tag")
		}
		switch r.data[r.pos+1] {
		case '/':
			return r.endTag()
		case '!':
			if k := r.bang(); k == Text || r.err != nil {
				return k
			}
		case '?':
			if r.instruction(); r.err != nil {
				return None
			}
		default:
			return r.startTag()
		}
	}
}

func (r *Reader) eof() Kind {
	if len(r.stack) > 0 {
		return r.fail("document ends inside element %q", r.stack[len(r.stack)-1].name)
	}
	if !r.rooted {
		return r.fail("no root element")
	}
	r.kind = None
	return None
}

// chars reads character data up to the next markup. Outside the root only
// white space may stand; it is not a token.
func (r *Reader) chars() Kind {
	rest := r.data[r.pos:]
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		n = len(rest)
	}
	chunk := rest[:n]
	if len(r.stack) == 0 {
		if len(bytes.TrimLeft(chunk, " \t\r\n")) != 0 {
			return r.fail("text outside the root element")
		}
		r.pos += n
		return None
	}
	r.text, r.decoded = chunk, false
	if plain(chunk) {
		r.pos += n
		r.kind = Text
		return Text
	}
	if at := bytes.Index(chunk, []byte("]]>")); at >= 0 {
		r.pos += at
		return r.fail("]]> in text")
	}
	r.scratch = r.scratch[:0]
	text, ok := r.decode(chunk)
	if !ok {
		return None
	}
	r.text, r.decoded = text, true
	r.pos += n
	r.kind = Text
	return Text
}

// plain tells that a chunk needs no decoding.
func plain(b []byte) bool {
	if len(b) < 32 {
		for _, c := range b {
			if c == '&' || c == '\r' || c == ']' {
				return false
			}
		}
		return true
	}
	return bytes.IndexByte(b, '&') < 0 && bytes.IndexByte(b, '\r') < 0 && bytes.IndexByte(b, ']') < 0
}

// bang reads a comment or a CDATA section. A DOCTYPE is refused, whatever is
// in it: entities are how XML is made to explode.
func (r *Reader) bang() Kind {
	rest := r.data[r.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		n := bytes.Index(rest[4:], []byte("--"))
		if n < 0 || len(rest) < n+7 || rest[n+6] != '>' {
			return r.fail("comment that does not end, or has -- inside")
		}
		r.pos += n + 7
		return None
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		n := bytes.Index(rest, []byte("]]>"))
		if n < 0 || len(r.stack) == 0 {
			return r.fail("CDATA section that does not end, or outside the root element")
		}
		r.scratch = r.scratch[:0]
		r.text, r.decoded = rest[9:n], false
		if bytes.IndexByte(r.text, '\r') >= 0 {
			r.text, r.decoded = r.newlines(r.text), true
		}
		r.pos += n + 3
		r.kind = Text
		return Text
	case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
		return r.limit("document type declaration")
	}
	return r.limit("markup declaration")
}

func (r *Reader) newlines(b []byte) []byte {
	start := len(r.scratch)
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\r' {
			if i+1 < len(b) && b[i+1] == '\n' {
				continue
			}
			c = '\n'
		}
		r.scratch = append(r.scratch, c)
	}
	return r.scratch[start:]
}

// instruction leaves a processing instruction out.
func (r *Reader) instruction() {
	rest := r.data[r.pos+2:]
	n := bytes.Index(rest, []byte("?>"))
	if n < 0 {
		r.fail("processing instruction that does not end")
		return
	}
	target := nameLen(rest[:n])
	if target == 0 || target < n && !space(rest[target]) {
		r.fail("processing instruction without a target")
		return
	}
	if bytes.EqualFold(rest[:target], []byte("xml")) {
		r.fail("XML declaration that is not at the beginning")
		return
	}
	r.pos += n + 4
}

// declaration reads <?xml …?> at the very beginning: version 1.0, UTF-8.
func (r *Reader) declaration() {
	rest := r.data[r.pos:]
	if !bytes.HasPrefix(rest, []byte("<?xml")) || len(rest) < 6 || !space(rest[5]) {
		return
	}
	n := bytes.Index(rest, []byte("?>"))
	if n < 0 {
		r.fail("XML declaration that does not end")
		return
	}
	decl := rest[5:n]
	for _, want := range pseudoAttributes {
		value, left, ok := pseudo(decl, want.name)
		if !ok {
			if want.required {
				r.fail("XML declaration without a version")
				return
			}
			continue
		}
		if !want.allowed(value) {
			r.fail("%s %q in the XML declaration", want.name, value)
			return
		}
		decl = left
	}
	if len(bytes.TrimLeft(decl, blanks)) > 0 {
		r.fail("malformed XML declaration")
		return
	}
	r.pos += n + 2
}

const blanks = " \t\r\n"

// pseudoAttributes are what a declaration may hold, in this order (XML 1.0 §2.8).
var pseudoAttributes = []struct {
	name     string
	required bool
	allowed  func(value []byte) bool
}{
	{"version", true, func(v []byte) bool { return string(v) == "1.0" }},
	{"encoding", false, func(v []byte) bool { return bytes.EqualFold(v, []byte("utf-8")) }},
	{"standalone", false, func(v []byte) bool { return string(v) == "yes" || string(v) == "no" }},
}

// pseudo reads name="value" from the beginning of decl, behind a blank.
func pseudo(decl []byte, name string) (value, left []byte, ok bool) {
	trimmed := bytes.TrimLeft(decl, blanks)
	rest, ok := bytes.CutPrefix(trimmed, []byte(name))
	if !ok || len(trimmed) == len(decl) {
		return nil, decl, false
	}
	rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, blanks), []byte("="))
	rest = bytes.TrimLeft(rest, blanks)
	if !ok || len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return nil, decl, false
	}
	end := bytes.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return nil, decl, false
	}
	return rest[1 : 1+end], rest[end+2:], true
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

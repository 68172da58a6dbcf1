// Package xmlx is a small, strict pull tokenizer for the XML of OFD packages,
// which come from strangers: UTF-8 only, no DTD, only the five predefined
// entities and character references, bounded depth, attributes and elements.
// It allocates next to nothing and reads what it accepts as encoding/xml does.
package xmlx

import (
	"bytes"
	"fmt"

	"sidian/ofd/internal/limits"
)

// Kind is the kind of a token.
type Kind uint8

// Kinds of token. None means the end of the document or an error.
const (
	None Kind = iota
	Start
	End
	Text
)

// An Error tells why a document was not accepted, at a byte offset.
type Error struct {
	Offset int
	Msg    string
	Limit  bool // a bound was passed, or a DTD met: hostile rather than broken
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

// An Attr is an attribute of the current element; namespace declarations are
// not among them. The slices are valid until the next token.
type Attr struct {
	Prefix, Local, Value []byte
}

type binding struct {
	prefix, uri []byte
}

type frame struct {
	name     []byte // qualified
	bindings int    // len(ns) before the element
}

// A Reader walks a document. The zero value is not usable; see New and Reset.
type Reader struct {
	data []byte
	pos  int
	lim  limits.XML
	err  *Error

	kind     Kind
	begin    int // offset of the current token
	prefix   []byte
	local    []byte
	uri      []byte
	attrs    []Attr
	text     []byte
	decoded  bool // text lies in scratch
	closing  bool // the current start tag was <a/>
	rooted   bool
	elements int

	stack   []frame
	ns      []binding
	scratch []byte
	joined  []byte
}

// New starts reading data, which must not change meanwhile.
func New(data []byte, lim limits.XML) *Reader {
	r := &Reader{}
	r.Reset(data, lim)
	return r
}

// Reset starts reading another document with the same buffers.
func (r *Reader) Reset(data []byte, lim limits.XML) {
	*r = Reader{
		lim: lim.Filled(), data: data,
		attrs: r.attrs[:0], stack: r.stack[:0], ns: r.ns[:0], scratch: r.scratch[:0], joined: r.joined[:0],
	}
	if len(data) > r.lim.Size {
		r.limit("document of %d bytes, at most %d are read", len(data), r.lim.Size)
		return
	}
	if bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
		r.pos = 3
	}
	if at := badByte(data); at >= 0 {
		r.pos = at
		r.fail("not UTF-8, or a character XML does not allow")
		return
	}
	r.declaration()
}

// Err is what ended the reading before the document's end; nil at its end.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Fail ends the reading with an error of the caller's at the current token.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.begin, Msg: fmt.Sprintf(format, args...)}
	}
	r.kind = None
}

func (r *Reader) fail(format string, args ...any) Kind {
	if r.err == nil {
		r.err = &Error{Offset: r.pos, Msg: fmt.Sprintf(format, args...)}
	}
	r.kind = None
	return None
}

func (r *Reader) limit(format string, args ...any) Kind {
	r.fail(format, args...)
	r.err.Limit = true
	return None
}

// Depth is the number of open elements; right after a Start it counts that one.
func (r *Reader) Depth() int { return len(r.stack) }

// Elements is the number of elements begun so far.
func (r *Reader) Elements() int { return r.elements }

// Offset is where the current token begins, End where it ends.
func (r *Reader) Offset() int { return r.begin }

// EndOffset is where the current token ends.
func (r *Reader) EndOffset() int { return r.pos }

// Local is the local name of the current Start or End.
func (r *Reader) Local() []byte { return r.local }

// Prefix is the prefix of the current Start or End.
func (r *Reader) Prefix() []byte { return r.prefix }

// Namespace is the namespace of the current Start; empty when there is none,
// or when the prefix was never declared.
func (r *Reader) Namespace() []byte { return r.uri }

// Attrs gives the attributes of the current Start.
func (r *Reader) Attrs() []Attr { return r.attrs }

// Raw is the character data of the current Text.
func (r *Reader) Raw() []byte { return r.text }

// SelfClosing tells whether the current Start was written <a/>.
func (r *Reader) SelfClosing() bool { return r.closing }

// Attr gives the value of the current element's attribute by local name, nil
// when there is none.
func (r *Reader) Attr(local string) []byte {
	for i := range r.attrs {
		if string(r.attrs[i].Local) == local {
			return r.attrs[i].Value
		}
	}
	return nil
}

// Has tells whether the current element has the attribute.
func (r *Reader) Has(local string) bool {
	for i := range r.attrs {
		if string(r.attrs[i].Local) == local {
			return true
		}
	}
	return false
}

// Namespaces of OFD: the standard's, and the one of producers before 2016.
const (
	NS    = "http://www.ofdspec.org/2016"
	OldNS = "http://www.ofdspec.org"
)

// Foreign tells whether the current Start is in a namespace that is neither of
// OFD's, so that its name means nothing to us.
func (r *Reader) Foreign() bool {
	return len(r.uri) != 0 && string(r.uri) != NS && string(r.uri) != OldNS
}

// Root reads up to the root element and tells whether its local name is one of
// those given (any, when none is).
func (r *Reader) Root(locals ...string) bool {
	for r.kind = r.Next(); r.kind == Text; r.kind = r.Next() {
	}
	if r.kind != Start {
		return false
	}
	if len(locals) == 0 {
		return true
	}
	for _, l := range locals {
		if string(r.local) == l {
			return true
		}
	}
	r.Fail("root element is %q, not %q", r.local, locals[0])
	return false
}

// Child goes on to the next child of the element that was open at that depth
// (Depth right after its Start), leaving out what was not read of the child
// before, text, and foreign elements. It is false at the element's end.
func (r *Reader) Child(depth int) bool {
	for {
		switch r.Next() {
		case Start:
			if len(r.stack) == depth+1 && !r.Foreign() {
				return true
			}
		case End:
			if len(r.stack) < depth {
				return false
			}
		case None:
			return false
		}
	}
}

// AnyChild is Child without leaving out foreign elements.
func (r *Reader) AnyChild(depth int) bool {
	for {
		switch r.Next() {
		case Start:
			if len(r.stack) == depth+1 {
				return true
			}
		case End:
			if len(r.stack) < depth {
				return false
			}
		case None:
			return false
		}
	}
}

// Content reads the current element to its end and gives its own character
// data, without that of its children. It is valid until the next call.
func (r *Reader) Content() []byte {
	depth := len(r.stack)
	var out []byte
	pieces := 0
	for {
		switch r.Next() {
		case Text:
			if len(r.stack) != depth {
				continue
			}
			pieces++
			switch {
			case pieces == 1 && !r.decoded:
				out = r.text
			case pieces == 1:
				r.joined = append(r.joined[:0], r.text...)
				out = r.joined
			default:
				if pieces == 2 {
					r.joined = append(r.joined[:0], out...)
				}
				r.joined = append(r.joined, r.text...)
				out = r.joined
			}
		case End:
			if len(r.stack) < depth {
				return out
			}
		case None:
			return out
		}
	}
}

// Trimmed is Content without white space at its ends.
func (r *Reader) Trimmed() []byte { return bytes.TrimSpace(r.Content()) }

package pdf

import (
	"bytes"
	"strconv"
)

// Limits bound what one file may cost.
type Limits struct {
	Stream  int   // inflated bytes of one stream
	Total   int64 // inflated bytes of all streams, each time one is inflated
	Objects int   // entries of the cross-reference table
}

// A File is an opened PDF file. It is not safe for concurrent use.
type File struct {
	Trailer Dict

	data    []byte // from %PDF- on
	limits  Limits
	entries map[int]entry
	objects map[int]Object
	packed  map[int]map[int]Object // object streams, by their number
	busy    map[int]bool           // objects being read
}

// An entry says where an object is: at an offset, or in an object stream.
type entry struct {
	offset int
	within int // number of the object stream, 0 = at offset
	gen    int
}

// Open reads the cross-reference sections (ISO 32000-1 §7.5). Files whose
// sections are damaged are not repaired: what a repair shows is a guess.
func Open(data []byte, l Limits) (*File, error) {
	head := bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-"))
	if head < 0 {
		return nil, broken("there is no %%PDF- in the first 1,024 bytes")
	}
	f := &File{data: data[head:], limits: l, entries: map[int]entry{}, objects: map[int]Object{}, packed: map[int]map[int]Object{}, busy: map[int]bool{}}
	tail := f.data[max(0, len(f.data)-4096):]
	at := bytes.LastIndex(tail, []byte("startxref"))
	if at < 0 {
		return nil, broken("there is no startxref at the end")
	}
	lex := Lexer{data: tail, pos: at + len("startxref")}
	o, _, err := lex.Next()
	start, ok := o.(int)
	if err != nil || !ok {
		return nil, broken("startxref leads nowhere")
	}
	if err := f.sections(start); err != nil {
		return nil, err
	}
	if f.Trailer["Encrypt"] != nil {
		return nil, &Error{Locked: true, Detail: "the file is encrypted"}
	}
	return f, nil
}

// sections follows Prev from the newest section to the oldest; what a newer one
// says of an object holds.
func (f *File) sections(at int) error {
	seen := map[int]bool{}
	for {
		if seen[at] || len(seen) > 1000 {
			return broken("the cross-reference sections run in a circle")
		}
		seen[at] = true
		trailer, err := f.section(at)
		if err != nil {
			return err
		}
		if f.Trailer == nil {
			f.Trailer = trailer
		}
		if extra, ok := trailer["XRefStm"].(int); ok && !seen[extra] {
			seen[extra] = true
			if _, err := f.section(extra); err != nil {
				return err
			}
		}
		prev, ok := Number(trailer["Prev"])
		if !ok {
			return nil
		}
		at = int(prev)
	}
}

func (f *File) section(at int) (Dict, error) {
	if at < 0 || at >= len(f.data) {
		return nil, broken("a cross-reference section lies outside the file")
	}
	l := &Lexer{data: f.data, pos: at, refs: true}
	l.skip()
	if l.peek("xref") {
		l.pos += 4
		return f.table(l)
	}
	o, err := f.indirect(l.pos, -1)
	s, ok := o.(*Stream)
	if err != nil || !ok || s.Dict["Type"] != Name("XRef") {
		return nil, broken("there is no cross-reference section at %d", at)
	}
	return s.Dict, f.stream(s)
}

func (f *File) add(num int, e entry) error {
	if _, have := f.entries[num]; have {
		return nil
	}
	if len(f.entries) >= f.limits.Objects {
		return beyond("more than %d objects", f.limits.Objects)
	}
	f.entries[num] = e
	return nil
}

// table reads a cross-reference table (§7.5.4) and its trailer.
func (f *File) table(l *Lexer) (Dict, error) {
	for {
		l.skip()
		if l.peek("trailer") {
			l.pos += len("trailer")
			o, err := l.object(0)
			d, ok := o.(Dict)
			if err != nil || !ok {
				return nil, broken("the trailer is no dictionary")
			}
			return d, nil
		}
		first, count, err := l.pair()
		if err != nil {
			return nil, err
		}
		for i := range count {
			offset, gen, err := l.pair()
			if err != nil {
				return nil, err
			}
			l.skip()
			kind := l.word()
			if kind != "n" && kind != "f" {
				return nil, broken("an entry of the cross-reference table is of kind %q", kind)
			}
			e := entry{offset: offset, gen: gen}
			if kind == "f" {
				e = entry{offset: -1}
			}
			if err := f.add(first+i, e); err != nil {
				return nil, err
			}
		}
	}
}

func (l *Lexer) pair() (a, b int, err error) {
	for _, to := range []*int{&a, &b} {
		l.skip()
		n, err := strconv.Atoi(l.word())
		if err != nil || n < 0 {
			return 0, 0, broken("the cross-reference table is damaged at %d", l.pos)
		}
		*to = n
	}
	return a, b, nil
}

// stream reads a cross-reference stream (§7.5.8).
func (f *File) stream(s *Stream) error {
	var w [3]int
	widths, _ := s.Dict["W"].(Array)
	size, _ := s.Dict["Size"].(int)
	for i := range w {
		if i < len(widths) {
			w[i], _ = widths[i].(int)
		}
		if w[i] < 0 || w[i] > 8 {
			return broken("the cross-reference stream has fields of %d bytes", w[i])
		}
	}
	step := w[0] + w[1] + w[2]
	data, rest, err := f.Decode(s)
	if err != nil || rest != nil || step == 0 {
		return broken("the cross-reference stream cannot be read: %v", err)
	}
	index, ok := s.Dict["Index"].(Array)
	if !ok {
		index = Array{0, size}
	}
	for i := 0; i+1 < len(index); i += 2 {
		first, _ := index[i].(int)
		count, _ := index[i+1].(int)
		for n := first; n < first+count && len(data) >= step; n++ {
			kind := 1
			if w[0] > 0 {
				kind = field(data[:w[0]])
			}
			a, b := field(data[w[0]:w[0]+w[1]]), field(data[w[0]+w[1]:step])
			data = data[step:]
			e := entry{offset: -1}
			switch kind {
			case 1:
				e = entry{offset: a, gen: b}
			case 2:
				e = entry{within: a, offset: b}
			}
			if err := f.add(n, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func field(b []byte) int {
	v := 0
	for _, c := range b {
		v = v<<8 | int(c)
	}
	return v
}

// indirect reads "n g obj … endobj"; num is the number it must have, -1 = any.
func (f *File) indirect(at, num int) (Object, error) {
	if at < 0 || at >= len(f.data) {
		return nil, broken("object %d lies outside the file", num)
	}
	l := &Lexer{data: f.data, pos: at, refs: true}
	have, _, err := l.pair()
	if err != nil {
		return nil, broken("there is no object %d at %d", num, at)
	}
	l.skip()
	if l.word() != "obj" || num >= 0 && have != num {
		return nil, broken("there is no object %d at %d", num, at)
	}
	o, err := l.object(0)
	if err != nil {
		return nil, err
	}
	d, ok := o.(Dict)
	if l.skip(); !ok || !l.peek("stream") {
		return o, nil
	}
	l.pos += len("stream")
	if l.peek("\r") {
		l.pos++
	}
	if l.peek("\n") {
		l.pos++
	}
	raw, err := f.body(l.pos, d)
	return &Stream{Dict: d, Raw: raw}, err
}

// body gives a stream's bytes: as many as Length says when endstream follows,
// else up to the next endstream.
func (f *File) body(from int, d Dict) ([]byte, error) {
	if n, ok := f.Get(d["Length"]).(int); ok && n >= 0 && n <= len(f.data)-from {
		l := &Lexer{data: f.data, pos: from + n}
		if l.skip(); l.peek("endstream") {
			return f.data[from : from+n], nil
		}
	}
	n := bytes.Index(f.data[from:], []byte("endstream"))
	if n < 0 {
		return nil, broken("a stream at %d is cut off", from)
	}
	raw := f.data[from : from+n]
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return bytes.TrimSuffix(raw, []byte("\r")), nil
}

// Get follows references. What is missing or cannot be read is nil: whoever
// needs it refuses.
func (f *File) Get(o Object) Object {
	for range 32 {
		r, ok := o.(Ref)
		if !ok {
			return o
		}
		o = f.object(r.Num)
	}
	return nil
}

func (f *File) object(num int) Object {
	if o, ok := f.objects[num]; ok {
		return o
	}
	e, ok := f.entries[num]
	if !ok || e.offset < 0 || f.busy[num] {
		return nil
	}
	f.busy[num] = true
	defer delete(f.busy, num)
	var o Object
	if e.within != 0 {
		o = f.unpacked(e.within)[num]
	} else if read, err := f.indirect(e.offset, num); err == nil {
		o = read
	}
	f.objects[num] = o
	return o
}

// unpacked reads an object stream (§7.5.7).
func (f *File) unpacked(num int) map[int]Object {
	if have, ok := f.packed[num]; ok {
		return have
	}
	out := map[int]Object{}
	f.packed[num] = out
	if f.entries[num].within != 0 {
		return out // object streams are not in object streams
	}
	s, ok := f.object(num).(*Stream)
	if !ok {
		return out
	}
	data, rest, err := f.Decode(s)
	if err != nil || rest != nil {
		return out
	}
	n, _ := f.Get(s.Dict["N"]).(int)
	first, _ := f.Get(s.Dict["First"]).(int)
	if first < 0 || first > len(data) {
		return out
	}
	l := &Lexer{data: data[:first]}
	for range n {
		id, at, err := l.pair()
		if err != nil || at > len(data)-first {
			return out
		}
		in := &Lexer{data: data, pos: first + at, refs: true}
		o, err := in.object(0)
		if err != nil {
			return out
		}
		if _, have := out[id]; !have {
			out[id] = o
		}
	}
	return out
}

// Dict gives a dictionary, a stream's own too; nil when it is something else.
func (f *File) Dict(o Object) Dict {
	switch v := f.Get(o).(type) {
	case Dict:
		return v
	case *Stream:
		return v.Dict
	}
	return nil
}

// Array gives an array, nil when it is something else.
func (f *File) Array(o Object) Array {
	a, _ := f.Get(o).(Array)
	return a
}

// Name gives a name, "" when it is something else.
func (f *File) Name(o Object) Name {
	n, _ := f.Get(o).(Name)
	return n
}

// Numbers gives an array of numbers; false when it is none.
func (f *File) Numbers(o Object) ([]float64, bool) {
	a, ok := f.Get(o).(Array)
	if !ok {
		return nil, false
	}
	out := make([]float64, len(a))
	for i, v := range a {
		if out[i], ok = Number(f.Get(v)); !ok {
			return nil, false
		}
	}
	return out, true
}

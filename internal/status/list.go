package status

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// A List is the states of many objects, each a few bits: the byte array of a
// status list (draft-ietf-oauth-status-list §4.1). It is not safe for concurrent
// use.
type List struct {
	bits int
	data []byte
}

// maxListBytes bounds a list that was received, unpacked: 16,777,216 entries of
// a byte. A compressed one can be a thousandth of it.
const maxListBytes = 16 << 20

var errBits = errors.New("status: a status has 1, 2, 4 or 8 bits")

// NewList returns a list of size entries, rounded up to a whole byte, all Valid.
func NewList(bits, size int) (*List, error) {
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 {
		return nil, errBits
	}
	if size < 0 || size > maxListBytes {
		return nil, fmt.Errorf("status: a list of %d entries", size)
	}
	return &List{bits: bits, data: make([]byte, (size*bits+7)/8)}, nil
}

// Bits is how many bits an entry has.
func (l *List) Bits() int { return l.bits }

// Len is how many entries there are.
func (l *List) Len() int { return len(l.data) * 8 / l.bits }

// place is where entry i stands: entries fill a byte from its lowest bit.
func (l *List) place(i int64) (at int, shift uint, ok bool) {
	if i < 0 || i >= int64(l.Len()) {
		return 0, 0, false
	}
	per := int64(8 / l.bits)
	return int(i / per), uint(i%per) * uint(l.bits), true
}

func (l *List) mask() byte { return byte(1<<l.bits - 1) }

// Get returns entry i. Beyond the end nothing is said of anything: false.
func (l *List) Get(i int64) (Value, bool) {
	at, shift, ok := l.place(i)
	if !ok {
		return 0, false
	}
	return Value(l.data[at] >> shift & l.mask()), true
}

// Set makes entry i v, and reports whether that changed it. It refuses an index
// beyond the end and a value that does not fit.
func (l *List) Set(i int64, v Value) (changed bool, err error) {
	at, shift, ok := l.place(i)
	if !ok || byte(v) > l.mask() {
		return false, fmt.Errorf("status: entry %d of %d cannot be %d", i, l.Len(), v)
	}
	was := l.data[at]
	l.data[at] = was&^(l.mask()<<shift) | byte(v)<<shift
	return l.data[at] != was, nil
}

// Compress packs the list: DEFLATE in the ZLIB format, as small as it goes.
func (l *List) Compress() ([]byte, error) {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err == nil {
		_, err = w.Write(l.data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("status: packing a list: %w", err)
	}
	return b.Bytes(), nil
}

// Decompress unpacks a list. It refuses one that would be larger than 16 MiB,
// one that ends early, and one that something follows.
func Decompress(bits int, packed []byte) (*List, error) {
	l, err := NewList(bits, 0)
	if err != nil {
		return nil, err
	}
	in := bytes.NewReader(packed)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("status: unpacking a list: %w", err)
	}
	l.data, err = io.ReadAll(io.LimitReader(r, maxListBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("status: unpacking a list: %w", err)
	case len(l.data) > maxListBytes:
		return nil, errors.New("status: unpacking a list: it is too large")
	case in.Len() > 0:
		return nil, errors.New("status: unpacking a list: something follows it")
	}
	return l, nil
}

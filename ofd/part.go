package ofd

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"sidian/gm"
)

// Level says how a part is stored in the package.
type Level int

// Levels. Store suits what is compressed already (PNG, JPEG), Fast and Small what
// is made for one document, Best what is made once and used for many.
const (
	Store Level = 0
	Fast  Level = 1
	Small Level = 5
	Best  Level = 6
)

const (
	methodStore   = 0
	methodDeflate = 8
)

// A Part is one file of a package. It is safe for concurrent use and may be
// shared by any number of documents. What Data returns must not be changed.
type Part struct {
	Name string // path from the package root, without a leading slash

	level Level
	flags uint16

	unpack sync.Once
	data   []byte
	err    error

	pack   sync.Once
	method uint16
	crc    uint32
	size   int64
	raw    []byte // as in the archive
	packed bool   // raw, method, crc and size came with the part

	hash   sync.Once
	digest gm.Digest
}

// NewPart makes a part out of its uncompressed bytes; it is compressed at
// level Fast when the package is written. data must not be changed afterwards.
func NewPart(name string, data []byte) *Part { return NewPartLevel(name, data, Fast) }

// NewPartLevel makes a part that is stored at the level given.
func NewPartLevel(name string, data []byte, level Level) *Part {
	p := &Part{Name: name, level: level, data: data, size: int64(len(data))}
	p.unpack.Do(func() {})
	return p
}

// Freeze makes a part that is compressed and digested at once, so that the
// documents that share it copy its bytes.
func Freeze(name string, data []byte, level Level) *Part {
	p := NewPartLevel(name, data, level)
	p.compress()
	p.sum()
	return p
}

// Renamed gives the same part under another name; what was compressed or
// digested already is not done again.
func (p *Part) Renamed(name string) (*Part, error) {
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	p.compress()
	q := &Part{Name: name, level: p.level, data: data, size: p.size, method: p.method, crc: p.crc, raw: p.raw, digest: p.sum()}
	q.unpack.Do(func() {})
	q.pack.Do(func() {})
	q.hash.Do(func() {})
	return q, nil
}

// Size is the number of uncompressed bytes.
func (p *Part) Size() int64 { return p.size }

// Method is the archive's compression method: 0 stored, 8 deflated.
func (p *Part) Method() uint16 {
	p.compress()
	return p.method
}

// Streamed tells that the archive gave the part's sizes in a data descriptor
// behind it (flag bit 3 of the entry).
func (p *Part) Streamed() bool { return p.flags&flagDescriptor != 0 }

// Data gives the uncompressed bytes. Damage is a *MalformedError, a size that
// is not the declared one a *RefusedError.
func (p *Part) Data() ([]byte, error) {
	p.unpack.Do(func() { p.data, p.err = p.inflate() })
	return p.data, p.err
}

// Digest gives the SM3 digest of the uncompressed bytes.
func (p *Part) Digest() (gm.Digest, error) {
	if _, err := p.Data(); err != nil {
		return gm.Digest{}, err
	}
	return p.sum(), nil
}

func (p *Part) sum() gm.Digest {
	p.hash.Do(func() { p.digest = gm.Sum(p.data) })
	return p.digest
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate never makes more bytes than the entry declares, which Open has
// checked against the limits.
func (p *Part) inflate() ([]byte, error) {
	data := p.raw
	if p.method == methodDeflate {
		var err error
		if data, err = p.inflateRaw(); err != nil {
			return nil, err
		}
	}
	if int64(len(data)) != p.size {
		return nil, refuse("size_mismatch", "文件包条目的实际大小与目录不一致", "entry %q holds %d bytes, its directory says %d", p.Name, len(data), p.size)
	}
	if crc32.ChecksumIEEE(data) != p.crc {
		return nil, malformed(p.Name, "", "checksum differs from the directory's")
	}
	return data, nil
}

func (p *Part) inflateRaw() ([]byte, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(p.raw), nil); err != nil {
		return nil, malformed(p.Name, "", "resetting the inflater: %w", err)
	}
	data := make([]byte, p.size)
	n, err := io.ReadFull(r, data)
	if err != nil {
		return nil, malformed(p.Name, fmt.Sprintf("byte %d", n), "inflating: %w", err)
	}
	var more [1]byte
	if n, err := r.Read(more[:]); n != 0 {
		return nil, refuse("size_mismatch", "文件包条目的实际大小与目录不一致", "entry %q inflates to more than the %d bytes its directory says", p.Name, p.size)
	} else if err != io.EOF {
		return nil, malformed(p.Name, "end", "inflating: %v", err)
	}
	return data, nil
}

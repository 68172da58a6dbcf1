package ofd

import (
	"bytes"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// Deflaters are kept by level: making one costs more than a small part.
var deflaters [10]sync.Pool

// compress fills raw, method and crc once. What does not shrink is stored.
func (p *Part) compress() {
	p.pack.Do(func() {
		if p.packed {
			return
		}
		p.crc = crc32.ChecksumIEEE(p.data)
		p.method, p.raw = methodStore, p.data
		if p.level <= Store || len(p.data) < 64 {
			return
		}
		if raw, ok := deflate(p.data, min(int(p.level), 9)); ok {
			p.method, p.raw = methodDeflate, raw
		}
	})
}

func deflate(data []byte, level int) ([]byte, bool) {
	var buf bytes.Buffer
	buf.Grow(len(data)/2 + 64)
	w, _ := deflaters[level].Get().(*flate.Writer)
	if w == nil {
		var err error
		if w, err = flate.NewWriter(&buf, level); err != nil {
			return nil, false
		}
	} else {
		w.Reset(&buf)
	}
	defer deflaters[level].Put(w)
	if _, err := w.Write(data); err != nil {
		return nil, false
	}
	if err := w.Close(); err != nil {
		return nil, false
	}
	return buf.Bytes(), buf.Len() < len(data)
}

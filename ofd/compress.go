package ofd

import (
	"bytes"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// Deflaters are kept by level: making one costs more than a small part. They
// are kept for good and not in a sync.Pool, which lets go of them whenever
// memory is collected, and issuing many documents collects often.
var deflaters = func() (free [10]chan *flate.Writer) {
	for i := range free {
		free[i] = make(chan *flate.Writer, keptDeflaters)
	}
	return free
}()

// keptDeflaters is how many of a level are kept, of at most 1.3 MB each.
const keptDeflaters = 8

func takeDeflater(level int, to *bytes.Buffer) (*flate.Writer, error) {
	select {
	case w := <-deflaters[level]:
		w.Reset(to)
		return w, nil
	default:
		return flate.NewWriter(to, level)
	}
}

func keepDeflater(level int, w *flate.Writer) {
	select {
	case deflaters[level] <- w:
	default:
	}
}

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
	w, err := takeDeflater(level, &buf)
	if err != nil {
		return nil, false
	}
	defer keepDeflater(level, w)
	if _, err := w.Write(data); err != nil {
		return nil, false
	}
	if err := w.Close(); err != nil {
		return nil, false
	}
	return buf.Bytes(), buf.Len() < len(data)
}

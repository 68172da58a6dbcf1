package font

import "encoding/binary"

// subsetTags are the tables of a subset in the order of the directory.
var subsetTags = []string{"OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"}

// tableWriter writes tables after a directory left free at base.
type tableWriter struct {
	base  int
	buf   []byte
	spans [10]struct{ from, to int } // by position in subsetTags
}

func grow(b []byte, n int) []byte {
	return append(b, make([]byte, n)...)
}

// table appends one table, padded to four bytes.
func (w *tableWriter) table(tag string, fn func([]byte) ([]byte, error)) error {
	from := len(w.buf)
	b, err := fn(w.buf)
	if err != nil {
		return err
	}
	w.buf = b
	for i, t := range subsetTags {
		if t == tag {
			w.spans[i].from, w.spans[i].to = from, len(b)
		}
	}
	for (len(w.buf)-w.base)&3 != 0 {
		w.buf = append(w.buf, 0)
	}
	return nil
}

// finish fills the directory and the checksums.
func (w *tableWriter) finish() {
	file := w.buf[w.base:]
	dir := file[:12]
	binary.BigEndian.PutUint32(dir, 0x00010000)
	binary.BigEndian.PutUint16(dir[4:], uint16(len(subsetTags)))
	// 10 tables: largest power of two 8, so search range 128, selector 3.
	binary.BigEndian.PutUint16(dir[6:], 128)
	binary.BigEndian.PutUint16(dir[8:], 3)
	binary.BigEndian.PutUint16(dir[10:], uint16(16*len(subsetTags)-128))
	whole, head := uint32(0), 0
	for i, tag := range subsetTags {
		span := w.spans[i]
		sum := checksum(w.buf[span.from:span.to])
		rec := file[12+16*i:]
		copy(rec, tag)
		binary.BigEndian.PutUint32(rec[4:], sum)
		binary.BigEndian.PutUint32(rec[8:], uint32(span.from-w.base))
		binary.BigEndian.PutUint32(rec[12:], uint32(span.to-span.from))
		whole += sum
		if tag == "head" {
			head = span.from - w.base
		}
	}
	whole += checksum(file[:12+16*len(subsetTags)])
	binary.BigEndian.PutUint32(file[head+8:], 0xB1B0AFBA-whole)
}

// checksum adds up big-endian words; the last one is padded with zeros.
func checksum(b []byte) uint32 {
	var sum uint32
	for len(b) >= 8 {
		v := binary.BigEndian.Uint64(b)
		sum += uint32(v>>32) + uint32(v)
		b = b[8:]
	}
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}

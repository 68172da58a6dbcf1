package ofd

import (
	"encoding/binary"
	"fmt"
)

// The container's rules, on writing: OFD.xml first, then the parts in their
// order; sizes and checksum in the local header, no data descriptors (a stored
// entry with one cannot be read by Java), no directory entries, no extra
// fields, one fixed time, names in UTF-8. The same parts give the same bytes.

// dosDate is 1980-01-01, the first day ZIP knows; the time is 00:00.
const dosDate = 1<<5 | 1

func writeZip(parts []*Part) ([]byte, error) {
	order := mainFirst(parts)
	total := lenEnd
	for _, p := range order {
		p.compress()
		total += lenLocal + lenCentral + 2*len(p.Name) + len(p.raw)
		if p.size > 1<<31 || total > 1<<31 || len(p.Name) > 1<<15 {
			return nil, fmt.Errorf("ofd: writing %s: too large for a package", p.Name)
		}
	}
	if len(order) >= 0xFFFF {
		return nil, fmt.Errorf("ofd: writing %d parts: too many for a package", len(order))
	}
	out := make([]byte, 0, total)
	offsets := make([]uint32, len(order))
	for i, p := range order {
		offsets[i] = uint32(len(out))
		out = appendLocal(out, p)
		out = append(out, p.raw...)
	}
	start := len(out)
	for i, p := range order {
		out = appendCentral(out, p, offsets[i])
	}
	return appendEnd(out, len(order), start), nil
}

func mainFirst(parts []*Part) []*Part {
	at := indexOf(parts, rootName)
	if at <= 0 {
		return parts
	}
	order := make([]*Part, 0, len(parts))
	order = append(order, parts[at])
	order = append(order, parts[:at]...)
	return append(order, parts[at+1:]...)
}

func nameFlags(name string) uint16 {
	for i := 0; i < len(name); i++ {
		if name[i] >= 0x80 {
			return flagUTF8
		}
	}
	return 0
}

func appendLocal(b []byte, p *Part) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, sigLocal)
	b = appendCommon(b, p)
	return append(b, p.Name...)
}

// appendCommon appends what local and central headers have in common, from
// the version needed up to the length of the extra field.
func appendCommon(b []byte, p *Part) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 20)
	b = le.AppendUint16(b, nameFlags(p.Name))
	b = le.AppendUint16(b, p.method)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, dosDate)
	b = le.AppendUint32(b, p.crc)
	b = le.AppendUint32(b, uint32(len(p.raw)))
	b = le.AppendUint32(b, uint32(p.size))
	b = le.AppendUint16(b, uint16(len(p.Name)))
	return le.AppendUint16(b, 0)
}

func appendCentral(b []byte, p *Part, offset uint32) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, sigCentral)
	b = le.AppendUint16(b, 20)
	b = appendCommon(b, p)
	b = append(b, make([]byte, 10)...) // comment, disk, attributes
	b = le.AppendUint32(b, offset)
	return append(b, p.Name...)
}

func appendEnd(b []byte, count, start int) []byte {
	le := binary.LittleEndian
	size := len(b) - start
	b = le.AppendUint32(b, sigEnd)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(start))
	return le.AppendUint16(b, 0)
}

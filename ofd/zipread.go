package ofd

import (
	"encoding/binary"
	"sort"
	"strings"
	"unicode/utf8"
)

// The container's rules, on reading:
//
//   - The central directory says what there is; bytes in front of the first
//     entry and behind the end record are let be (3 of 69 public files).
//   - Directory entries are left out; data descriptors are let be.
//   - Each local header must name the same file by the same method as the
//     directory: two readers must not see two packages in one file.
//   - Entries must not overlap, repeat a name, or leave the root.
//   - Stored and deflated only, not encrypted, one disk, no ZIP64 archive.
//   - Counts, sizes and ratios are bounded before anything is inflated.

const (
	sigLocal   = 0x04034b50
	sigCentral = 0x02014b50
	sigEnd     = 0x06054b50

	lenLocal   = 30
	lenCentral = 46
	lenEnd     = 22

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13
)

type zipEntry struct {
	name         string
	flags        uint16
	method       uint16
	crc          uint32
	packed, size int64
	header       int64 // offset of the local header from the first byte of data
	end          int64 // behind the packed bytes
}

func readZip(data []byte, lim Limits) ([]*Part, error) {
	if int64(len(data)) > lim.File {
		return nil, refuse("file_size", "文件过大", "package of %d bytes, at most %d are read", len(data), lim.File)
	}
	dir, err := findDirectory(data, lim)
	if err != nil {
		return nil, err
	}
	entries, err := dir.entries(data, lim)
	if err != nil {
		return nil, err
	}
	if err := checkTotals(entries, lim); err != nil {
		return nil, err
	}
	parts := make([]*Part, 0, len(entries))
	block := make([]Part, len(entries))
	for i := range entries {
		e := &entries[i]
		raw, err := e.body(data)
		if err != nil {
			return nil, err
		}
		p := &block[i]
		p.Name, p.level, p.flags = e.name, Fast, e.flags
		p.method, p.crc, p.size, p.raw, p.packed = e.method, e.crc, e.size, raw, true
		parts = append(parts, p)
	}
	return parts, checkOverlap(entries)
}

// A directory is where the central directory lies. base is what must be added
// to the offsets written in it: the bytes in front of the archive.
type directory struct {
	start, end, base int64
	count            int
}

func findDirectory(data []byte, lim Limits) (directory, error) {
	at := lastEnd(data)
	if at < 0 {
		return directory{}, malformed("", "", "not a ZIP archive: no end record")
	}
	rec := data[at:]
	le := binary.LittleEndian
	disk, dirDisk, here, count := le.Uint16(rec[4:]), le.Uint16(rec[6:]), le.Uint16(rec[8:]), le.Uint16(rec[10:])
	size, offset := int64(le.Uint32(rec[12:])), int64(le.Uint32(rec[16:]))
	if int(count) > lim.Entries {
		return directory{}, refuse("entry_count", "文件包条目过多", "%d entries or more, at most %d are read", count, lim.Entries)
	}
	if count == 0xFFFF || size == 0xFFFFFFFF || offset == 0xFFFFFFFF {
		return directory{}, refuse("zip64", "不支持超大（ZIP64）文件包", "ZIP64 archive")
	}
	if disk != 0 || dirDisk != 0 || here != count {
		return directory{}, refuse("multi_disk", "不支持分卷文件包", "archive of several disks")
	}
	d := directory{start: int64(at) - size, end: int64(at), count: int(count)}
	d.base = d.start - offset
	if d.start < 0 || d.base < 0 {
		return directory{}, malformed("", "central directory", "it does not lie inside the file: truncated?")
	}
	return d, nil
}

// lastEnd finds the last end record that has room for its comment.
func lastEnd(data []byte) int {
	const span = 1 << 17 // a comment of 64 KiB and trailing bytes
	stop := max(0, len(data)-lenEnd-span)
	for i := len(data) - lenEnd; i >= stop; i-- {
		if data[i] != 'P' || binary.LittleEndian.Uint32(data[i:]) != sigEnd {
			continue
		}
		if comment := int(binary.LittleEndian.Uint16(data[i+20:])); i+lenEnd+comment <= len(data) {
			return i
		}
	}
	return -1
}

func (d directory) entries(data []byte, lim Limits) ([]zipEntry, error) {
	list := make([]zipEntry, 0, d.count)
	names := make(map[string]bool, d.count)
	at := d.start
	for range d.count {
		e, next, err := d.entry(data, at, lim)
		if err != nil {
			return nil, err
		}
		at = next
		if strings.HasSuffix(e.name, "/") {
			if err := checkName(strings.TrimSuffix(e.name, "/"), lim); err != nil {
				return nil, err
			}
			continue
		}
		if err := checkName(e.name, lim); err != nil {
			return nil, err
		}
		if names[e.name] {
			return nil, refuse("duplicate_name", "文件包内有重名条目", "two entries are named %q", e.name)
		}
		names[e.name] = true
		list = append(list, e)
	}
	if at != d.end {
		return nil, refuse("directory_size", "文件包目录与条目数不一致", "%d bytes of the central directory belong to no entry", d.end-at)
	}
	return list, nil
}

func (d directory) entry(data []byte, at int64, lim Limits) (zipEntry, int64, error) {
	le := binary.LittleEndian
	if at+lenCentral > d.end || le.Uint32(data[at:]) != sigCentral {
		return zipEntry{}, 0, malformed("", "central directory", "no entry at byte %d", at)
	}
	h := data[at:d.end]
	nameLen, extraLen, commentLen := int64(le.Uint16(h[28:])), int64(le.Uint16(h[30:])), int64(le.Uint16(h[32:]))
	next := at + lenCentral + nameLen + extraLen + commentLen
	if next > d.end {
		return zipEntry{}, 0, malformed("", "central directory", "entry at byte %d is cut off", at)
	}
	if nameLen > int64(lim.Name) {
		return zipEntry{}, 0, refuse("name_length", "文件包条目名过长", "entry name of %d bytes", nameLen)
	}
	e := zipEntry{
		name: entryName(h[lenCentral : lenCentral+nameLen]), flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]),
		crc: le.Uint32(h[16:]), packed: int64(le.Uint32(h[20:])), size: int64(le.Uint32(h[24:])),
		header: int64(le.Uint32(h[42:])),
	}
	e.wide(h[lenCentral+nameLen : lenCentral+nameLen+extraLen])
	e.header += d.base
	return e, next, e.check(lim)
}

// wide takes sizes from the ZIP64 field of an entry; some writers use it for
// small entries too.
func (e *zipEntry) wide(extra []byte) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if len(extra) < 4+n {
			return
		}
		if id == 1 {
			field := extra[4 : 4+n]
			for _, v := range []*int64{&e.size, &e.packed, &e.header} {
				if *v == 0xFFFFFFFF && len(field) >= 8 {
					*v = int64(binary.LittleEndian.Uint64(field) & (1<<62 - 1))
					field = field[8:]
				}
			}
			return
		}
		extra = extra[4+n:]
	}
}

func (e *zipEntry) check(lim Limits) error {
	switch {
	case e.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return refuse("encrypted", "文件包条目已加密，无法读取", "entry %q is encrypted", e.name)
	case e.method != methodStore && e.method != methodDeflate:
		return refuse("method", "文件包使用了不支持的压缩方法", "entry %q is compressed by method %d", e.name, e.method)
	case e.size > lim.Part:
		return refuse("part_size", "文件包条目解压后过大", "entry %q of %d bytes, at most %d are read", e.name, e.size, lim.Part)
	case e.method == methodStore && e.size != e.packed:
		return refuse("size_mismatch", "文件包条目的大小自相矛盾", "stored entry %q of %d bytes says %d", e.name, e.packed, e.size)
	case e.size > ratioFrom && e.size/max(e.packed, 1) > lim.Ratio, e.size > 1100*e.packed+1024:
		return refuse("ratio", "文件包条目压缩比异常（疑似压缩炸弹）", "entry %q inflates %d bytes to %d", e.name, e.packed, e.size)
	}
	return nil
}

// body checks the local header against the directory and gives the packed
// bytes.
func (e *zipEntry) body(data []byte) ([]byte, error) {
	le := binary.LittleEndian
	if e.header < 0 || e.header+lenLocal > int64(len(data)) || le.Uint32(data[e.header:]) != sigLocal {
		return nil, malformed(e.name, "local header", "there is none at byte %d", e.header)
	}
	h := data[e.header:]
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	start := e.header + lenLocal + nameLen + extraLen
	e.end = start + e.packed
	if e.packed < 0 || e.end > int64(len(data)) {
		return nil, malformed(e.name, "", "its %d bytes do not lie inside the file: truncated?", e.packed)
	}
	if entryName(h[lenLocal:lenLocal+nameLen]) != e.name || le.Uint16(h[8:]) != e.method {
		return nil, refuse("local_header", "文件包条目与目录不一致", "local header of %q differs from the directory", e.name)
	}
	return data[start:e.end:e.end], nil
}

func checkTotals(entries []zipEntry, lim Limits) error {
	var total int64
	for i := range entries {
		if total += entries[i].size; total > lim.Total {
			return refuse("total_size", "文件包解压后总量过大", "more than %d bytes when inflated", lim.Total)
		}
	}
	return nil
}

// checkOverlap refuses entries that share bytes: that is how one kernel of
// deflated data is counted a thousand times.
func checkOverlap(entries []zipEntry) error {
	sort.Slice(entries, func(i, j int) bool { return entries[i].header < entries[j].header })
	for i := 1; i < len(entries); i++ {
		if entries[i].header < entries[i-1].end {
			return refuse("overlap", "文件包条目相互重叠（疑似压缩炸弹）", "entries %q and %q overlap", entries[i-1].name, entries[i].name)
		}
	}
	return nil
}

// entryName gives an entry's name as text. Names in an old code page, which a
// few archivers write for attachments, keep their bytes as %XX: no location in
// the XML can mean them, but the document can still be read.
func entryName(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	const hex = "0123456789ABCDEF"
	var s []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			s = append(s, '%', hex[b[0]>>4], hex[b[0]&15])
		} else {
			s = append(s, b[:n]...)
		}
		b = b[n:]
	}
	return string(s)
}

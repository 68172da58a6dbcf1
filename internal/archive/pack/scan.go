package pack

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	lenLocal   = 30
	lenCentral = 46
	lenEnd     = 22
	sigLocal   = "PK\x03\x04"
	sigEnd     = "PK\x05\x06"
	sigData    = "PK\x07\x08"

	flagEncrypted  = 1<<0 | 1<<6 | 1<<13
	flagDescriptor = 1 << 3
	flagUTF8       = 1 << 11
)

// A container is the ZIP as it lies there: what it lists, and what about it is
// not as it should be.
type container struct {
	r       io.ReaderAt
	size    int64
	entries []*entry

	names  []string // findings about names (4-2-2)
	extra  []string // findings about bytes that belong to nothing (4-3-1)
	hidden []string // findings about compression and encryption (3-3-1)
	bombs  []string // findings about sizes (4-3-2)
	odd    []string // leniencies of the structure (1-5-1)
}

// An entry is a file of the ZIP.
type entry struct {
	name   string // as text, under the package's root
	file   *zip.File
	unread string // why it is not read, "" when it may be
}

// scan reads the directory. Its error wraps ErrUnreadable, or is the reader's.
func scan(r io.ReaderAt, size int64, l Limits) (*container, error) {
	if size > l.Package {
		return nil, fmt.Errorf("a file of %d bytes, at most %d are read: %w", size, l.Package, ErrUnreadable)
	}
	end, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	count, start := int64(le.Uint16(end.record[10:])), int64(le.Uint32(end.record[16:]))
	length := int64(le.Uint32(end.record[12:]))
	switch {
	case count == 0xFFFF || length == 0xFFFFFFFF || start == 0xFFFFFFFF:
		return nil, fmt.Errorf("a ZIP64 archive: %w", ErrUnreadable)
	case count > int64(l.Entries) || length > int64(l.Entries)*1024:
		return nil, fmt.Errorf("%d entries, at most %d are read: %w", count, l.Entries, ErrUnreadable)
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("reading the directory: %w: %w", err, ErrUnreadable)
	}
	behind := size - end.at - lenEnd
	if behind != int64(le.Uint16(end.record[20:])) && end.at-length != start {
		// Not a comment behind, and not the beginning in front: this is the
		// directory of a document inside, and the package's own is cut off.
		return nil, fmt.Errorf("a ZIP archive that is cut off: %w", ErrUnreadable)
	}
	c := &container{r: r, size: size}
	if behind != 0 {
		c.extra = append(c.extra, fmt.Sprintf("包尾另有 %d 字节", size-end.at-lenEnd))
	}
	if err := c.take(z.File, l); err != nil {
		return nil, err
	}
	return c, c.walk(z.File, end.at-length, start)
}

type endRecord struct {
	at     int64
	record [lenEnd]byte
}

// findEnd finds the last end record, which may have a comment behind it.
func findEnd(r io.ReaderAt, size int64) (e endRecord, err error) {
	tail := make([]byte, min(size, lenEnd+0xFFFF))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return e, fmt.Errorf("reading the end: %w", err)
	}
	for i := len(tail) - lenEnd; i >= 0; i-- {
		if string(tail[i:i+4]) == sigEnd {
			e.at = size - int64(len(tail)-i)
			copy(e.record[:], tail[i:])
			return e, nil
		}
	}
	return e, fmt.Errorf("no ZIP archive: %w", ErrUnreadable)
}

// take lists the files, and finds what is wrong with each by its headers.
func (c *container) take(files []*zip.File, l Limits) error {
	seen := map[string]bool{}
	var total uint64
	for _, f := range files {
		name, note := entryName(f)
		if note != "" && !slices.Contains(c.odd, note) {
			c.odd = append(c.odd, note)
		}
		if strings.HasSuffix(name, "/") {
			if why := unsafeName(strings.TrimSuffix(name, "/")); why != "" {
				c.names = append(c.names, shown(name)+why)
			}
			if f.UncompressedSize64 > 0 {
				c.extra = append(c.extra, "目录条目"+shown(name)+"带有数据")
			}
			continue
		}
		e := &entry{name: name, file: f}
		if why := c.badName(e, seen); why != "" {
			c.names = append(c.names, shown(name)+why)
			e.unread = why
		} else if why := badPacking(f); why != "" {
			c.hidden = append(c.hidden, shown(name)+why)
			e.unread = why
		} else if why := tooLarge(f, &total, l); why != "" {
			c.bombs = append(c.bombs, shown(name)+why)
			e.unread = why
		}
		seen[strings.ToLower(name)] = true
		c.entries = append(c.entries, e)
	}
	return nil
}

// entryName reads a name as UTF-8, and else in the national encoding, in which
// archivers of older systems write.
func entryName(f *zip.File) (name, note string) {
	if utf8.ValidString(f.Name) {
		return f.Name, ""
	}
	if f.Flags&flagUTF8 == 0 {
		if text, err := simplifiedchinese.GB18030.NewDecoder().String(f.Name); err == nil && utf8.ValidString(text) && !strings.ContainsRune(text, utf8.RuneError) {
			return text, "文件名不是 UTF-8，已按 GB 18030 识读"
		}
	}
	return f.Name, ""
}

func (c *container) badName(e *entry, seen map[string]bool) string {
	switch why := unsafeName(e.name); {
	case why != "":
		return why
	case seen[strings.ToLower(e.name)]:
		return "在包内重名（不分大小写）"
	case e.file.Mode()&fs.ModeType != 0:
		return "是链接或设备，不是普通文件"
	}
	return ""
}

func badPacking(f *zip.File) string {
	switch {
	case f.Flags&flagEncrypted != 0:
		return "已加密"
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Sprintf("使用了非公开或不常用的压缩方法（%d）", f.Method)
	}
	return ""
}

// ratioFrom is the size from which a ratio of inflating counts.
const ratioFrom = 1 << 20

func tooLarge(f *zip.File, total *uint64, l Limits) string {
	size := f.UncompressedSize64
	switch {
	case size > uint64(l.File):
		return fmt.Sprintf("解压后有 %d 字节，超过上限", size)
	case size > ratioFrom && size/max(f.CompressedSize64, 1) > uint64(l.Ratio):
		return "压缩比异常，疑似压缩炸弹"
	case *total+size > uint64(l.Total):
		return "使包内文件总量超过上限"
	}
	*total += size
	return ""
}

// walk goes over the bytes from the first to the last: each must belong to an
// entry. start is where the directory lies, told where it says to lie.
func (c *container) walk(files []*zip.File, start, told int64) error {
	if start != told {
		c.extra = append(c.extra, fmt.Sprintf("包首另有 %d 字节", start-told))
	}
	type span struct {
		f    *zip.File
		data int64
	}
	spans := make([]span, 0, len(files))
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil {
			c.extra = append(c.extra, shown(f.Name)+"没有文件头")
			c.lose(f)
			continue
		}
		spans = append(spans, span{f, at})
	}
	slices.SortStableFunc(spans, func(a, b span) int { return int(min(1, max(-1, a.data-b.data))) })
	pos := max(0, start-told) // bytes in front were told already
	for _, s := range spans {
		next, why, err := c.header(s.f, pos, s.data)
		if err != nil {
			return err
		}
		if why != "" {
			c.extra = append(c.extra, shown(s.f.Name)+why)
		}
		pos = next
	}
	if pos != start {
		c.extra = append(c.extra, "最后一个文件与目录之间另有数据，或相互重叠")
	}
	return nil
}

// lose gives up an entry whose bytes are nowhere.
func (c *container) lose(f *zip.File) {
	for _, e := range c.entries {
		if e.file == f && e.unread == "" {
			e.unread = "没有文件头"
		}
	}
}

// header looks at the local header that should stand at pos, and gives where
// the next one should.
func (c *container) header(f *zip.File, pos, data int64) (next int64, why string, err error) {
	next = data + int64(f.CompressedSize64)
	if pos+lenLocal > data {
		return max(pos, next), "与前一个文件重叠", nil
	}
	var h [lenLocal]byte
	if _, err := c.r.ReadAt(h[:], pos); err != nil && !errors.Is(err, io.EOF) {
		return 0, "", fmt.Errorf("reading a header: %w", err)
	}
	le := binary.LittleEndian
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if string(h[:4]) != sigLocal || pos+lenLocal+nameLen+extraLen != data {
		return next, "之前另有不属于任何文件的数据", nil
	}
	name := make([]byte, nameLen)
	if _, err := c.r.ReadAt(name, pos+lenLocal); err != nil && !errors.Is(err, io.EOF) {
		return 0, "", fmt.Errorf("reading a header: %w", err)
	}
	if string(name) != f.Name || le.Uint16(h[8:]) != f.Method {
		why = "的文件头与目录不一致"
	}
	if f.Flags&flagDescriptor != 0 {
		next += c.descriptor(f, next)
	}
	return next, why, nil
}

// descriptor gives the length of the data descriptor at pos: with or without
// its mark.
func (c *container) descriptor(f *zip.File, pos int64) int64 {
	var d [8]byte
	if _, err := c.r.ReadAt(d[:], pos); err != nil {
		return 0
	}
	le := binary.LittleEndian
	switch {
	case string(d[:4]) == sigData && le.Uint32(d[4:]) == f.CRC32:
		return 16
	case le.Uint32(d[:]) == f.CRC32:
		return 12
	}
	return 0
}

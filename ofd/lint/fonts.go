package lint

import (
	"bytes"

	"sidian/ofd"
)

// fontEmbedded: fonts in use are embedded as TrueType outlines. By GB/T 33190
// a font of the reader's system will do; a certificate must look the same
// everywhere.
var fontEmbedded = &rule{id: "font_embedded", clause: "GB/T 33190-2016 §11.1; GB/T 36905-2018", severity: Warning, in: always, check: func(c *context) {
	told := map[string]bool{}
	c.texts(func(t *ofd.TextObject, s *surface) {
		if s.res == nil || s.res.Fonts[t.Font] == nil {
			return
		}
		f := s.res.Fonts[t.Font]
		key := f.File
		if key == "" {
			key = "\x00" + f.Name
		}
		if told[key] {
			return
		}
		told[key] = true
		if f.File == "" {
			c.reportAs(c.issuingError(), s.part, "字型 %d 没有嵌入", f.ID)
			return
		}
		p := c.doc.Part(f.File)
		if p == nil {
			return // missing_part tells
		}
		data, err := p.Data()
		switch {
		case err != nil:
			c.reportAs(Error, f.File, "字型文件损坏")
		case !isTrueType(data):
			c.reportAs(c.issuingError(), f.File, "字型文件不是 TrueType 轮廓字型，部分阅读器不支持")
		}
	})
}}

// isTrueType looks for the tables of TrueType outlines.
func isTrueType(data []byte) bool {
	if len(data) < 12 || !bytes.HasPrefix(data, []byte{0, 1, 0, 0}) && !bytes.HasPrefix(data, []byte("true")) {
		return false
	}
	tables := int(data[4])<<8 | int(data[5])
	for i := range tables {
		at := 12 + 16*i
		if at+16 > len(data) {
			return false
		}
		if string(data[at:at+4]) == "glyf" {
			return true
		}
	}
	return false
}

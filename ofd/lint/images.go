package lint

import (
	"bytes"
	"strings"
)

// magic is how the pictures that readers know begin.
var magic = map[string][]string{
	"PNG": {"\x89PNG\r\n\x1a\n"}, "JPEG": {"\xff\xd8\xff"}, "BMP": {"BM"}, "TIFF": {"II*\x00", "MM\x00*"},
	"JB2": {"\x97JB2\r\n\x1a\n", "\x00\x00\x00\x00"}, "GIF": {"GIF8"},
}

var formatNames = map[string]string{"JPG": "JPEG", "TIF": "TIFF", "GBIG2": "JB2", "JBIG2": "JB2"}

// imageFormat: pictures are PNG, JPEG, BMP, TIFF or JBIG2, and are what their
// Format says.
var imageFormat = &rule{id: "image_format", clause: "GB/T 33190-2016 §7.9, §10", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		res, err := b.Resources()
		if err != nil {
			continue
		}
		for _, id := range ids(res.Media) {
			m := res.Media[id]
			if m.Type != "Image" || c.doc.Part(m.File) == nil {
				continue
			}
			format := strings.ToUpper(m.Format)
			if format == "" {
				format = strings.ToUpper(m.File[strings.LastIndexByte(m.File, '.')+1:])
			}
			if name := formatNames[format]; name != "" {
				format = name
			}
			data, err := c.doc.Part(m.File).Data()
			switch {
			case err != nil:
				c.report(m.File, "图像 %d 的文件损坏", id)
			case magic[format] == nil:
				c.report(m.File, "图像 %d 的格式不在标准所列之内", id)
			case format == "GIF":
				c.reportAs(Warning, m.File, "图像 %d 为 GIF，部分阅读器不支持", id)
			case !begins(data, magic[format]):
				c.reportAs(c.issuingError(), m.File, "图像 %d 的内容与所写格式不符", id)
			}
		}
	}
}}

func begins(data []byte, any []string) bool {
	for _, m := range any {
		if bytes.HasPrefix(data, []byte(m)) {
			return true
		}
	}
	return false
}

package pack

import (
	"bytes"
	"compress/flate"
	"encoding/xml"
	"errors"
	"image"
	_ "image/gif"  // pictures that may be handed in
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff" // scans, as archives keep them
	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/ofd"
	"sidian/ofd/convert"
)

// content is what was found by opening a file.
type content struct {
	is       string // format by its first bytes, "" when these tell nothing
	broken   string // why it does not open
	unsure   string // why nobody can tell whether it opens, or what was noticed
	locked   string // that it is encrypted
	program  string // that it is a program
	pages    int
	number   string        // certificate number inside (GB/T 36905 ZZBH)
	document *ofd.Document // until it is verified
}

// magics are first bytes by which a format is known.
var magics = []struct{ is, head string }{
	{"pdf", "%PDF-"}, {"png", "\x89PNG\r\n\x1a\n"}, {"jpg", "\xff\xd8\xff"}, {"gif", "GIF8"}, {"bmp", "BM"},
	{"tif", "II*\x00"}, {"tif", "MM\x00*"}, {"zip", "PK\x03\x04"}, {"ole", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{"rar", "Rar!\x1a\x07"}, {"7z", "7z\xbc\xaf\x27\x1c"}, {"gz", "\x1f\x8b"},
}

// programs are first bytes of what machines run.
var programs = []string{"MZ", "\x7fELF", "#!", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "<?php", "<script", "@echo"}

// wraps are the endings whose files are packed into what their first bytes say.
var wraps = map[string]string{
	"ofd": "zip", "docx": "zip", "xlsx": "zip", "doc": "ole", "wps": "ole", "xls": "ole", "et": "ole", "jpeg": "jpg", "tiff": "tif",
}

// bare are the endings whose files begin with bytes that must be known.
var bare = map[string]bool{"pdf": true, "png": true, "jpg": true, "gif": true, "bmp": true, "tif": true}

func sniff(data []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(data, []byte(m.head)) {
			return m.is
		}
	}
	return ""
}

// runs tells whether the data are a program, whatever they are called. Two
// letters are also the beginning of a text.
func runs(data []byte) bool {
	for _, p := range programs {
		if bytes.HasPrefix(data, []byte(p)) && (p != "MZ" || !utf8.Valid(data[:min(len(data), 512)])) {
			return true
		}
	}
	return false
}

// plain looks at a file that describes or checks the package.
func plain(name string, data []byte) (c content) {
	if ending(name) == "xml" {
		c.broken = notXML(data)
	}
	if runs(data) {
		c.program = "内容是可执行的程序或脚本"
	}
	return c
}

// open opens a file by what it is, and else by its ending.
func open(name string, data []byte) (c content) {
	if len(data) == 0 {
		return c // a check of its own
	}
	if runs(data) {
		c.program = "内容是可执行的程序或脚本"
		return c
	}
	c.is = sniff(data)
	switch e := ending(name); {
	case c.is == "pdf":
		c.pdf(data)
	case slices.Contains([]string{"png", "jpg", "gif", "tif"}, c.is), c.is == "bmp" && e == "bmp":
		c.picture(data)
	case e == "ofd" && c.is == "zip":
		c.ofd(data)
	case e == "xml":
		c.broken = notXML(data)
	case e == "txt" || e == "csv":
		c.text(data)
	case c.is == "" && (bare[e] || wraps[e] != ""):
		c.broken = "内容不是" + strings.ToUpper(e) + "文件，或已损坏"
	default:
		c.unsure = "没有能打开它的程序，未检测能否打开"
	}
	return c
}

func (c *content) ofd(data []byte) {
	d, err := ofd.OpenWith(data, ofd.Options{})
	var refused *ofd.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Code == "encrypted":
		c.locked = "OFD 已加密"
	case errors.As(err, &refused):
		c.broken = refused.Reason
	case err != nil:
		c.broken = "OFD 不能打开，结构已损坏"
	case len(d.Pages()) == 0:
		c.broken = "OFD 没有页面"
	default:
		c.pages, c.document = len(d.Pages()), d
		c.number, _ = d.Info().Custom("ZZBH")
		c.number = strings.TrimSpace(c.number)
	}
}

// pdf reads a PDF file to its last page, as far as it can be understood. What
// is refused for its content did open.
func (c *content) pdf(data []byte) {
	d, err := convert.PDF(data, convert.Options{Limits: convert.Limits{Operators: 500_000, Total: 100 << 20, AllPixels: 80_000_000}})
	var refused *convert.RefusedError
	switch {
	case err == nil:
		c.pages = len(d.Pages())
	case !errors.As(err, &refused):
		c.broken = "PDF 不能打开"
	case refused.Code == "encrypted":
		c.locked = "PDF 已加密或设有密码"
	case refused.Code == "malformed" || refused.Code == "no_page" || refused.Code == "page_size":
		c.broken = refused.Reason
	default:
		c.unsure = "结构可以读出，但不能逐页核验：" + refused.Reason
	}
}

// pixels bound what a picture may cost.
const pixels = 60_000_000

func (c *content) picture(data []byte) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		c.broken = "图像已损坏，不能打开"
	case config.Width <= 0 || config.Height <= 0 || int64(config.Width)*int64(config.Height) > pixels:
		c.unsure = "图像过大，未检测能否打开"
	default:
		if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
			c.broken = "图像已损坏，不能打开"
		}
	}
}

func (c *content) text(data []byte) {
	if utf8.Valid(data) {
		return
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		c.broken = "文本的编码不能识别"
		return
	}
	c.unsure = "文本不是 UTF-8（按 GB 18030 可读）"
}

// notXML says why a file is not well-formed, "" when it is.
func notXML(data []byte) string {
	d := newDecoder(data)
	if _, err := firstElement(d); err != nil {
		return "不是格式良好的 XML"
	}
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "不是格式良好的 XML"
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if atEnd(d) != nil {
		return "不是格式良好的 XML"
	}
	return ""
}

// isCorrupt knows what a broken deflated stream gives.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, io.EOF)
}

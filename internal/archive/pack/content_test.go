package pack

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// TestOpen: what our readers say of files by themselves.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grey := image.NewGray(image.Rect(0, 0, 8, 8))
	var tif, bitmap bytes.Buffer
	w.must(tiff.Encode(&tif, grey, nil))
	w.must(bmp.Encode(&bitmap, grey))
	for name, c := range map[string]struct {
		name string
		data []byte
		want string // "opens", or the beginning of "broken …", "unsure …", "locked …", "program …"
	}{
		"certificate":          {"a.ofd", w.cert, "opens"},
		"certificate unsealed": {"a.ofd", w.document("1", false), "opens"},
		"PDF":                  {"a.pdf", onePagePDF(), "opens"},
		"PDF that is a script": {"a.pdf", bytes.Replace(onePagePDF(), []byte("/Type/Catalog"), []byte("/AA<<>>      "), 1), "unsure 结构可以读出"},
		"PNG":                  {"a.png", picturePNG(t), "opens"},
		"JPEG":                 {"a.jpg", pictureJPEG(t), "opens"},
		"TIFF":                 {"a.tif", tif.Bytes(), "opens"},
		"TIFF cut off":         {"a.tif", tif.Bytes()[:20], "broken 图像"},
		"bitmap":               {"a.bmp", bitmap.Bytes(), "opens"},
		"text":                 {"a.txt", []byte("BM是文本"), "opens"},
		"text in GBK":          {"a.txt", []byte{0xd6, 0xd0, 0xb9, 0xfa}, "unsure 文本不是"},
		"XML":                  {"a.xml", []byte("<?xml version='1.0'?><a/>"), "opens"},
		"two roots":            {"a.xml", []byte("<a/><b/>"), "broken 不是格式良好"},
		"nothing of an OFD":    {"a.ofd", []byte("hello"), "broken 内容不是OFD"},
		"huge picture":         {"a.gif", []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), "unsure 图像过大"},
		"office":               {"a.docx", []byte("PK\x03\x04"), "unsure 没有能打开"},
		"Windows program":      {"a.pdf", []byte("MZ\x90\x00\x03\x00\xff\xfe"), "program"},
		"text of two letters":  {"a.txt", []byte("MZ 是两个字母"), "opens"},
		"shell script":         {"a.txt", []byte("#!/bin/sh\n"), "program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := open(c.name, c.data)
			said := "opens"
			for _, s := range [][2]string{{"broken ", got.broken}, {"unsure ", got.unsure}, {"locked ", got.locked}, {"program ", got.program}} {
				if s[1] != "" {
					said = s[0] + s[1]
				}
			}
			if !strings.HasPrefix(said, c.want) {
				t.Errorf("%s, want %s", said, c.want)
			}
		})
	}
}

func TestUnsafeName(t *testing.T) {
	t.Parallel()
	for name, safe := range map[string]bool{
		"申报文件/A1-申请书.pdf": true, "a b.txt": true, "a..b": true, "": false, "/a": false, "a/../b": false, "./a": false, "a//b": false, "a/": false,
		`a\b`: false, "C:a": false, "a\x00b": false, "a\u202eb": false, "aux.txt": false, "x/NUL": false, "a.": false, " a": false, "a*": false, "\xff": false,
		strings.Repeat("a", 1001): false,
	} {
		if got := unsafeName(name) == ""; got != safe {
			t.Errorf("%q: safe %v", name, got)
		}
	}
}

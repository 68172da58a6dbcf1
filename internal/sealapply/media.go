package sealapply

import (
	"archive/zip"
	"bytes"
	"image/jpeg"
	"image/png"
)

// mediaTypes are the files that an application may have, by the names that forms
// call them.
var mediaTypes = map[string]string{
	"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "ofd": "application/ofd",
}

// sniff tells what a file is by what is in it, as a name of mediaTypes; empty: a
// file of another sort, whatever it is called.
func sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("%PDF-")) && bytes.Contains(data[max(0, len(data)-2048):], []byte("%%EOF")):
		return "pdf"
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		if _, err := png.DecodeConfig(bytes.NewReader(data)); err == nil {
			return "png"
		}
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		if _, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil {
			return "jpg"
		}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) && isOFD(data):
		return "ofd"
	}
	return ""
}

// isOFD looks for the entry part of GB/T 33190-2016 §7.2. The document is kept,
// not opened: nothing else of the container is unpacked.
func isOFD(data []byte) bool {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	for _, f := range z.File {
		if f.Name == "OFD.xml" || f.Name == "/OFD.xml" {
			return true
		}
	}
	return false
}

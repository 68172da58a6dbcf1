package main

import (
	"archive/zip"
	"bytes"
	"strings"
)

// weigh tells how many bytes of a document are glyphs, and how many its seal.
func weigh(document []byte) (glyphs, seal int) {
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		return 0, 0
	}
	for _, f := range z.File {
		switch {
		case strings.HasSuffix(f.Name, ".ttf"):
			glyphs += int(f.CompressedSize64)
		case strings.HasSuffix(f.Name, "Seal.esl"), strings.HasSuffix(f.Name, "SignedValue.dat"):
			seal += int(f.CompressedSize64)
		}
	}
	return glyphs, seal
}

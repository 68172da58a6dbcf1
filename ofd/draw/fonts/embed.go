// Package fonts holds the two free fonts that documents are set in, cut to the
// 8,105 characters of the 通用规范汉字表 and the symbols of certificates. Where
// they come from, and how to make them again, stands in SOURCE.md.
package fonts

import _ "embed"

// The family names written into documents.
const (
	SerifName = "Noto Serif SC"
	SansName  = "Noto Sans SC"
)

// The file names of the full fonts in a data directory, as scripts/fonts.sh
// puts them there.
const (
	SerifFull = "NotoSerifSC-Full.ttf"
	SansFull  = "NotoSansSC-Full.ttf"
)

//go:embed NotoSerifSC-Regular.ttf
var serif []byte

//go:embed NotoSansSC-Regular.ttf
var sans []byte

//go:embed characters.txt
var characters string

// Serif is Noto Serif SC Regular (宋体 style). The bytes must not be changed.
func Serif() []byte { return serif }

// Sans is Noto Sans SC Regular (黑体 style). The bytes must not be changed.
func Sans() []byte { return sans }

// Characters are all that the two fonts were asked to hold; each of them has
// what its source has.
func Characters() string { return characters }

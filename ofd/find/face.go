package find

import (
	"sidian/ofd"
	"sidian/ofd/internal/font"
)

// A face tells how wide characters are. A nil font, one of the reader's system
// or one that cannot be read, has Chinese characters of one em and others of half.
type face struct{ font *font.Font }

func (f *face) advance(r rune) float64 {
	if f.font != nil && f.font.UnitsPerEm() > 0 {
		if gid, ok := f.font.GID(r); ok {
			return float64(f.font.Advance(gid)) / float64(f.font.UnitsPerEm())
		}
	}
	if r < 0x2E80 || r >= 0xFF61 && r <= 0xFFDC {
		return 0.5
	}
	return 1
}

// fonts keeps the faces of a document.
type fonts struct {
	doc  *ofd.Document
	seen map[string]*face
}

func newFonts(d *ofd.Document) *fonts { return &fonts{doc: d, seen: map[string]*face{}} }

func (f *fonts) get(spec *ofd.Font) *face {
	if spec == nil || spec.File == "" {
		return &face{}
	}
	if have := f.seen[spec.File]; have != nil {
		return have
	}
	out := &face{}
	f.seen[spec.File] = out
	part := f.doc.Part(spec.File)
	if part == nil {
		return out
	}
	data, err := part.Data()
	if err != nil {
		return out
	}
	if parsed, err := font.Parse(data); err == nil {
		out.font = parsed
	}
	return out
}

package draw

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"sidian/ofd/draw/fonts"
	"sidian/ofd/internal/font"
)

// A Font is one TrueType font under the family name that documents give it.
// It is immutable and safe for concurrent use.
type Font struct {
	name  string
	serif bool
	file  *font.Font
	unit  float64 // em per font unit
}

// NewFont reads a TrueType font. data must not be changed afterwards.
func NewFont(name string, data []byte) (*Font, error) {
	f, err := font.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the font %s: %w", name, err)
	}
	return &Font{name: name, file: f, unit: 1 / float64(f.UnitsPerEm())}, nil
}

// Name is the family name.
func (f *Font) Name() string { return f.name }

// Has tells whether the font can show a character.
func (f *Font) Has(r rune) bool {
	_, ok := f.file.GID(r)
	return ok
}

// Advance is the width of a character in em, 0 when the font lacks it.
func (f *Font) Advance(r rune) float64 {
	gid, ok := f.file.GID(r)
	if !ok {
		return 0
	}
	return float64(f.file.Advance(gid)) * f.unit
}

// Subset is a TrueType font with these characters only. The same characters
// give the same bytes.
func (f *Font) Subset(runes []rune) ([]byte, error) {
	return f.file.Subset(runes, f.name)
}

// A Family is a font and those that stand in for characters it lacks, in
// order. It is immutable and safe for concurrent use.
type Family struct{ fonts []*Font }

// NewFamily puts fonts in order of preference. There must be at least one.
func NewFamily(first *Font, fallback ...*Font) *Family {
	return &Family{fonts: append([]*Font{first}, fallback...)}
}

// Name is the name of the first font.
func (f *Family) Name() string { return f.fonts[0].name }

// find gives the first font that has a character, with glyph and advance in em.
func (f *Family) find(r rune) (*Font, float64) {
	for _, candidate := range f.fonts {
		if gid, ok := candidate.file.GID(r); ok {
			return candidate, float64(candidate.file.Advance(gid)) * candidate.unit
		}
	}
	return nil, 0
}

// Missing lists the characters of a text that no font of the family has, each
// once, in order: what a form can refuse before a document is made.
func (f *Family) Missing(text string) []rune {
	var missing []rune
	seen := map[rune]bool{}
	for _, r := range text {
		if r = plain(r); r < 0 || r == '\n' || seen[r] {
			continue
		}
		seen[r] = true
		if found, _ := f.find(r); found == nil {
			missing = append(missing, r)
		}
	}
	return missing
}

// Fonts are the families that faces choose from.
type Fonts struct {
	Serif *Family // 宋体 style
	Sans  *Family // 黑体 style
}

// Family finds a family by the name that face data use: "serif" (or "") and
// "sans".
func (f *Fonts) Family(name string) (*Family, bool) {
	switch name {
	case "", "serif":
		return f.Serif, true
	case "sans":
		return f.Sans, true
	}
	return nil, false
}

var embedded = sync.OnceValues(func() (*Fonts, error) {
	serif, err := NewFont(fonts.SerifName, fonts.Serif())
	if err != nil {
		return nil, err
	}
	sans, err := NewFont(fonts.SansName, fonts.Sans())
	if err != nil {
		return nil, err
	}
	serif.serif = true
	return &Fonts{Serif: NewFamily(serif, sans), Sans: NewFamily(sans, serif)}, nil
})

// Embedded gives the fonts inside the program: the 通用规范汉字表 and symbols.
func Embedded() (*Fonts, error) { return embedded() }

// Load gives the embedded fonts, backed by the full fonts if the directory has
// them: then some 30,900 characters can be shown. An empty directory name, or
// a directory without the files, is no error; a damaged file is one.
func Load(dir string) (*Fonts, error) {
	base, err := Embedded()
	if err != nil || dir == "" {
		return base, err
	}
	serif, err := loadFull(dir, fonts.SerifFull, fonts.SerifName)
	if err != nil {
		return nil, err
	}
	sans, err := loadFull(dir, fonts.SansFull, fonts.SansName)
	if err != nil {
		return nil, err
	}
	ownSerif, ownSans := base.Serif.fonts[0], base.Sans.fonts[0]
	return &Fonts{
		Serif: present(ownSerif, serif, ownSans, sans),
		Sans:  present(ownSans, sans, ownSerif, serif),
	}, nil
}

// present is the family of the fonts that are there.
func present(all ...*Font) *Family {
	family := &Family{}
	for _, f := range all {
		if f != nil {
			family.fonts = append(family.fonts, f)
		}
	}
	return family
}

func loadFull(dir, file, name string) (*Font, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the full font: %w", err)
	}
	f, err := NewFont(name, data)
	if err != nil {
		return nil, err
	}
	f.serif = name == fonts.SerifName
	return f, nil
}

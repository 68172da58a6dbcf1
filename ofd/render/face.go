package render

import (
	"errors"
	"strings"
	"sync"

	"sidian/ofd"
	"sidian/ofd/draw/fonts"
	"sidian/ofd/internal/font"
)

// face is a font as used in one rendering: its glyphs become shapes once.
type face struct {
	font     *font.Font // nil when there is none at all
	replaced bool       // not the font the document names, or not in the document
	bold     bool       // thicken, as the replacement has no bold cut
	italic   bool       // slant, likewise
	shapes   map[uint16]*glyphShape
	spare    *face // where characters are looked for that the font lacks
}

type faceCache struct {
	byFile map[string]*font.Font
	failed map[string]string
	byID   map[*ofd.Font]*face
	plain  map[string]*face
}

func newFaceCache() *faceCache {
	return &faceCache{byFile: map[string]*font.Font{}, failed: map[string]string{}, byID: map[*ofd.Font]*face{}, plain: map[string]*face{}}
}

// embedded parses the two fonts that come with the program, once in its life: they are immutable and shared.
var embedded = map[string]func() *font.Font{
	"serif": sync.OnceValue(func() *font.Font { return mustParse(fonts.Serif()) }),
	"sans":  sync.OnceValue(func() *font.Font { return mustParse(fonts.Sans()) }),
}

// mustParse gives nil for a font that does not parse; a test sees to it that ours do.
func mustParse(data []byte) *font.Font {
	f, err := font.Parse(data)
	if err != nil {
		return nil
	}
	return f
}

func (c *faceCache) fallback(kind string) *face {
	f := c.plain[kind]
	if f == nil {
		f = &face{font: embedded[kind](), replaced: true, shapes: map[uint16]*glyphShape{}}
		c.plain[kind] = f
	}
	return f
}

// serifNames are parts of font names whose strokes have feet, or that are nearer to those than to even strokes.
var serifNames = []string{"song", "sun", "fang", "kai", "ming", "serif", "times", "georgia", "garamond", "cambria", "courier",
	"宋", "仿", "楷", "明", "隶", "魏"}

var sansNames = []string{"sans", "hei", "黑", "圆", "yuan", "arial", "helvetica", "calibri", "tahoma", "verdana", "yahei", "等线", "deng"}

// fallbackKind chooses between the two embedded fonts by the name the document asks for.
func fallbackKind(f *ofd.Font) string {
	name := strings.ToLower(f.Name + " " + f.Family)
	for _, s := range sansNames {
		if strings.Contains(name, s) {
			return "sans"
		}
	}
	for _, s := range serifNames {
		if strings.Contains(name, s) {
			return "serif"
		}
	}
	if f.Serif {
		return "serif"
	}
	return "sans"
}

// face finds the font resource id. It always gives one; where the document's font cannot be used it says so once.
func (w *walker) face(id ofd.ID) *face {
	res := w.res.Fonts[id]
	if res == nil {
		w.warn(WarnFont, "字体资源 %d 不存在，以内置字体代替", id)
		return w.faces.fallback("sans")
	}
	if f := w.faces.byID[res]; f != nil {
		return f
	}
	spare := w.faces.fallback(fallbackKind(res))
	f := &face{font: spare.font, replaced: true, shapes: spare.shapes, bold: res.Bold || strings.Contains(strings.ToLower(res.Name), "bold"), italic: res.Italic}
	if res.File != "" {
		if own := w.loadFont(res); own != nil {
			f = &face{font: own, shapes: map[uint16]*glyphShape{}, spare: spare}
		}
	}
	w.faces.byID[res] = f
	return f
}

// loadFont parses an embedded font file; one file may serve several resources.
func (w *walker) loadFont(res *ofd.Font) *font.Font {
	if f := w.faces.byFile[res.File]; f != nil {
		return f
	}
	if w.faces.failed[res.File] == "" {
		f, err := parsePart(w.doc, res.File)
		if err == nil {
			w.faces.byFile[res.File] = f
			return f
		}
		w.faces.failed[res.File] = fontReason(err)
	}
	w.warn(WarnFont, "嵌入字体“%s”%s，以内置字体代替", res.Name, w.faces.failed[res.File])
	return nil
}

var errNoPart = errors.New("part is missing")

func parsePart(doc *ofd.Document, name string) (*font.Font, error) {
	p := doc.Part(name)
	if p == nil {
		return nil, errNoPart
	}
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	return font.Parse(data)
}

func fontReason(err error) string {
	var unsupported *font.UnsupportedError
	switch {
	case errors.As(err, &unsupported) && unsupported.Format != "":
		return "为 " + unsupported.Format + " 格式，不能绘制"
	case errors.Is(err, errNoPart):
		return "在文件包中不存在"
	}
	return "无法读取"
}

// shape gives the outline of a glyph in font units, y upwards; an empty one for blanks and damaged glyphs.
func (f *face) shape(gid uint16) *glyphShape {
	if s := f.shapes[gid]; s != nil {
		return s
	}
	s := &glyphShape{path: &path{}}
	if outline, err := f.font.Outline(gid); err == nil {
		s.path = outlinePath(outline)
		s.bound = s.path.bounds()
	}
	f.shapes[gid] = s
	return s
}

func outlinePath(o font.Outline) *path {
	p := &path{}
	for _, seg := range o {
		to := point{float64(seg.To.X), float64(seg.To.Y)}
		switch seg.Op {
		case font.MoveTo:
			if len(p.verbs) > 0 {
				p.close()
			}
			p.move(to)
		case font.LineTo:
			p.line(to)
		case font.QuadTo:
			p.quad(point{float64(seg.Control.X), float64(seg.Control.Y)}, to)
		}
	}
	if len(p.verbs) > 0 {
		p.close()
	}
	return p
}

// units is the number of font units to the em.
func (f *face) units() float64 {
	if f.font == nil || f.font.UnitsPerEm() <= 0 {
		return 1000
	}
	return float64(f.font.UnitsPerEm())
}

package convert

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"sidian/ofd"
	"sidian/ofd/internal/cff"
	"sidian/ofd/internal/font"
	"sidian/ofd/internal/pdf"
)

// A face is a font of the file: how its strings are read, and the TrueType font
// that is made of the glyphs used.
type face struct {
	name    string
	simple  bool
	codes   *cmap // of a composite font; nil = two bytes are a CID
	unicode *cmap
	enc     *encoding
	widths  map[int]float64 // by code or CID, thousandths of an em
	usual   float64

	glyf     *font.Font
	cff      *cff.Font
	symbolic bool
	toGID    []byte // CIDToGIDMap
	missing  error  // why its text cannot be shown; invisible text can

	procs  *procs // of a Type 3 font
	byName map[string]int
	byRune map[rune]int

	id     ofd.ID
	glyphs []font.Glyph
	places map[glyphKey]int // glyph of the file to glyph of ours
	owners map[rune]int     // which glyph shows a character by itself
	free   rune             // next private character
	bounds []rect           // of our glyphs, em, y upwards
}

// A glyphKey is a glyph of the file, told apart by the characters it stands
// for; blank ones have no shape (invisible text).
type glyphKey struct {
	gid   int
	text  string
	blank bool
}

const cffEm = 2048

func (f *face) em() int {
	if f.glyf != nil && f.glyf.UnitsPerEm() >= 16 && f.glyf.UnitsPerEm() <= 16384 {
		return f.glyf.UnitsPerEm()
	}
	return cffEm
}

// font loads a font resource (ISO 32000-1 §9.5).
func (c *converter) font(o pdf.Object) (*face, error) {
	key := o
	if _, ok := o.(pdf.Ref); !ok {
		key = nil // a dictionary in place: not kept
	}
	if f := c.faces[key]; f != nil && key != nil {
		return f, nil
	}
	d := c.file.Dict(o)
	if d == nil {
		return nil, refuse("font", "a font is missing")
	}
	f := &face{name: string(c.file.Name(d["BaseFont"])), widths: map[int]float64{}, places: map[glyphKey]int{}, owners: map[rune]int{}, free: 0xE000}
	f.glyphs, f.bounds = []font.Glyph{{}}, []rect{nowhere}
	var err error
	switch kind := c.file.Name(d["Subtype"]); kind {
	case "Type0":
		err = c.composite(f, d)
	case "TrueType", "Type1", "MMType1":
		err = c.simpleFont(f, d)
	case "Type3":
		err = c.type3(f, d)
	default:
		err = refuse("font", "a font of type %q", kind)
	}
	if err != nil {
		return nil, err
	}
	if s, ok := c.file.Get(d["ToUnicode"]).(*pdf.Stream); ok {
		data, rest, err := c.file.Decode(s)
		if err != nil {
			return nil, err
		}
		if rest == nil {
			if f.unicode, err = parseCmap(data); err != nil {
				f.unicode = nil // text that cannot be found is shown all the same
			}
		}
	}
	if key != nil {
		c.faces[key] = f
	}
	if c.order = append(c.order, f); len(c.order) > 2000 {
		return nil, refuse("limit", "more than 2,000 fonts")
	}
	return f, nil
}

// program loads the embedded font program.
func (c *converter) program(f *face, desc pdf.Dict) error {
	flags, _ := c.file.Get(desc["Flags"]).(int)
	f.symbolic = flags&4 != 0
	if v, ok := pdf.Number(c.file.Get(desc["MissingWidth"])); ok && f.simple {
		f.usual = v
	}
	for _, key := range []pdf.Name{"FontFile2", "FontFile3", "FontFile"} {
		s, ok := c.file.Get(desc[key]).(*pdf.Stream)
		if !ok {
			continue
		}
		if key == "FontFile" {
			f.missing = refuse("font", "font %s is a Type 1 program", f.name)
			return nil
		}
		data, rest, err := c.file.Decode(s)
		if err != nil {
			return err
		}
		if rest != nil {
			return refuse("font", "font %s is a picture", f.name)
		}
		if err := f.parse(data); err != nil {
			f.missing = refuse("font", "font %s: %v", f.name, err)
		}
		return nil
	}
	f.missing = refuse("font", "font %s is not embedded", f.name)
	return nil
}

// parse takes TrueType, OpenType with either outlines, and bare CFF.
func (f *face) parse(data []byte) (err error) {
	if table, ok := tableOf(data, "CFF "); ok {
		f.cff, err = cff.Parse(table)
		return err
	}
	if len(data) > 4 && data[0] == 1 && data[1] == 0 && data[2] >= 4 && data[2] < 16 {
		f.cff, err = cff.Parse(data)
		return err
	}
	f.glyf, err = font.Parse(data)
	return err
}

func tableOf(data []byte, tag string) ([]byte, bool) {
	if len(data) < 12 || !bytes.HasPrefix(data, []byte("OTTO")) {
		return nil, false
	}
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		at := 12 + 16*i
		if at+16 > len(data) {
			break
		}
		from, n := int64(binary.BigEndian.Uint32(data[at+8:])), int64(binary.BigEndian.Uint32(data[at+12:]))
		if string(data[at:at+4]) == tag && from+n <= int64(len(data)) {
			return data[from : from+n], true
		}
	}
	return nil, false
}

// simpleFont reads a font of one-byte codes (§9.6).
func (c *converter) simpleFont(f *face, d pdf.Dict) error {
	f.simple = true
	desc := c.file.Dict(d["FontDescriptor"])
	if err := c.program(f, desc); err != nil {
		return err
	}
	f.enc = c.readEncoding(d["Encoding"], f.symbolic || f.cff != nil)
	first, _ := c.file.Get(d["FirstChar"]).(int)
	for i, o := range c.file.Array(d["Widths"]) {
		if v, ok := pdf.Number(c.file.Get(o)); ok && i < 256 {
			f.widths[first+i] = v
		}
	}
	if len(f.widths) == 0 && f.missing == nil {
		f.missing = refuse("font", "font %s has no widths", f.name)
	}
	if f.cff != nil {
		f.byName, f.byRune = map[string]int{}, map[rune]int{}
		for gid, name := range f.cff.Names() {
			if _, have := f.byName[name]; !have {
				f.byName[name] = gid
			}
			if r := runeOf(name); r != 0 {
				if _, have := f.byRune[r]; !have {
					f.byRune[r] = gid
				}
			}
		}
	}
	return nil
}

// composite reads a Type 0 font and its descendant (§9.7).
func (c *converter) composite(f *face, d pdf.Dict) error {
	switch v := c.file.Get(d["Encoding"]).(type) {
	case pdf.Name:
		if v == "Identity-V" {
			return refuse("vertical", "font %s is set downwards", f.name)
		}
		if v != "Identity-H" {
			f.missing = refuse("font", "the predefined character map %s", v)
		}
	case *pdf.Stream:
		if mode, _ := c.file.Get(v.Dict["WMode"]).(int); mode == 1 {
			return refuse("vertical", "font %s is set downwards", f.name)
		}
		data, rest, err := c.file.Decode(v)
		if err != nil {
			return err
		}
		if rest != nil || v.Dict["UseCMap"] != nil {
			return refuse("font", "a character map that cannot be read")
		}
		if f.codes, err = parseCmap(data); err != nil {
			return err
		}
	default:
		return refuse("font", "font %s without a character map", f.name)
	}
	list := c.file.Array(d["DescendantFonts"])
	if len(list) != 1 {
		return refuse("font", "font %s without its descendant", f.name)
	}
	in := c.file.Dict(list[0])
	f.usual = 1000
	if v, ok := pdf.Number(c.file.Get(in["DW"])); ok {
		f.usual = v
	}
	if err := c.cidWidths(f, in["W"]); err != nil {
		return err
	}
	missing := f.missing
	if err := c.program(f, c.file.Dict(in["FontDescriptor"])); err != nil {
		return err
	}
	if missing != nil {
		f.missing = missing
	}
	if s, ok := c.file.Get(in["CIDToGIDMap"]).(*pdf.Stream); ok {
		data, rest, err := c.file.Decode(s)
		if err != nil {
			return err
		}
		if rest == nil {
			f.toGID = data
		}
	}
	return nil
}

// cidWidths reads W: "first [w w …]" and "first last w" (§9.7.4.3).
func (c *converter) cidWidths(f *face, o pdf.Object) error {
	a := c.file.Array(o)
	for i := 0; i+1 < len(a); {
		first, ok := pdf.Number(c.file.Get(a[i]))
		if !ok {
			return refuse("font", "widths that cannot be read")
		}
		if list, ok := c.file.Get(a[i+1]).(pdf.Array); ok {
			for k, w := range list {
				if v, ok := pdf.Number(c.file.Get(w)); ok && k < maxMapped {
					f.widths[int(first)+k] = v
				}
			}
			i += 2
			continue
		}
		if i+2 >= len(a) {
			break
		}
		last, ok := pdf.Number(c.file.Get(a[i+1]))
		w, ok2 := pdf.Number(c.file.Get(a[i+2]))
		if !ok || !ok2 || last-first > maxMapped || len(f.widths) > maxMapped {
			return refuse("font", "widths that cannot be read")
		}
		for cid := int(first); cid <= int(last); cid++ {
			f.widths[cid] = w
		}
		i += 3
	}
	return nil
}

// A code is one character code of a string.
type code struct {
	value uint32
	size  int // bytes
	cid   int
}

func (f *face) codesOf(s []byte) []code {
	var out []code
	for len(s) > 0 {
		c := code{value: uint32(s[0]), size: 1}
		switch {
		case f.simple:
			c.cid = int(s[0])
		case f.codes != nil:
			c.value, c.size = f.codes.next(s)
			c.cid = f.codes.cid(c.value)
		case len(s) >= 2:
			c = code{value: uint32(s[0])<<8 | uint32(s[1]), size: 2, cid: int(s[0])<<8 | int(s[1])}
		}
		out, s = append(out, c), s[c.size:]
	}
	return out
}

func (f *face) width(c code) float64 {
	if w, ok := f.widths[c.cid]; ok {
		return w
	}
	return f.usual
}

// gid finds the glyph of a code in the embedded program.
func (f *face) gid(c code) int {
	switch {
	case !f.simple && f.cff != nil:
		gid, _ := f.cff.ByCID(c.cid)
		return gid
	case !f.simple && f.toGID != nil:
		if 2*c.cid+1 < len(f.toGID) {
			return int(binary.BigEndian.Uint16(f.toGID[2*c.cid:]))
		}
		return 0
	case !f.simple:
		return c.cid
	case f.cff != nil:
		return f.cffGID(byte(c.value))
	}
	return f.trueGID(byte(c.value))
}

func (f *face) cffGID(c byte) int {
	if name := f.enc.name[c]; name != "" && f.enc.given {
		if gid, ok := f.byName[name]; ok {
			return gid
		}
	}
	if r := f.enc.char[c]; r != 0 && f.enc.given {
		if gid, ok := f.byRune[r]; ok {
			return gid
		}
		return 0
	}
	gid, _ := f.cff.ByCode(c)
	return gid
}

// trueGID follows ISO 32000-1 §9.6.6.4.
func (f *face) trueGID(c byte) int {
	if f.enc.given && f.enc.char[c] != 0 && !(f.symbolic && f.glyf.HasCmapOf(3, 0)) {
		r := f.enc.char[c]
		if gid, ok := f.glyf.GIDByCode(3, 1, uint32(r)); ok {
			return int(gid)
		}
		if m, ok := macCode(r); ok {
			if gid, ok := f.glyf.GIDByCode(1, 0, uint32(m)); ok {
				return int(gid)
			}
		}
		if gid, ok := f.glyf.GID(r); ok {
			return int(gid)
		}
	}
	for _, code := range []uint32{uint32(c), 0xF000 | uint32(c), 0xF100 | uint32(c), 0xF200 | uint32(c)} {
		if gid, ok := f.glyf.GIDByCode(3, 0, code); ok {
			return int(gid)
		}
	}
	if gid, ok := f.glyf.GIDByCode(1, 0, uint32(c)); ok {
		return int(gid)
	}
	if gid, ok := f.glyf.GIDByCode(3, 1, uint32(c)); ok {
		return int(gid)
	}
	if f.glyf.HasCmap() {
		return 0
	}
	return int(c)
}

// text gives the characters of a code; nil when the file does not tell.
func (f *face) text(c code) []rune {
	if f.unicode != nil {
		if r, ok := f.unicode.chars[c.value]; ok && len(r) > 0 {
			return r
		}
	}
	if f.simple && f.enc.char[c.value&0xFF] != 0 && (f.enc.given || f.cff == nil) {
		return []rune{f.enc.char[c.value&0xFF]}
	}
	if f.simple && f.cff != nil {
		if gid, ok := f.cff.ByCode(byte(c.value)); ok && gid < len(f.cff.Names()) {
			if r := runeOf(f.cff.Names()[gid]); r != 0 {
				return []rune{r}
			}
		}
	}
	return nil
}

func (f *face) outline(gid int) (font.Outline, error) {
	if f.cff != nil {
		return f.cff.Outline(gid, cffEm)
	}
	if f.glyf != nil {
		return f.glyf.Outline(uint16(min(gid, 0xFFFF)))
	}
	return nil, fmt.Errorf("no program")
}

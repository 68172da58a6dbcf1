// Package draw puts text, tables, lines, pictures and codes on the pages of an
// OFD document (GB/T 33190-2016), all sizes in millimetres.
//
// Text is set in embedded subsets of free TrueType fonts, so that a
// certificate looks the same on every machine, and every character is placed:
// TextCode always has n-1 distances, never the reader's own advances. Lines
// break by the Chinese rules (GB/T 15834-2011 §5.1); a text too long for its
// box shrinks as far as it may and is refused beyond that (*OverflowError); a
// character that no font has is refused by name (*MissingGlyphError): there
// are no blank boxes.
//
// A face of a certificate is drawn in two phases. What never changes is drawn
// once into a template page, and Builder.Skeleton freezes it together with its
// font subset. What changes is drawn for each document, in a subset of the
// characters used:
//
//	b := ofd.New(info)
//	face := b.AddTemplate("face", "Background", 210, 297)
//	static := draw.New(b)
//	static.Page(face).Text(box, "营业执照", title)
//	err := static.Finish()
//	shared := static.Shared()
//	skeleton, err := b.Skeleton()
//
//	b = skeleton.New(info) // for each document
//	page := b.AddPage(210, 297)
//	page.Template(face.ID(), "Background")
//	d := draw.NewShared(b, shared)
//	ids, err := d.Page(page).Text(box, name, style)
//	err = d.Finish()
//	b.Tag("ZZMC", page.ID(), ids...)
//
// Not covered: right-to-left and complex scripts, kerning, ligatures, rotated
// Latin words in vertical text (they stand upright).
package draw

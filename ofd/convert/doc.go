// Package convert makes OFD documents out of PDF files (ISO 32000-1).
//
// A page becomes paths, pictures and text in the same order. Text stays text:
// of the glyphs each embedded font shows, TrueType outlines are taken as they
// are, CFF outlines as quadratic curves that differ by less than 1/8,000 em, and
// put into a TrueType font of the document, so that shapes are exact in every
// reader. Where the file tells characters (ToUnicode, or a known encoding), the
// text can be searched. Invisible text, as under scanned pages, stays invisible.
//
// A PDF file may say more than OFD can, or than this package understands. Such
// a file is refused with a reason for people (*RefusedError); it is never
// converted into something that looks different in silence. Refused are:
// encryption, signatures, scripts, XFA, forms and annotations without a fixed
// look, attachments, hidden layers; patterns and shadings, blend modes, soft
// masks of the graphics state, groups faded as a whole; fonts that are not
// embedded, Type 1 fonts, vertical writing, text as a clip; JPEG
// 2000 and JBIG2 pictures, Lab and calculator-function colours.
//
// Not carried over, since it is not what the page shows: bookmarks, link
// targets, tags and other metadata than title, author, subject and day. Colours
// of ICC profiles are taken by their number of components.
package convert

// Package render turns pages of OFD documents into SVG, PNG and PDF, with their templates, annotations and seals.
//
// It follows the drawing model of GB/T 33190-2016 (§7.7 pages, §8 graphics, §9 paths, §10 images, §11 text, §13 composite
// units, §15 annotations, §18 stamps). A page is first walked into one scene, a flat list of fills, strokes, glyph runs and
// images in millimetres; three back ends then write the scene. Text is drawn as glyph outlines, so that a picture looks the
// same wherever it is seen and carries no font.
//
// Covered: boundaries, CTM, clips, draw parameters, alpha, RGB, gray and CMYK colours, axial and radial shading, patterns,
// TrueType fonts with and without cmap, glyph transforms, PNG, JPEG, GIF, BMP and TIFF images, seal pictures including OFD
// ones, straddle seals. Approximated: CMYK without profiles, mesh shadings (their mean colour), eccentric radial shading.
// Not covered, and told as a [Warning]: CFF fonts (the fallback font is used), JBIG2 images, video and sound.
//
// Documents are taken as hostile. Everything is bounded by [Limits]; what cannot be drawn is left out with a warning, so
// that one broken object does not hide the page. Rendering says nothing about validity: see sidian/ofd/sign.
package render

import (
	"errors"
	"fmt"
)

// Options say how a page is rendered. The zero value renders the page with its seals, unmarked, at 96 DPI.
type Options struct {
	// DPI is the resolution of PNG output in dots an inch; 0 means 96.
	DPI float64
	// Pages are the zero-based pages of PDF output, in this order; nil means all.
	Pages []int
	// Mark is drawn over every page; nil leaves the page unmarked. Every export that is not the OFD itself has to be
	// marked as a copy without legal effect.
	Mark *Mark
	// WithoutSeals leaves the pictures of seals out.
	WithoutSeals bool
	// WithoutAnnotations leaves annotations out.
	WithoutAnnotations bool
	// Limits bound time and memory; zero fields mean the default.
	Limits Limits
}

// Mark tells readers that they look at a copy: a discreet diagonal watermark and a strip along the foot.
type Mark struct {
	// Lines are the texts. The first is repeated as the watermark; all of them stand in the strip.
	Lines []string
	// QR is drawn as a code at the strip's right end; empty means none.
	QR string
}

// Limits bound what one call spends on one page.
type Limits struct {
	Objects  int     // graphic objects and glyphs, expanded; default 200,000
	Points   int     // points of all paths; default 4,000,000
	Depth    int     // blocks, composites and patterns inside each other; default 16
	Pixels   int     // pixels of PNG output; default 50,000,000
	Source   int     // pixels of all decoded images; default 40,000,000
	Work     int     // steps of PNG output, about a nanosecond each; default 300,000,000 and 20 for each pixel
	Side     float64 // longer side of a page in millimetres; default 5,080 (200 inches, the limit of PDF)
	PDFPages int     // pages of PDF output; default 2,000
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Objects, 200_000)
	set(&l.Points, 4_000_000)
	set(&l.Depth, 16)
	set(&l.Pixels, 50_000_000)
	set(&l.Source, 40_000_000)
	set(&l.PDFPages, 2_000)
	if !(l.Side > 0) {
		l.Side = 5080
	}
	return l
}

// Warning is something that was left out or approximated. Code is stable, Message is Chinese and for people.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Codes of warnings.
const (
	WarnFont        = "font"        // a font is missing or cannot be read; another took its place
	WarnGlyph       = "glyph"       // a character has no shape in any font
	WarnImage       = "image"       // an image is missing, too large or in a format that cannot be drawn
	WarnResource    = "resource"    // a resource that is referred to is missing
	WarnPath        = "path"        // path data is broken; drawn as far as it could be read
	WarnApproximate = "approximate" // something is drawn in a simpler way
	WarnSeal        = "seal"        // a seal's picture cannot be shown
	WarnTemplate    = "template"    // a template page is missing
	WarnAnnotation  = "annotation"  // an annotation cannot be read
	WarnLimit       = "limit"       // a limit was reached; the rest of the page is left out
	WarnPage        = "page"        // the page's size is missing or not usable
)

// ErrNoPage says that the document has no page of that number.
var ErrNoPage = errors.New("render: no such page")

// LimitError says that the output asked for would be larger than Limits allow.
type LimitError struct {
	What string // "pixels", "pages"
	Got  float64
	Max  float64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("render: %.0f %s are more than the limit of %.0f", e.Got, e.What, e.Max)
}

// Package face draws the face of a certificate (照面): a template, which is
// data, is compiled once with its fonts, and filled with the values of each
// certificate into an OFD document that is ready to be sealed.
//
// The document holds what GB/T 36905-2018 asks for: the metadata of GB/T 36903
// in DocInfo, a data index that points each printed field to its objects, and
// the values of kinds with tables as an attached JSON file. What all documents of a kind share
// (frame, printed words, their glyphs) is compressed and digested once; a
// document adds its texts, the glyphs these need, and its pictures.
package face

// A Template is the layout of a face (template.yaml). Lengths are mm, sizes of
// type are points.
type Template struct {
	Width  float64          `yaml:"width"`
	Height float64          `yaml:"height"`
	Styles map[string]Style `yaml:"styles"`
	Pages  []Page           `yaml:"pages"`

	// Images are the pictures of the folder by the names of their files.
	Images map[string][]byte `yaml:"-"`
}

// A Page is one page of the face.
type Page struct {
	Items []Item `yaml:"items"`
}

// Box is x, y, width, height in mm, from the page's upper left corner.
type Box [4]float64

// An Item is one thing on a page. Exactly one of the fields of the first group
// says what it is.
type Item struct {
	Text    string      `yaml:"text"`    // printed words, the same on every certificate
	Row     string      `yaml:"row"`     // a field with its label before it
	Field   string      `yaml:"field"`   // a field alone
	Picture string      `yaml:"picture"` // a picture field
	Table   string      `yaml:"table"`   // a table field
	QR      bool        `yaml:"qr"`      // the certificate's two-dimensional code
	Line    *[4]float64 `yaml:"line"`    // x1, y1, x2, y2
	Rect    *Box        `yaml:"rect"`
	Frame   string      `yaml:"frame"`   // an ornamental frame, see Frames
	Ground  string      `yaml:"ground"`  // a ground pattern, see Grounds
	Rosette float64     `yaml:"rosette"` // a rosette of that radius at the middle of at
	Image   string      `yaml:"image"`   // a picture of the folder (底图), the same on every certificate: its file's name

	At    Box    `yaml:"at"`
	Style string `yaml:"style"`

	// Of rows.
	Label      string  `yaml:"label"`       // else the field's own
	LabelWidth float64 `yaml:"label_width"` // mm
	LabelStyle string  `yaml:"label_style"`

	// Of fields and rows.
	Format string `yaml:"format"` // see Formats
	Prefix string `yaml:"prefix"`
	Suffix string `yaml:"suffix"`
	Empty  string `yaml:"empty"` // printed when there is no value

	// Of tables.
	Columns   []TableColumn `yaml:"columns"`
	RowHeight float64       `yaml:"row_height"`

	// Of lines, rectangles, frames.
	Color  string    `yaml:"color"` // #rrggbb
	Fill   string    `yaml:"fill"`
	Weight float64   `yaml:"weight"` // mm
	Dash   []float64 `yaml:"dash"`
	Alpha  float64   `yaml:"alpha"` // 0–1; 0 = 1
}

// A TableColumn is a column of a printed table.
type TableColumn struct {
	Key   string  `yaml:"key"`
	Width float64 `yaml:"width"` // mm
}

// A Style says how text is set.
type Style struct {
	Base     string  `yaml:"base"`   // another style that this one changes
	Font     string  `yaml:"font"`   // serif, sans
	Size     float64 `yaml:"size"`   // pt
	Min      float64 `yaml:"min"`    // pt, how small it may become to fit
	Align    string  `yaml:"align"`  // left, center, right, justify, distribute
	VAlign   string  `yaml:"valign"` // top, middle, bottom
	Color    string  `yaml:"color"`
	Bold     bool    `yaml:"bold"`
	Spacing  float64 `yaml:"spacing"` // between characters, em
	Line     float64 `yaml:"line"`    // line height, multiple of the size
	Indent   float64 `yaml:"indent"`  // em
	Lines    int     `yaml:"lines"`   // at most
	Vertical bool    `yaml:"vertical"`
}

// Sane tells whether the page has a size. Comparisons are written so that
// what is not a number fails.
func (t *Template) Sane() bool { return within(t.Width, 20, 1200) && within(t.Height, 20, 1200) }

// Inside tells whether a box has an area and lies on the page.
func (t *Template) Inside(b Box) bool {
	const tolerance = 1e-9
	return within(b[0], 0, t.Width) && within(b[1], 0, t.Height) && within(b[2], 0.1, t.Width) && within(b[3], 0.1, t.Height) &&
		b[0]+b[2] <= t.Width+tolerance && b[1]+b[3] <= t.Height+tolerance
}

// within is false for what is not a number.
func within(v, low, high float64) bool { return v >= low && v <= high }

package ofd

// Resources are the resources by ID; later files do not replace earlier ones.
type Resources struct {
	Fonts       map[ID]*Font
	Media       map[ID]*Media
	ColorSpaces map[ID]*ColorSpace
	DrawParams  map[ID]*DrawParam
	Composites  map[ID]*Composite
	Duplicates  []ID // IDs that several resources of one group have
}

// A Font is CT_Font (GB/T 33190-2016 §11.1).
type Font struct {
	ID         ID
	Name       string
	Family     string
	Charset    string // "" = unicode
	Italic     bool
	Bold       bool
	Serif      bool
	FixedWidth bool
	File       string // part name; "" = a font of the reader's system
}

// A Media is CT_MultiMedia.
type Media struct {
	ID     ID
	Type   string // Image, Audio, Video
	Format string // as written: PNG, png, JPEG, GBIG2 …
	File   string // part name
}

// A ColorSpace is CT_ColorSpace.
type ColorSpace struct {
	ID               ID
	Type             string // GRAY, RGB, CMYK
	BitsPerComponent int
	Profile          string // part name
	Palette          [][]float64
}

// A DrawParam is CT_DrawParam; Relative is the one it inherits from.
type DrawParam struct {
	ID       ID
	Relative ID
	Pen
	FillColor   *Color
	StrokeColor *Color
}

// A Composite is a CompositeGraphicUnit.
type Composite struct {
	ID            ID
	Width, Height float64
	Thumbnail     ID
	Substitution  ID
	Objects       []Object
}

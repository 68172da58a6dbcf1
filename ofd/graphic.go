package ofd

// An Object is one piece of a page's graphics: *TextObject, *PathObject,
// *ImageObject, *CompositeObject or *PageBlock.
type Object interface {
	// Base gives what all graphic units have in common.
	Base() *Graphic
}

// Graphic is CT_GraphicUnit (GB/T 33190-2016 §8.5). Zero values mean "left
// out": the draw parameter's value, or the standard's default, holds.
type Graphic struct {
	ID        ID
	Name      string
	Boundary  Box // in the parent's space, mm
	Hidden    bool
	CTM       *Matrix
	DrawParam ID
	Pen
	Alpha *uint8 // nil = 255
	Clips *Clips
}

// Base implements Object.
func (g *Graphic) Base() *Graphic { return g }

// Opacity is the unit's alpha, 255 when left out.
func (g *Graphic) Opacity() uint8 {
	if g.Alpha == nil {
		return 255
	}
	return *g.Alpha
}

// A Pen holds the line's shape. Zero values mean "left out"; Cap and Join are
// the standard's words.
type Pen struct {
	LineWidth   *float64 // mm; default 0.353
	Cap         string   // Butt, Round, Square
	Join        string   // Miter, Round, Bevel
	MiterLimit  *float64 // default 4.234
	DashOffset  float64
	DashPattern []float64
}

// Clips is the union of clip areas that limits what is painted.
type Clips struct {
	TransFlag *bool // whether the unit's CTM applies to the clips; nil = left out (true)
	Clips     []Clip
}

// A Clip is the union of its areas; several clips of a unit are intersected.
type Clip struct{ Areas []ClipArea }

// A ClipArea has either a Path or a Text.
type ClipArea struct {
	DrawParam ID
	CTM       *Matrix
	Path      *PathObject
	Text      *TextObject
}

// A TextObject is CT_Text (§11.2). Sizes are mm.
type TextObject struct {
	Graphic
	Font          ID
	Size          float64
	Stroke        bool
	NoFill        bool    // Fill="false"
	HScale        float64 // 0 or 1 = not scaled
	ReadDirection int     // 0 90 180 270
	CharDirection int
	Weight        int // 0 = 400
	Italic        bool
	FillColor     *Color
	StrokeColor   *Color
	Transforms    []GlyphTransform
	Codes         []TextCode
}

// Text is the characters of all its codes.
func (t *TextObject) Text() string {
	if len(t.Codes) == 1 {
		return t.Codes[0].Text
	}
	var s []byte
	for i := range t.Codes {
		s = append(s, t.Codes[i].Text...)
	}
	return string(s)
}

// A TextCode is a run of characters. X, Y is the baseline origin of its first
// character in object space (on reading, carried over from the run before when
// left out); DeltaX and DeltaY are the distances from one character's origin
// to the next, "g" already spread out. len(DeltaX) is as in the file.
type TextCode struct {
	X, Y           float64
	DeltaX, DeltaY []float64
	Text           string
}

// A GlyphTransform is CT_CGTransform: GlyphCount glyphs of the embedded font
// stand for CodeCount characters from CodePosition (0-based in the object).
type GlyphTransform struct {
	CodePosition int
	CodeCount    int
	GlyphCount   int
	Glyphs       []uint32
}

// A PathObject is CT_Path (§9.1). Data is AbbreviatedData; see ParsePath.
type PathObject struct {
	Graphic
	NoStroke    bool // Stroke="false"
	Fill        bool
	EvenOdd     bool
	StrokeColor *Color
	FillColor   *Color
	Data        string
}

// An ImageObject is CT_Image (§10): a unit square under its CTM.
type ImageObject struct {
	Graphic
	ResourceID   ID
	Substitution ID
	ImageMask    ID
	Border       *Border
}

// A Border is an image's frame.
type Border struct {
	LineWidth              *float64
	HorizontalCornerRadius float64
	VerticalCornerRadius   float64
	DashOffset             float64
	DashPattern            []float64
	Color                  *Color
}

// A CompositeObject places a composite unit of the resources (§13).
type CompositeObject struct {
	Graphic
	ResourceID ID
}

// A PageBlock groups objects; of its Graphic only the ID has a meaning.
type PageBlock struct {
	Graphic
	Objects []Object
}

// A Layer is CT_Layer; Type is Body when left out.
type Layer struct {
	ID        ID
	Type      string
	DrawParam ID
	Objects   []Object
}

// PageArea is CT_PageArea; nil boxes are left out.
type PageArea struct {
	Physical    Box
	Application *Box
	Content     *Box
	Bleed       *Box
}

package ofd

// A Color is a CT_Color (GB/T 33190-2016 §8.3.2). Without a ColorSpace the
// Value is r g b, 0 to 255 each. At most one of the pointers is set; then the
// colour is a pattern or a shading.
type Color struct {
	Value      []float64
	Index      *int // into the palette of ColorSpace
	ColorSpace ID
	Alpha      *uint8 // nil = 255

	Pattern   *Pattern
	Axial     *AxialShade
	Radial    *RadialShade
	Gouraud   *GouraudShade
	LaGouraud *LatticeShade
}

// RGB gives an opaque colour in the default colour space.
func RGB(r, g, b uint8) *Color {
	return &Color{Value: []float64{float64(r), float64(g), float64(b)}}
}

// Alpha gives the address of v, for the optional alpha fields.
func Alpha(v uint8) *uint8 { return &v }

// Opacity is the colour's alpha, 255 when left out.
func (c *Color) Opacity() uint8 {
	if c == nil || c.Alpha == nil {
		return 255
	}
	return *c.Alpha
}

// A Pattern is a CT_Pattern: a cell of graphics laid side by side.
type Pattern struct {
	Width, Height  float64
	XStep, YStep   float64 // 0 = the cell's size
	ReflectMethod  string  // "" = Normal, Row, Column, RowAndColumn
	RelativeToPage bool
	CTM            *Matrix
	Thumbnail      ID
	Objects        []Object
}

// A Stop is a Segment of an axial or radial shading.
type Stop struct {
	Position *float64 // 0 to 1; nil = spread evenly
	Color    *Color
}

// An AxialShade is a CT_AxialShd.
type AxialShade struct {
	MapType    string // "" = Direct, Repeat, Reflect
	MapUnit    float64
	Extend     int // bit 0: before the start, bit 1: after the end
	Start, End Point
	Stops      []Stop
}

// A RadialShade is a CT_RadialShd.
type RadialShade struct {
	MapType                string
	MapUnit                float64
	Extend                 int
	Eccentricity, Angle    float64
	Start, End             Point
	StartRadius, EndRadius float64
	Stops                  []Stop
}

// A ShadePoint is a control point of a Gouraud shading.
type ShadePoint struct {
	X, Y     float64
	EdgeFlag int
	Color    *Color
}

// A GouraudShade is a CT_GouraudShd, free triangles.
type GouraudShade struct {
	Extend int
	Points []ShadePoint
	Back   *Color
}

// A LatticeShade is a CT_LaGouraudShd, rows of points.
type LatticeShade struct {
	VerticesPerRow int
	Extend         int
	Points         []ShadePoint
	Back           *Color
}

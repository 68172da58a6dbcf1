package ofd

// An ID is an ST_ID or ST_RefID: a number unique over the whole document; 0
// stands for "none".
type ID uint32

// A Point is an ST_Pos, in millimetres.
type Point struct{ X, Y float64 }

// A Box is an ST_Box: upper left corner, width and height in millimetres.
type Box struct{ X, Y, W, H float64 }

// Empty tells whether the box has no area.
func (b Box) Empty() bool { return !(b.W > 0 && b.H > 0) }

// A Matrix is a CTM "a b c d e f": x' = a·x + c·y + e, y' = b·x + d·y + f.
type Matrix [6]float64

// Identity leaves points where they are.
var Identity = Matrix{1, 0, 0, 1, 0, 0}

// Apply maps a point.
func (m Matrix) Apply(p Point) Point {
	return Point{m[0]*p.X + m[2]*p.Y + m[4], m[1]*p.X + m[3]*p.Y + m[5]}
}

// Then gives the matrix that applies m first and n after it.
func (m Matrix) Then(n Matrix) Matrix {
	return Matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

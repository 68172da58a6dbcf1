package draw

import (
	"fmt"
	"math"

	"sidian/ofd"
)

// A Table is rows of cells with lines between them.
type Table struct {
	Columns []float64 // widths in mm
	Rows    []Row
	Pen     Pen     // the lines
	Padding float64 // between line and text in mm; 0 = 1
	Style   Style   // of cells that have none of their own
}

// A Row is as high as Height or, where texts need more and Fixed is not set,
// as they need.
type Row struct {
	Height float64 // mm
	Fixed  bool    // texts shrink instead, or are refused
	Cells  []Cell  // from left; columns covered by a span above are left out
}

// A Cell may span columns and rows; 0 = 1. An empty cell has only its lines.
type Cell struct {
	Text             string
	Style            *Style
	ColSpan, RowSpan int
}

// A TableError says what is wrong with a table's shape.
type TableError struct {
	Row    int // from 0
	Detail string
}

func (e *TableError) Error() string { return fmt.Sprintf("draw: table row %d: %s", e.Row, e.Detail) }

// PlacedTable says where the cells came to lie: IDs[row][cell] as given.
type PlacedTable struct {
	Box ofd.Box // of the whole table, mm
	IDs [][][]ofd.ID
}

// gridCell is a cell with its place in the grid.
type gridCell struct {
	row, col, rowSpan, colSpan int
	index                      int // in its row
	cell                       *Cell
}

// Table draws a table from its upper left corner. Errors are *TableError,
// *OverflowError and *MissingGlyphError.
func (c *Canvas) Table(at ofd.Point, t Table) (*PlacedTable, error) {
	if t.Padding == 0 {
		t.Padding = 1
	}
	cells, err := t.grid()
	if err != nil {
		return nil, err
	}
	xs := sums(at.X, t.Columns)
	heights, err := t.heights(cells, xs)
	if err != nil {
		return nil, err
	}
	ys := sums(at.Y, heights)
	placed := &PlacedTable{
		Box: ofd.Box{X: at.X, Y: at.Y, W: xs[len(xs)-1] - at.X, H: ys[len(ys)-1] - at.Y},
		IDs: make([][][]ofd.ID, len(t.Rows)),
	}
	for i := range t.Rows {
		placed.IDs[i] = make([][]ofd.ID, len(t.Rows[i].Cells))
	}
	c.lines(cells, xs, ys, placed.Box, t.Pen)
	for _, g := range cells {
		box := ofd.Box{X: xs[g.col], Y: ys[g.row], W: xs[g.col+g.colSpan] - xs[g.col], H: ys[g.row+g.rowSpan] - ys[g.row]}
		ids, err := c.Text(inflate(box, -t.Padding), g.cell.Text, *t.style(g.cell))
		if err != nil {
			return nil, err
		}
		placed.IDs[g.row][g.index] = ids
	}
	return placed, nil
}

func (t *Table) style(cell *Cell) *Style {
	if cell.Style != nil {
		return cell.Style
	}
	return &t.Style
}

func sums(from float64, widths []float64) []float64 {
	out := make([]float64, 1, len(widths)+1)
	out[0] = from
	for _, w := range widths {
		from += w
		out = append(out, from)
	}
	return out
}

// grid finds the place of each cell and checks that the grid is full.
func (t *Table) grid() ([]gridCell, error) {
	if len(t.Columns) == 0 || len(t.Rows) == 0 {
		return nil, &TableError{0, "no columns or no rows"}
	}
	taken := make([]bool, len(t.Columns)*len(t.Rows))
	var cells []gridCell
	for row := range t.Rows {
		col := 0
		for i := range t.Rows[row].Cells {
			for col < len(t.Columns) && taken[row*len(t.Columns)+col] {
				col++
			}
			cell := &t.Rows[row].Cells[i]
			g := gridCell{row: row, col: col, rowSpan: max(cell.RowSpan, 1), colSpan: max(cell.ColSpan, 1), index: i, cell: cell}
			if !t.take(taken, g) {
				return nil, &TableError{row, fmt.Sprintf("cell %d does not fit the grid", i)}
			}
			cells = append(cells, g)
		}
		for col := range t.Columns {
			if !taken[row*len(t.Columns)+col] {
				return nil, &TableError{row, fmt.Sprintf("no cell in column %d", col)}
			}
		}
	}
	return cells, nil
}

func (t *Table) take(taken []bool, g gridCell) bool {
	if g.row+g.rowSpan > len(t.Rows) || g.col+g.colSpan > len(t.Columns) {
		return false
	}
	for r := g.row; r < g.row+g.rowSpan; r++ {
		for k := g.col; k < g.col+g.colSpan; k++ {
			if taken[r*len(t.Columns)+k] {
				return false
			}
			taken[r*len(t.Columns)+k] = true
		}
	}
	return true
}

// heights lets rows grow for the texts of their cells; a cell that spans rows
// makes its last row grow.
func (t *Table) heights(cells []gridCell, xs []float64) ([]float64, error) {
	heights := make([]float64, len(t.Rows))
	for i := range t.Rows {
		heights[i] = t.Rows[i].Height
	}
	for span := 1; span <= len(t.Rows); span++ {
		for _, g := range cells {
			last := g.row + g.rowSpan - 1
			if g.rowSpan != span || t.Rows[last].Fixed || g.cell.Text == "" {
				continue
			}
			width := xs[g.col+g.colSpan] - xs[g.col] - 2*t.Padding
			need, err := Height(width, g.cell.Text, *t.style(g.cell))
			if err != nil {
				return nil, err
			}
			have := 0.0
			for r := g.row; r <= last; r++ {
				have += heights[r]
			}
			heights[last] += math.Max(0, need+2*t.Padding-have)
		}
	}
	return heights, nil
}

// Height is how high a box of a width must be for a text at its full size, in
// mm; for vertical text that makes no sense and is an error.
func Height(width float64, text string, style Style) (float64, error) {
	if style.Vertical {
		return 0, fmt.Errorf("draw: the height of vertical text is its own choice")
	}
	const unbounded = 1e6
	style.MinSize, style.MaxLines = 0, 0
	t, err := layout(ofd.Box{W: width, H: unbounded}, text, &style)
	if err != nil {
		return 0, err
	}
	return t.thickness(), nil
}

// lines draws frame and inner lines as one path: each edge between two cells
// once.
func (c *Canvas) lines(cells []gridCell, xs, ys []float64, frame ofd.Box, pen Pen) {
	w := pen.width() / 2
	var p ofd.Path
	p.Rect(mm(w), mm(w), mm(frame.W), mm(frame.H))
	for _, g := range cells {
		x0, x1 := xs[g.col]-frame.X+w, xs[g.col+g.colSpan]-frame.X+w
		y0, y1 := ys[g.row]-frame.Y+w, ys[g.row+g.rowSpan]-frame.Y+w
		if g.col > 0 {
			p.Move(mm(x0), mm(y0)).Line(mm(x0), mm(y1))
		}
		if g.row > 0 {
			p.Move(mm(x0), mm(y0)).Line(mm(x1), mm(y0))
		}
	}
	c.stroke(inflate(frame, w), p.String(), pen)
}

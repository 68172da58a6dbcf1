package face

import (
	"sidian/ofd"
	"sidian/ofd/draw"
)

// item compiles one item. What never changes is drawn at once; what changes is
// given back.
func (c *compiler) item(where string, it *Item) (item, bool) {
	if !c.single(where, it) {
		return item{}, false
	}
	needsBox := it.Line == nil && it.Rect == nil
	if !c.measures(where, it) {
		return item{}, false
	}
	if needsBox && !c.inside(where, it.At) || it.Rect != nil && !c.inside(where, *it.Rect) {
		return item{}, false
	}
	box := ofd.Box{X: it.At[0], Y: it.At[1], W: it.At[2], H: it.At[3]}
	switch {
	case it.Text != "":
		c.words(where, box, it.Text, c.resolve(where, it.Style))
	case it.Row != "":
		return c.row(where, it, box)
	case it.Field != "":
		return c.field(where, it, it.Field, box)
	case it.Picture != "":
		return c.slotItem(where, it, 'p', it.Picture, PictureSlot, box)
	case it.Table != "":
		return c.table(where, it, box)
	case it.Image != "":
		c.image(where, it, box)
	case it.QR:
		return item{what: 'q', box: box, color: c.color(where, it.Color, 0)}, true
	default:
		c.decoration(where, it, box)
	}
	return item{}, false
}

// single refuses an item that is two things, or none.
func (c *compiler) single(where string, it *Item) bool {
	n := 0
	for _, is := range []bool{it.Text != "", it.Row != "", it.Field != "", it.Picture != "", it.Table != "", it.QR,
		it.Line != nil, it.Rect != nil, it.Frame != "", it.Ground != "", it.Rosette != 0, it.Image != ""} {
		if is {
			n++
		}
	}
	if n != 1 {
		c.problems.add(where, "what", "每一项须且只须是 text、row、field、picture、table、qr、line、rect、frame、ground、rosette、image 之一")
	}
	return n == 1
}

// measures refuses lengths that make no sense, and what is not a number.
func (c *compiler) measures(where string, it *Item) bool {
	ok := within(it.Weight, 0, 10) && within(it.Alpha, 0, 1) && within(it.Rosette, 0, 300) && len(it.Dash) <= 8
	for _, d := range it.Dash {
		ok = ok && within(d, 0.1, 100)
	}
	if it.Line != nil {
		ok = ok && within(it.Line[0], 0, c.t.Width) && within(it.Line[2], 0, c.t.Width) &&
			within(it.Line[1], 0, c.t.Height) && within(it.Line[3], 0, c.t.Height)
	}
	if !ok {
		c.problems.add(where, "measure", "weight 应为 0 到 10 毫米，alpha 为 0 到 1，rosette 至多 300 毫米，dash 至多 8 段、每段 0.1 到 100 毫米，line 应在版面之内")
	}
	return ok
}

func (c *compiler) inside(where string, b Box) bool {
	if !c.t.Inside(b) {
		c.problems.add(where, "at", "位置 [x, y, 宽, 高] 应整个在 %.4g × %.4g 毫米的版面之内", c.t.Width, c.t.Height)
		return false
	}
	return true
}

// labelGap is the space between a label and its value in mm.
const labelGap = 3

// row is a label, which never changes, and a field beside it.
func (c *compiler) row(where string, it *Item, box ofd.Box) (item, bool) {
	label := it.Label
	if label == "" {
		label = c.slots[it.Row].Label
	}
	if !within(it.LabelWidth, labelGap+1, box.W-1) {
		c.problems.add(where, "label_width", "label_width（含 %d 毫米间隔）应大于 %d、小于整行宽度，各留至少 1 毫米", labelGap, labelGap)
		return item{}, false
	}
	style := it.LabelStyle
	if style == "" {
		style = "label"
	}
	if label != "" {
		c.words(where, ofd.Box{X: box.X, Y: box.Y, W: it.LabelWidth - labelGap, H: box.H}, label, c.resolve(where, style))
	}
	box.X, box.W = box.X+it.LabelWidth, box.W-it.LabelWidth
	return c.field(where, it, it.Row, box)
}

func (c *compiler) field(where string, it *Item, key string, box ofd.Box) (item, bool) {
	made, ok := c.slotItem(where, it, 'f', key, TextSlot, box)
	if !ok {
		return made, false
	}
	name := it.Format
	if name == "" {
		name = made.slot.Format
	}
	if made.format, ok = formats[name]; !ok {
		c.problems.add(where, "format", "没有名为 %s 的格式", name)
	}
	made.prefix, made.suffix, made.empty = it.Prefix, made.slot.Suffix+it.Suffix, it.Empty
	made.style = c.resolve(where, it.Style)
	return made, ok
}

// slotItem finds the slot of an item and refuses one of another kind.
func (c *compiler) slotItem(where string, it *Item, what byte, key string, kind SlotKind, box ofd.Box) (item, bool) {
	slot, ok := c.slots[key]
	if !ok {
		c.problems.add(where, "slot", "没有“%s”这个照面项或来源", key)
		return item{}, false
	}
	if slot.Kind != kind {
		c.problems.add(where, "slot", "“%s”的类型与这一项不符：文字用 row、field，图片用 picture，表格用 table", key)
		return item{}, false
	}
	c.printed[key] = true
	return item{what: what, key: key, slot: slot, box: box}, true
}

func (c *compiler) table(where string, it *Item, box ofd.Box) (item, bool) {
	made, ok := c.slotItem(where, it, 't', it.Table, RowsSlot, box)
	if !ok {
		return made, false
	}
	width := 0.0
	head := draw.Row{Height: it.RowHeight, Fixed: true}
	style := c.resolve(where, it.LabelStyle)
	for _, col := range it.Columns {
		label, known := made.slot.Columns[col.Key]
		if !known || !within(col.Width, 3, box.W) {
			c.problems.add(where, "columns", "表格没有“%s”这一列，或列宽小于 3 毫米、大于整个表格", col.Key)
		}
		width += col.Width
		head.Cells = append(head.Cells, draw.Cell{Text: label})
	}
	if len(it.Columns) == 0 || !within(width, 0, box.W+1e-9) || !within(it.RowHeight, 3, box.H/2) {
		c.problems.add(where, "columns", "列宽之和不得超过位置的宽度，row_height 不小于 3 毫米，至少放得下表头和一行")
		return made, false
	}
	made.style, made.columns, made.rowHeight = c.resolve(where, it.Style), it.Columns, it.RowHeight
	made.pen = draw.Pen{Width: it.Weight, Color: c.color(where, it.Color, it.Alpha)}
	if _, err := c.canvas.Table(ofd.Point{X: box.X, Y: box.Y}, draw.Table{Columns: widths(it.Columns), Rows: []draw.Row{head}, Pen: made.pen, Style: style}); err != nil {
		c.problems.add(where, "overflow", "表头放不下")
	}
	return made, true
}

func widths(columns []TableColumn) []float64 {
	out := make([]float64, len(columns))
	for i, c := range columns {
		out[i] = c.Width
	}
	return out
}

// image draws a picture of the folder, which never changes.
func (c *compiler) image(where string, it *Item, box ofd.Box) {
	data, ok := c.t.Images[it.Image]
	if !ok {
		c.problems.add(where, "image", "目录里没有图片 %s", it.Image)
		return
	}
	img, err := draw.ParseImage(data)
	if err != nil {
		c.problems.add(where, "image", "%s 不是完好的 PNG 或 JPEG 图片，或像素过多", it.Image)
		return
	}
	c.canvas.Image(box, img, draw.Contain)
}

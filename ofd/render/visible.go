package render

// cut is what of a clip chain matters for an item: one box and the shapes that are not boxes.
type cut struct {
	box    rect
	boxed  bool
	shapes []*clip // outermost first
}

// cutOf leaves out boxes that hold the whole item, which most boundaries do.
func cutOf(it *item) cut {
	var out cut
	bounds := it.bounds()
	for c := it.clip; c != nil; c = c.parent {
		r, ok := c.path.isRect()
		switch {
		case !ok:
			out.shapes = append(out.shapes, c)
		case r.contains(bounds):
		case out.boxed:
			out.box = out.box.intersect(r)
		default:
			out.box, out.boxed = r, true
		}
	}
	for i, j := 0, len(out.shapes)-1; i < j; i, j = i+1, j-1 {
		out.shapes[i], out.shapes[j] = out.shapes[j], out.shapes[i]
	}
	return out
}

func (c *cut) none() bool { return !c.boxed && len(c.shapes) == 0 }

// outline is the item's shape as one path in the item's space.
func (it *item) outline() *path {
	if it.glyphs == nil {
		return it.path
	}
	p := &path{}
	for _, g := range it.glyphs {
		p.appendPath(g.shape.path, g.m)
	}
	return p
}

// hidden reports items that lie outside the page or outside what their clip leaves.
func (it *item) hidden(page rect) bool {
	b := it.bounds()
	if it.clip != nil {
		page = page.intersect(it.clip.bound)
	}
	return b.x0 > page.x1 || b.x1 < page.x0 || b.y0 > page.y1 || b.y1 < page.y0 || page.empty()
}

package render

import "sidian/ofd"

// annotations draws the appearances of the page's annotations (GB/T 33190-2016 §15.2).
func (w *walker) annotations(page *ofd.Page) {
	list, err := page.Annotations()
	if err != nil {
		w.warn(WarnAnnotation, "注释无法读取，未绘制")
		return
	}
	for _, a := range list {
		if a.Hidden || len(a.Objects) == 0 {
			continue
		}
		st := state{m: translate(a.Boundary.X, a.Boundary.Y), alpha: 1, style: defaultStyle()}
		if !a.Boundary.Empty() {
			b := a.Boundary
			st.clip = st.clip.narrow(rectPath(rect{b.X, b.Y, b.X + b.W, b.Y + b.H}), nonZero)
		}
		w.list(a.Objects, st, 0)
	}
}

package lint

import "sidian/ofd"

// pathData: AbbreviatedData uses the operators S M L Q B A C with their
// operands.
var pathData = &rule{id: "path_data", clause: "GB/T 33190-2016 §9.1", severity: Error, in: notIssuing, check: func(c *context) {
	c.gather()
	for _, o := range c.objects {
		if p, ok := o.Object.(*ofd.PathObject); ok {
			c.path(p, p.ID, o.on)
		}
		if clips := o.Base().Clips; clips != nil {
			for _, clip := range clips.Clips {
				for i := range clip.Areas {
					if p := clip.Areas[i].Path; p != nil {
						c.path(p, o.Base().ID, o.on)
					}
				}
			}
		}
	}
}}

func (c *context) path(p *ofd.PathObject, id ofd.ID, s *surface) {
	segs, err := ofd.ParsePath(p.Data)
	switch {
	case err != nil:
		c.report(s.part, "图元 %d 的路径数据不合法", id)
	case len(segs) == 0:
		c.reportAs(Warning, s.part, "图元 %d 的路径为空", id)
	case segs[0].Op != 'M' && segs[0].Op != 'S':
		c.reportAs(Warning, s.part, "图元 %d 的路径没有起点（应以 S 或 M 开始）", id)
	}
}

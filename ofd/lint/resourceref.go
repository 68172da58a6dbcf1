package lint

import "sidian/ofd"

// resourceRef: fonts, pictures, draw parameters, colour spaces, composite
// units and templates that are referred to exist.
var resourceRef = &rule{id: "resource_ref", clause: "GB/T 33190-2016 §7.9", severity: Error, in: always, check: func(c *context) {
	c.gather()
	for i := range c.surfaces {
		s := &c.surfaces[i]
		if s.content == nil || s.res == nil {
			continue
		}
		for _, u := range s.content.Templates {
			if s.body.Template(u.TemplateID) == nil {
				c.report(s.part, "引用的模板页 %d 不存在", u.TemplateID)
			}
		}
		for _, l := range s.content.Layers {
			check(c, s, s.res.DrawParams, l.DrawParam, "绘制参数", l.ID)
		}
	}
	for _, o := range c.objects {
		if o.on.res != nil {
			c.references(o.Object, o.on)
		}
	}
}}

// check reports an ID that is given but not there.
func check[T any](c *context, s *surface, m map[ofd.ID]T, id ofd.ID, what string, by ofd.ID) {
	if _, ok := m[id]; id != 0 && !ok {
		c.report(s.part, "图元 %d 引用的%s %d 不存在", by, what, id)
	}
}

func (c *context) references(o ofd.Object, s *surface) {
	g := o.Base()
	check(c, s, s.res.DrawParams, g.DrawParam, "绘制参数", g.ID)
	switch o := o.(type) {
	case *ofd.TextObject:
		if o.Font == 0 {
			c.report(s.part, "文字对象 %d 没有 Font", g.ID)
		}
		check(c, s, s.res.Fonts, o.Font, "字型", g.ID)
		c.colors(s, g.ID, o.FillColor, o.StrokeColor)
	case *ofd.PathObject:
		c.colors(s, g.ID, o.FillColor, o.StrokeColor)
	case *ofd.ImageObject:
		if o.ResourceID == 0 {
			c.report(s.part, "图像对象 %d 没有 ResourceID", g.ID)
		}
		for _, id := range []ofd.ID{o.ResourceID, o.Substitution, o.ImageMask} {
			check(c, s, s.res.Media, id, "多媒体", g.ID)
		}
	case *ofd.CompositeObject:
		if o.ResourceID == 0 {
			c.report(s.part, "复合对象 %d 没有 ResourceID", g.ID)
		}
		check(c, s, s.res.Composites, o.ResourceID, "复合图元", g.ID)
	}
}

func (c *context) colors(s *surface, by ofd.ID, list ...*ofd.Color) {
	for _, color := range list {
		if color != nil {
			check(c, s, s.res.ColorSpaces, color.ColorSpace, "颜色空间", by)
		}
	}
}

package lint

import "sidian/ofd"

// uniqueID: an ST_ID is used once in a document, over pages, templates,
// layers, objects, resources and annotations.
var uniqueID = &rule{id: "unique_id", clause: "GB/T 33190-2016 §7.3", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		if res, err := b.Resources(); err == nil {
			for _, id := range res.Duplicates {
				c.report(resourcePart(b), "ID %d 重复", id)
			}
		}
		seen := make(map[ofd.ID]bool, 128)
		c.eachID(b, func(id ofd.ID, part, what string) {
			switch {
			case id == 0:
				c.report(part, "%s没有 ID", what)
			case seen[id]:
				c.report(part, "ID %d 重复", id)
			}
			seen[id] = true
		})
	}
}}

// eachID calls f for every ST_ID of a document.
func (c *context) eachID(b *ofd.Body, f func(id ofd.ID, part, what string)) {
	c.gather()
	for _, t := range b.Templates {
		f(t.ID, b.DocRoot, "模板页")
	}
	for _, p := range b.Pages() {
		f(p.ID, b.DocRoot, "页面")
	}
	for i := range c.surfaces {
		s := &c.surfaces[i]
		if s.body != b || s.content == nil || s.page == nil {
			continue
		}
		for _, l := range s.content.Layers {
			f(l.ID, s.part, "图层")
		}
	}
	for _, o := range c.objects {
		if o.on.body == b {
			f(o.Base().ID, o.on.part, "图元")
		}
	}
	if b.AnnotationsPart != "" {
		if list, err := b.Annotations(); err == nil {
			for _, a := range list {
				f(a.ID, a.Part, "批注")
			}
		}
	}
	if res, err := b.Resources(); err == nil {
		eachResource(res, resourcePart(b), f)
	}
}

func eachResource(res *ofd.Resources, part string, f func(id ofd.ID, part, what string)) {
	for _, id := range ids(res.Fonts) {
		f(id, part, "字型")
	}
	for _, id := range ids(res.Media) {
		f(id, part, "多媒体")
	}
	for _, id := range ids(res.ColorSpaces) {
		f(id, part, "颜色空间")
	}
	for _, id := range ids(res.DrawParams) {
		f(id, part, "绘制参数")
	}
	for _, id := range ids(res.Composites) {
		f(id, part, "复合图元")
	}
}

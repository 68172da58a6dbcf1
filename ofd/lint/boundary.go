package lint

import "sidian/ofd"

// boundary: every graphic unit has a Boundary with an area. What lies outside
// of it is not painted.
var boundary = &rule{id: "boundary", clause: "GB/T 33190-2016 §8.5", severity: Error, in: always, check: func(c *context) {
	c.gather()
	for _, o := range c.objects {
		if _, block := o.Object.(*ofd.PageBlock); block {
			continue
		}
		if g := o.Base(); g.Boundary == (ofd.Box{}) {
			c.report(o.on.part, "图元 %d 没有有效的 Boundary", g.ID)
		} else if g.Boundary.Empty() {
			c.reportAs(c.issuingError(), o.on.part, "图元 %d 的 Boundary 宽或高不大于 0", g.ID)
		}
	}
}}

// issuingError is the severity of what is met in the field, and read, but must
// not be issued.
func (c *context) issuingError() Severity {
	if c.profile == Standard {
		return Warning
	}
	return Error
}

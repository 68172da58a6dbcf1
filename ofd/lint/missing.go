package lint

import "sidian/ofd"

// missingPart: what is linked is there, in the spelling of the link.
var missingPart = &rule{id: "missing_part", clause: "GB/T 33190-2016 §7.2", severity: Error, in: always, check: func(c *context) {
	c.reach()
	for _, l := range c.links {
		if !l.Missing {
			continue
		}
		if l.Role == ofd.RoleSeal {
			c.reportAs(Warning, l.From, "所指的 %s 不存在", l.To)
			continue
		}
		c.report(l.From, "所指的 %s 不存在", l.To)
	}
}}

package lint

// mandatory: elements and attributes without which a document is not one.
var mandatory = &rule{id: "mandatory", clause: "GB/T 33190-2016 §7.4, §7.5", severity: Error, in: always, check: func(c *context) {
	if v := c.doc.Version(); v == "" {
		c.report("OFD.xml", "缺少 Version 属性")
	} else if v != "1.0" && v != "1.1" && v != "1.2" {
		c.reportAs(Warning, "OFD.xml", "Version 的值不是 1.0")
	}
	if t := c.doc.DocType(); t != "OFD" && t != "OFD-A" {
		c.report("OFD.xml", "DocType 应为 OFD")
	}
	for _, b := range c.doc.Bodies() {
		if b.Info.DocID == "" {
			c.report("OFD.xml", "缺少 DocID")
		}
		if c.doc.Part(b.DocRoot) == nil {
			continue // missing_part tells
		}
		if b.MaxUnitID == 0 {
			c.report(b.DocRoot, "缺少 MaxUnitID")
		}
		if len(b.Pages()) == 0 {
			c.report(b.DocRoot, "文档没有页面")
		}
		for _, p := range b.Pages() {
			if p.ID == 0 {
				c.report(b.DocRoot, "第 %d 页缺少 ID", p.Index+1)
			}
		}
	}
}}

package lint

// stampPage: a seal stands on a page there is, in a box with an area.
var stampPage = &rule{id: "stamp_page", clause: "GB/T 33190-2016 §18.2", severity: Error, in: notIssuing, check: func(c *context) {
	for _, rec := range c.doc.Signatures() {
		f, err := c.doc.Signature(rec)
		if err != nil {
			c.report(rec.Part, "签名 %s 的签名文件无法读取", rec.ID)
			continue
		}
		for _, s := range f.Stamps {
			if c.doc.Bodies()[rec.Body].Page(s.PageRef) == nil {
				c.report(f.Part, "签章 %s 所在的页面 %d 不存在", s.ID, s.PageRef)
			}
			if s.Boundary.Empty() {
				c.report(f.Part, "签章 %s 没有有效的 Boundary", s.ID)
			}
		}
		if rec.Type != "Seal" && rec.Type != "Sign" {
			c.report(f.Part, "签名 %s 的 Type 应为 Seal 或 Sign", rec.ID)
		}
	}
}}

package lint

// pageArea: every page has a physical box with an area, its own or the
// document's.
var pageArea = &rule{id: "page_area", clause: "GB/T 33190-2016 §7.5", severity: Error, in: always, check: func(c *context) {
	for _, p := range c.doc.Pages() {
		a, err := p.Area()
		if err != nil {
			continue
		}
		switch {
		case a.Physical.Empty():
			c.report(p.Part, "页面没有有效的 PhysicalBox（宽、高须大于 0）")
		case a.Physical.W > 5000 || a.Physical.H > 5000:
			c.reportAs(Warning, p.Part, "页面尺寸超过 5 米，单位可能不是毫米")
		}
	}
}}

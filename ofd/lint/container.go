package lint

// rootFirst: the standard does not ask for it, but streaming readers and file
// type detection find an OFD by its first entry.
var rootFirst = &rule{id: "root_first", clause: "GB/T 33190-2016 §7.1", severity: Warning, in: notIssuing, check: func(c *context) {
	if parts := c.doc.Parts(); parts[0].Name != "OFD.xml" {
		c.report("OFD.xml", "OFD.xml 应为文件包的第一个条目，名称大小写一致")
	}
}}

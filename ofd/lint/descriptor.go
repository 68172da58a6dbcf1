package lint

// storedDescriptor: a stored entry with a data descriptor cannot be read by
// streaming ZIP readers, Java's among them.
var storedDescriptor = &rule{id: "stored_descriptor", clause: "GB/T 33190-2016 §7.1", severity: Warning, in: notIssuing, check: func(c *context) {
	for _, p := range c.doc.Parts() {
		if p.Streamed() && p.Method() == 0 {
			c.report(p.Name, "未压缩的条目带有数据描述符，部分阅读器无法打开")
		}
	}
}}

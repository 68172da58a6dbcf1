package lint

import (
	"sidian/ofd"
	"sidian/ofd/internal/xmlx"
)

// namespace: http://www.ofdspec.org/2016. The prefix may be any by XML's
// rules, but several readers look for the text "ofd:".
var namespace = &rule{id: "namespace", clause: "GB/T 33190-2016 §6.2", severity: Error, in: notIssuing, check: func(c *context) {
	c.rawParts(func(part string, _ ofd.Role, r *xmlx.Reader) {
		if string(r.Namespace()) != xmlx.NS {
			c.report(part, "命名空间应为 %s", xmlx.NS)
		}
		if string(r.Prefix()) != "ofd" {
			c.reportAs(Warning, part, "命名空间前缀应写作 ofd:，部分阅读器只识别这一写法")
		}
	})
}}

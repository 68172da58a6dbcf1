package lint

// signaturePermission: a document that forbids signatures has none.
var signaturePermission = &rule{id: "signature_permission", clause: "GB/T 33190-2016 §7.5", severity: Error, in: notIssuing, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		if b.Permissions.NoSignature && len(b.Signatures()) > 0 {
			c.report(b.DocRoot, "文档权限不允许签名，却带有签名")
		}
	}
}}

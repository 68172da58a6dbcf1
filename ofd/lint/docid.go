package lint

// docID: a UUID as 32 hexadecimal digits without dashes.
var docID = &rule{id: "doc_id", clause: "GB/T 33190-2016 §7.4", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		if id := b.Info.DocID; id != "" && !isHex32(id) {
			c.report("OFD.xml", "DocID 应为 32 位十六进制数字的 UUID")
		}
	}
}}

func isHex32(s string) bool {
	if len(s) != 32 {
		return false
	}
	for _, r := range s {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F') {
			return false
		}
	}
	return true
}

package lint

import "strings"

// signatureLocation: locations in signature files are absolute. Relative ones
// are legal and verify, but not all readers follow them.
var signatureLocation = &rule{id: "signature_location", clause: "GB/T 33190-2016 §18", severity: Warning, in: notIssuing, check: func(c *context) {
	for _, rec := range c.doc.Signatures() {
		list := c.doc.Bodies()[rec.Body].SignaturesPart
		if !strings.HasPrefix(rec.BaseLoc, "/") {
			c.report(list, "签名 %s 的 BaseLoc 应为绝对路径", rec.ID)
		}
		f, err := c.doc.Signature(rec)
		if err != nil {
			continue
		}
		if !strings.HasPrefix(f.ValueLoc, "/") || f.SealLoc != "" && !strings.HasPrefix(f.SealLoc, "/") {
			c.report(f.Part, "SignedValue、Seal 的路径应为绝对路径")
		}
		for _, ref := range f.References {
			if !strings.HasPrefix(ref.FileRef, "/") {
				c.report(f.Part, "FileRef 应为绝对路径")
				break
			}
		}
	}
}}

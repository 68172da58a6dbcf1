package lint

// attachmentID: an attachment has a name and an ID that no other has.
var attachmentID = &rule{id: "attachment_id", clause: "GB/T 33190-2016 §19.1", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		list, err := b.Attachments()
		if err != nil {
			continue
		}
		seen := map[string]bool{}
		for _, a := range list {
			switch {
			case a.ID == "":
				c.report(b.AttachmentsPart, "附件没有 ID")
			case seen[a.ID]:
				c.report(b.AttachmentsPart, "附件 ID %s 重复", a.ID)
			}
			seen[a.ID] = true
			if a.Name == "" {
				c.report(b.AttachmentsPart, "附件 %s 没有名称", a.ID)
			}
		}
	}
}}

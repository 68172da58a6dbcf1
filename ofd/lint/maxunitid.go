package lint

import "sidian/ofd"

// maxUnitID: not below the largest ID in use, since the next object gets the
// number behind it.
var maxUnitID = &rule{id: "max_unit_id", clause: "GB/T 33190-2016 §7.5", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		var largest ofd.ID
		c.eachID(b, func(id ofd.ID, _, _ string) { largest = max(largest, id) })
		if b.MaxUnitID != 0 && b.MaxUnitID < largest {
			c.report(b.DocRoot, "MaxUnitID 为 %d，小于已使用的 ID %d", b.MaxUnitID, largest)
		}
	}
}}

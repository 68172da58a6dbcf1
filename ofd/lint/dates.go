package lint

import "time"

// dates: xs:date in the document's information and in annotations.
var dates = &rule{id: "date_form", clause: "GB/T 33190-2016 §7.4, §15.2", severity: Error, in: always, check: func(c *context) {
	for _, b := range c.doc.Bodies() {
		if !isDate(b.Info.CreationDate) {
			c.report("OFD.xml", "CreationDate 不是“年-月-日”形式的日期")
		}
		if !isDate(b.Info.ModDate) {
			c.report("OFD.xml", "ModDate 不是“年-月-日”形式的日期")
		}
		if b.AnnotationsPart == "" {
			continue
		}
		list, err := b.Annotations()
		if err != nil {
			continue
		}
		for _, a := range list {
			if a.LastModDate == "" || !isDate(a.LastModDate) {
				c.report(a.Part, "批注 %d 的 LastModDate 不是“年-月-日”形式的日期", a.ID)
			}
		}
	}
}}

func isDate(s string) bool {
	if s == "" {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

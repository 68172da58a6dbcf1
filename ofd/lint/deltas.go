package lint

import (
	"unicode/utf8"

	"sidian/ofd"
)

// deltaCount: n characters come with n-1 distances. Without any, the
// characters lie on each other by the standard, and readers differ.
var deltaCount = &rule{id: "delta_count", clause: "GB/T 33190-2016 §11.3", severity: Error, in: always, check: func(c *context) {
	c.texts(func(t *ofd.TextObject, s *surface) {
		for i := range t.Codes {
			code := &t.Codes[i]
			n := utf8.RuneCountInString(code.Text)
			x, y := len(code.DeltaX), len(code.DeltaY)
			switch {
			case n > 1 && x == 0 && y == 0:
				c.report(s.part, "文字对象 %d 有 %d 个字符而没有 DeltaX、DeltaY", t.ID, n)
			case x != 0 && x < n-1 || y != 0 && y < n-1:
				c.report(s.part, "文字对象 %d 有 %d 个字符，偏移量少于 %d 个", t.ID, n, n-1)
			case x > max(n-1, 0) || y > max(n-1, 0):
				c.reportAs(Warning, s.part, "文字对象 %d 有 %d 个字符，偏移量多于 %d 个", t.ID, n, max(n-1, 0))
			}
		}
		if t.Size <= 0 {
			c.report(s.part, "文字对象 %d 的字号不大于 0", t.ID)
		}
	})
}}

package auditor_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/auditor"
)

// A cursor that is read is one that was written, and stands for one place.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "x", "MTc4NDAwMDAwMDAwMCAwMWEyMDNjM2ZjMjE", "LTkyMjMzNzIwMzY4NTQ3NzU4MDggYQ", strings.Repeat("M", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := auditor.ParseCursor(s)
		if err != nil || s == "" {
			return
		}
		again, err := auditor.ParseCursor(auditor.Cursor(c))
		if err != nil || !again.At.Equal(c.At) || again.ID != c.ID {
			t.Errorf("%q is %+v, and again %+v: %v", s, c, again, err)
		}
	})
}

// What a query is told to the audit never holds its free text, and is bounded
// once it is valid.
func FuzzCriteria(f *testing.F) {
	f.Add("cert/1", "cert.", "张三", int64(5))
	f.Fuzz(func(t *testing.T, object, action, text string, from int64) {
		q := auditor.Query{Object: object, Action: action, Text: text, From: time.UnixMilli(from)}
		without := q
		without.Text = ""
		if text != "" && auditor.Criteria(q) != strings.TrimPrefix(auditor.Criteria(without)+"; text", "全部; ") {
			t.Errorf("%q", auditor.Criteria(q))
		}
		if q.Validate() == nil && len(auditor.Criteria(q)) > 8000 {
			t.Errorf("%d bytes", len(auditor.Criteria(q)))
		}
	})
}

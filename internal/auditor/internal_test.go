package auditor

import "sidian/internal/audit"

// Limit makes an export hold at most n rows.
func Limit(x *Export, n int) { x.limit = n }

// What fuzzers drive.
var (
	ParseCursor = parseCursor
	Cursor      = func(c audit.Cursor) string { return cursor(c) }
	Criteria    = Query.criteria
)

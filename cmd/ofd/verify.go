package main

import (
	"errors"

	"sidian/gm"
	"sidian/ofd/sign"
)

type verifyCommand struct {
	Files        []string `arg:"" name:"file"`
	Trust        []string `help:"${flag_trust}" placeholder:"CERT_OR_DIR" sep:"none"`
	Intermediate []string `help:"${flag_between}" placeholder:"CERT_OR_DIR" sep:"none"`
	CRL          []string `name:"crl" help:"${flag_crl}" placeholder:"FILE" sep:"none"`
	At           string   `help:"${flag_at}" placeholder:"TIME"`
	Strict       bool     `help:"${flag_strict}"`
	JSON         bool     `name:"json" help:"${flag_json}"`
}

// Run verifies each file and prints what was found.
func (c *verifyCommand) Run(p *program) error {
	opts, err := c.options(p)
	if err != nil {
		return err
	}
	reports := make([]*sign.Report, len(c.Files))
	worst := statusOK
	for i, name := range c.Files {
		reports[i] = p.verifyFile(name, opts)
		if reports[i].Verdict == sign.Refused {
			p.reportRefused(reports[i])
		}
		worst = worseStatus(worst, statusOf(reports[i], c.Strict))
		if !c.JSON {
			if i > 0 {
				p.printf("\n")
			}
			p.printReport(reports[i])
		}
	}
	if c.JSON {
		var v any = reports
		if len(reports) == 1 {
			v = reports[0]
		}
		if err := p.printJSON(v); err != nil {
			return err
		}
	}
	if worst != statusOK {
		return status(worst)
	}
	return nil
}

func (c *verifyCommand) options(p *program) (sign.Options, error) {
	opts := sign.Options{Strict: c.Strict, Now: p.now, ChainCache: sign.NewChainCache()}
	anchors, err := certificates(c.Trust)
	if err != nil {
		return opts, err
	}
	between, err := certificates(c.Intermediate)
	if err != nil {
		return opts, err
	}
	opts.Anchors, opts.Intermediates = gm.NewPool(anchors...), gm.NewPool(between...)
	for _, name := range c.CRL {
		data, err := need(name, maxSmall)
		if err != nil {
			return opts, err
		}
		list, err := gm.ParseCRL(data)
		if err != nil {
			return opts, &problem{where: name, zh: "不是证书撤销列表", en: "is not a revocation list", err: err,
				todoZH: "给出 PEM 或 DER 格式的 CRL", todoEN: "give a CRL in PEM or DER"}
		}
		opts.CRLs = append(opts.CRLs, list)
	}
	if c.At != "" {
		if opts.At, err = parseTime("--at", c.At, false); err != nil {
			return opts, err
		}
	}
	return opts, nil
}

// verifyFile verifies one file. A file that cannot be read is reported like one that was refused, so that a list of
// files always gives a list of verdicts.
func (p *program) verifyFile(name string, opts sign.Options) *sign.Report {
	opts.File = name
	data, err := readFile(name, maxDocument)
	if err == nil {
		return sign.Verify(data, opts)
	}
	message := "无法读取：" + (&program{lang: chinese}).cause(err)
	code := "unreadable"
	if errors.Is(err, errTooLarge) {
		code, message = "too_large", "文件超过大小上限，未打开"
	}
	return &sign.Report{File: name, Verdict: sign.Refused, Warnings: []sign.Warning{{Code: code, Message: message}},
		Signatures: []sign.SignatureReport{}, Uncovered: []string{}, Unreferenced: []string{}}
}

// reportRefused tells on stderr, as for every other command, why a file was not opened.
func (p *program) reportRefused(r *sign.Report) {
	reason := ""
	for _, w := range r.Warnings {
		reason = w.Message + " (" + w.Code + ")"
	}
	p.report(&problem{where: r.File, zh: "没有验证：" + reason, en: "was not verified: " + reason,
		todoZH: "确认文件完整、未被改动，或向出具单位重新索取", todoEN: "make sure the file is whole, or ask its issuer for it again"})
}

// statusOf is the exit status for one report. In strict mode a warning spoils what is otherwise valid.
func statusOf(r *sign.Report, strict bool) int {
	switch r.Verdict {
	case sign.Valid:
		if strict && warned(r) {
			return statusInvalid
		}
		return statusOK
	case sign.Invalid:
		return statusInvalid
	case sign.Undetermined, sign.Unsigned:
		return statusUndetermined
	}
	return statusRefused
}

func warned(r *sign.Report) bool {
	if len(r.Warnings) > 0 {
		return true
	}
	for _, s := range r.Signatures {
		for _, c := range s.Checks {
			if c.Result == sign.Warn {
				return true
			}
		}
	}
	return false
}

// worseStatus orders statuses: refused, invalid, undetermined, valid.
func worseStatus(a, b int) int {
	rank := map[int]int{statusOK: 0, statusUndetermined: 1, statusInvalid: 2, statusRefused: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

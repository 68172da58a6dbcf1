package main

import (
	"sidian/ofd/lint"
)

type lintCommand struct {
	Files []string `arg:"" name:"file"`
	JSON  bool     `name:"json" help:"${flag_json}"`
}

// lintReport is the JSON of one file.
type lintReport struct {
	File     string         `json:"file"`
	Findings []lint.Finding `json:"findings"`
	Error    string         `json:"error,omitempty"`
}

// Run checks each file; a broken rule gives status 1, a rule that only readers trip over does not.
func (c *lintCommand) Run(p *program) error {
	worst := statusOK
	var reports []lintReport
	for _, name := range c.Files {
		r := lintReport{File: name, Findings: []lint.Finding{}}
		doc, err := openDocument(name)
		if err != nil {
			p.report(err)
			worst, r.Error = statusRefused, err.Error()
			reports = append(reports, r)
			continue
		}
		r.Findings = append(r.Findings, lint.Check(doc)...)
		for _, f := range r.Findings {
			if f.Severity == lint.Error {
				worst = worseStatus(worst, statusInvalid)
			}
		}
		reports = append(reports, r)
	}
	if err := p.printLint(reports, c.JSON); err != nil {
		return err
	}
	if worst != statusOK {
		return status(worst)
	}
	return nil
}

func (p *program) printLint(reports []lintReport, asJSON bool) error {
	if asJSON {
		if len(reports) == 1 {
			return p.printJSON(reports[0])
		}
		return p.printJSON(reports)
	}
	for _, r := range reports {
		if r.Error != "" {
			continue
		}
		if len(r.Findings) == 0 {
			p.tell("%s：未发现问题", "%s: nothing found", r.File)
		}
		for _, f := range r.Findings {
			kind := p.lang.pick("警告", "warning")
			if f.Severity == lint.Error {
				kind = p.lang.pick("错误", "error")
			}
			p.printf("%s: %s: %s [%s %s] %s\n", r.File, f.Part, kind, f.Rule, f.Clause, f.Message)
		}
	}
	return nil
}

package main

import (
	"errors"

	"sidian/ofd/convert"
)

type convertCommand struct {
	In  string `arg:"" placeholder:"IN.pdf"`
	Out string `arg:"" placeholder:"OUT.ofd"`
}

// Run makes an OFD document that looks like the PDF file, or says why it cannot.
func (c *convertCommand) Run(p *program) error {
	if err := different(c.In, c.Out); err != nil {
		return err
	}
	data, err := need(c.In, maxDocument)
	if err != nil {
		return err
	}
	doc, err := convert.PDF(data, convert.Options{})
	if err != nil {
		x := &problem{where: c.In, zh: "没有转换", en: "was not converted", err: err}
		var refused *convert.RefusedError
		if errors.As(err, &refused) { // the Chinese reason names the way out itself
			x.todoEN = "save the original as OFD, or as PDF/A-2 with all fonts embedded and transparency flattened, and try again"
		}
		return x
	}
	out, err := doc.Bytes()
	if err != nil {
		return &problem{where: c.Out, zh: "文件没有写成", en: "was not written", err: err, todoZH: "检查输入文件", todoEN: "check the input file"}
	}
	if err := writeFile(c.Out, out); err != nil {
		return err
	}
	p.tell("%s：已转换，%d 页", "%s: converted, %d pages", c.Out, len(doc.Pages()))
	return nil
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"sidian/ofd"
	"sidian/ofd/render"
)

type renderCommand struct {
	File    string   `arg:""`
	Page    int      `help:"${flag_page}" placeholder:"N"`
	Format  string   `help:"${flag_format}" placeholder:"svg|png|pdf"`
	Out     string   `short:"o" required:"" help:"${flag_picture}" placeholder:"OUT"`
	DPI     float64  `name:"dpi" default:"96" help:"${flag_dpi}"`
	Mark    []string `help:"${flag_mark}" placeholder:"TEXT" sep:"none"`
	QR      string   `name:"qr" help:"${flag_qr}" placeholder:"TEXT"`
	NoSeals bool     `name:"no-seals" help:"${flag_noseals}"`
}

// Run draws one page, or for PDF without --page all of them.
func (c *renderCommand) Run(p *program) error {
	format, err := c.format()
	if err != nil {
		return err
	}
	if c.Page < 0 || !(c.DPI >= 1 && c.DPI <= 2400) {
		return &problem{where: "--page, --dpi", zh: "页码从 1 开始，分辨率在 1 到 2400 之间", en: "pages count from 1, the resolution is from 1 to 2400",
			todoZH: "改正参数", todoEN: "correct the flag"}
	}
	doc, err := openDocument(c.File)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	warnings, err := c.draw(doc, format, &b)
	if err != nil {
		return c.explain(doc, err)
	}
	for _, w := range warnings {
		fmt.Fprintf(p.err, "%s [%s] %s\n", p.lang.pick("ofd：警告", "ofd: warning"), w.Code, w.Message)
	}
	if c.Out == "-" {
		if _, err := p.out.Write(b.Bytes()); err != nil {
			return fmt.Errorf("writing the picture: %w", err)
		}
		return nil
	}
	return writeFile(c.Out, b.Bytes())
}

func (c *renderCommand) format() (string, error) {
	f := strings.ToLower(c.Format)
	if f == "" {
		f = strings.ToLower(strings.TrimPrefix(filepath.Ext(c.Out), "."))
	}
	switch f {
	case "svg", "png", "pdf":
		return f, nil
	}
	return "", &problem{where: "--format", zh: fmt.Sprintf("不认识的格式 %q", f), en: fmt.Sprintf("unknown format %q", f),
		todoZH: "用 svg、png 或 pdf", todoEN: "use svg, png or pdf"}
}

func (c *renderCommand) draw(doc *ofd.Document, format string, w io.Writer) ([]render.Warning, error) {
	opts := render.Options{DPI: c.DPI, WithoutSeals: c.NoSeals}
	if len(c.Mark) > 0 || c.QR != "" {
		opts.Mark = &render.Mark{Lines: c.Mark, QR: c.QR}
	}
	page := max(c.Page, 1) - 1
	switch format {
	case "svg":
		return render.SVG(doc, page, w, opts)
	case "png":
		return render.PNG(doc, page, w, opts)
	}
	if c.Page > 0 {
		opts.Pages = []int{page}
	}
	return render.PDF(doc, w, opts)
}

func (c *renderCommand) explain(doc *ofd.Document, err error) error {
	var limit *render.LimitError
	switch {
	case errors.Is(err, render.ErrNoPage):
		return &problem{where: c.File, zh: fmt.Sprintf("没有第 %d 页，共 %d 页", max(c.Page, 1), len(doc.Pages())), en: fmt.Sprintf("has no page %d, only %d", max(c.Page, 1), len(doc.Pages())),
			todoZH: "用 --page 给出存在的页码", todoEN: "give an existing page with --page"}
	case errors.As(err, &limit):
		return &problem{where: c.File, zh: "图片超出大小上限", en: "the picture would exceed the size limit", err: err,
			todoZH: "降低 --dpi，或输出 svg、pdf", todoEN: "lower --dpi, or write svg or pdf"}
	}
	return &problem{where: c.File, zh: "无法绘制", en: "cannot be drawn", err: err,
		todoZH: "用 ofd lint 查看文件哪里不合标准", todoEN: "see with ofd lint where the document breaks the standard"}
}

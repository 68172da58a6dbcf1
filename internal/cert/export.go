package cert

import (
	"bytes"
	"context"
	"fmt"

	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/render"
)

// Formats of a document, with their media types. Every one but OFD is a copy
// without legal effect (复印件) and says so.
var formats = map[string]string{
	"ofd": "application/ofd", "pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png",
}

// dpi of pictures: sharp on a screen and on paper at reading size.
const dpi = 144

// Export renders a sealed document. Page is from 0; it counts for pictures alone.
func (s *Service) Export(_ context.Context, data []byte, c *Certificate, format string, page int) ([]byte, string, error) {
	media, ok := formats[format]
	if !ok {
		return nil, "", fault.Invalid.New("没有这种文件格式").WithCode("cert.format").WithHint("请核对 format").WithField("format", "unknown", "可选 ofd、pdf、svg、png")
	}
	if format == "ofd" {
		return data, media, nil
	}
	d, err := ofd.Open(data)
	if err != nil {
		return nil, "", fmt.Errorf("cert: opening the document of %s: %w", c.ID, err)
	}
	if page < 0 || page >= len(d.Pages()) {
		return nil, "", fault.NotFound.New("版式文件没有这一页").WithCode("cert.page").WithHint("页码从 1 起")
	}
	o := render.Options{DPI: dpi, Mark: &render.Mark{
		Lines: []string{"复印件 不具有与原件同等的法律效力", "原件核验 " + c.VerifyURL},
		QR:    c.VerifyURL,
	}}
	out, err := renderAs(d, format, page, o)
	if err != nil {
		return nil, "", fmt.Errorf("cert: rendering %s as %s: %w", c.ID, format, err)
	}
	return out, media, nil
}

// Preview draws the face of a request as it would be issued, with a number
// that is only shown. Nothing is written.
func (s *Service) Preview(ctx context.Context, req IssueRequest) ([]byte, error) {
	w, err := s.prepare(ctx, req, asked{}, sample, nil)
	if err != nil {
		return nil, err
	}
	return renderAs(w.document, "svg", 0, render.Options{Mark: &render.Mark{Lines: []string{"预览 未签发"}}})
}

func renderAs(d *ofd.Document, format string, page int, o render.Options) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch format {
	case "svg":
		_, err = render.SVG(d, page, &b, o)
	case "png":
		_, err = render.PNG(d, page, &b, o)
	default:
		_, err = render.PDF(d, &b, o)
	}
	return b.Bytes(), err
}

package cert

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
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
// What is not OFD bears a number of its own, with by whom and when it was made;
// [Service.Exported] tells anyone what stands behind that number.
func (s *Service) Export(ctx context.Context, data []byte, c *Certificate, format string, page int) ([]byte, string, error) {
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
	x := s.newExport(ctx, c, format, page)
	mark, err := s.markOf(ctx, c, x)
	if err != nil {
		return nil, "", err
	}
	out, err := renderAs(d, format, page, render.Options{DPI: dpi, Mark: mark})
	if err != nil {
		return nil, "", fmt.Errorf("cert: rendering %s as %s: %w", c.ID, format, err)
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return insertExport(tx, x) }); err != nil {
		return nil, "", err
	}
	return out, media, nil
}

// markOf is what is printed on an export: what it is, its number, by whom and when
// it was made and for what, and where both it and its original are looked up.
func (s *Service) markOf(ctx context.Context, c *Certificate, x *export) (*render.Mark, error) {
	by := x.by
	if x.org != "" {
		o, err := s.IAM.Org(ctx, x.org)
		if err != nil {
			return nil, err
		}
		by = o.Name
	}
	made := strings.TrimSpace("导出编号 " + x.number + " " + x.at.In(beijing).Format("2006-01-02 15:04") + " " + by)
	for _, p := range iam.PurposesFor(ctx, iam.Question{Permission: "cert.read", Org: c.ReadIn(ctx)}) {
		if p.Code == x.purpose {
			made += " 用途：" + p.Name
		}
	}
	link := s.BaseURL + "/v/export/" + x.number
	return &render.Mark{Lines: []string{"复印件 不具有与原件同等的法律效力", made, "本复印件核对 " + link, "原件核验 " + c.VerifyURL}, QR: link}, nil
}

// An export is one rendering that left the platform.
type export struct {
	number, certificate, format string
	page                        int
	purpose, account, app, org  string
	by                          string // the name of a program; not stored
	at                          time.Time
}

// newExport gives an export its number, which nobody can guess: one that was made
// up is not found.
func (s *Service) newExport(ctx context.Context, c *Certificate, format string, page int) *export {
	a, now := audit.ActorFrom(ctx), s.DB.Now()
	x := &export{
		number: "DC" + now.In(beijing).Format("20060102") + "-" + rand.Text()[:16], certificate: c.ID, format: format, page: page + 1,
		purpose: c.reading.Purpose, account: a.Account, app: a.App, org: a.Org, at: now,
	}
	if a.App != "" {
		x.by = a.Name
	}
	return x
}

// An Exported is what anyone may know of an export whose number they have in hand.
type Exported struct {
	Number      string    `json:"number" doc:"导出编号"`
	At          time.Time `json:"at" doc:"导出的时间"`
	By          string    `json:"by,omitempty" doc:"导出的单位"`
	Format      string    `json:"format" enum:"pdf,svg,png"`
	Page        int       `json:"page" doc:"第几页；pdf 为全部"`
	KindName    string    `json:"kind_name"`
	IssuerName  string    `json:"issuer_name"`
	Holders     []Holder  `json:"holders" doc:"已遮蔽"`
	Status      string    `json:"status" doc:"原件现在的状态"`
	StatusName  string    `json:"status_name"`
	Stands      bool      `json:"stands" doc:"原件现在是否有效"`
	LegalEffect string    `json:"legal_effect" doc:"本复印件的法律效力说明"`
	VerifyURL   string    `json:"verify_url" doc:"核验原件"`
}

// Exported tells what an export is, and what has become of its original. A number
// that was never given is fault.NotFound, and says so.
func (s *Service) Exported(ctx context.Context, number string) (*Exported, error) {
	var x *export
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if x, err = exportBy(tx, strings.ToUpper(strings.TrimSpace(number))); err == nil {
			r, err = byID(tx, x.certificate)
		}
		if err == nil {
			err = s.vet(tx, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := s.public(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	out := &Exported{
		Number: x.number, At: x.at.UTC(), Format: x.format, Page: x.page, KindName: c.KindName, IssuerName: c.IssuerName, Holders: c.Holders,
		Status: c.Status, StatusName: c.StatusName, VerifyURL: c.VerifyURL,
		LegalEffect: "这是一份复印件，只供参考，不具有与原件同等的法律效力；内容以原件的核验结果为准。",
	}
	if x.org != "" {
		o, err := s.IAM.Org(ctx, x.org)
		if err != nil {
			return nil, err
		}
		out.By = o.Name
	}
	i, ok := state.Of(state.Status(c.Status))
	if out.Stands = ok && i.Stands; !out.Stands {
		out.LegalEffect += "原件现在的状态为“" + c.StatusName + "”：" + i.Say + "。"
	}
	return out, nil
}

func unknownExport() error {
	return fault.NotFound.New("没有这个导出编号").WithCode("cert.export").
		WithHint("请对照纸面逐字核对；确无差错的，这份复印件不是从本平台导出的，请勿采信，并请出示人提供电子证照原件")
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

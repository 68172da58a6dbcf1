package web

import (
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/web/page"
)

type exportPage struct {
	page.Frame
	X       *cert.Exported
	Class   string // of the verdict on the original
	Word    string
	Facts   []page.Fact
	Address string // of the original's own verification
}

var formatNames = map[string]string{"pdf": "PDF", "png": "图片", "svg": "网页图片"}

// getExport is what the code on a copy opens: a page for people, JSON for
// programs. A number that was never given is answered with 404, which says so.
func (s *Service) getExport(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Accept")
	x, err := s.Cert.Exported(r.Context(), r.PathValue("number"))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return page.ShowJSON(w, x)
	}
	p := exportPage{X: x, Address: x.VerifyURL, Class: page.Care, Word: "这是复印件，原件有效"}
	if !x.Stands {
		p.Class, p.Word = page.Bad, "这是复印件，原件"+x.StatusName
	}
	p.Frame = s.frame(r, p.Word, "verify", "")
	p.Facts = []page.Fact{{Label: "导出编号", Text: x.Number}, {Label: "导出时间", At: x.At}}
	if x.By != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "导出单位", Text: x.By})
	}
	p.Facts = append(p.Facts, page.Fact{Label: "格式", Text: formatNames[x.Format]}, page.Fact{Label: "原件", Text: x.KindName}, page.Fact{Label: "签发单位", Text: x.IssuerName})
	for _, h := range x.Holders {
		p.Facts = append(p.Facts, page.Fact{Label: "持证主体", Text: h.Name})
	}
	p.Facts = append(p.Facts, page.Fact{Label: "原件现在的状态", Chips: []page.Chip{chipOf(x.Status, x.StatusName)}})
	return s.show(w, http.StatusOK, "export", p)
}

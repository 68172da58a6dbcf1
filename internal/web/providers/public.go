package providers

import (
	"net/http"

	"sidian/internal/provider"
	"sidian/internal/web/page"
)

// A publicPage is whom this platform believes, for anybody.
type publicPage struct {
	page.Frame
	Own   card
	Cards []card
	Until []page.Fact
}

// A card is one who answers for seals.
type card struct {
	ID, Name string
	Facts    []page.Fact
	Makers   page.Table
}

func (s *Service) getPublic(w http.ResponseWriter, r *http.Request) error {
	l, err := s.Providers.TrustList(r.Context())
	if err != nil {
		return err
	}
	p := publicPage{Frame: s.Kit.Frame(r, "签章服务商公开名单", "", page.Middle)}
	for _, x := range l.Providers {
		c := cardOf(x)
		if x.Self {
			p.Own = c
			continue
		}
		p.Cards = append(p.Cards, c)
	}
	p.Until = []page.Fact{{Label: "签发时间", At: l.IssuedAt}, {Label: "有效期至", At: l.ExpiresAt}}
	return s.set.Show(w, http.StatusOK, "public", p)
}

func cardOf(x provider.ListItem) card {
	c := card{ID: x.ID, Name: x.Name, Facts: []page.Fact{{Label: "标识", Text: x.ID, Code: true}}}
	if x.Operator != x.Name {
		c.Facts = append(c.Facts, page.Fact{Label: "运营单位", Text: x.Operator})
	}
	c.Facts = append(c.Facts, page.Fact{Label: "所在网络", Text: zoneName(x.Zone)}, page.Fact{Label: "核验服务地址", Text: x.Endpoint, Code: true})
	c.Facts = append(c.Facts, certificateFacts("答复用的数字证书", x.Certificate)...)
	if !x.Since.IsZero() {
		c.Facts = append(c.Facts, page.Fact{Label: "采信自", At: x.Since})
	}
	c.Makers = makers(&provider.Entry{Makers: x.Makers})
	c.Makers.Caption = "归" + x.Name + "核验的制章者"
	return c
}

// getCertificate is the digital certificate that our answers are signed with.
func (s *Service) getCertificate(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Providers.Certificate(r.Context())
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: "answers.pem", Media: "application/x-pem-file", Data: c.PEM()})
}

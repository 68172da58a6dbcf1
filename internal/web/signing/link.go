package signing

import (
	"net/http"
	"net/url"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type linkPage struct {
	page.Frame
	Opened *signature.Opened
	State  page.Chip
	SignIn string // where a stranger signs in and comes back
	Other  *page.Problem
	Back   string
}

// alone keeps an address with a token to its page: it is told to no other, of
// ours neither, as proxies write down where requests come from.
func alone(w http.ResponseWriter) { w.Header().Set("Referrer-Policy", "no-referrer") }

// frame is that of a page whose address is a secret: nothing on it leads back.
func (s *Service) frame(r *http.Request, title string) page.Frame {
	f := s.Kit.Frame(r, title, "", page.Narrow)
	f.Path = Wallet
	if _, known := iam.From(r.Context()); !known {
		f.Path = "/"
	}
	return f
}

// getLink says who asks for what, and until when. Of the document nothing is
// shown, and who is signed in as the signer goes on to it.
func (s *Service) getLink(w http.ResponseWriter, r *http.Request) error {
	alone(w)
	p := &linkPage{Frame: s.frame(r, "请您签署文件"), Back: r.URL.EscapedPath()}
	o, err := s.Signature.Open(r.Context(), r.PathValue("token"))
	if err == nil && o.Yours {
		return page.See(w, r, page.At(Sign, o.Task))
	}
	if err == nil {
		p.Opened, p.State = o, chipOf(o.State)
		p.SignIn = "/login?" + url.Values{"back": {p.Back}}.Encode()
		return s.set.Show(w, http.StatusOK, "link", p)
	}
	e := fault.As(err)
	if e == nil || e.Kind == fault.TooMany || e.Kind == fault.Unavailable {
		return err
	}
	p.Other, _ = page.ProblemOf(err, nil)
	p.Title = "链接不能使用"
	status := page.StatusOf(err)
	switch {
	case e.Kind == fault.Forbidden:
		status = http.StatusForbidden
	case e.Kind == fault.NotFound || status == 0: // it is the page itself
		status = http.StatusNotFound
	}
	if e.Code == "signature.other" {
		p.Title = "不是发给您的"
	}
	return s.set.Show(w, status, "linkover", p)
}

type padPage struct {
	page.Frame
	Token string
}

// getPad is the page on which a second device writes. Its script opens the pad:
// who merely looks at the address, like a preview of a message, does not use it
// up.
func (s *Service) getPad(w http.ResponseWriter, r *http.Request) error {
	alone(w)
	p := &padPage{Frame: s.frame(r, "手写签名").WithScript("ink.js").WithScript("phonepad.js"), Token: url.PathEscape(r.PathValue("token"))}
	p.Width = page.Middle
	return s.set.Show(w, http.StatusOK, "pad", p)
}

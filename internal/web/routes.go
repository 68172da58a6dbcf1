package web

import (
	"net/http"

	"sidian/internal/cert/state"
	"sidian/internal/httpx"
	"sidian/internal/verify"
	"sidian/internal/web/page"
)

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	public, signedIn := httpx.Public(), httpx.SignedIn()
	httpx.HandlePage(r, "GET /{$}", public, s.getHome)
	httpx.HandlePage(r, "GET /assets/{name}", public, s.Kit.GetAsset)
	httpx.HandlePage(r, "GET /elder", public, s.getElder)
	httpx.HandlePage(r, "GET /console", signedIn, s.getConsole)
	httpx.HandlePage(r, "POST /console", signedIn, s.postConsole)
	httpx.HandlePage(r, "GET /console/new", httpx.Needs("cert.issue"), s.getIssue)
	httpx.HandlePage(r, "POST /console/new", httpx.Needs("cert.issue"), s.postIssue, httpx.MaxBody(maxForm))
	httpx.HandlePage(r, "POST /console/preview", httpx.Needs("cert.issue"), s.postPreview, httpx.MaxBody(maxForm))
	httpx.HandlePage(r, "GET /console/kinds/{name}/sample", signedIn, s.getSample)
	httpx.HandlePage(r, "GET /console/certificates/{id}", httpx.Needs("cert.read"), s.getCertificate)
	httpx.HandlePage(r, "GET /console/certificates/{id}/file", httpx.Needs("cert.read"), s.getFile)
	httpx.HandlePage(r, "POST /console/certificates/{id}/file", httpx.Needs("cert.read"), s.postFile)
	httpx.HandlePage(r, "POST /console/certificates/{id}/reveal", httpx.Needs("cert.reveal"), s.postReveal)
	httpx.HandlePage(r, "POST /console/certificates/{id}/seals", httpx.Needs("cert.issue"), s.postSeals)
	httpx.HandlePage(r, "GET /console/physicals", httpx.Needs("cert.read"), s.getDrifts)
	httpx.HandlePage(r, "POST /console/certificates/{id}/physicals", httpx.Needs("cert.issue"), s.postPhysical)
	httpx.HandlePage(r, "POST /console/certificates/{id}/physicals/{physical}", httpx.Needs("cert.issue"), s.postPhysicalAct)
	httpx.HandlePage(r, "GET /console/certificates/{id}/face", httpx.Needs("cert.read"), s.getFace)
	httpx.HandlePage(r, "GET /console/certificates/{id}/actions/{action}", httpx.Needs(state.Permission), s.getAct)
	httpx.HandlePage(r, "POST /console/certificates/{id}/actions/{action}", httpx.Needs(state.Permission), s.postAct)
	httpx.HandlePage(r, "GET /verify", public, s.getVerify, httpx.Costly())
	httpx.HandlePage(r, "POST /verify", public, s.postVerify, httpx.Costly(), httpx.MaxBody(verify.MaxDocument+1<<20))
	httpx.HandlePage(r, "GET /v/{code}", public, s.getShown, httpx.Costly())
	httpx.HandlePage(r, "GET /v/export/{number}", public, s.getExport)
	httpx.HandlePage(r, "GET /docs", public, s.getDocs)
}

// getElder turns elder mode on or off and goes back to where the reader was.
func (s *Service) getElder(w http.ResponseWriter, r *http.Request) error {
	on := r.URL.Query().Get("on")
	if on != "1" {
		on = "0"
	}
	http.SetCookie(w, &http.Cookie{Name: page.ElderCookie, Value: on, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: httpx.MetaFrom(r.Context()).Secure})
	return page.See(w, r, page.Local(r.URL.Query().Get("back"), "/"))
}

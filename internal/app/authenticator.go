package app

import (
	"embed"
	"net/http"
	"strings"

	"sidian/internal/auth"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var demoPages embed.FS

// authenticatorPage shows the one-time codes of everybody in a demo, in place of
// the phones that they do not have.
type authenticatorPage struct {
	page.Frame
	Codes page.Table
}

// authenticator mounts the page, in a demo alone.
func (a *App) authenticator(r *httpx.Router) error {
	set, err := a.Web.Kit.Load(demoPages)
	if err != nil {
		return err
	}
	httpx.HandlePage(r, "GET /login/dev/codes", httpx.Public(), func(w http.ResponseWriter, r *http.Request) error {
		p := &authenticatorPage{Frame: a.Web.Kit.Frame(r, "演示用的身份验证器", "", page.Narrow)}
		p.Codes = page.Table{ID: "codes", Caption: "现在的一次性口令", Quiet: true, Head: []string{"用户", "身份", "一次性口令"}}
		for _, u := range a.identity.people() {
			code, err := auth.Code(u.TOTP, a.DB.Now())
			if err != nil {
				return err
			}
			p.Codes.Rows = append(p.Codes.Rows, page.Row{Cells: []page.Cell{{Text: u.Username}, {Text: strings.TrimPrefix(u.Name, "样例·")}, {Text: code, Code: true}}})
		}
		return set.Show(w, http.StatusOK, "authenticator", p)
	}, httpx.Hidden())
	return nil
}

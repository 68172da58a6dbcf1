package account

import (
	"net/http"
	"net/url"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// home is where people go who wanted to go nowhere else.
const home = "/console"

type loginPage struct {
	sheet
	Username  string
	Platforms []auth.IdentityPlatform
	Notice    *page.Notice
	Demo      bool
}

// back is where the person wanted to go, on this site. A page of signing in is
// nowhere to go to.
func back(given string) string {
	to := page.Local(given, home)
	if u, err := url.Parse(to); err != nil || u.Path == "/login" || len(u.Path) > 6 && u.Path[:7] == "/login/" {
		return home
	}
	return to
}

// with adds where the person wanted to go to the address of a step.
func with(path, to string) string {
	if to == home {
		return path
	}
	return path + "?" + url.Values{"back": {to}}.Encode()
}

// stepOf is the page of what a sign-in waits for.
func stepOf(s auth.State) string {
	switch s {
	case auth.Second:
		return "/login/second"
	case auth.Enrol:
		return "/login/enrol"
	case auth.Expired:
		return "/login/password"
	}
	return "/login"
}

// proceed keeps what came of a step and leads to the next, or to where the
// person wanted to go.
func proceed(w http.ResponseWriter, r *http.Request, in auth.SignedIn, to string) error {
	accept(w, in.Cookies())
	if in.Next != "" {
		return page.See(w, r, with(stepOf(in.Next), to))
	}
	return page.See(w, r, to)
}

// due returns the sign-in under way if it waits for that step, and otherwise
// leads to what is due instead.
func due(w http.ResponseWriter, r *http.Request, want auth.State, to string) (p auth.Pending, here bool, err error) {
	p, ok := auth.PendingFrom(r.Context())
	if ok && p.State == want {
		return p, true, nil
	}
	if _, known := iam.From(r.Context()); known {
		return p, false, page.See(w, r, to)
	}
	if ok && p.State != auth.Away {
		return p, false, page.See(w, r, with(stepOf(p.State), to))
	}
	return p, false, page.See(w, r, with("/login", to))
}

func (s *Service) login(r *http.Request, to string) *loginPage {
	return &loginPage{sheet: sheet{Frame: s.Kit.Frame(r, "登录", "login", page.Narrow), Back: to, Action: "/login"}, Platforms: s.Auth.IdentityPlatforms(), Demo: s.Demo}
}

// getLogin is the first step. Whoever is at a later one goes on there, unless
// they want to begin again as somebody else.
func (s *Service) getLogin(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to := back(q.Get("back"))
	if _, ok := iam.From(r.Context()); ok {
		return page.See(w, r, to)
	}
	if p, ok := auth.PendingFrom(r.Context()); ok && p.State != auth.Away && !q.Has("again") {
		return page.See(w, r, with(stepOf(p.State), to))
	}
	p := s.login(r, to)
	if n, ok := loginNotices[q.Get("done")]; ok {
		p.Notice = &n
	}
	return s.set.Show(w, http.StatusOK, "login", p)
}

var loginNotices = map[string]page.Notice{
	"set": {Class: page.Good, Title: "已设置好", Text: "现在用您的用户名和新密码登录。"},
	"out": {Class: page.Good, Title: "已在所有设备上退出登录", Text: "需要时请重新登录。"},
}

func (s *Service) postLogin(w http.ResponseWriter, r *http.Request) error {
	p := s.login(r, back(r.PostFormValue("back")))
	p.Username = r.PostFormValue("username")
	in, err := s.Auth.SignIn(r.Context(), auth.SignInRequest{Username: p.Username, Password: r.PostFormValue("password"), Code: tidyCode(r.PostFormValue("code"))})
	if err != nil {
		return s.refuseLogin(w, p, err)
	}
	return proceed(w, r, in, p.Back)
}

func (s *Service) refuseLogin(w http.ResponseWriter, p *loginPage, err error) error {
	status, err := p.refuse(err, nil)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "login", p)
}

// over tells that the step that was answered is not there any more, and offers
// the beginning.
func (s *Service) over(w http.ResponseWriter, r *http.Request, to string, err error) error {
	p := s.login(r, to)
	if fault.As(err) != nil && !isOver(err) && code(err) != "auth.locked" {
		err = fault.Unauthorized.New("登录步骤已失效").WithCode("auth.pending").WithHint("可能停留太久，或错误次数过多。请重新登录")
	}
	if _, err := p.refuse(err, nil); err != nil {
		return err
	}
	return s.set.Show(w, http.StatusUnauthorized, "login", p)
}

// isOver tells that signing in must begin again.
func isOver(err error) bool {
	c := code(err)
	return c == "auth.pending" || c == "auth.worthless"
}

func (s *Service) postLogout(w http.ResponseWriter, r *http.Request) error {
	if err := s.signOut(w, r); err != nil {
		return err
	}
	return page.See(w, r, "/")
}

// signOut ends the session, and makes the browser forget it.
func (s *Service) signOut(w http.ResponseWriter, r *http.Request) error {
	if _, ok := iam.From(r.Context()); ok {
		if err := s.Auth.SignOut(r.Context()); err != nil {
			return err
		}
	}
	http.SetCookie(w, httpx.SessionCookie("", secure(r)))
	return nil
}

package account

import (
	"net/http"
	"net/url"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// backCookie remembers where the person wanted to go while they are away: the
// platform sends everybody back to one address.
const backCookie = "sidian-back"

func remember(w http.ResponseWriter, r *http.Request, to string) {
	c := &http.Cookie{Name: backCookie, Value: url.QueryEscape(to), Path: "/login/back", MaxAge: 600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r)}
	if to == home {
		c.Value, c.MaxAge = "", -1
	}
	http.SetCookie(w, c)
}

// remembered is where the person wanted to go. Whatever wrote the cookie, it
// leads nowhere but on this site.
func remembered(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(backCookie)
	if err != nil {
		return home
	}
	remember(w, r, home)
	to, err := url.QueryUnescape(c.Value)
	if err != nil {
		return home
	}
	return back(to)
}

// getFrom sends the browser to a platform. Who is signed in links an identity
// by it: that begins on a page of ours and nowhere else, or another site could
// link its own identity to the account.
func (s *Service) getFrom(w http.ResponseWriter, r *http.Request) error {
	platform := r.PathValue("platform")
	_, known := iam.From(r.Context())
	if known && !fromHere(r) {
		return page.See(w, r, "/me/links/"+url.PathEscape(platform))
	}
	to := back(r.URL.Query().Get("back"))
	going, err := s.Auth.StartIdentity(r.Context(), platform)
	switch {
	case err == nil:
	case known && code(err) == "auth.confirm":
		return askFirst(w, r, "/me/links/"+url.PathEscape(platform))
	case known:
		return s.refuseMe(w, r, err)
	default:
		return s.refuseLogin(w, s.login(r, to), err)
	}
	accept(w, going.Cookies())
	remember(w, r, to)
	return page.See(w, r, going.URL)
}

// fromHere tells whether a page of this site led here. A browser that does not
// tell is not believed.
func fromHere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	u, err := url.Parse(r.Referer())
	return err == nil && u.Host == r.Host
}

// getBack takes the browser back from a platform. The address holds a code: it
// is no place to come back to.
func (s *Service) getBack(w http.ResponseWriter, r *http.Request) error {
	to := remembered(w, r)
	_, known := iam.From(r.Context())
	in, err := s.Auth.FinishIdentity(r.Context(), r.PathValue("platform"), r.URL.Query())
	if err == nil {
		if known && len(in.Cookies()) == 0 {
			to = "/me?done=linked"
		}
		return proceed(w, r, in, to)
	}
	if known {
		return s.refuseMe(w, r, err)
	}
	p := s.login(r, to)
	p.Path = with("/login", to)
	return s.refuseLogin(w, p, err)
}

func (s *Service) refuseMe(w http.ResponseWriter, r *http.Request, why error) error {
	p, err := s.me(r)
	if err != nil {
		return err
	}
	shown, ok := page.ProblemOf(why, nil)
	if !ok {
		return why
	}
	p.Problem, p.Title = shown, "有错误："+p.Title
	return s.set.Show(w, http.StatusUnprocessableEntity, "me", p)
}

type joinPage struct {
	sheet
	Platform auth.IdentityPlatform
}

// getJoin says what linking means, before the person goes there.
func (s *Service) getJoin(w http.ResponseWriter, r *http.Request) error {
	for _, p := range s.Auth.IdentityPlatforms() {
		if p.Name == r.PathValue("platform") {
			return s.set.Show(w, http.StatusOK, "join", joinPage{sheet{Frame: s.Kit.Frame(r, "绑定"+p.Title, "me", page.Narrow), Cancel: "/me"}, p})
		}
	}
	return fault.NotFound.New("没有这个统一身份认证平台").WithCode("route.unknown")
}

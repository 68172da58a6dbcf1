package web

import (
	"net/http"

	"sidian/internal/auth"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type loginPage struct {
	page.Frame
	Problem        *page.Problem
	Back, Username string
}

func (s *Service) getLogin(w http.ResponseWriter, r *http.Request) error {
	back := page.Local(r.URL.Query().Get("back"), "/console")
	if _, ok := iam.From(r.Context()); ok {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	return s.show(w, http.StatusOK, "login", loginPage{Frame: s.frame(r, "登录", "login", "narrow"), Back: back})
}

func (s *Service) postLogin(w http.ResponseWriter, r *http.Request) error {
	p := loginPage{Frame: s.frame(r, "登录", "login", "narrow"), Back: page.Local(r.PostFormValue("back"), "/console"), Username: r.PostFormValue("username")}
	in, err := s.Auth.SignIn(r.Context(), auth.SignInRequest{Username: p.Username, Password: r.PostFormValue("password"), Code: r.PostFormValue("code")})
	if err != nil {
		shown, ok := page.ProblemOf(err, nil)
		if !ok {
			return err
		}
		p.Problem, p.Title = shown, "有错误：登录"
		return s.show(w, http.StatusUnprocessableEntity, "login", p)
	}
	for _, c := range in.Cookies() {
		http.SetCookie(w, c)
	}
	http.Redirect(w, r, p.Back, http.StatusSeeOther)
	return nil
}

func (s *Service) postLogout(w http.ResponseWriter, r *http.Request) error {
	if _, ok := iam.From(r.Context()); ok {
		if err := s.Auth.SignOut(r.Context()); err != nil {
			return err
		}
	}
	http.SetCookie(w, expired(r))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

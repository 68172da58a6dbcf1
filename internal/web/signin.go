package web

import (
	"net/http"

	"sidian/internal/iam"
)

type loginPage struct {
	frame
	Problem        *problem
	Back, Username string
}

func (s *Service) getLogin(w http.ResponseWriter, r *http.Request) error {
	back := local(r.URL.Query().Get("back"), "/console")
	if _, ok := iam.From(r.Context()); ok {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	return s.show(w, http.StatusOK, "login", loginPage{frame: s.frame(r, "登录", "login", "narrow"), Back: back})
}

func (s *Service) postLogin(w http.ResponseWriter, r *http.Request) error {
	p := loginPage{frame: s.frame(r, "登录", "login", "narrow"), Back: local(r.PostFormValue("back"), "/console"), Username: r.PostFormValue("username")}
	in, err := s.IAM.SignIn(r.Context(), iam.SignInRequest{Username: p.Username, Password: r.PostFormValue("password"), Code: r.PostFormValue("code")})
	if err != nil {
		shown, ok := problemOf(err, nil)
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
		if err := s.IAM.SignOut(r.Context()); err != nil {
			return err
		}
	}
	http.SetCookie(w, expired(r))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

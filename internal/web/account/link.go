package account

import (
	"net/http"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

type linkPage struct {
	sheet
	Welcome auth.Welcome
	Intro   string
	Key     *key
}

var linkIntros = map[auth.Purpose]string{
	auth.First:   "您的账号已经开通。设好密码和一次性口令，就可以登录。",
	auth.Reset:   "请设一个新密码。已经登记的第二因素不变，登录时仍要用。",
	auth.Recover: "请重新设密码和一次性口令。以前的密码和第二因素都会失效。",
}

// alone keeps a one-time link to this page: its address is not told to any
// other, of ours neither, as proxies write down where requests come from.
func alone(w http.ResponseWriter) { w.Header().Set("Referrer-Policy", "no-referrer") }

// link is the page of a one-time link, or how it is refused.
func (s *Service) link(r *http.Request) (*linkPage, error) {
	welcome, err := s.Auth.Redeem(r.Context(), r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	p := &linkPage{sheet: sheet{Frame: s.frame(r, "设置登录方式", page.Narrow).WithScript("password.js"), Action: r.URL.EscapedPath(), Rules: s.Rules.list(welcome.Username), Fields: newPasswordFields()}, Welcome: welcome, Intro: linkIntros[welcome.Purpose]}
	if welcome.TOTP.URI == "" {
		if welcome.NeedCode {
			p.Fields = append(p.Fields, codeField("一次性口令的 6 位数字", "打开手机上的验证器应用，填写现在显示的数字", true))
		}
		return p, nil
	}
	hint := "证明已经添加成功"
	if !welcome.NeedCode {
		hint = "暂时不用一次性口令的，不填；以后可以在“我的安全”里登记"
	}
	p.Fields = append(p.Fields, codeField("6 位数字", hint, welcome.NeedCode))
	p.Key, err = keyOf(welcome.TOTP.URI)
	return p, err
}

func (s *Service) getLink(w http.ResponseWriter, r *http.Request) error {
	alone(w)
	p, err := s.link(r)
	if err != nil {
		return s.linkOver(w, r, err)
	}
	return s.set.Show(w, http.StatusOK, "link", p)
}

func (s *Service) postLink(w http.ResponseWriter, r *http.Request) error {
	alone(w)
	next, why := newPassword(r)
	if why == nil {
		why = s.Auth.Complete(r.Context(), r.PathValue("token"), auth.CompleteRequest{Password: next, Code: tidyCode(r.PostFormValue("code"))})
	}
	if why == nil {
		// Whoever else is signed in here would stand in the way of the sign-in.
		if err := s.signOut(w, r); err != nil {
			return err
		}
		return page.See(w, r, "/login?done=set")
	}
	p, err := s.link(r)
	if err != nil {
		return s.linkOver(w, r, err)
	}
	status, err := p.refuse(why, newPasswordAs)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "link", p)
}

// linkOver says what to do when a link is of no use, whatever the reason: who
// has none must not learn which there were.
func (s *Service) linkOver(w http.ResponseWriter, r *http.Request, why error) error {
	e := fault.As(why)
	if e == nil || e.Kind == fault.TooMany || e.Kind == fault.Unavailable {
		return why
	}
	return s.set.Show(w, http.StatusNotFound, "linkover", sheet{Frame: s.frame(r, "链接不能使用", page.Middle)})
}

// frame is that of a page whose address is a secret: nothing on it leads back.
func (s *Service) frame(r *http.Request, title, width string) page.Frame {
	f := s.Kit.Frame(r, title, "login", width)
	f.Path = "/login"
	return f
}

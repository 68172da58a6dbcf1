package account

import (
	"net/http"
	"net/url"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// askFirst leads to the page that asks for the password, and from there back.
func askFirst(w http.ResponseWriter, r *http.Request, to string) error {
	return page.See(w, r, "/me/confirm?"+url.Values{"back": {to}}.Encode())
}

var currentAs = map[string]string{"current": "password"}

func ownPassword(hint string) page.Field {
	return passwordField("password", "现在的密码", hint, "current-password")
}

func (s *Service) confirm(r *http.Request, to string) *sheet {
	return &sheet{Frame: s.Kit.Frame(r, "请再输一次密码", "me", page.Narrow).WithScript("password.js"), Back: to, Action: "/me/confirm", Cancel: "/me", Fields: []page.Field{ownPassword("")}}
}

func (s *Service) getConfirm(w http.ResponseWriter, r *http.Request) error {
	return s.set.Show(w, http.StatusOK, "confirm", s.confirm(r, page.Local(r.URL.Query().Get("back"), "/me")))
}

func (s *Service) postConfirm(w http.ResponseWriter, r *http.Request) error {
	to := page.Local(r.PostFormValue("back"), "/me")
	err := s.Auth.Confirm(r.Context(), r.PostFormValue("password"))
	if err == nil {
		return page.See(w, r, to)
	}
	p := s.confirm(r, to)
	status, err := p.refuse(err, currentAs)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "confirm", p)
}

// A removal asks before a way to sign in is taken away.
type removal struct {
	sheet
	Confirm page.Confirm
}

// withoutPassword: an account that always comes from elsewhere has none. It
// proves itself by having signed in just now.
const withoutPassword = "没有密码、从统一身份认证平台登录的，不填；须在登录后 15 分钟内"

func (s *Service) removal(r *http.Request, title, text, button string, facts []page.Fact) *removal {
	f := ownPassword(withoutPassword)
	f.Required = false
	p := &removal{sheet: sheet{Frame: s.Kit.Frame(r, title, "me", page.Narrow).WithScript("password.js"), Fields: []page.Field{f}}}
	p.Confirm = page.Confirm{Title: title, Text: text, Facts: facts, Action: r.URL.EscapedPath(), Button: button, NoReason: true, Grave: true, Cancel: "/me"}
	return p
}

func (s *Service) showRemoval(w http.ResponseWriter, p *removal, status int) error {
	p.Confirm.Fields = p.Fields
	return s.set.Show(w, status, "remove", p)
}

// remove proves that it is the person who sits there, and does it.
func (s *Service) remove(w http.ResponseWriter, r *http.Request, p *removal, done string, do func() error) error {
	var err error
	if password := r.PostFormValue("password"); password != "" {
		err = s.Auth.Confirm(r.Context(), password)
	}
	if err == nil {
		err = do()
	}
	if err == nil {
		return page.See(w, r, "/me?done="+done)
	}
	if e := fault.As(err); e != nil && e.Code == "auth.confirm" {
		err = e.WithField("password", "auth.confirm", "请输入现在的密码")
	}
	status, err := p.refuse(err, currentAs)
	if err != nil {
		return err
	}
	return s.showRemoval(w, p, status)
}

func (s *Service) factorRemoval(r *http.Request) (*removal, error) {
	list, err := s.Auth.Factors(r.Context())
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.ID == r.PathValue("id") {
			return s.removal(r, "移除第二因素", "移除后它不能再用来登录，其他设备上的登录也会结束。", "移除", factorFacts(f)), nil
		}
	}
	return nil, fault.NotFound.New("没有登记这个第二因素").WithCode("factor.unknown").WithHint("可能已经移除。请回到“我的安全”查看")
}

func factorFacts(f auth.Factor) []page.Fact {
	facts := []page.Fact{{Label: "名称", Text: f.Name}, {Label: "登记", Text: page.Day(f.Created)}}
	if f.Name != methodNames[f.Method] {
		facts = append(facts, page.Fact{Label: "方式", Text: methodNames[f.Method]})
	}
	return facts
}

func (s *Service) getRemove(w http.ResponseWriter, r *http.Request) error {
	p, err := s.factorRemoval(r)
	if err != nil {
		return err
	}
	return s.showRemoval(w, p, http.StatusOK)
}

func (s *Service) postRemove(w http.ResponseWriter, r *http.Request) error {
	p, err := s.factorRemoval(r)
	if err != nil {
		return err
	}
	return s.remove(w, r, p, "removed", func() error { return s.Auth.RemoveFactor(r.Context(), r.PathValue("id")) })
}

func (s *Service) linkRemoval(r *http.Request) (*removal, error) {
	list, err := s.Auth.Links(r.Context())
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if l.ID == r.PathValue("id") {
			return s.removal(r, "解除绑定", "解除后，那个平台的身份不能再登录这个账号。", "解除绑定", []page.Fact{{Label: "平台", Text: s.titleOf(l.Platform)}, {Label: "绑定", Text: page.Day(l.Created)}}), nil
		}
	}
	return nil, fault.NotFound.New("没有这个绑定").WithCode("link.unknown").WithHint("可能已经解除。请回到“我的安全”查看")
}

func (s *Service) getUnlink(w http.ResponseWriter, r *http.Request) error {
	p, err := s.linkRemoval(r)
	if err != nil {
		return err
	}
	return s.showRemoval(w, p, http.StatusOK)
}

func (s *Service) postUnlink(w http.ResponseWriter, r *http.Request) error {
	p, err := s.linkRemoval(r)
	if err != nil {
		return err
	}
	return s.remove(w, r, p, "unlinked", func() error { return s.Auth.Unlink(r.Context(), r.PathValue("id")) })
}

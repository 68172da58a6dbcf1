package account

import (
	"net/http"
	"net/url"
	"time"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type mePage struct {
	page.Frame
	Problem   *page.Problem
	Notice    *page.Notice
	Facts     []page.Fact
	Factors   page.Table
	Links     page.Table
	Platforms []auth.IdentityPlatform // that may still be linked
	Linked    bool                    // the page has anything to say about platforms
	Sessions  page.Table
	Weak      bool // there is no second factor
}

var meNotices = map[string]page.Notice{
	"password":    {Class: page.Good, Title: "密码已修改", Text: "其他设备上的登录已经结束，下次请用新密码。"},
	"totp":        {Class: page.Good, Title: "一次性口令已登记", Text: "下次登录时，输入密码后还要填写应用里的 6 位数字。其他设备上的登录已经结束。"},
	"passkey":     {Class: page.Good, Title: "通行密钥已登记", Text: "下次登录时，输入密码后可以用它证明是您本人。其他设备上的登录已经结束。"},
	"certificate": {Class: page.Good, Title: "数字证书已登记", Text: "下次登录时，输入密码后可以用它签名。其他设备上的登录已经结束。"},
	"removed":     {Class: page.Good, Title: "第二因素已移除", Text: "它不能再用来登录。其他设备上的登录已经结束。"},
	"linked":      {Class: page.Good, Title: "已绑定统一身份认证", Text: "以后可以从登录页用它登录。"},
	"unlinked":    {Class: page.Good, Title: "已解除绑定", Text: "那个平台的身份不能再登录这个账号。"},
	"ended":       {Class: page.Good, Title: "已结束那个登录", Text: "如果不是您本人登录的，请马上修改密码。"},
}

var methodNames = map[auth.Method]string{auth.TOTP: "一次性口令", auth.Passkey: "通行密钥", auth.Certificate: "数字证书"}

func (s *Service) getMe(w http.ResponseWriter, r *http.Request) error {
	p, err := s.me(r)
	if err != nil {
		return err
	}
	if n, ok := meNotices[r.URL.Query().Get("done")]; ok {
		p.Notice = &n
	}
	return s.set.Show(w, http.StatusOK, "me", p)
}

// me is the page of whoever asks.
func (s *Service) me(r *http.Request) (*mePage, error) {
	p := &mePage{Frame: s.Kit.Frame(r, "我的安全", "me", page.Wide)}
	// What another page sent here is not where the reader comes back to.
	p.Path = "/me"
	for _, fill := range []func(*http.Request, *mePage) error{s.facts, s.factors, s.links, s.sessions} {
		if err := fill(r, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *Service) facts(r *http.Request, p *mePage) error {
	who, ok := iam.From(r.Context())
	if !ok {
		return fault.Unauthorized.New("请先登录").WithCode("auth.required")
	}
	p.Facts = []page.Fact{{Label: "姓名", Text: who.Name}}
	if who.Org != "" {
		org, err := s.IAM.Org(r.Context(), who.Org)
		if err != nil {
			return err
		}
		p.Facts = append(p.Facts, page.Fact{Label: "单位", Text: org.Name})
	}
	return nil
}

func (s *Service) factors(r *http.Request, p *mePage) error {
	list, err := s.Auth.Factors(r.Context())
	if err != nil {
		return err
	}
	p.Weak = len(list) == 0
	p.Factors = page.Table{ID: "factors", Caption: "第二因素", Quiet: true, Head: []string{"名称", "登记", "最近使用", ""},
		Empty: page.Empty{Title: "还没有第二因素", Text: "只有密码时，密码泄露就等于账号失守。建议添加一种。", Href: "/me/factors", Action: "添加第二因素"}}
	for _, f := range list {
		name := page.Cell{Text: f.Name}
		switch {
		case !f.Until.IsZero():
			name.Sub = "数字证书，有效期至 " + page.Day(f.Until)
		case f.Name != methodNames[f.Method]:
			name.Sub = methodNames[f.Method]
		}
		p.Factors.Rows = append(p.Factors.Rows, page.Row{Cells: []page.Cell{
			name, {Text: page.Day(f.Created)}, s.used(f.Used),
			{Actions: []page.Action{{Label: "移除", Of: f.Name, Href: "/me/factors/" + url.PathEscape(f.ID) + "/remove"}}},
		}})
	}
	return nil
}

// used is when something was used last, as people say it.
func (s *Service) used(at time.Time) page.Cell {
	if at.IsZero() {
		return page.Cell{Text: "还没有用过"}
	}
	return page.Cell{Text: page.Ago(at, s.Auth.DB.Now())}
}

func (s *Service) links(r *http.Request, p *mePage) error {
	list, err := s.Auth.Links(r.Context())
	if err != nil {
		return err
	}
	who, _ := iam.From(r.Context())
	p.Links = page.Table{ID: "links", Caption: "已绑定的统一身份认证平台", Quiet: true, Head: []string{"平台", "绑定", "最近使用", ""}}
	taken := map[string]bool{}
	for _, l := range list {
		taken[l.Platform] = true
		title := s.titleOf(l.Platform)
		p.Links.Rows = append(p.Links.Rows, page.Row{Cells: []page.Cell{
			{Text: title}, {Text: page.Day(l.Created)}, s.used(l.Used),
			{Actions: []page.Action{{Label: "解除绑定", Of: title, Href: "/me/links/" + url.PathEscape(l.ID) + "/remove"}}},
		}})
	}
	for _, platform := range s.Auth.IdentityPlatforms() {
		if who != nil && platform.Kind == string(who.Kind) && !taken[platform.Name] {
			p.Platforms = append(p.Platforms, platform)
		}
	}
	p.Linked = len(list)+len(p.Platforms) > 0
	return nil
}

// titleOf is a platform as people know it, even after it was taken away.
func (s *Service) titleOf(platform string) string {
	for _, p := range s.Auth.IdentityPlatforms() {
		if p.Name == platform {
			return p.Title
		}
	}
	return platform
}

func (s *Service) sessions(r *http.Request, p *mePage) error {
	list, err := s.Auth.Sessions(r.Context())
	if err != nil {
		return err
	}
	p.Sessions = page.Table{ID: "sessions", Caption: "登录中的设备", Quiet: true, Head: []string{"设备", "网络地址", "登录", "最近使用", ""}}
	for _, one := range list {
		device := page.Cell{Text: one.Device, Sub: "没有用第二因素"}
		if device.Text == "" {
			device.Text = "不认识的设备"
		}
		if one.Second {
			device.Sub = "用了第二因素"
		}
		last := page.Cell{Actions: []page.Action{{Label: "结束", Of: device.Text + "的登录", Href: "/me/sessions/" + url.PathEscape(one.ID) + "/end", Post: true}}}
		if one.Current {
			device.Chips = []page.Chip{{Class: page.Good, Word: "就是这里"}}
			last = page.Cell{Text: "正在使用"}
		}
		p.Sessions.Rows = append(p.Sessions.Rows, page.Row{Cells: []page.Cell{
			device, {Text: one.Address, Code: true}, {Text: page.Ago(one.Created, s.Auth.DB.Now())}, {Text: page.Ago(one.Seen, s.Auth.DB.Now())}, last,
		}})
	}
	return nil
}

func (s *Service) postEnd(w http.ResponseWriter, r *http.Request) error {
	if err := s.Auth.EndSession(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return page.See(w, r, "/me?done=ended")
}

func (s *Service) postEndAll(w http.ResponseWriter, r *http.Request) error {
	if err := s.Auth.SignOutEverywhere(r.Context()); err != nil {
		return err
	}
	http.SetCookie(w, httpx.SessionCookie("", secure(r)))
	return page.See(w, r, "/login?done=out")
}

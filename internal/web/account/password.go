package account

import (
	"fmt"
	"net/http"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// Rules are what a new password must be like.
type Rules struct {
	Length  int // at least, in characters; 10 when zero
	History int // how many earlier ones may not come back
	Days    int // after which staff must change it; 0: no limit
}

// A Rule is one of them, as the page lists it. A script ticks off those that
// what is typed meets.
type Rule struct {
	Text string
	Key  string // "length", "classes", "username"; empty: only the server can tell
	Arg  string
}

// list is the rules in words; username is that of the person, if it is known.
func (r Rules) list(username string) []Rule {
	least := r.Length
	if least == 0 {
		least = 10
	}
	rules := []Rule{
		{Text: fmt.Sprintf("至少 %d 个字符", least), Key: "length", Arg: fmt.Sprint(least)},
		{Text: "含大写字母、小写字母、数字、符号中的三类", Key: "classes"},
		{Text: "不含用户名", Key: "username", Arg: username},
	}
	if r.History > 0 {
		return append(rules, Rule{Text: fmt.Sprintf("不是现在的密码，也不是最近用过的 %d 个", r.History)})
	}
	return append(rules, Rule{Text: "不是现在的密码"})
}

var newPasswordAs = map[string]string{"password": "next"}

func newPasswordFields() []page.Field {
	return []page.Field{passwordField("next", "新密码", "", "new-password"), passwordField("again", "再输一次新密码", "", "new-password")}
}

// newPassword is what was typed twice.
func newPassword(r *http.Request) (string, error) {
	next := r.PostFormValue("next")
	if next != r.PostFormValue("again") {
		return "", fault.Invalid.New("两次输入的新密码不一致").WithCode("password.again").WithHint("请重新输入").WithField("again", "password.again", "与上面的新密码不一致")
	}
	return next, nil
}

type expiredPage struct {
	sheet
	Days int
}

func (s *Service) expired(r *http.Request, to string) *expiredPage {
	return &expiredPage{Days: s.Rules.Days, sheet: sheet{Frame: s.Kit.Frame(r, "登录：更换密码", "login", page.Narrow).WithScript("password.js"), Back: to, Action: "/login/password", Fields: newPasswordFields(), Rules: s.Rules.list("")}}
}

func (s *Service) getExpired(w http.ResponseWriter, r *http.Request) error {
	to := back(r.URL.Query().Get("back"))
	if _, here, err := due(w, r, auth.Expired, to); err != nil || !here {
		return err
	}
	return s.set.Show(w, http.StatusOK, "expired", s.expired(r, to))
}

func (s *Service) postExpired(w http.ResponseWriter, r *http.Request) error {
	to := back(r.PostFormValue("back"))
	next, err := newPassword(r)
	var in auth.SignedIn
	if err == nil {
		in, err = s.Auth.ReplacePassword(r.Context(), next)
	}
	if err == nil {
		return proceed(w, r, in, to)
	}
	if pending, ok := auth.PendingFrom(r.Context()); !ok || pending.State != auth.Expired || isOver(err) {
		return s.over(w, r, to, err)
	}
	p := s.expired(r, to)
	status, err := p.refuse(err, newPasswordAs)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "expired", p)
}

func (s *Service) password(r *http.Request) *sheet {
	p := &sheet{Frame: s.Kit.Frame(r, "修改密码", "me", page.Narrow).WithScript("password.js"), Action: "/me/password", Cancel: "/me", Rules: s.Rules.list("")}
	p.Fields = append([]page.Field{passwordField("current", "现在的密码", "", "current-password")}, newPasswordFields()...)
	return p
}

func (s *Service) getPassword(w http.ResponseWriter, r *http.Request) error {
	return s.set.Show(w, http.StatusOK, "password", s.password(r))
}

func (s *Service) postPassword(w http.ResponseWriter, r *http.Request) error {
	next, err := newPassword(r)
	if err == nil {
		err = s.Auth.ChangePassword(r.Context(), r.PostFormValue("current"), next)
	}
	if err == nil {
		return page.See(w, r, "/me?done=password")
	}
	p := s.password(r)
	status, err := p.refuse(err, newPasswordAs)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "password", p)
}

package account

import (
	"net/http"
	"slices"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

type secondPage struct {
	sheet
	Has       methods
	Until     string // the clock, to the minute
	Challenge page.Copy
	Passkey   passkeyForm
}

// methods are those that a page offers.
type methods struct{ TOTP, Passkey, Certificate bool }

func methodsOf(list []auth.Method) methods {
	return methods{slices.Contains(list, auth.TOTP), slices.Contains(list, auth.Passkey), slices.Contains(list, auth.Certificate)}
}

// A passkeyForm is sent by a script, with what the authenticator answered.
type passkeyForm struct {
	Action, Options string // where the answer goes, and where the question comes from
	Do              string // "get" or "create"
	Back            string
	Button          string
	First           bool // it is the page's first action
	Name            page.Field
}

func (s *Service) second(r *http.Request, pending auth.Pending, to, title string) *secondPage {
	p := &secondPage{sheet: sheet{Frame: s.Kit.Frame(r, title, "login", page.Narrow).WithScript("passkey.js"), Back: to, Action: "/login/second"}}
	p.Has, p.Until = methodsOf(pending.Methods), page.In(pending.Until).Format("15:04")
	if p.Has.TOTP {
		p.Fields = []page.Field{codeField("6 位数字", "打开手机上的验证器应用，填写现在显示的数字", true)}
	}
	p.Passkey = passkeyForm{Action: "/login/second/passkey", Options: "/login/second/passkey/options", Do: "get", Back: to, Button: "使用通行密钥", First: !p.Has.TOTP}
	return p
}

const secondTitle = "登录：证明是您本人"

func (s *Service) getSecond(w http.ResponseWriter, r *http.Request) error {
	to := back(r.URL.Query().Get("back"))
	pending, here, err := due(w, r, auth.Second, to)
	if err != nil || !here {
		return err
	}
	p := s.second(r, pending, to, secondTitle)
	if p.Has == (methods{Certificate: true}) {
		return page.See(w, r, with("/login/second/certificate", to))
	}
	return s.set.Show(w, http.StatusOK, "second", p)
}

func (s *Service) postSecond(w http.ResponseWriter, r *http.Request) error {
	to := back(r.PostFormValue("back"))
	in, err := s.Auth.ProveTOTP(r.Context(), tidyCode(r.PostFormValue("code")))
	if err != nil {
		return s.refuseSecond(w, r, to, err)
	}
	return proceed(w, r, in, to)
}

// refuseSecond shows why the second step was not right, as long as it is there.
func (s *Service) refuseSecond(w http.ResponseWriter, r *http.Request, to string, why error) error {
	pending, ok := auth.PendingFrom(r.Context())
	if !ok || pending.State != auth.Second || isOver(why) {
		return s.over(w, r, to, why)
	}
	p := s.second(r, pending, to, secondTitle)
	status, err := p.refuse(why, nil)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "second", p)
}

// postSecondOptions answers the script with what the authenticator is asked.
func (s *Service) postSecondOptions(w http.ResponseWriter, r *http.Request) error {
	options, err := s.Auth.BeginPasskey(r.Context())
	if err != nil {
		return err
	}
	return page.ShowJSON(w, options)
}

func (s *Service) postSecondPasskey(w http.ResponseWriter, r *http.Request) error {
	to := back(r.PostFormValue("back"))
	in, err := s.Auth.ProvePasskey(r.Context(), []byte(r.PostFormValue("response")))
	if err != nil {
		return s.refuseSecond(w, r, to, err)
	}
	return proceed(w, r, in, to)
}

const certificateTitle = "登录：用数字证书签名"

// answerField takes a signed message; what was wrong is not shown again, as it
// was for a challenge that is used up.
func answerField() page.Field {
	return page.Field{ID: "answer", Name: "answer", Label: "签名结果", Hint: "粘贴 PEM 或 Base64", Required: true, Lines: 6, Code: true, Max: 64 << 10}
}

func (s *Service) secondCertificate(r *http.Request, pending auth.Pending, to string) (*secondPage, error) {
	p := s.second(r, pending, to, certificateTitle)
	p.Action, p.Fields = "/login/second/certificate", []page.Field{answerField()}
	challenge, err := s.Auth.BeginCertificate(r.Context())
	p.Challenge = challengeOf(challenge)
	return p, err
}

func challengeOf(text string) page.Copy {
	return page.Copy{ID: "challenge", Label: "要签名的内容", Text: text, Hint: "核对网址与浏览器地址栏一致，再整段签名，不增不减"}
}

func (s *Service) getSecondCertificate(w http.ResponseWriter, r *http.Request) error {
	to := back(r.URL.Query().Get("back"))
	pending, here, err := due(w, r, auth.Second, to)
	if err != nil || !here {
		return err
	}
	p, err := s.secondCertificate(r, pending, to)
	if err != nil {
		if fault.As(err) == nil {
			return err
		}
		return s.refuseSecond(w, r, to, err)
	}
	return s.set.Show(w, http.StatusOK, "certificate", p)
}

func (s *Service) postSecondCertificate(w http.ResponseWriter, r *http.Request) error {
	to := back(r.PostFormValue("back"))
	in, why := s.Auth.ProveCertificate(r.Context(), []byte(r.PostFormValue("answer")))
	if why == nil {
		return proceed(w, r, in, to)
	}
	pending, ok := auth.PendingFrom(r.Context())
	if !ok || pending.State != auth.Second || isOver(why) {
		return s.over(w, r, to, why)
	}
	p, err := s.secondCertificate(r, pending, to)
	if err != nil { // the wrong answer was one too many
		return s.over(w, r, to, why)
	}
	status, err := p.refuse(why, nil)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "certificate", p)
}

package account

import (
	"net/http"
	"strings"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// A place is where second factors are enrolled: at the first sign-in that the
// rule stops for it, or by who is signed in.
type place struct {
	path, nav string
	pending   bool
}

var (
	atLogin = place{"/login/enrol", "login", true}
	atMe    = place{"/me/factors", "me", false}
)

type enrolPage struct {
	sheet
	Pending   bool // a sign-in is under way
	Until     string
	Has       methods // what may be enrolled here
	At        string  // the place's address
	Key       *key
	Challenge page.Copy
	Passkey   passkeyForm
}

var enrolTitles = map[auth.Method]string{auth.TOTP: "登记一次性口令", auth.Passkey: "登记通行密钥", auth.Certificate: "登记数字证书"}

// begin makes the page of a place; the step may not be due there.
func (s *Service) enrolPage(w http.ResponseWriter, r *http.Request, at place, to, title string) (*enrolPage, bool, error) {
	p := &enrolPage{sheet: sheet{Frame: s.Kit.Frame(r, title, at.nav, page.Narrow), Back: to}, Pending: at.pending, At: at.path, Has: methods{TOTP: true, Passkey: true, Certificate: true}}
	if at.pending {
		pending, here, err := due(w, r, auth.Enrol, to)
		if err != nil || !here {
			return nil, false, err
		}
		p.Has, p.Until = methodsOf(pending.Methods), page.In(pending.Until).Format("15:04")
	}
	p.Cancel = with(at.path, to)
	return p, true, nil
}

// getChoice lists what can be enrolled.
func (s *Service) getChoice(at place) func(http.ResponseWriter, *http.Request) error {
	title := "添加第二因素"
	if at.pending {
		title = "登录：先登记第二因素"
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		to := back(r.URL.Query().Get("back"))
		p, here, err := s.enrolPage(w, r, at, to, title)
		if err != nil || !here {
			return err
		}
		if p.Has == (methods{TOTP: true}) {
			return page.See(w, r, with(at.path+"/totp", to))
		}
		if !at.pending {
			p.Cancel = "/me"
		}
		return s.set.Show(w, http.StatusOK, "choice", p)
	}
}

func methodOf(r *http.Request) (auth.Method, error) {
	m := auth.Method(r.PathValue("method"))
	if enrolTitles[m] == "" {
		return "", fault.NotFound.New("没有这种第二因素").WithCode("route.unknown")
	}
	return m, nil
}

func (s *Service) getEnrol(at place) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := methodOf(r)
		if err != nil {
			return err
		}
		to := back(r.URL.Query().Get("back"))
		p, here, err := s.enrolPage(w, r, at, to, enrolTitles[m])
		if err != nil || !here {
			return err
		}
		if err := s.ask(r, p, m, true); err != nil {
			return s.enrolRefused(w, r, at, m, to, err)
		}
		return s.set.Show(w, http.StatusOK, string(m), p)
	}
}

// ask begins the enrolment of a factor: with a new secret, or with the one that
// the page showed before.
func (s *Service) ask(r *http.Request, p *enrolPage, m auth.Method, fresh bool) error {
	p.Action = p.At + "/" + string(m)
	switch m {
	case auth.TOTP:
		p.Fields = []page.Field{codeField("6 位数字", "证明已经添加成功", true)}
		address := r.PostFormValue("uri")
		if fresh {
			secret, err := s.Auth.BeginTOTP(r.Context())
			if err != nil {
				return err
			}
			address = secret.URI
		}
		var err error
		p.Key, err = keyOf(address)
		return err
	case auth.Passkey:
		p.Frame = p.WithScript("passkey.js")
		p.Passkey = passkeyForm{Action: p.Action, Options: p.Action + "/options", Do: "create", Back: p.Back, Button: "创建通行密钥", First: true, Name: nameField(r, "例如：办公室电脑、我的手机")}
		p.Fields = []page.Field{p.Passkey.Name}
	case auth.Certificate:
		p.Fields = []page.Field{nameField(r, "例如：单位发的 UKey"), answerField()}
		text, err := s.Auth.BeginEnrolCertificate(r.Context())
		p.Challenge = challengeOf(text)
		return err
	}
	return nil
}

func nameField(r *http.Request, hint string) page.Field {
	return page.Field{ID: "name", Name: "name", Label: "起个名称，便于辨认", Hint: hint, Value: r.PostFormValue("name"), Max: 40, Autocomplete: "off"}
}

func (s *Service) postEnrol(at place) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := methodOf(r)
		if err != nil {
			return err
		}
		to := back(r.PostFormValue("back"))
		in, err := s.enrol(r, m)
		switch {
		case err != nil:
			return s.enrolRefused(w, r, at, m, to, err)
		case at.pending:
			return proceed(w, r, in, to)
		}
		return page.See(w, r, "/me?done="+string(m))
	}
}

func (s *Service) enrol(r *http.Request, m auth.Method) (auth.SignedIn, error) {
	ctx, name := r.Context(), strings.TrimSpace(r.PostFormValue("name"))
	switch m {
	case auth.Passkey:
		return s.Auth.EnrolPasskey(ctx, name, []byte(r.PostFormValue("response")))
	case auth.Certificate:
		return s.Auth.EnrolCertificate(ctx, name, []byte(r.PostFormValue("answer")))
	}
	return s.Auth.EnrolTOTP(ctx, tidyCode(r.PostFormValue("code")))
}

// enrolRefused shows the page again; or leads to where the password is asked
// for, when the last proof is too long ago.
func (s *Service) enrolRefused(w http.ResponseWriter, r *http.Request, at place, m auth.Method, to string, why error) error {
	if !at.pending && code(why) == "auth.confirm" {
		return askFirst(w, r, at.path+"/"+string(m))
	}
	if at.pending {
		if pending, ok := auth.PendingFrom(r.Context()); !ok || pending.State != auth.Enrol || isOver(why) {
			return s.over(w, r, to, why)
		}
	}
	p, here, err := s.enrolPage(w, r, at, to, enrolTitles[m])
	if err != nil || !here {
		return err
	}
	if code(why) == "auth.method" {
		return why
	}
	if err := s.ask(r, p, m, r.PostFormValue("uri") == "" || code(why) != "auth.code"); err != nil {
		return why
	}
	status, err := p.refuse(why, nil)
	if err != nil {
		return err
	}
	if m == auth.Passkey {
		p.Passkey.Name = p.Field("name")
	}
	return s.set.Show(w, status, string(m), p)
}

// postEnrolOptions answers the script with what the authenticator is to make.
func (s *Service) postEnrolOptions(w http.ResponseWriter, r *http.Request) error {
	options, err := s.Auth.BeginEnrolPasskey(r.Context())
	if err != nil {
		return err
	}
	return page.ShowJSON(w, options)
}

package seals

import (
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// A confirmPage asks before something that matters is done.
type confirmPage struct {
	page.Frame
	Crumb   page.Link
	Heading string
	Lead    string
	Problem *page.Problem
	Confirm page.Confirm
	Agree   string // what must be ticked; empty: nothing
	Ticked  bool
	Wrong   string // why the tick is missed
}

// sealConfirm is a confirmation about a seal.
func (s *Service) sealConfirm(r *http.Request, view, heading, lead string, c page.Confirm) (*confirmPage, *seal.Seal, error) {
	x, err := s.Seal.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, nil, err
	}
	back := page.At(Home, x.ID)
	if view != "" {
		back = page.At(Home, x.ID, view)
	}
	c.Cancel, c.Reason.Value = back, r.PostFormValue("reason")
	p := &confirmPage{Frame: s.Kit.Frame(r, heading, "seals", page.Middle), Crumb: page.Link{Label: shown(r.Context(), x), Href: back}, Heading: heading, Lead: lead, Confirm: c}
	if r.Method == http.MethodPost {
		p.Path = back
	}
	return p, x, nil
}

// again shows a confirmation with why it could not be done.
func (s *Service) again(w http.ResponseWriter, p *confirmPage, err error) error {
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"reason": "reason", "agree": "agree"})
	p.Confirm.Reason.Error, p.Wrong = p.Problem.At("reason"), p.Problem.At("agree")
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "confirm", p)
}

func (s *Service) thaw(r *http.Request) (*confirmPage, error) {
	p, x, err := s.sealConfirm(r, "", "恢复使用", "冻结的原因消除后，由印章管理员恢复。恢复后立即可以用印，公开状态同时变为“有效”。", page.Confirm{Button: "恢复使用", Busy: "正在恢复…"})
	if err == nil {
		p.Confirm.Title, p.Confirm.Action = "恢复“"+x.Name+"”", page.At(Home, x.ID, "thaw")
	}
	return p, err
}

func (s *Service) getThaw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.thaw(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postThaw(w http.ResponseWriter, r *http.Request) error {
	err := s.Seal.Thaw(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id")), "done", "thawed"))
	}
	p, e := s.thaw(r)
	if e != nil {
		return e
	}
	return s.again(w, p, err)
}

func (s *Service) lost(r *http.Request) (*confirmPage, error) {
	p, x, err := s.sealConfirm(r, "", "报告密钥失控", "印章的密钥已经或可能落入他人之手时使用。只是一时有疑问，请返回用“立即冻结”，核查后可以恢复。", page.Confirm{Button: "报告失控并永久冻结", Busy: "正在处理…", Grave: true})
	if err == nil {
		p.Confirm.Title, p.Confirm.Action = "永久冻结“"+x.Name+"”", page.At(Home, x.ID, "lost")
		p.Confirm.Text = "立即生效，不能恢复：用同一密钥的所有印章永久冻结，数字证书吊销，密钥停用，公开状态同时更新。报告之前、有时间戳的文件仍然有效。之后须申请更换印章。"
		p.Agree, p.Ticked = "我知道这不能恢复", r.PostFormValue("agree") == "1"
	}
	return p, err
}

func (s *Service) getLost(w http.ResponseWriter, r *http.Request) error {
	p, err := s.lost(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postLost(w http.ResponseWriter, r *http.Request) error {
	err := errAgree(r)
	if err == nil {
		err = s.Seal.Lost(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id")), "done", "lost"))
	}
	p, e := s.lost(r)
	if e != nil {
		return e
	}
	return s.again(w, p, err)
}

func errAgree(r *http.Request) error {
	if r.PostFormValue("agree") == "1" {
		return nil
	}
	return fault.Invalid.New("还没有报告：请确认您知道后果").WithCode("seal.agree").WithField("agree", "required", "请勾选")
}

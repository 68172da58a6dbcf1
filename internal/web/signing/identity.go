package signing

import (
	"errors"
	"net/http"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type identityPage struct {
	page.Frame
	Notice  *page.Notice
	Problem *page.Problem
	Has     bool
	State   page.Chip
	Name    string
	Facts   []page.Fact
	Enrol   bool // may apply
	Renew   bool
	Cancel  bool
	Again   bool // an application was left half way
}

var identityNotices = notices{
	"enrolled":  {Class: page.Good, Title: "已申请成功", Text: "您的个人数字证书已经生效，可以签署文件。"},
	"renewed":   {Class: page.Good, Title: "已续期", Text: "新的个人数字证书已经生效，旧的已经更换。"},
	"cancelled": {Class: page.Good, Title: "已注销", Text: "注销以前签的文件仍然有效；再要签署，请重新申请。"},
}

func (s *Service) identity(r *http.Request) (*identityPage, error) {
	p := &identityPage{Frame: s.Kit.Frame(r, "我的电子签名", "wallet-signing", page.Middle), Notice: identityNotices.of(r)}
	x, err := s.Signature.Mine(r.Context())
	if errors.Is(err, fault.NotFound) {
		p.Enrol = true
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.Has, p.State, p.Name = true, chipOf(x.State), x.Name
	p.Facts = []page.Fact{{Label: "状态", Chips: []page.Chip{p.State}}}
	if x.Serial != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "有效期", Text: page.Day(x.ValidFrom) + " 至 " + page.Day(x.ValidTo)},
			page.Fact{Label: "签发机构", Text: x.Issuer}, page.Fact{Label: "数字证书序列号", Text: x.Serial, Code: true})
	}
	p.Facts = append(p.Facts, page.Fact{Label: "申请时间", At: x.CreatedAt})
	p.Enrol = x.State == signature.Cancelled || x.State == signature.Applied || x.State == signature.Replaced
	p.Again = x.State == signature.Applied
	p.Renew = x.Renewable
	p.Cancel = x.State == signature.Effective || x.State == signature.Applied || x.State == signature.Expired
	return p, nil
}

func (s *Service) getIdentity(w http.ResponseWriter, r *http.Request) error {
	p, err := s.identity(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "identity", p)
}

// postEnrol applies for a digital certificate, and leads back to the document
// that is to be signed with it.
func (s *Service) postEnrol(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Signature.Enrol(r.Context())
	if err != nil {
		return s.refuseIdentity(w, r, err)
	}
	return page.See(w, r, page.Local(r.PostFormValue("back"), Identity+"?done=enrolled"))
}

func (s *Service) postRenew(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Signature.Renew(r.Context()); err != nil {
		return s.refuseIdentity(w, r, err)
	}
	return page.See(w, r, Identity+"?done=renewed")
}

func (s *Service) refuseIdentity(w http.ResponseWriter, r *http.Request, why error) error {
	if e := fault.As(why); e == nil || e.Kind == fault.Forbidden {
		return why
	}
	p, err := s.identity(r)
	if err != nil {
		return err
	}
	p.Path = Identity
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, nil, nil); err != nil {
		return err
	}
	return s.set.Show(w, status, "identity", p)
}

func (s *Service) cancelPage(r *http.Request) *withdrawPage {
	p := &withdrawPage{Frame: s.Kit.Frame(r, "注销电子签名", "wallet-signing", page.Narrow)}
	p.Confirm = page.Confirm{
		Title: "注销我的电子签名", Text: "个人数字证书将被吊销，签名所用的密钥停用，不能恢复。注销以前签的文件仍然有效。手机丢失、账号可能被别人使用时，请马上注销。",
		Action: Identity + "/cancel", Button: "注销", Busy: "正在注销…", Grave: true, Cancel: Identity,
		Reason: page.Field{Value: r.PostFormValue("reason"), Max: 500, Hint: "例如：手机丢失；不再需要"},
	}
	return p
}

func (s *Service) getCancel(w http.ResponseWriter, r *http.Request) error {
	return s.set.Show(w, http.StatusOK, "withdraw", s.cancelPage(r))
}

func (s *Service) postCancel(w http.ResponseWriter, r *http.Request) error {
	why := s.Signature.Cancel(r.Context(), r.PostFormValue("reason"))
	if why == nil {
		return page.See(w, r, Identity+"?done=cancelled")
	}
	p := s.cancelPage(r)
	problem, status, err := refused(&p.Frame, why, map[string]string{"reason": "reason"}, map[string]string{"reason": "理由"})
	if err != nil {
		return err
	}
	p.Problem, p.Confirm.Reason.Error = problem, problem.At("reason")
	return s.set.Show(w, status, "withdraw", p)
}

package pki

import (
	"context"
	"net/http"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

const tagCertificates = "数字证书"

func (s *Service) registerRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagCertificates, summary) }
	httpx.Handle(r, "GET /api/v1/digital-certificates", iam.Needs("pki.manage", "org.read"), s.listCertificates, doc("单位及其人员的数字证书"))
	httpx.Handle(r, "GET /api/v1/digital-certificates/{id}", httpx.SignedIn(), s.getCertificate, doc("一张数字证书"))
	httpx.Handle(r, "POST /api/v1/digital-certificates", iam.Needs("pki.manage"), s.postCertificate, httpx.Status(http.StatusCreated), httpx.MaxBody(maxAnswer), doc("登记外部机构签发、密钥不在本平台的数字证书"))
	httpx.Handle(r, "POST /api/v1/digital-certificates/check", iam.Needs("pki.manage", "seal.review", "seal.make"), s.postCheck, httpx.NoIdempotency(), httpx.MaxBody(maxAnswer), doc("核对一张数字证书能否使用"))
	httpx.Handle(r, "POST /api/v1/digital-certificates/{id}/end", iam.Needs("pki.manage"), s.endCertificate, doc("吊销本平台签发的数字证书，或停用外部机构签发的"))
}

// A certificateView is a digital certificate as callers see it.
type certificateView struct {
	ID         string    `json:"id" doc:"SM3 摘要"`
	Serial     string    `json:"serial" doc:"序列号，十六进制"`
	Use        string    `json:"use" enum:"maker,unit,personal"`
	Org        string    `json:"org,omitempty" doc:"单位"`
	Account    string    `json:"account,omitempty" doc:"个人证书的持有人"`
	Here       bool      `json:"key_here" doc:"密钥在本平台"`
	Builtin    bool      `json:"builtin" doc:"本平台签发机构签发"`
	Subject    string    `json:"subject" doc:"主体名称"`
	Issuer     string    `json:"issuer" doc:"签发机构"`
	From       time.Time `json:"valid_from"`
	To         time.Time `json:"valid_to"`
	Ended      time.Time `json:"ended_at,omitzero" doc:"吊销或停用的时间"`
	ReplacedBy string    `json:"replaced_by,omitempty" doc:"更换后的数字证书"`
	Usable     bool      `json:"usable" doc:"现在可以使用"`
	Renew      bool      `json:"renew" doc:"30 日内到期，请申请更换"`
	PEM        string    `json:"certificate" doc:"PEM"`
	Notes      []string  `json:"notes,omitempty" doc:"装入时的说明"`
}

func (s *Service) view(r Registered) certificateView {
	c, now := r.Certificate, s.DB.Now()
	usable := r.UsableAt(now)
	return certificateView{
		ID: r.ID, Serial: r.Serial, Use: r.Use, Org: r.Org, Account: r.Account, Here: r.Key != "", Builtin: r.Authority != "",
		Subject: c.SubjectName(), Issuer: c.IssuerName(), From: c.NotBefore, To: c.NotAfter, Ended: r.RevokedAt, ReplacedBy: r.ReplacedBy,
		Usable: usable, Renew: usable && r.ReplacedBy == "" && now.Add(Renewal).After(c.NotAfter), PEM: string(c.PEM()), Notes: r.Notes,
	}
}

type ofOrgRequest struct {
	Org string `query:"org" minLength:"1" maxLength:"64" required:"true" doc:"单位"`
}

type certificateList struct {
	Items []certificateView `json:"items"`
}

func (s *Service) listCertificates(ctx context.Context, r ofOrgRequest) (certificateList, error) {
	all, err := s.ListOf(ctx, r.Org)
	out := certificateList{Items: []certificateView{}}
	for _, x := range all {
		out.Items = append(out.Items, s.view(x))
	}
	return out, err
}

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getCertificate(ctx context.Context, r byID) (certificateView, error) {
	x, err := s.Get(ctx, r.ID)
	if err != nil {
		return certificateView{}, err
	}
	return s.view(*x), nil
}

type registerRequest struct {
	Use         string `json:"use" enum:"unit,personal"`
	Org         string `json:"org" minLength:"1" maxLength:"64" doc:"单位"`
	Account     string `json:"account,omitempty" maxLength:"64" doc:"个人证书的持有人"`
	Name        string `json:"name" minLength:"1" maxLength:"100" doc:"单位的法定名称或本人姓名，须与证书一致"`
	Code        string `json:"code,omitempty" maxLength:"18" doc:"统一社会信用代码"`
	Replaces    string `json:"replaces,omitempty" maxLength:"64" doc:"所更换的数字证书"`
	Certificate string `json:"certificate" minLength:"1" doc:"PEM；可连同上级证书"`
}

func (s *Service) postCertificate(ctx context.Context, r registerRequest) (certificateView, error) {
	all, err := parse(r.Certificate)
	if err != nil {
		return certificateView{}, err
	}
	q := RequestFor{Use: r.Use, Org: r.Org, Account: r.Account, Name: r.Name, Code: r.Code, Replaces: r.Replaces}
	if err := s.RegisterFor(ctx, q, all[0], all[1:]...); err != nil {
		return certificateView{}, err
	}
	x, err := s.Get(ctx, idOf(all[0]))
	if err != nil {
		return certificateView{}, err
	}
	return s.view(*x), nil
}

func parse(pem string) ([]*gm.Certificate, error) {
	all, err := gm.ParseCertificates([]byte(pem))
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "读不出数字证书").WithCode("pki.answer").WithHint("请提交 PEM 格式的数字证书")
	}
	if len(all) > maxChain {
		return nil, fault.TooLarge.New("一次最多提交 %d 张数字证书", maxChain).WithCode("pki.answer").WithHint("请只提交本人或单位的证书及其上级证书")
	}
	return all, nil
}

type checkRequest struct {
	Certificate string `json:"certificate" minLength:"1" doc:"PEM；可连同上级证书"`
	Name        string `json:"name,omitempty" maxLength:"100" doc:"须一致的名称"`
	Code        string `json:"code,omitempty" maxLength:"18" doc:"须一致的统一社会信用代码"`
	Use         string `json:"use,omitempty" enum:"maker,unit,personal"`
}

type findingList struct {
	Items []Finding `json:"items"`
	Good  bool      `json:"good" doc:"没有不通过的"`
}

func (s *Service) postCheck(ctx context.Context, r checkRequest) (findingList, error) {
	all, err := parse(r.Certificate)
	if err != nil {
		return findingList{}, err
	}
	found := s.Check(ctx, CheckRequest{Certificate: all[0], Chain: all[1:], Name: r.Name, Code: r.Code, Use: r.Use})
	return findingList{found, Refusal(found) == nil}, nil
}

type endRequestHTTP struct {
	ID     string `path:"id" maxLength:"64"`
	Code   int    `json:"code" minimum:"0" maximum:"10" doc:"原因（RFC 5280）：0 未说明、1 私钥泄露、3 隶属关系改变、4 被代替、5 停止使用"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) endCertificate(ctx context.Context, r endRequestHTTP) (httpx.Empty, error) {
	return httpx.Empty{}, s.End(ctx, r.ID, r.Code, r.Reason)
}

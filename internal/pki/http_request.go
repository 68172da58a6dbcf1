package pki

import (
	"context"
	"net/http"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

func (s *Service) requestRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagCertificates, summary) }
	httpx.Handle(r, "GET /api/v1/certificate-requests", iam.Needs("pki.manage"), s.listRequests, doc("向外部机构申请数字证书的请求"))
	httpx.Handle(r, "POST /api/v1/certificate-requests", iam.Needs("pki.manage"), s.postRequest, httpx.Status(http.StatusCreated), doc("生成密钥和证书请求（PKCS#10）"))
	httpx.Handle(r, "GET /api/v1/certificate-requests/{id}", iam.Needs("pki.manage"), s.getRequest, doc("一个证书请求"))
	httpx.Handle(r, "GET /api/v1/certificate-requests/{id}/csr", iam.Needs("pki.manage"), s.getCSR, doc("证书请求文件"), httpx.Media("application/pkcs10"))
	httpx.Handle(r, "POST /api/v1/certificate-requests/{id}/install", iam.Needs("pki.manage"), s.postInstall, httpx.MaxBody(2*maxAnswer), doc("装入签发机构的应答"))
	httpx.Handle(r, "POST /api/v1/certificate-requests/{id}/withdraw", iam.Needs("pki.manage"), s.postWithdraw, doc("撤回证书请求，停用其密钥"))
}

// A requestView is a request as callers see it.
type requestView struct {
	ID          string    `json:"id"`
	Use         string    `json:"use" enum:"unit,personal"`
	Org         string    `json:"org"`
	Account     string    `json:"account,omitempty"`
	Name        string    `json:"name"`
	Code        string    `json:"code,omitempty"`
	Authority   string    `json:"authority,omitempty" doc:"向谁申请"`
	Replaces    string    `json:"replaces,omitempty"`
	State       string    `json:"state" enum:"waiting,installed,withdrawn"`
	At          time.Time `json:"created_at"`
	Until       time.Time `json:"until" doc:"此前接受应答"`
	Ended       time.Time `json:"ended_at,omitzero"`
	Certificate string    `json:"certificate,omitempty" doc:"装入的数字证书"`
	CSR         string    `json:"csr,omitempty" doc:"PEM"`
}

func viewOf(r CertificateRequest) requestView {
	v := requestView{
		ID: r.ID, Use: r.Use, Org: r.Org, Account: r.Account, Name: r.Name, Code: r.Code, Authority: r.Authority, Replaces: r.Replaces,
		State: r.State, At: r.At, Until: r.Until, Ended: r.EndedAt, Certificate: r.Certificate,
	}
	if r.Request != nil {
		v.CSR = string(r.Request.PEM())
	}
	return v
}

type requestList struct {
	Items []requestView `json:"items"`
}

func (s *Service) listRequests(ctx context.Context, r ofOrgRequest) (requestList, error) {
	all, err := s.Requests(ctx, r.Org)
	out := requestList{Items: []requestView{}}
	for _, x := range all {
		out.Items = append(out.Items, viewOf(x))
	}
	return out, err
}

type newRequest struct {
	Use       string `json:"use" enum:"unit,personal"`
	Org       string `json:"org" minLength:"1" maxLength:"64" doc:"单位"`
	Account   string `json:"account,omitempty" maxLength:"64" doc:"个人证书的持有人"`
	Name      string `json:"name" minLength:"1" maxLength:"100" doc:"单位的法定名称或本人姓名"`
	Code      string `json:"code,omitempty" maxLength:"18" doc:"统一社会信用代码"`
	Authority string `json:"authority,omitempty" maxLength:"100" doc:"向谁申请"`
	Replaces  string `json:"replaces,omitempty" maxLength:"64" doc:"所更换的数字证书"`
	For       string `json:"for,omitempty" enum:"seal,personal" doc:"密钥用于电子印章还是个人签名；不填则单位证书用于印章，个人证书用于签名"`
}

func (s *Service) postRequest(ctx context.Context, r newRequest) (requestView, error) {
	made, err := s.Request(ctx, RequestFor{
		Use: r.Use, Org: r.Org, Account: r.Account, Name: r.Name, Code: r.Code, Authority: r.Authority, Replaces: r.Replaces, Purpose: keys.Purpose(r.For),
	})
	if err != nil {
		return requestView{}, err
	}
	return viewOf(*made), nil
}

func (s *Service) getRequest(ctx context.Context, r byID) (requestView, error) {
	x, err := s.GetRequest(ctx, r.ID)
	if err != nil {
		return requestView{}, err
	}
	return viewOf(*x), nil
}

func (s *Service) getCSR(ctx context.Context, r byID) (httpx.File, error) {
	x, err := s.GetRequest(ctx, r.ID)
	if err != nil {
		return httpx.File{}, err
	}
	if x.Request == nil {
		return httpx.File{}, fault.Conflict.New("这个证书请求没有生成完成，且已结束").WithCode("pki.request.state").WithHint("请重新申请")
	}
	return httpx.File{Name: r.ID + ".csr", MediaType: "application/pkcs10", Data: x.Request.PEM()}, nil
}

type installRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Answer string `json:"answer" minLength:"1" doc:"签发机构的应答：数字证书及其上级证书，PEM"`
}

func (s *Service) postInstall(ctx context.Context, r installRequest) (certificateView, error) {
	x, err := s.Install(ctx, r.ID, []byte(r.Answer))
	if err != nil {
		return certificateView{}, err
	}
	return s.view(*x), nil
}

type withReason struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) postWithdraw(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.Withdraw(ctx, r.ID, r.Reason)
}

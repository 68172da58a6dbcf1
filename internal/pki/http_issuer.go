package pki

import (
	"context"
	"net/http"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

func (s *Service) issuerRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagCertificates, summary) }
	httpx.Handle(r, "GET /api/v1/certificate-issuers", iam.Needs("pki.manage", "policy.approve"), s.listIssuers, doc("接受哪些签发机构的数字证书；空则接受受信任根证书下的任何一个"))
	httpx.Handle(r, "POST /api/v1/certificate-issuers", iam.Needs("pki.manage"), s.postIssuer, httpx.Status(http.StatusCreated), httpx.MaxBody(maxAnswer), doc("提出接受一个签发机构"))
	httpx.Handle(r, "POST /api/v1/certificate-issuers/{id}/actions/{action}", iam.Needs("pki.manage", "policy.approve"), s.actIssuer, doc("批准、不批准或移出一个签发机构"))
}

// An issuerView is an entry of the allow-list as callers see it.
type issuerView struct {
	ID         string    `json:"id,omitempty" doc:"没有则来自配置文件"`
	Name       string    `json:"name"`
	Region     string    `json:"region,omitempty" doc:"适用的行政区划"`
	Basis      string    `json:"basis" doc:"依据"`
	From       time.Time `json:"from,omitzero"`
	Until      time.Time `json:"until,omitzero"`
	State      string    `json:"state" enum:"proposed,allowed,refused,ended"`
	ProposedBy string    `json:"proposed_by,omitempty"`
	DecidedBy  string    `json:"decided_by,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Note       string    `json:"note,omitempty"`
	At         time.Time `json:"proposed_at,omitzero"`
	DecidedAt  time.Time `json:"decided_at,omitzero"`
	Subject    string    `json:"subject" doc:"签发机构证书的主体"`
	To         time.Time `json:"valid_to" doc:"签发机构证书的有效期"`
	PEM        string    `json:"certificate" doc:"PEM"`
}

func viewIssuer(i Issuer) issuerView {
	return issuerView{
		ID: i.ID, Name: i.Name, Region: i.Region, Basis: i.Basis, From: i.From, Until: i.Until, State: i.State, ProposedBy: i.ProposedBy, DecidedBy: i.DecidedBy,
		Reason: i.Reason, Note: i.Note, At: i.At, DecidedAt: i.DecidedAt, Subject: i.Certificate.SubjectName(), To: i.Certificate.NotAfter, PEM: string(i.Certificate.PEM()),
	}
}

type issuerList struct {
	Items []issuerView `json:"items"`
}

func (s *Service) listIssuers(ctx context.Context, _ struct{}) (issuerList, error) {
	all, err := s.Issuers(ctx)
	out := issuerList{Items: []issuerView{}}
	for _, i := range all {
		out.Items = append(out.Items, viewIssuer(i))
	}
	return out, err
}

type newIssuer struct {
	Name        string    `json:"name" minLength:"1" maxLength:"100"`
	Region      string    `json:"region,omitempty" maxLength:"6" doc:"适用的行政区划代码；不填则不限"`
	Basis       string    `json:"basis" minLength:"1" maxLength:"200" doc:"依据，例如 省级政务外网电子认证服务机构"`
	From        time.Time `json:"from,omitzero" required:"false" doc:"自何时起接受；不填则不限"`
	Until       time.Time `json:"until,omitzero" required:"false" doc:"至何时止；不填则不限"`
	Certificate string    `json:"certificate" minLength:"1" doc:"签发机构的 CA 证书，PEM"`
	Reason      string    `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) postIssuer(ctx context.Context, r newIssuer) (issuerView, error) {
	all, err := parse(r.Certificate)
	if err != nil {
		return issuerView{}, err
	}
	made, err := s.ProposeIssuer(ctx, Issuer{Name: r.Name, Region: r.Region, Basis: r.Basis, From: r.From, Until: r.Until, Certificate: all[0]}, r.Reason)
	if err != nil {
		return issuerView{}, err
	}
	return viewIssuer(*made), nil
}

type issuerAction struct {
	ID     string `path:"id" maxLength:"64"`
	Action string `path:"action" enum:"allow,refuse,end"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) actIssuer(ctx context.Context, r issuerAction) (httpx.Empty, error) {
	switch r.Action {
	case "allow", "refuse":
		return httpx.Empty{}, s.DecideIssuer(ctx, r.ID, r.Action == "allow", r.Reason)
	case "end":
		return httpx.Empty{}, s.EndIssuer(ctx, r.ID, r.Reason)
	}
	return httpx.Empty{}, fault.NotFound.New("没有这种操作").WithCode("pki.issuer.action").WithHint("可选 allow、refuse、end")
}

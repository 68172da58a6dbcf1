package cert

import (
	"cmp"
	"context"

	"sidian/internal/cert/state"
	"sidian/internal/httpx"
)

// maxIssueBody bounds a request: a few pictures of at most some hundred KB.
const maxIssueBody = 4 << 20

// Routes mounts the interface of certificates.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "电子证照"
	issue, read := httpx.Needs("cert.issue"), httpx.Needs("cert.read")
	httpx.Handle(r, "POST /api/v1/certificates", issue, s.postCertificate, httpx.Doc(tag, "签发证照"), httpx.Status(201), httpx.MaxBody(maxIssueBody))
	httpx.Handle(r, "GET /api/v1/certificates", read, s.listCertificates, httpx.Doc(tag, "查询证照"))
	httpx.Handle(r, "POST /api/v1/certificates/find", read, s.findCertificates, httpx.NoIdempotency(), httpx.Doc(tag, "按持证主体查询证照；条件不出现在地址中"))
	httpx.Handle(r, "GET /api/v1/certificates/{id}", read, s.getCertificate, httpx.Doc(tag, "证照记录"))
	httpx.Handle(r, "GET /api/v1/status-vocabularies", httpx.SignedIn(), s.getVocabularies, httpx.Doc(tag, "其他机构的证照状态、事项代码，及与本平台的对应"))
	httpx.Handle(r, "GET /api/v1/certificates/{id}/file", read, s.getFile, httpx.Doc(tag, "证照文件：ofd 为原件，其余为复印件"),
		httpx.Media("application/ofd", "application/pdf", "image/svg+xml", "image/png"))
	httpx.Handle(r, "POST /api/v1/certificates/{id}/reveal", httpx.Needs("cert.reveal"), s.Reveal, httpx.Doc(tag, "显示未脱敏的照面数据项，须说明用途"),
		httpx.NoIdempotency()) // a kept answer would be shown again without a row
	httpx.Handle(r, "POST /api/v1/certificates/{id}/actions/{action}", httpx.Needs(state.Permission), s.Act, httpx.Doc(tag, "办理状态事项：暂扣、恢复、挂失、解挂、延期、变更、换证、更正、收回、吊销、撤销、注销、废止、抵押、质押、年审、异议标注"), httpx.MaxBody(maxIssueBody))
	httpx.Handle(r, "GET /api/v1/certificates/{id}/seals", read, s.getSeals, httpx.Doc(tag, "须多枚印章的证照：各单位用印进度"))
	httpx.Handle(r, "POST /api/v1/certificates/{id}/seals", issue, s.postSeals, httpx.Doc(tag, "提请各单位用印：由系统提交、须多枚印章的证照"), httpx.Status(202))
	httpx.Handle(r, "POST /api/v1/certificates/{id}/withdrawal", issue, s.postWithdrawal, httpx.Doc(tag, "撤回等待用印的签发"))
	s.transferRoutes(r)
	s.physicalRoutes(r)
	httpx.Handle(r, "GET /api/v1/certificates/{id}/trace", read, s.getTrace, httpx.Doc(tag, "追溯"))
}

// issued is a certificate that was just made: the answer says where it is.
type issued Certificate

// StatusCode is 202 for a certificate that waits for the seals of several units.
func (c *issued) StatusCode() int {
	if c.Status == Sealing {
		return 202
	}
	return 0
}

// Location is the address of the record.
func (c *issued) Location() string { return "/api/v1/certificates/" + c.ID }

func (s *Service) postCertificate(ctx context.Context, req IssueRequest) (*issued, error) {
	c, err := s.Issue(ctx, req)
	return (*issued)(c), err
}

type listRequest struct {
	Issuer string `query:"issuer" maxLength:"64" doc:"签发单位编号"`
	Kind   string `query:"kind" maxLength:"64"`
	Number string `query:"number" maxLength:"128"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listCertificates(ctx context.Context, r listRequest) (*Page, error) {
	return s.List(ctx, ListQuery{Issuer: r.Issuer, Kind: r.Kind, Number: r.Number, Limit: r.Limit, Cursor: r.Cursor})
}

// findRequest asks for a holder, whose name or number stands in no address.
type findRequest struct {
	Holder string `json:"holder" minLength:"1" maxLength:"200" doc:"持证主体的完整代码或完整名称"`
	Issuer string `json:"issuer,omitempty" maxLength:"64" doc:"签发单位编号"`
	Kind   string `json:"kind,omitempty" maxLength:"64"`
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"20"`
	Cursor string `json:"cursor,omitempty" maxLength:"200"`
}

func (s *Service) findCertificates(ctx context.Context, r findRequest) (*Page, error) {
	return s.List(ctx, ListQuery{Holder: r.Holder, Issuer: r.Issuer, Kind: r.Kind, Limit: cmp.Or(r.Limit, 20), Cursor: r.Cursor})
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

type recordRequest struct {
	ID         string `path:"id" maxLength:"64"`
	Vocabulary string `query:"vocabulary" maxLength:"64" doc:"同时按该词表给出状态：GET /api/v1/status-vocabularies 中 of 为 status 的 name"`
}

func (s *Service) getCertificate(ctx context.Context, r recordRequest) (*Certificate, error) {
	return s.GetIn(ctx, r.ID, r.Vocabulary)
}

func (s *Service) getTrace(ctx context.Context, r idRequest) (*Trace, error) {
	return s.Trace(ctx, r.ID)
}

type fileRequest struct {
	ID      string `path:"id" maxLength:"64"`
	Format  string `query:"format" enum:"ofd,pdf,svg,png" default:"ofd"`
	Page    int    `query:"page" minimum:"1" maximum:"1000" default:"1"`
	Purpose string `query:"purpose" maxLength:"64" doc:"用途代码；其他单位的工作人员必填"`
	Reason  string `query:"reason" maxLength:"200" doc:"事由；不要写个人信息"`
}

func (s *Service) getFile(ctx context.Context, r fileRequest) (httpx.File, error) {
	data, c, err := s.Read(ctx, r.ID, Reading{Purpose: r.Purpose, Reason: r.Reason})
	if err != nil {
		return httpx.File{}, err
	}
	out, media, err := s.Export(ctx, data, c, r.Format, r.Page-1)
	return httpx.File{Name: c.Identifier + "." + r.Format, Inline: r.Format != "ofd", MediaType: media, Data: out, ETag: etag(c, r.Format)}, err
}

// etag is the document's own: every export has another number.
func etag(c *Certificate, format string) string {
	if format != "ofd" {
		return ""
	}
	return c.Document + format
}

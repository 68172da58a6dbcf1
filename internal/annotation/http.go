package annotation

import (
	"cmp"
	"context"

	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts the interface of annotated copies.
func (s *Service) Routes(r *httpx.Router) {
	const of, base = "/api/v1/certificates/{id}/annotations", "/api/v1/annotations"
	annotate, see := iam.Needs("cert.annotate"), iam.Needs(needs...)
	doc := func(summary string) httpx.Option { return httpx.Doc("加注件", summary) }
	httpx.Handle(r, "POST "+of, annotate, s.Make, doc("制作加注件：注明用途、接收方、事项和期限，另行编号、用印，附原件"), httpx.Status(201))
	httpx.Handle(r, "GET "+of, iam.Needs("cert.read"), s.listOf, doc("一份证照的加注件"))
	httpx.Handle(r, "POST "+base+"/find", see, s.findFor, doc("按接收方查询加注件；条件不出现在地址中"), httpx.NoIdempotency())
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getCopy, doc("加注件记录"))
	s.ownRoutes(r)
	httpx.Handle(r, "GET "+base+"/{id}/file", annotate, s.getFile, doc("加注件文件；到期或原件不再有效的不提供"), httpx.Media("application/ofd"))
}

// ownRoutes mounts what holders do with copies of their own certificates.
func (s *Service) ownRoutes(r *httpx.Router) {
	const of, base = "/api/v1/own-certificates", "/api/v1/own-annotations"
	holder := iam.Needs("cert.read.own")
	doc := func(summary string) httpx.Option { return httpx.Doc("本人的加注件", summary) }
	httpx.Handle(r, "GET "+of, holder, s.ownCertificates, doc("本人的证照，可以为其制作加注件"))
	httpx.Handle(r, "POST "+of+"/{id}/annotations", holder, s.MakeOwn, doc("为本人的证照制作加注件：写明用途、接收方和期限"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, holder, s.listOwn, doc("本人制作的加注件"))
	httpx.Handle(r, "GET "+base+"/{id}", holder, s.getOwn, doc("本人制作的一份加注件"))
	httpx.Handle(r, "GET "+base+"/{id}/file", holder, s.getOwnFile, doc("加注件文件；到期、撤回或原件不再有效的不提供"), httpx.Media("application/ofd"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", holder, s.postEnd, doc("撤回加注件：核验时显示已撤回"))
}

type certificateList struct {
	Items []*cert.Certificate `json:"items"`
}

func (s *Service) ownCertificates(ctx context.Context, _ struct{}) (certificateList, error) {
	list, err := s.Cert.Own(ctx)
	return certificateList{append([]*cert.Certificate{}, list...)}, err
}

type pageRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listOwn(ctx context.Context, q pageRequest) (*Page, error) {
	return s.Own(ctx, q.Limit, q.Cursor)
}

func (s *Service) getOwn(ctx context.Context, q idRequest) (*Copy, error) { return s.GetOwn(ctx, q.ID) }

func (s *Service) postEnd(ctx context.Context, q idRequest) (*Copy, error) {
	return s.EndOwn(ctx, q.ID)
}

func (s *Service) getOwnFile(ctx context.Context, q idRequest) (httpx.File, error) {
	data, c, err := s.ReadOwn(ctx, q.ID)
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: c.Number + ".ofd", MediaType: "application/ofd", Data: data}, nil
}

type listRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listOf(ctx context.Context, q listRequest) (*Page, error) {
	return s.Of(ctx, q.ID, q.Limit, q.Cursor)
}

// findRequest asks for a recipient, whose name stands in no address.
type findRequest struct {
	Recipient string `json:"recipient" minLength:"1" maxLength:"400" doc:"接收方的完整名称"`
	Limit     int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"20"`
	Cursor    string `json:"cursor,omitempty" maxLength:"200"`
}

func (s *Service) findFor(ctx context.Context, q findRequest) (*Page, error) {
	return s.For(ctx, q.Recipient, cmp.Or(q.Limit, 20), q.Cursor)
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getCopy(ctx context.Context, q idRequest) (*Copy, error) { return s.Get(ctx, q.ID) }

type fileRequest struct {
	ID      string `path:"id" maxLength:"64"`
	Purpose string `query:"purpose" maxLength:"64" doc:"用途代码；其他单位的工作人员必填"`
	Reason  string `query:"reason" maxLength:"200" doc:"事由；不要写个人信息"`
}

func (s *Service) getFile(ctx context.Context, q fileRequest) (httpx.File, error) {
	data, c, err := s.Read(ctx, q.ID, cert.Reading{Purpose: q.Purpose, Reason: q.Reason})
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: c.Number + ".ofd", MediaType: "application/ofd", Data: data}, nil
}

package pki

import (
	"context"
	"time"

	"sidian/internal/httpx"
)

// maxStampRequest bounds a time stamp request: a digest, a nonce and a policy
// need about a hundred octets.
const maxStampRequest = 4 << 10

// Routes mounts what a stranger needs to verify, and the time stamp service.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "信任"
	httpx.Handle(r, "GET /pki/roots.pem", httpx.Public(), s.getRoots, httpx.Doc(tag, "内置签发机构的证书"), httpx.Media("application/x-pem-file"))
	httpx.Handle(r, "GET /pki/crl/{ca}", httpx.Public(), s.getList, httpx.Doc(tag, "数字证书吊销列表"), httpx.Media("application/pkix-crl"))
	httpx.Handle(r, "POST /tsa", httpx.Public(), s.postStamp, httpx.Doc(tag, "时间戳（RFC 3161）"), httpx.Media("application/timestamp-reply"),
		httpx.MaxBody(maxStampRequest), httpx.Costly(), httpx.NoIdempotency())
	s.registerRoutes(r)
	s.requestRoutes(r)
	s.issuerRoutes(r)
}

func (s *Service) getRoots(ctx context.Context, _ struct{}) (httpx.File, error) {
	b, err := s.Roots(ctx)
	return httpx.File{Name: "roots.pem", MediaType: "application/x-pem-file", Data: b, MaxAge: time.Hour, Public: true}, err
}

type listRequest struct {
	CA string `path:"ca" doc:"root 或 issuing"`
}

func (s *Service) getList(ctx context.Context, r listRequest) (httpx.File, error) {
	b, err := s.List(ctx, r.CA)
	return httpx.File{Name: r.CA + ".crl", MediaType: "application/pkix-crl", Data: b, MaxAge: time.Minute, Public: true}, err
}

type stampRequest struct {
	RawBody []byte `contentType:"application/timestamp-query"`
}

func (s *Service) postStamp(ctx context.Context, r stampRequest) (httpx.File, error) {
	b, err := s.Respond(ctx, r.RawBody)
	return httpx.File{MediaType: "application/timestamp-reply", Data: b}, err
}

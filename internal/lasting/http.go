package lasting

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts the proof of a certificate.
func (s *Service) Routes(r *httpx.Router) {
	const base, tag = "/api/v1/certificates/{id}", "电子证照"
	read := httpx.Needs(permRead)
	httpx.Handle(r, "GET "+base+"/proof", read, s.getProof, httpx.Doc(tag, "长期证明：归档时间戳及其验证结论"))
	httpx.Handle(r, "GET "+base+"/proof.der", read, s.getRecord, httpx.Doc(tag, "长期证明记录（RFC 4998 EvidenceRecord）"), httpx.Media(media))
}

const media = "application/octet-stream"

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getProof(ctx context.Context, r idRequest) (*Proof, error) {
	return s.Proof(ctx, r.ID)
}

func (s *Service) getRecord(ctx context.Context, r idRequest) (httpx.File, error) {
	b, err := s.DER(ctx, r.ID)
	return httpx.File{Name: r.ID + ".ers", MediaType: media, Data: b}, err
}

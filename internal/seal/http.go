package seal

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts what may be asked about seals. Making and using them is other
// contexts' business in this slice.
func (s *Service) Routes(r *httpx.Router) {
	httpx.Handle(r, "GET /api/v1/seals", httpx.Needs("seal.read"), s.listSeals, httpx.Doc("电子印章", "查询印章"))
	httpx.Handle(r, "GET /api/v1/seals/{id}", httpx.Needs("seal.read"), s.getSeal, httpx.Doc("电子印章", "印章记录"))
}

type listRequest struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

// A SealList is the seals that the caller may see, newest first.
type SealList struct {
	Items []*Seal `json:"items"`
}

func (s *Service) listSeals(ctx context.Context, r listRequest) (SealList, error) {
	x, err := s.List(ctx, iam.Orgs(ctx, "seal.read"), r.Limit)
	for _, seal := range x {
		seal.State = seal.At(s.DB.Now())
	}
	return SealList{Items: x}, err
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getSeal(ctx context.Context, r idRequest) (*Seal, error) {
	x, err := s.Get(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, iam.Allow(ctx, "seal.read", x.Org)
}

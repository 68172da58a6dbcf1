package seal

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts what may be asked about seals. Making and using them is other
// contexts' business in this slice.
func (s *Service) Routes(r *httpx.Router) {
	httpx.Handle(r, "GET /api/v1/seals", httpx.Needs("seal.read"), s.listSeals, httpx.Doc("电子印章", "查询印章"))
	httpx.Handle(r, "GET /api/v1/seals/{id}", httpx.Needs("seal.read"), s.getSeal, httpx.Doc("电子印章", "印章记录"))
}

type listRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listSeals(ctx context.Context, r listRequest) (*Page, error) {
	return s.List(ctx, r.Limit, r.Cursor)
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getSeal(ctx context.Context, r idRequest) (*Seal, error) { return s.Get(ctx, r.ID) }

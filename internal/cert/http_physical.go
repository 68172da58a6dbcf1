package cert

import (
	"context"

	"sidian/internal/httpx"
)

// physicalRoutes mounts the interface of physical certificates.
func (s *Service) physicalRoutes(r *httpx.Router) {
	const tag = "实体证照"
	issue, read := httpx.Needs(permIssue), httpx.Needs("cert.read")
	httpx.Handle(r, "GET /api/v1/certificates/{id}/physicals", read, s.getPhysicals, httpx.Doc(tag, "证照的实体证照和打印状态"))
	httpx.Handle(r, "POST /api/v1/certificates/{id}/physicals", issue, s.Print, httpx.Doc(tag, "登记实体证照印刷号，排队打印"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/certificates/{id}/physicals/{physical}/actions/{action}", issue, s.MovePhysical, httpx.Doc(tag, "实体证照：已打印、已发放、作废、收回、确认"))
	httpx.Handle(r, "GET /api/v1/physical-drifts", read, s.getDrifts, httpx.Doc(tag, "实体证照与电子证照不一致的清单"))
}

type physicalList struct {
	Items []*Physical `json:"items"`
}

func (s *Service) getPhysicals(ctx context.Context, q idRequest) (physicalList, error) {
	list, err := s.Physicals(ctx, q.ID)
	return physicalList{append([]*Physical{}, list...)}, err
}

type driftRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getDrifts(ctx context.Context, q driftRequest) (*DriftPage, error) {
	return s.Drifts(ctx, q.Cursor, q.Limit)
}

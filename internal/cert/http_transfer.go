package cert

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// transferRoutes mounts the interface of transfers of issuing authority.
func (s *Service) transferRoutes(r *httpx.Router) {
	const tag = "颁证职责移交"
	either := iam.Needs(permIssue, permAgree)
	httpx.Handle(r, "GET /api/v1/certificate-transfers", either, s.getTransfers, httpx.Doc(tag, "颁证职责移交"))
	httpx.Handle(r, "GET /api/v1/certificate-transfers/{id}", either, s.getTransfer, httpx.Doc(tag, "一项移交；待同意的，告知会移交多少证照"))
	httpx.Handle(r, "POST /api/v1/certificate-transfers", either, s.ProposeTransfer, httpx.Doc(tag, "提出移交"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/certificate-transfers/{id}/decision", httpx.Needs(permAgree), s.postDecision, httpx.Doc(tag, "管理单位同意或不同意移交"))
	httpx.Handle(r, "POST /api/v1/certificate-transfers/{id}/withdrawal", either, s.postTransferBack, httpx.Doc(tag, "撤回移交"))
}

type transferList struct {
	Items []*Transfer `json:"items"`
}

func (s *Service) getTransfers(ctx context.Context, _ struct{}) (transferList, error) {
	list, err := s.Transfers(ctx)
	return transferList{list}, err
}

func (s *Service) getTransfer(ctx context.Context, q struct {
	ID string `path:"id" maxLength:"64"`
}) (*Transfer, error) {
	return s.TransferOf(ctx, q.ID)
}

type decisionRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Agree  bool   `json:"agree"`
	Reason string `json:"reason" minLength:"1" maxLength:"200"`
}

func (s *Service) postDecision(ctx context.Context, q decisionRequest) (*Transfer, error) {
	return s.DecideTransfer(ctx, q.ID, q.Agree, q.Reason)
}

func (s *Service) postTransferBack(ctx context.Context, q withdrawalRequest) (*Transfer, error) {
	return s.WithdrawTransfer(ctx, q.ID, q.Reason)
}

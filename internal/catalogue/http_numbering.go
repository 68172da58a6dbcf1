package catalogue

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// numberingRoutes mounts the number rules of units.
func (s *Service) numberingRoutes(r *httpx.Router) {
	const of, one = "/api/v1/kinds/{name}/numberings", "/api/v1/kind-numberings/{id}"
	see, manage, agree := iam.Needs(permRead, permManage, permAgree), iam.Needs(permManage), iam.Needs(permAgree)
	doc := func(summary string) httpx.Option { return httpx.Doc("目录", summary) }
	httpx.Handle(r, "GET "+of, see, s.getNumberings, doc("各单位为一个类型定的编号规则"))
	httpx.Handle(r, "POST "+of, manage, s.ProposeNumbering, doc("提出本单位的编号规则，只改编号，不改名称、照面和元数据"), httpx.Status(201))
	httpx.Handle(r, "GET "+one, see, s.getNumbering, doc("一个编号规则"))
	httpx.Handle(r, "POST "+one+"/agree", agree, s.postAgreeNumbering, doc("管理单位同意编号规则，即日起按它编号"))
	httpx.Handle(r, "POST "+one+"/return", agree, s.postReturnNumbering, doc("管理单位退回编号规则"))
	httpx.Handle(r, "POST "+one+"/withdraw", manage, s.postWithdrawNumbering, doc("撤回编号规则"))
}

type numberingsResponse struct {
	Items []Numbering `json:"items" doc:"新的在前"`
}

func (s *Service) getNumberings(ctx context.Context, r getRequest) (*numberingsResponse, error) {
	k, err := s.Get(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	list, err := s.Numberings(ctx, k.Name)
	return &numberingsResponse{list}, err
}

func (s *Service) getNumbering(ctx context.Context, r byIDRequest) (*Numbering, error) {
	return s.Numbering(ctx, r.ID)
}

type answerBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postAgreeNumbering(ctx context.Context, b answerBody) (*Numbering, error) {
	return s.AgreeNumbering(ctx, b.ID, b.Reason)
}

func (s *Service) postReturnNumbering(ctx context.Context, b answerBody) (*Numbering, error) {
	return s.ReturnNumbering(ctx, b.ID, b.Reason)
}

func (s *Service) postWithdrawNumbering(ctx context.Context, b answerBody) (*Numbering, error) {
	return s.WithdrawNumbering(ctx, b.ID, b.Reason)
}

package seal

import (
	"context"
	"time"

	"sidian/internal/httpx"
)

// maxMakeBody bounds a request for a seal: its imprint in base64.
const maxMakeBody = 256 << 10

// Routes mounts seals: their making, their states, and the standing policies
// under which programs and staff stamp.
func (s *Service) Routes(r *httpx.Router) {
	httpx.Handle(r, "GET /api/v1/seals", httpx.Needs("seal.read"), s.listSeals, httpx.Doc("电子印章", "查询印章"))
	httpx.Handle(r, "GET /api/v1/seals/{id}", httpx.Needs("seal.read"), s.getSeal, httpx.Doc("电子印章", "印章记录"))
	httpx.Handle(r, "POST /api/v1/seals", httpx.Needs("seal.manage"), s.postSeal, httpx.Doc("电子印章", "制作印章"), httpx.Status(201), httpx.MaxBody(maxMakeBody))
	httpx.Handle(r, "POST /api/v1/seals/{id}/state", httpx.Needs("seal.manage"), s.postState, httpx.Doc("电子印章", "冻结、恢复、注销印章"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/policies", httpx.Needs("seal.use"), s.postPolicy, httpx.Doc("电子印章", "批准常备用印授权"), httpx.Status(201))
	httpx.Handle(r, "DELETE /api/v1/seal-policies/{id}", httpx.Needs("seal.use"), s.deletePolicy, httpx.Doc("电子印章", "终止常备用印授权"))
}

type makeBody struct {
	Org     string `json:"org" minLength:"1" maxLength:"64" doc:"单位编号"`
	OrgName string `json:"org_name" minLength:"1" maxLength:"200" doc:"单位法定名称，须与登记的一致"`
	OrgCode string `json:"org_code" maxLength:"18" doc:"统一社会信用代码，须与登记的一致"`
	Kind    string `json:"kind" enum:"legal-name,internal,special,name,enterprise" doc:"法定名称章、内设机构章、业务专用章、电子名章、企业印章"`
	Name    string `json:"name" minLength:"1" maxLength:"200" doc:"印模上的名称：法定名称，专用章在其后加用途"`
	Imprint struct {
		PNG    []byte `json:"png" doc:"印模图像（PNG，base64），由申请单位提供"`
		Width  int    `json:"width" doc:"毫米"`
		Height int    `json:"height" doc:"毫米"`
	} `json:"imprint"`
}

func (s *Service) postSeal(ctx context.Context, b makeBody) (*Seal, error) {
	return s.Make(ctx, MakeRequest{
		Org: b.Org, OrgName: b.OrgName, OrgCode: b.OrgCode, Kind: b.Kind, Name: b.Name,
		Imprint: Imprint{PNG: b.Imprint.PNG, Width: b.Imprint.Width, Height: b.Imprint.Height},
	})
}

type stateBody struct {
	ID     string `path:"id" maxLength:"64"`
	State  string `json:"state" enum:"effective,frozen,cancelled" doc:"恢复、冻结、注销；注销不可恢复"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postState(ctx context.Context, b stateBody) (*Seal, error) {
	if err := s.SetState(ctx, b.ID, b.State, b.Reason); err != nil {
		return nil, err
	}
	return s.Get(ctx, b.ID)
}

type policyBody struct {
	ID      string    `path:"id" maxLength:"64"`
	App     string    `json:"app,omitempty" maxLength:"64" doc:"应用的 client_id；空：本平台工作人员签发时使用"`
	Purpose string    `json:"purpose" minLength:"1" maxLength:"64" doc:"证照种类；* 为全部"`
	Until   time.Time `json:"until" doc:"到期时间，不晚于印章有效期"`
	Reason  string    `json:"reason" minLength:"1" maxLength:"500" doc:"依据"`
}

func (s *Service) postPolicy(ctx context.Context, b policyBody) (*Policy, error) {
	return s.Grant(ctx, Policy{Seal: b.ID, App: b.App, Purpose: b.Purpose, Until: b.Until, Reason: b.Reason})
}

type endBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `query:"reason" minLength:"1" maxLength:"500" required:"true"`
}

func (s *Service) deletePolicy(ctx context.Context, b endBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndGrant(ctx, b.ID, b.Reason)
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

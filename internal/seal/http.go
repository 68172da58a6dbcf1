package seal

import (
	"context"
	"time"

	"sidian/internal/db"
	"sidian/internal/httpx"
)

// tag is the group of these routes in the API's document.
const tag = "电子印章"

// Routes mounts seals: their states, who keeps them, and the rules and standing
// policies under which they are used. Seals are made from applications.
func (s *Service) Routes(r *httpx.Router) {
	read, use := httpx.Needs("seal.read"), httpx.Needs("seal.use")
	keep := httpx.Needs("seal.use", "seal.manage")
	look := httpx.Needs("seal.read", "audit.read") // responsibility is looked into by who audits
	httpx.Handle(r, "GET /api/v1/seals", read, s.listSeals, httpx.Doc(tag, "查询印章"))
	httpx.Handle(r, "GET /api/v1/seals/{id}", look, s.getSeal, httpx.Doc(tag, "印章记录"))
	httpx.Handle(r, "GET /api/v1/seals/{id}/uses", look, s.getUses, httpx.Doc(tag, "用印记录：何人、何时、为何文件、经谁批准"))

	httpx.Handle(r, "POST /api/v1/seals/{id}/freeze", httpx.Needs("seal.freeze"), s.postFreeze, httpx.Doc(tag, "冻结印章"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/lost", httpx.Needs("seal.freeze"), s.postLost, httpx.Doc(tag, "报告印章密钥失控：冻结并吊销数字证书"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/thaw", httpx.Needs("seal.manage"), s.postThaw, httpx.Doc(tag, "恢复印章"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/cancel", httpx.Needs("seal.manage"), s.postCancel, httpx.Doc(tag, "注销印章；不可恢复"))

	httpx.Handle(r, "GET /api/v1/seals/{id}/handovers", look, s.getHandovers, httpx.Doc(tag, "保管移交记录"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/handovers", keep, s.postHandover, httpx.Doc(tag, "发起保管移交"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/seals/{id}/handovers/accept", use, s.postAccept, httpx.Doc(tag, "接收保管"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/handovers/decline", keep, s.postDecline, httpx.Doc(tag, "拒收或撤回保管移交"))

	httpx.Handle(r, "GET /api/v1/seals/{id}/rules", look, s.getRules, httpx.Doc(tag, "用印审批规则"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/rules", keep, s.postRule, httpx.Doc(tag, "增加用印审批规则"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/seal-rules/{id}/end", keep, s.postRuleEnd, httpx.Doc(tag, "终止用印审批规则"))
	httpx.Handle(r, "GET /api/v1/seals/{id}/policies", look, s.getPolicies, httpx.Doc(tag, "常备用印授权"))
	httpx.Handle(r, "POST /api/v1/seals/{id}/policies", use, s.postPolicy, httpx.Doc(tag, "批准常备用印授权"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/seal-policies/{id}/end", use, s.postPolicyEnd, httpx.Doc(tag, "终止常备用印授权"))
}

type listRequest struct {
	Org    string `query:"org" maxLength:"64" doc:"单位，含其下级"`
	State  string `query:"state" enum:"made,effective,frozen,cancelled,replaced,expired"`
	Kind   string `query:"kind" enum:"legal-name,internal,branch,special,name,enterprise,personal"`
	Text   string `query:"text" maxLength:"100" doc:"名称的开头，或印章编号、备案号"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listSeals(ctx context.Context, r listRequest) (*Page, error) {
	return s.Search(ctx, Query(r))
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getSeal(ctx context.Context, r idRequest) (*Seal, error) { return s.Get(ctx, r.ID) }

type usesRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getUses(ctx context.Context, r usesRequest) (*UsePage, error) {
	return s.Uses(ctx, r.ID, r.Limit, r.Cursor)
}

type reasonBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// changed answers a change of state with the seal as it is then.
func (s *Service) changed(ctx context.Context, b reasonBody, change func(context.Context, string, string) error) (*Seal, error) {
	if err := change(ctx, b.ID, b.Reason); err != nil {
		return nil, err
	}
	var x *Seal
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { x, err = byID(tx, b.ID); return err }); err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

func (s *Service) postFreeze(ctx context.Context, b reasonBody) (*Seal, error) {
	return s.changed(ctx, b, s.Freeze)
}

func (s *Service) postLost(ctx context.Context, b reasonBody) (*Seal, error) {
	return s.changed(ctx, b, s.Lost)
}

func (s *Service) postThaw(ctx context.Context, b reasonBody) (*Seal, error) {
	return s.changed(ctx, b, s.Thaw)
}

func (s *Service) postCancel(ctx context.Context, b reasonBody) (*Seal, error) {
	return s.changed(ctx, b, s.Cancel)
}

type handoverList struct {
	Items []Handover `json:"items"`
}

func (s *Service) getHandovers(ctx context.Context, r idRequest) (*handoverList, error) {
	found, err := s.Handovers(ctx, r.ID)
	return &handoverList{Items: append([]Handover{}, found...)}, err
}

type handoverBody struct {
	ID     string `path:"id" maxLength:"64"`
	To     string `json:"to" minLength:"1" maxLength:"64" doc:"接收人账号"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postHandover(ctx context.Context, b handoverBody) (*Handover, error) {
	return s.HandOver(ctx, b.ID, b.To, b.Reason)
}

func (s *Service) postAccept(ctx context.Context, r idRequest) (*Seal, error) {
	return s.Accept(ctx, r.ID)
}

func (s *Service) postDecline(ctx context.Context, b reasonBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.Decline(ctx, b.ID, b.Reason)
}

type ruleList struct {
	Items []Rule `json:"items"`
}

func (s *Service) getRules(ctx context.Context, r idRequest) (*ruleList, error) {
	found, err := s.Rules(ctx, r.ID)
	return &ruleList{Items: append([]Rule{}, found...)}, err
}

type ruleBody struct {
	ID      string    `path:"id" maxLength:"64"`
	Purpose string    `json:"purpose" minLength:"1" maxLength:"64" doc:"文件种类，如 公文、协议；* 为全部"`
	Asker   string    `json:"asker,omitempty" maxLength:"40" doc:"角色代码；空：本单位有申请用印权限的人；*：任何单位有申请用印权限的人"`
	Levels  []string  `json:"levels" minItems:"1" maxItems:"2" doc:"依次由谁批准：leader、custodian"`
	Max     int       `json:"max" minimum:"1" maximum:"100000" doc:"一次最多几件文件"`
	Until   time.Time `json:"until" doc:"到期时间，不晚于印章有效期"`
	Reason  string    `json:"reason" minLength:"1" maxLength:"500" doc:"依据"`
}

func (s *Service) postRule(ctx context.Context, b ruleBody) (*Rule, error) {
	return s.PutRule(ctx, Rule{Seal: b.ID, Purpose: b.Purpose, Asker: b.Asker, Levels: b.Levels, Max: b.Max, Until: b.Until, Reason: b.Reason})
}

type policyList struct {
	Items []Policy `json:"items"`
}

func (s *Service) getPolicies(ctx context.Context, r idRequest) (*policyList, error) {
	found, err := s.Policies(ctx, r.ID)
	return &policyList{Items: append([]Policy{}, found...)}, err
}

type policyBody struct {
	ID      string    `path:"id" maxLength:"64"`
	App     string    `json:"app,omitempty" maxLength:"64" doc:"应用的 client_id；空：本平台工作人员签发时使用"`
	Purpose string    `json:"purpose" minLength:"1" maxLength:"64" doc:"证照种类；* 为全部"`
	Until   time.Time `json:"until" doc:"到期时间，不晚于印章有效期"`
	Reason  string    `json:"reason" minLength:"1" maxLength:"500" doc:"依据"`
	Max     int64     `json:"max,omitempty" minimum:"0" maximum:"1000000" doc:"至多用印几次；0：不限"`
	Daily   int64     `json:"daily,omitempty" minimum:"0" maximum:"1000000" doc:"每日至多用印几次；0：不限"`
}

func (s *Service) postPolicy(ctx context.Context, b policyBody) (*Policy, error) {
	return s.Grant(ctx, Policy{Seal: b.ID, App: b.App, Purpose: b.Purpose, Until: b.Until, Reason: b.Reason, Max: b.Max, Daily: b.Daily})
}

// Reasons stand in the body: addresses land in the logs of every proxy.
func (s *Service) postPolicyEnd(ctx context.Context, b reasonBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndGrant(ctx, b.ID, b.Reason)
}

func (s *Service) postRuleEnd(ctx context.Context, b reasonBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndRule(ctx, b.ID, b.Reason)
}

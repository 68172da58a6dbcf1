package iam

import (
	"context"
	"net/http"

	"sidian/internal/httpx"
)

// Routes mounts what belongs to this context.
func (s *Service) Routes(r *httpx.Router) {
	const auth = "登录与令牌"
	httpx.HandleHTTP(r, "POST /oauth/token", httpx.Public(), s.serveToken, httpx.MaxBody(16<<10), httpx.NoIdempotency(), httpx.Media("application/json"), httpx.Doc(auth, "应用换取访问令牌（RFC 6749 §4.4）"))
	httpx.Handle(r, "GET /api/v1/me", httpx.SignedIn(), s.getMe, httpx.Doc(auth, "当前用户或应用"))

	s.orgRoutes(r)
	s.peopleRoutes(r)
	s.grantRoutes(r)
	s.clientRoutes(r)
}

const tagAdmin, tagAccess = "机构与账号", "授权与策略"

func (s *Service) orgRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagAdmin, summary) }
	httpx.Handle(r, "GET /api/v1/orgs", Needs("org.read", "org.manage"), s.listOrgs, doc("组织机构：下级，或按名称查找"))
	httpx.Handle(r, "POST /api/v1/orgs", Needs("org.manage"), s.CreateOrg, httpx.Status(http.StatusCreated), doc("新增单位"))
	httpx.Handle(r, "PATCH /api/v1/orgs/{id}", Needs("org.manage"), s.editOrg, doc("修改单位，曾用名留存"))
	httpx.Handle(r, "POST /api/v1/orgs/{id}/close", Needs("org.manage"), s.closeOrg, doc("停用单位"))
	httpx.Handle(r, "GET /api/v1/orgs/{id}/names", Needs("org.read", "org.manage"), s.listFormerNames, doc("单位曾用名"))
	httpx.Handle(r, "GET /api/v1/orgs/{id}/posts", Needs("org.read", "org.manage"), s.listPosts, doc("单位的联系人、印章保管人、审核人"))
	httpx.Handle(r, "POST /api/v1/orgs/{id}/posts", Needs("org.manage"), s.Appoint, httpx.Status(http.StatusCreated), doc("任命"))
	httpx.Handle(r, "POST /api/v1/orgs/{id}/posts/{post}/end", Needs("org.manage"), s.dismiss, doc("免去"))
	httpx.Handle(r, "GET /api/v1/units-without/{post}", Needs("org.read", "org.manage"), s.listWithout, doc("尚未明确联系人、印章保管人或审核人的单位"))
}

func (s *Service) peopleRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagAdmin, summary) }
	httpx.Handle(r, "GET /api/v1/accounts", Needs("account.manage", "account.lock"), s.listAccounts, doc("账号"))
	httpx.Handle(r, "POST /api/v1/accounts", Needs("account.manage"), s.CreateAccount, httpx.Status(http.StatusCreated), doc("开设账号"))
	httpx.Handle(r, "POST /api/v1/accounts/find", Needs("account.manage", "account.lock"), s.findAccounts, httpx.NoIdempotency(), doc("按姓名、手机号码或公民身份号码查找账号；条件不出现在地址中"))
	httpx.Handle(r, "PATCH /api/v1/accounts/{id}", Needs("account.manage"), s.editAccount, doc("修改账号"))
	httpx.Handle(r, "POST /api/v1/accounts/{id}/move", Needs("account.manage"), s.moveAccount, doc("调动"))
	httpx.Handle(r, "POST /api/v1/accounts/{id}/close", Needs("account.manage", "account.lock"), s.closeAccount, doc("停用账号"))
	httpx.Handle(r, "GET /api/v1/accounts/{id}/holdings", httpx.SignedIn(), s.listHoldings, doc("离岗须移交的事项"))
	httpx.Handle(r, "POST /api/v1/accounts/{id}/handover", Needs("account.manage"), s.handOverHTTP, doc("移交给接手人"))
}

func (s *Service) grantRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagAccess, summary) }
	httpx.Handle(r, "GET /api/v1/grants", Needs("grant.read"), s.listGrants, doc("角色授权"))
	httpx.Handle(r, "GET /api/v1/grants/{id}", Needs("grant.read"), s.getGrant, doc("一项角色授权"))
	httpx.Handle(r, "POST /api/v1/grants", Needs("grant.propose"), s.ProposeGrant, httpx.Status(http.StatusCreated), doc("提出角色授权"))
	httpx.Handle(r, "POST /api/v1/grants/{id}/actions/{action}", Needs("grant.approve"), s.actGrant, doc("批准、不批准或撤销角色授权"))
	httpx.Handle(r, "GET /api/v1/policies", Needs("policy.read"), s.listPolicies, doc("授权策略的版本"))
	httpx.Handle(r, "GET /api/v1/policies/{version}", Needs("policy.read"), s.getPolicy, doc("一个版本的授权策略；0 为现行"))
	httpx.Handle(r, "POST /api/v1/policies", Needs("policy.propose"), s.ProposePolicy, httpx.Status(http.StatusCreated), doc("提出授权策略"))
	httpx.Handle(r, "POST /api/v1/policies/check", Needs("policy.read", "policy.propose"), s.CheckPolicy, httpx.NoIdempotency(), doc("检查一份授权策略，并与现行的比较"))
	httpx.Handle(r, "POST /api/v1/policies/{version}/actions/{action}", Needs("policy.approve"), s.actPolicy, doc("批准或不批准授权策略"))
	httpx.Handle(r, "POST /api/v1/explain", httpx.SignedIn(), s.Explain, httpx.NoIdempotency(), doc("为什么允许或拒绝"))
	httpx.Handle(r, "GET /api/v1/glasses", Needs("glass.review", "glass.open"), s.listGlasses, doc("应急查阅"))
	httpx.Handle(r, "POST /api/v1/glasses", Needs("glass.open"), s.OpenGlass, httpx.Status(http.StatusCreated), doc("发起应急查阅"))
	httpx.Handle(r, "POST /api/v1/glasses/{id}/close", Needs("glass.open", "glass.review"), s.closeGlass, doc("结束应急查阅"))
	httpx.Handle(r, "POST /api/v1/glasses/{id}/review", Needs("glass.review"), s.reviewGlass, doc("复核应急查阅"))
}

func (s *Service) clientRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tagAdmin, summary) }
	httpx.Handle(r, "GET /api/v1/clients", Needs("client.manage", "client.read"), s.listClients, doc("接入应用"))
	httpx.Handle(r, "POST /api/v1/clients", Needs("client.manage"), s.CreateClient, httpx.Status(http.StatusCreated), doc("登记接入应用"))
	httpx.Handle(r, "PATCH /api/v1/clients/{id}", Needs("client.manage"), s.editClient, doc("修改接入应用"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/close", Needs("client.manage"), s.closeClient, doc("停用接入应用"))
	httpx.Handle(r, "GET /api/v1/clients/{id}/secrets", Needs("client.manage", "client.read"), s.listSecrets, doc("应用的有效密钥"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/secrets", Needs("client.manage"), s.addSecret, httpx.Status(http.StatusCreated), doc("增加一个密钥，供不停机更换"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/secrets/{secret}/end", Needs("client.manage"), s.endSecret, doc("停用一个密钥"))
}

type none struct{}

type byID struct {
	ID string `path:"id"`
}

type withReason struct {
	ID     string `path:"id"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) getMe(ctx context.Context, _ none) (Me, error) { return s.Me(ctx) }

type orgsRequest struct {
	Parent string `query:"parent" maxLength:"64" doc:"上级单位；与 text 都不填则为所辖的最上级"`
	Text   string `query:"text" maxLength:"100" doc:"名称中的字"`
	Type   string `query:"type" maxLength:"20" doc:"单位类别"`
	Closed bool   `query:"closed" doc:"包括已停用的"`
	pageRequest
}

type pageRequest struct {
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

func (s *Service) listOrgs(ctx context.Context, r orgsRequest) (*OrgPage, error) {
	return s.OrgsPage(ctx, OrgQuery{Parent: r.Parent, Text: r.Text, Type: r.Type, Closed: r.Closed, Cursor: r.Cursor, Limit: r.Limit})
}

type orgEdit struct {
	ID string `path:"id"`
	OrgEdit
}

func (s *Service) editOrg(ctx context.Context, r orgEdit) (Org, error) {
	return s.EditOrg(ctx, r.ID, r.OrgEdit)
}

type formerList struct {
	Items []FormerName `json:"items"`
}

func (s *Service) listFormerNames(ctx context.Context, r byID) (formerList, error) {
	list, err := s.FormerNames(ctx, r.ID)
	return formerList{orEmpty(list)}, err
}

type postsRequest struct {
	ID   string `path:"id"`
	Past bool   `query:"past" doc:"包括历任"`
}

type postList struct {
	Items []Post `json:"items"`
}

func (s *Service) listPosts(ctx context.Context, r postsRequest) (postList, error) {
	list, err := s.Posts(ctx, r.ID, r.Past)
	return postList{orEmpty(list)}, err
}

type postEnd struct {
	ID     string `path:"id"`
	Post   string `path:"post" enum:"contact,custodian,reviewer"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) dismiss(ctx context.Context, r postEnd) (httpx.Empty, error) {
	return httpx.Empty{}, s.Dismiss(ctx, r.ID, r.Post, r.Reason)
}

type withoutRequest struct {
	Post string `path:"post" enum:"contact,custodian,reviewer"`
	pageRequest
}

func (s *Service) listWithout(ctx context.Context, r withoutRequest) (*OrgPage, error) {
	return s.UnitsWithout(ctx, r.Post, r.Cursor, r.Limit)
}

func (s *Service) closeOrg(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseOrg(ctx, r.ID, r.Reason)
}

type accountsRequest struct {
	Org      string `query:"org" maxLength:"64"`
	Below    bool   `query:"below" doc:"包括下级单位"`
	Username string `query:"username" maxLength:"40" doc:"用户名的开头"`
	Kind     Kind   `query:"kind" enum:"staff,holder"`
	Closed   bool   `query:"closed" doc:"包括已停用的"`
	pageRequest
}

func (s *Service) listAccounts(ctx context.Context, r accountsRequest) (*AccountPage, error) {
	return s.FindAccounts(ctx, AccountQuery{Org: r.Org, Below: r.Below, Username: r.Username, Kind: r.Kind, Closed: r.Closed, Cursor: r.Cursor, Limit: r.Limit})
}

// findRequest has what is personal in its body: addresses are written into logs.
type findRequest struct {
	Name    string `json:"name,omitempty" maxLength:"100" doc:"完整姓名"`
	Phone   string `json:"phone,omitempty" maxLength:"20" doc:"完整手机号码"`
	Citizen string `json:"citizen,omitempty" maxLength:"20" doc:"完整公民身份号码"`
	Closed  bool   `json:"closed,omitempty"`
	Cursor  string `json:"cursor,omitempty" maxLength:"200"`
	Limit   int    `json:"limit,omitempty" minimum:"0" maximum:"200"`
}

func (s *Service) findAccounts(ctx context.Context, r findRequest) (*AccountPage, error) {
	return s.FindAccounts(ctx, AccountQuery{Name: r.Name, Phone: r.Phone, Citizen: r.Citizen, Closed: r.Closed, Cursor: r.Cursor, Limit: r.Limit})
}

type accountEdit struct {
	ID string `path:"id"`
	AccountEdit
}

func (s *Service) editAccount(ctx context.Context, r accountEdit) (Account, error) {
	return s.EditAccount(ctx, r.ID, r.AccountEdit)
}

type accountMove struct {
	ID string `path:"id"`
	MoveRequest
}

func (s *Service) moveAccount(ctx context.Context, r accountMove) (Account, error) {
	return s.MoveAccount(ctx, r.ID, r.MoveRequest)
}

type holdingList struct {
	Items []Holding `json:"items"`
}

func (s *Service) listHoldings(ctx context.Context, r byID) (holdingList, error) {
	list, err := s.Holdings(ctx, r.ID)
	return holdingList{orEmpty(list)}, err
}

type handedList struct {
	Items []Handed `json:"items"`
}

func (s *Service) handOverHTTP(ctx context.Context, r HandOverRequest) (handedList, error) {
	list, err := s.HandOver(ctx, r)
	return handedList{orEmpty(list)}, err
}

func (s *Service) closeAccount(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseAccount(ctx, r.ID, r.Reason)
}

type grantsRequest struct {
	State   string `query:"state" enum:"proposed,effective,refused,revoked"`
	Account string `query:"account" maxLength:"64"`
	Org     string `query:"org" maxLength:"64"`
	Role    string `query:"role" maxLength:"40"`
	pageRequest
}

func (s *Service) listGrants(ctx context.Context, r grantsRequest) (*GrantPage, error) {
	return s.GrantsPage(ctx, GrantQuery{State: r.State, Account: r.Account, Org: r.Org, Role: r.Role, Cursor: r.Cursor, Limit: r.Limit})
}

func (s *Service) getGrant(ctx context.Context, r byID) (GrantItem, error) { return s.Grant(ctx, r.ID) }

func (s *Service) listPolicies(ctx context.Context, r pageRequest) (*PolicyPage, error) {
	return s.Policies(ctx, r.Cursor, r.Limit)
}

type byVersion struct {
	Version int `path:"version" minimum:"0" maximum:"1000000"`
}

func (s *Service) getPolicy(ctx context.Context, r byVersion) (Policy, error) {
	return s.Policy(ctx, r.Version)
}

type policyAction struct {
	Version int    `path:"version" minimum:"1" maximum:"1000000"`
	Action  string `path:"action" enum:"approve,refuse"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) actPolicy(ctx context.Context, r policyAction) (httpx.Empty, error) {
	return httpx.Empty{}, s.DecidePolicy(ctx, r.Version, r.Action == "approve", r.Reason)
}

type glassesRequest struct {
	Waiting bool `query:"waiting" doc:"只列尚未复核的"`
	pageRequest
}

func (s *Service) listGlasses(ctx context.Context, r glassesRequest) (*GlassPage, error) {
	return s.Glasses(ctx, r.Waiting, r.Cursor, r.Limit)
}

func (s *Service) closeGlass(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseGlass(ctx, r.ID)
}

type glassReview struct {
	ID      string `path:"id"`
	Verdict string `json:"verdict" enum:"proper,improper"`
	Note    string `json:"note" minLength:"1" maxLength:"500" doc:"复核意见"`
}

func (s *Service) reviewGlass(ctx context.Context, r glassReview) (httpx.Empty, error) {
	return httpx.Empty{}, s.ReviewGlass(ctx, r.ID, r.Verdict, r.Note)
}

type grantAction struct {
	ID     string `path:"id"`
	Action string `path:"action" enum:"approve,refuse,revoke"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) actGrant(ctx context.Context, r grantAction) (httpx.Empty, error) {
	if r.Action == "revoke" {
		return httpx.Empty{}, s.RevokeGrant(ctx, r.ID, r.Reason)
	}
	return httpx.Empty{}, s.DecideGrant(ctx, r.ID, r.Action == "approve", r.Reason)
}

type clientsRequest struct {
	Org    string `query:"org" maxLength:"64"`
	Text   string `query:"text" maxLength:"100" doc:"名称中的字"`
	Closed bool   `query:"closed" doc:"包括已停用的"`
	pageRequest
}

func (s *Service) listClients(ctx context.Context, r clientsRequest) (*ClientPage, error) {
	return s.ClientsPage(ctx, ClientQuery{Org: r.Org, Text: r.Text, Closed: r.Closed, Cursor: r.Cursor, Limit: r.Limit})
}

type clientEdit struct {
	ID string `path:"id"`
	ClientEdit
}

func (s *Service) editClient(ctx context.Context, r clientEdit) (Client, error) {
	return s.EditClient(ctx, r.ID, r.ClientEdit)
}

func (s *Service) closeClient(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseClient(ctx, r.ID, r.Reason)
}

type secretList struct {
	Items []Secret `json:"items"`
}

func (s *Service) listSecrets(ctx context.Context, r byID) (secretList, error) {
	list, err := s.Secrets(ctx, r.ID)
	return secretList{orEmpty(list)}, err
}

type newSecret struct {
	ID     string `json:"id"`
	Secret string `json:"client_secret" doc:"只返回一次"`
}

func (s *Service) addSecret(ctx context.Context, r byID) (newSecret, error) {
	id, secret, err := s.AddSecret(ctx, r.ID)
	return newSecret{id, secret}, err
}

type secretEnd struct {
	ID     string `path:"id"`
	Secret string `path:"secret"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) endSecret(ctx context.Context, r secretEnd) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndSecret(ctx, r.ID, r.Secret, r.Reason)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

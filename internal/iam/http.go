package iam

import (
	"context"
	"net/http"

	"sidian/internal/httpx"
)

// Routes mounts what belongs to this context.
func (s *Service) Routes(r *httpx.Router) {
	const auth, admin = "登录与令牌", "机构与账号"
	httpx.HandleHTTP(r, "POST /oauth/token", httpx.Public(), s.serveToken, httpx.MaxBody(16<<10), httpx.NoIdempotency(), httpx.Media("application/json"), httpx.Doc(auth, "应用换取访问令牌（RFC 6749 §4.4）"))
	httpx.Handle(r, "GET /api/v1/me", httpx.SignedIn(), s.getMe, httpx.Doc(auth, "当前用户或应用"))

	httpx.Handle(r, "GET /api/v1/orgs", Needs("org.read", "org.manage"), s.listOrgs, httpx.Doc(admin, "组织机构"))
	httpx.Handle(r, "POST /api/v1/orgs", Needs("org.manage"), s.CreateOrg, httpx.Status(http.StatusCreated), httpx.Doc(admin, "新增单位"))
	httpx.Handle(r, "POST /api/v1/orgs/{id}/close", Needs("org.manage"), s.closeOrg, httpx.Doc(admin, "停用单位"))
	httpx.Handle(r, "GET /api/v1/accounts", Needs("account.manage", "account.lock"), s.listAccounts, httpx.Doc(admin, "单位的账号"))
	httpx.Handle(r, "POST /api/v1/accounts", Needs("account.manage"), s.CreateAccount, httpx.Status(http.StatusCreated), httpx.Doc(admin, "开设账号"))
	httpx.Handle(r, "POST /api/v1/accounts/{id}/close", Needs("account.manage", "account.lock"), s.closeAccount, httpx.Doc(admin, "停用账号"))
	httpx.Handle(r, "GET /api/v1/grants", Needs("grant.read"), s.listGrants, httpx.Doc(admin, "角色授权"))
	httpx.Handle(r, "POST /api/v1/grants", Needs("grant.propose"), s.ProposeGrant, httpx.Status(http.StatusCreated), httpx.Doc(admin, "提出角色授权"))
	httpx.Handle(r, "POST /api/v1/grants/{id}/actions/{action}", Needs("grant.approve"), s.actGrant, httpx.Doc(admin, "批准、不批准或撤销角色授权"))
	httpx.Handle(r, "GET /api/v1/clients", Needs("client.manage"), s.listClients, httpx.Doc(admin, "接入应用"))
	httpx.Handle(r, "POST /api/v1/clients", Needs("client.manage"), s.CreateClient, httpx.Status(http.StatusCreated), httpx.Doc(admin, "登记接入应用"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/close", Needs("client.manage"), s.closeClient, httpx.Doc(admin, "停用接入应用"))
	httpx.Handle(r, "GET /api/v1/clients/{id}/secrets", Needs("client.manage"), s.listSecrets, httpx.Doc(admin, "应用的有效密钥"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/secrets", Needs("client.manage"), s.addSecret, httpx.Status(http.StatusCreated), httpx.Doc(admin, "增加一个密钥，供不停机更换"))
	httpx.Handle(r, "POST /api/v1/clients/{id}/secrets/{secret}/end", Needs("client.manage"), s.endSecret, httpx.Doc(admin, "停用一个密钥"))
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

type orgList struct {
	Items []Org `json:"items"`
}

func (s *Service) listOrgs(ctx context.Context, _ none) (orgList, error) {
	list, err := s.Organisations(ctx)
	return orgList{orEmpty(list)}, err
}

func (s *Service) closeOrg(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseOrg(ctx, r.ID, r.Reason)
}

type accountsRequest struct {
	Org    string `query:"org" required:"true"`
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

type accountList struct {
	Items  []Account `json:"items"`
	Cursor string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

func (s *Service) listAccounts(ctx context.Context, r accountsRequest) (accountList, error) {
	list, err := s.Accounts(ctx, r.Org, r.Cursor, r.Limit)
	out := accountList{Items: orEmpty(list)}
	if len(list) == r.Limit {
		out.Cursor = list[len(list)-1].ID
	}
	return out, err
}

func (s *Service) closeAccount(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.CloseAccount(ctx, r.ID, r.Reason)
}

type grantsRequest struct {
	State string `query:"state" default:"proposed" enum:"proposed,effective,refused,revoked"`
}

type grantList struct {
	Items []Grant `json:"items"`
}

func (s *Service) listGrants(ctx context.Context, r grantsRequest) (grantList, error) {
	list, err := s.Grants(ctx, r.State)
	return grantList{orEmpty(list)}, err
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

type clientList struct {
	Items []Client `json:"items"`
}

func (s *Service) listClients(ctx context.Context, _ none) (clientList, error) {
	list, err := s.Clients(ctx)
	return clientList{orEmpty(list)}, err
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

package auth

import (
	"context"
	"encoding/json"
	"net/http"

	"sidian/internal/httpx"
)

const tagStep = "登录与令牌"

// stepRoutes are for sign-ins under way, which are strangers to every other
// route.
func (s *Service) stepRoutes(r *httpx.Router) {
	public, once := httpx.Public(), httpx.NoIdempotency()
	httpx.Handle(r, "GET /login/session", public, s.getPending, httpx.Doc(tagStep, "登录还差的一步"))
	httpx.Handle(r, "POST /login/session/totp", public, s.postTOTP, once, httpx.Doc(tagStep, "第二因素：一次性口令"))
	httpx.Handle(r, "POST /login/session/passkey/options", public, s.beginPasskey, once, httpx.Doc(tagStep, "第二因素：通行密钥的参数"))
	httpx.Handle(r, "POST /login/session/passkey", public, s.postPasskey, once, httpx.Doc(tagStep, "第二因素：通行密钥"))
	httpx.Handle(r, "POST /login/session/certificate/challenge", public, s.beginCertificate, once, httpx.Doc(tagStep, "第二因素：数字证书待签的文本"))
	httpx.Handle(r, "POST /login/session/certificate", public, s.postCertificate, once, httpx.Doc(tagStep, "第二因素：数字证书"))
	httpx.Handle(r, "POST /login/session/password", public, s.postPassword, httpx.Costly(), once, httpx.Doc(tagStep, "密码过期时更换"))
	s.enrolRoutes(r, "/login/session/factors", public)
}

// factorRoutes are for who is signed in.
func (s *Service) factorRoutes(r *httpx.Router) {
	signedIn, once := httpx.SignedIn(), httpx.NoIdempotency()
	httpx.Handle(r, "POST /api/v1/me/confirm", signedIn, s.postConfirm, httpx.Costly(), once, httpx.Doc(tagStep, "再次证明是本人"))
	httpx.Handle(r, "GET /api/v1/me/factors", signedIn, s.getFactors, httpx.Doc(tagStep, "本人的第二因素"))
	httpx.Handle(r, "DELETE /api/v1/me/factors/{id}", signedIn, s.deleteFactor, once, httpx.Doc(tagStep, "移除本人的一个第二因素"))
	s.enrolRoutes(r, "/api/v1/me/factors", signedIn)
	httpx.Handle(r, "GET /api/v1/me/links", signedIn, s.getLinks, httpx.Doc(tagStep, "本人绑定的身份"))
	httpx.Handle(r, "DELETE /api/v1/me/links/{id}", signedIn, s.deleteLink, once, httpx.Doc(tagStep, "解除本人绑定的一个身份"))
}

// enrolRoutes are the same for both: a sign-in under way may have to enrol.
func (s *Service) enrolRoutes(r *httpx.Router, prefix string, need httpx.Need) {
	once := httpx.NoIdempotency()
	httpx.Handle(r, "POST "+prefix+"/totp/secret", need, s.beginTOTP, once, httpx.Doc(tagStep, "一次性口令的新密钥"))
	httpx.Handle(r, "POST "+prefix+"/totp", need, s.enrolTOTP, once, httpx.Doc(tagStep, "登记一次性口令"))
	httpx.Handle(r, "POST "+prefix+"/passkey/options", need, s.beginEnrolPasskey, once, httpx.Doc(tagStep, "登记通行密钥的参数"))
	httpx.Handle(r, "POST "+prefix+"/passkey", need, s.enrolPasskey, once, httpx.Doc(tagStep, "登记通行密钥"))
	httpx.Handle(r, "POST "+prefix+"/certificate/challenge", need, s.beginEnrolCertificate, once, httpx.Doc(tagStep, "登记数字证书时待签的文本"))
	httpx.Handle(r, "POST "+prefix+"/certificate", need, s.enrolCertificate, once, httpx.Doc(tagStep, "登记数字证书"))
}

// otherRoutes are for administrators.
func (s *Service) otherRoutes(r *httpx.Router) {
	const admin = "机构与账号"
	httpx.Handle(r, "POST /api/v1/accounts/{id}/links", httpx.Needs("account.manage", "account.lock"), s.postInvite,
		httpx.Status(http.StatusCreated), httpx.NoIdempotency(), httpx.Doc(admin, "开一次性链接：首次登录、重设密码、恢复"))
	httpx.Handle(r, "GET /api/v1/sessions/others", httpx.Needs("session.end"), s.getOthers, httpx.Doc(admin, "他人的会话，脱敏"))
	httpx.Handle(r, "POST /api/v1/sessions/{id}/end", httpx.Needs("session.end"), s.postEnd, httpx.Doc(admin, "结束他人的会话"))
}

func (s *Service) getPending(ctx context.Context, _ none) (Pending, error) {
	p, ok := PendingFrom(ctx)
	if !ok {
		return Pending{}, errPending()
	}
	return p, nil
}

type codeRequest struct {
	Code string `json:"code" maxLength:"8" doc:"一次性口令"`
}

func (s *Service) postTOTP(ctx context.Context, r codeRequest) (SignedIn, error) {
	return s.ProveTOTP(ctx, r.Code)
}

// ceremonyOptions are what a browser is given.
type ceremonyOptions struct {
	Options json.RawMessage `json:"options" doc:"供 navigator.credentials 使用"`
}

func (s *Service) beginPasskey(ctx context.Context, _ none) (ceremonyOptions, error) {
	o, err := s.BeginPasskey(ctx)
	return ceremonyOptions{o}, err
}

type passkeyRequest struct {
	Name     string          `json:"name,omitempty" maxLength:"40" doc:"登记时本人起的名称"`
	Response json.RawMessage `json:"response" doc:"浏览器的应答"`
}

func (s *Service) postPasskey(ctx context.Context, r passkeyRequest) (SignedIn, error) {
	return s.ProvePasskey(ctx, r.Response)
}

type challengeAnswer struct {
	Challenge string `json:"challenge" doc:"待签的文本"`
}

func (s *Service) beginCertificate(ctx context.Context, _ none) (challengeAnswer, error) {
	c, err := s.BeginCertificate(ctx)
	return challengeAnswer{c}, err
}

type certificateRequest struct {
	Name   string `json:"name,omitempty" maxLength:"40" doc:"登记时本人起的名称"`
	Answer string `json:"answer" maxLength:"90000" doc:"GB/T 35275 签名数据，base64 或 PEM"`
}

func (s *Service) postCertificate(ctx context.Context, r certificateRequest) (SignedIn, error) {
	return s.ProveCertificate(ctx, []byte(r.Answer))
}

type nextRequest struct {
	Next string `json:"next" maxLength:"512" doc:"新密码"`
}

func (s *Service) postPassword(ctx context.Context, r nextRequest) (SignedIn, error) {
	return s.ReplacePassword(ctx, r.Next)
}

func (s *Service) beginTOTP(ctx context.Context, _ none) (TOTPSecret, error) {
	return s.BeginTOTP(ctx)
}

func (s *Service) enrolTOTP(ctx context.Context, r codeRequest) (SignedIn, error) {
	return s.EnrolTOTP(ctx, r.Code)
}

func (s *Service) beginEnrolPasskey(ctx context.Context, _ none) (ceremonyOptions, error) {
	o, err := s.BeginEnrolPasskey(ctx)
	return ceremonyOptions{o}, err
}

func (s *Service) enrolPasskey(ctx context.Context, r passkeyRequest) (SignedIn, error) {
	return s.EnrolPasskey(ctx, r.Name, r.Response)
}

func (s *Service) beginEnrolCertificate(ctx context.Context, _ none) (challengeAnswer, error) {
	c, err := s.BeginEnrolCertificate(ctx)
	return challengeAnswer{c}, err
}

func (s *Service) enrolCertificate(ctx context.Context, r certificateRequest) (SignedIn, error) {
	return s.EnrolCertificate(ctx, r.Name, []byte(r.Answer))
}

type confirmRequest struct {
	Password string `json:"password" maxLength:"512"`
}

func (s *Service) postConfirm(ctx context.Context, r confirmRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.Confirm(ctx, r.Password)
}

type factorList struct {
	Items []Factor `json:"items"`
}

func (s *Service) getFactors(ctx context.Context, _ none) (factorList, error) {
	list, err := s.Factors(ctx)
	return factorList{orEmpty(list)}, err
}

func (s *Service) deleteFactor(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.RemoveFactor(ctx, r.ID)
}

type linkList struct {
	Items []Link `json:"items"`
}

func (s *Service) getLinks(ctx context.Context, _ none) (linkList, error) {
	list, err := s.Links(ctx)
	return linkList{orEmpty(list)}, err
}

func (s *Service) deleteLink(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.Unlink(ctx, r.ID)
}

type inviteRequest struct {
	ID      string  `path:"id"`
	Purpose Purpose `json:"purpose" enum:"first,reset,recover" doc:"first 首次登录、reset 重设密码、recover 恢复"`
	Reason  string  `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

func (s *Service) postInvite(ctx context.Context, r inviteRequest) (Invitation, error) {
	return s.Invite(ctx, r.ID, r.Purpose, r.Reason)
}

type othersRequest struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

type otherList struct {
	Items  []OtherSession `json:"items"`
	Cursor string         `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

func (s *Service) getOthers(ctx context.Context, r othersRequest) (otherList, error) {
	list, next, err := s.OtherSessions(ctx, r.Cursor, r.Limit)
	return otherList{orEmpty(list), next}, err
}

func (s *Service) postEnd(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndOther(ctx, r.ID, r.Reason)
}

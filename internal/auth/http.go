package auth

import (
	"context"
	"net/http"

	"sidian/internal/httpx"
)

// Routes mounts what belongs to this context.
func (s *Service) Routes(r *httpx.Router) {
	const auth, admin = "登录与令牌", "机构与账号"
	httpx.Handle(r, "POST /login/session", httpx.Public(), s.SignIn, httpx.Costly(), httpx.NoIdempotency(), httpx.Doc(auth, "登录"))
	httpx.Handle(r, "DELETE /api/v1/session", httpx.SignedIn(), s.signOut, httpx.NoIdempotency(), httpx.Doc(auth, "退出登录"))
	httpx.Handle(r, "GET /api/v1/sessions", httpx.SignedIn(), s.listSessions, httpx.Doc(auth, "本人的会话"))
	httpx.Handle(r, "DELETE /api/v1/sessions", httpx.SignedIn(), s.signOutAll, httpx.NoIdempotency(), httpx.Doc(auth, "在所有设备上退出登录"))
	httpx.Handle(r, "DELETE /api/v1/sessions/{id}", httpx.SignedIn(), s.endSession, httpx.NoIdempotency(), httpx.Doc(auth, "结束本人的一个会话"))
	httpx.Handle(r, "PUT /api/v1/me/password", httpx.SignedIn(), s.changePassword, httpx.Costly(), httpx.NoIdempotency(), httpx.Doc(auth, "修改本人密码"))

	httpx.Handle(r, "POST /api/v1/accounts/{id}/unlock", httpx.Needs("account.lock"), s.unlock, httpx.Doc(admin, "解除登录锁定"))
	s.stepRoutes(r)
	s.factorRoutes(r)
	s.otherRoutes(r)
}

type none struct{}

type byID struct {
	ID string `path:"id"`
}

type withReason struct {
	ID     string `path:"id"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

// signedOut makes the browser forget its session.
type signedOut struct {
	Done   bool `json:"done"`
	secure bool
}

func (s signedOut) Cookies() []*http.Cookie { return []*http.Cookie{httpx.SessionCookie("", s.secure)} }

func (s *Service) signOut(ctx context.Context, _ none) (signedOut, error) {
	return signedOut{true, httpx.MetaFrom(ctx).Secure}, s.SignOut(ctx)
}

func (s *Service) signOutAll(ctx context.Context, _ none) (signedOut, error) {
	return signedOut{true, httpx.MetaFrom(ctx).Secure}, s.SignOutEverywhere(ctx)
}

func (s *Service) endSession(ctx context.Context, r byID) (httpx.Empty, error) {
	return httpx.Empty{}, s.EndSession(ctx, r.ID)
}

type sessionList struct {
	Items []Session `json:"items"`
}

func (s *Service) listSessions(ctx context.Context, _ none) (sessionList, error) {
	list, err := s.Sessions(ctx)
	return sessionList{orEmpty(list)}, err
}

type passwordRequest struct {
	Current string `json:"current" maxLength:"512"`
	Next    string `json:"next" maxLength:"512"`
}

func (s *Service) changePassword(ctx context.Context, r passwordRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.ChangePassword(ctx, r.Current, r.Next)
}

func (s *Service) unlock(ctx context.Context, r withReason) (httpx.Empty, error) {
	return httpx.Empty{}, s.Unlock(ctx, r.ID, r.Reason)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

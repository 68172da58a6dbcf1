package iam

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
)

// serveToken is the token endpoint, whose form of request and of refusal is
// that of RFC 6749 and not of the rest of the API.
func (s *Service) serveToken(w http.ResponseWriter, r *http.Request) error {
	id, secret, basic, err := tokenRequest(r)
	var t Token
	if err == nil {
		t, err = s.Issue(r.Context(), id, secret, r.PostForm.Get("scope"))
	}
	var refused *OAuthError
	if errors.As(err, &refused) {
		status := http.StatusBadRequest
		if refused.Code == "invalid_client" {
			status = http.StatusUnauthorized
			if basic {
				w.Header().Set("WWW-Authenticate", `Basic realm="sidian"`)
			}
		}
		return writeToken(w, status, refused)
	}
	if err != nil {
		return err
	}
	return writeToken(w, http.StatusOK, t)
}

func writeToken(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Pragma", "no-cache") // RFC 6749 §5.1; Cache-Control is set for every answer
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client went away: nobody is left to tell
	return nil
}

func tokenRequest(r *http.Request) (id, secret string, basic bool, err error) {
	media, _, merr := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if merr != nil || media != "application/x-www-form-urlencoded" {
		return "", "", false, &OAuthError{"invalid_request", "Content-Type 应为 application/x-www-form-urlencoded"}
	}
	if r.ParseForm() != nil || r.URL.RawQuery != "" {
		return "", "", false, &OAuthError{"invalid_request", "参数须在请求正文中，并按表单编码"}
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return "", "", false, &OAuthError{"invalid_request", "同一参数出现了多次"}
		}
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
	case "":
		return "", "", false, &OAuthError{"invalid_request", "缺少 grant_type"}
	default:
		return "", "", false, &OAuthError{"unsupported_grant_type", "只支持 client_credentials"}
	}
	return clientCredentials(r)
}

// clientCredentials are form-encoded inside of Basic (RFC 6749 §2.3.1), or
// stand in the body, but not both.
func clientCredentials(r *http.Request) (id, secret string, basic bool, err error) {
	id, secret, basic = r.BasicAuth()
	inBody := r.PostForm.Get("client_secret") != ""
	switch {
	case basic && inBody:
		return "", "", true, &OAuthError{"invalid_request", "客户端凭据只能用一种方式提交"}
	case basic:
		id, err1 := url.QueryUnescape(id)
		secret, err2 := url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			return "", "", true, errClient
		}
		return id, secret, true, nil
	default:
		return r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), false, nil
	}
}

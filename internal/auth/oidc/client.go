package oidc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"golang.org/x/oauth2"

	"sidian/internal/httpx"
)

// maxDocument is the limit of a discovery document or key set, in octets.
const maxDocument = 256 << 10

// maxToken is the limit of an ID token.
const maxToken = 32 << 10

// New returns a Relying, or what is wrong with p. The provider is asked for
// nothing before the first Start. client is Through(httpx.NewClient(…)): only
// then is there a list of hosts that may be called.
func New(p Provider, client *http.Client) (*Relying, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if client == nil {
		return nil, fmt.Errorf("oidc: provider %s: no client for outgoing calls", p.Name)
	}
	return &Relying{p: p.withDefaults(), wire: wire{client}}, nil
}

// Through returns a client whose calls go out through c, with its list of
// hosts and its limits of time and size. It passes GET and POST without headers
// of the caller's, which is all that c sends.
func Through(c *httpx.Client) *http.Client { return &http.Client{Transport: through{c}} }

type through struct{ c *httpx.Client }

// answered finds the status in httpx's error, whose answers beyond 2xx have no
// other form.
var answered = regexp.MustCompile(` answered (\d{3})$`)

// RoundTrip implements http.RoundTripper.
func (t through) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") != "" {
		return nil, errors.New("oidc: the provider wants a header that outgoing calls do not carry: let it accept client_secret_post")
	}
	var body, out []byte
	var err error
	if req.Body != nil {
		defer req.Body.Close()
		if body, err = io.ReadAll(io.LimitReader(req.Body, maxDocument)); err != nil {
			return nil, fmt.Errorf("oidc: reading our own request: %w", err)
		}
	}
	switch req.Method {
	case http.MethodGet:
		out, err = t.c.Get(req.Context(), req.URL.String())
	case http.MethodPost:
		out, err = t.c.Post(req.Context(), req.URL.String(), req.Header.Get("Content-Type"), body)
	default:
		return nil, fmt.Errorf("oidc: outgoing calls are GET and POST, not %s", req.Method)
	}
	status := http.StatusOK
	if err != nil {
		m := answered.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, err
		}
		if status, err = strconv.Atoi(m[1]); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(out)), ContentLength: int64(len(out)),
	}, nil
}

// wire makes the calls.
type wire struct{ c *http.Client }

// get fetches a document of the provider. Its errors hold no part of the answer.
func (w wire) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("oidc: asking the provider: %w", err)
	}
	resp, err := w.c.Do(req)
	if err != nil {
		return nil, fmt.Errorf("oidc: asking the provider: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("oidc: the provider answered %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("oidc: reading the provider's answer: %w", err)
	}
	if len(b) > maxDocument {
		return nil, fmt.Errorf("oidc: the provider's answer exceeds %d octets", maxDocument)
	}
	return b, nil
}

// errorCode is what may stand in a log of a provider's error (RFC 6749 §5.2).
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// exchange turns the code into tokens. The provider's own words are not kept:
// they may speak of a person.
func (w wire) exchange(ctx context.Context, c *oauth2.Config, code, verifier string) (*oauth2.Token, error) {
	t, err := c.Exchange(context.WithValue(ctx, oauth2.HTTPClient, w.c), code, oauth2.VerifierOption(verifier))
	if err == nil {
		return t, nil
	}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response == nil {
		return nil, because(errUnavailable, errors.New("oidc: the token endpoint gave no answer that could be read"))
	}
	name := answer.ErrorCode
	if !errorCode.MatchString(name) {
		name = "-"
	}
	cause := fmt.Errorf("oidc: the token endpoint answered %d %s", answer.Response.StatusCode, name)
	switch status := answer.Response.StatusCode; {
	case name == "invalid_client", name == "unauthorized_client", status == http.StatusUnauthorized:
		return nil, because(errClient, cause)
	case name == "invalid_grant", status == http.StatusBadRequest && name == "-":
		return nil, because(errCode, cause)
	case status >= 500, status == http.StatusTooManyRequests:
		return nil, because(errUnavailable, cause)
	}
	return nil, because(errProvider, cause)
}

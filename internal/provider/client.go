package provider

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// newClient makes the one client for questions: listed hosts only, no private
// address unless listed, no redirect, a bounded answer.
func newClient(o Options) *httpx.Client {
	return httpx.NewClient(httpx.ClientOptions{Hosts: o.Hosts, Private: o.Private, Timeout: o.Deadline, MaxBody: maxAnswer})
}

// post asks an endpoint about a document. The file's name stays here: it may
// name a person.
func (s *Service) post(ctx context.Context, endpoint, nonce string, document []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(document) + 512)
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "document.ofd")
	if err != nil {
		return nil, fmt.Errorf("provider: writing a question: %w", err)
	}
	if _, err := part.Write(document); err != nil {
		return nil, fmt.Errorf("provider: writing a question: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("provider: writing a question: %w", err)
	}
	return s.client.Post(ctx, endpoint+"/verify?signed=1&nonce="+url.QueryEscape(nonce), w.FormDataContentType(), b.Bytes())
}

// checkEndpoint refuses an address that would not be called, and says why. It
// resolves no name: the client looks at the address that is really dialled.
func (o *Options) checkEndpoint(endpoint string) (field string) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return "须是 https 地址，例如 https://seal.example.cn/api/v1"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.HasSuffix(endpoint, "/") || strings.HasSuffix(endpoint, "#"):
		return "地址不带用户名、参数、片段，末尾没有斜杠"
	case !listed(o.Hosts, u):
		return "主机 " + u.Host + " 不在允许外联的主机名单中；请系统管理员核实后加入配置 outgoing.hosts"
	case u.Scheme == "http" && !listed(o.Private, u):
		return "须用 https；只有配置 outgoing.private 所列的内网主机可以用 http"
	case privateLiteral(u) && !listed(o.Private, u):
		return "不能是内网地址；确属政务外网内的主机，请系统管理员加入配置 outgoing.private"
	}
	return ""
}

func listed(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname()) })
}

// privateLiteral tells whether a host is plainly this machine or an inner
// address. That a name leads to one is seen when it is dialled.
func privateLiteral(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return net.ParseIP(host) != nil
	}
	a = a.Unmap()
	return !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback()
}

// errEndpoint is a refusal of an endpoint.
func errEndpoint(why string) *fault.Error {
	return fault.Invalid.New("核验服务的地址不能使用").WithCode("provider.endpoint").WithHint("%s", why).WithField("endpoint", "address", why)
}

package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ClientOptions say where outgoing calls may go.
type ClientOptions struct {
	Hosts   []string      // host or host:port that may be called; nothing else
	Private []string      // of these, those that may resolve to private addresses
	Timeout time.Duration // of a whole call; 15 s when zero
	MaxBody int64         // bytes of an answer; 8 MiB when zero
}

// A Client makes the platform's outgoing calls: only to listed hosts, never to
// a private address unless configured, never after a redirect, with a limit
// on time and size.
type Client struct {
	opts   ClientOptions
	public *http.Client
	inner  *http.Client
}

// NewClient returns a Client.
func NewClient(o ClientOptions) *Client {
	o.Timeout = or64(o.Timeout, 15*time.Second)
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	return &Client{opts: o, public: o.client(refusePrivate), inner: o.client(nil)}
}

func (o ClientOptions) client(control func(string, string, syscall.RawConn) error) *http.Client {
	d := &net.Dialer{Timeout: 5 * time.Second, Control: control}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: o.Timeout,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
			// No proxy from the environment: it would decide where we connect.
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// refusePrivate sees the address that is really dialled, after the name was
// resolved: a name cannot be made to point inside between check and use.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("httpx: dialling an address of unknown form: %w", err)
	}
	if a := ap.Addr().Unmap(); !isPublic(a) {
		return fmt.Errorf("httpx: the host resolves to an address that is not public")
	}
	return nil
}

// Ranges that are neither private nor loopback by name, and still not public.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16"),
}

func isPublic(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() &&
		!slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Post sends body and returns the answer's body. An answer that is not 2xx, or
// is too large, is an error that names the host and the status only.
func (c *Client) Post(ctx context.Context, target, media string, body []byte) ([]byte, error) {
	return c.do(ctx, http.MethodPost, target, media, body, nil)
}

// PostWith is Post with further headers.
func (c *Client) PostWith(ctx context.Context, target, media string, body []byte, header map[string]string) ([]byte, error) {
	return c.do(ctx, http.MethodPost, target, media, body, header)
}

// Lists tells whether an address is one that may be called.
func (c *Client) Lists(target string) bool {
	u, err := url.Parse(target)
	return err == nil && lists(c.opts.Hosts, u)
}

// Get fetches target, with the same rules as Post.
func (c *Client) Get(ctx context.Context, target string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, target, "", nil, nil)
}

func (c *Client) do(ctx context.Context, method, target, media string, body []byte, header map[string]string) ([]byte, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, fmt.Errorf("httpx: the address of an outgoing call is not a plain http or https URL")
	}
	if !lists(c.opts.Hosts, u) {
		return nil, fmt.Errorf("httpx: host %s is not in the list of hosts that may be called", u.Host)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("httpx: calling %s: %w", u.Host, err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	hc := c.public
	if lists(c.opts.Private, u) {
		hc = c.inner
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, fmt.Errorf("httpx: calling %s: %w", u.Host, withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, fmt.Errorf("httpx: %s answered %d", u.Host, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, c.opts.MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("httpx: reading the answer of %s: %w", u.Host, err)
	}
	if int64(len(b)) > c.opts.MaxBody {
		return nil, fmt.Errorf("httpx: the answer of %s exceeds %d bytes", u.Host, c.opts.MaxBody)
	}
	return b, nil
}

func lists(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname()) })
}

// withoutURL drops the address that net/http puts into its errors: its path
// may hold a number of a certificate.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

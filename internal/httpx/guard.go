package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/internal/obs"
)

// guard is the state of what every request passes through.
type guard struct {
	origin  *http.CrossOriginProtection
	address *limiter
	caller  *limiter
	costly  *limiter
}

func (g *guard) init(o Options) {
	g.origin = http.NewCrossOriginProtection()
	if o.BaseURL != "" {
		// An address that is not an origin adds none; conf has checked it.
		_ = g.origin.AddTrustedOrigin(originOf(o.BaseURL))
	}
	g.address, g.caller, g.costly = newLimiter(o.RateLimit), newLimiter(o.CallerRate), newLimiter(o.SlowPublic)
}

// ServeHTTP answers a request. Nothing that a request can do makes it panic.
func (r *Router) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	begun := time.Now()
	meta := r.newMeta(hr)
	ctx, traced := r.opts.Spans.Begin(hr.Context(), hr.Method)
	ctx = withNote(obs.WithRequestID(WithMeta(ctx, *meta), meta.RequestID))
	ctx = audit.WatchRefusals(audit.WithActor(ctx, audit.Actor{Address: meta.Address.String()}))
	hr = hr.WithContext(ctx)
	rec := &recorder{ResponseWriter: w}
	secure(rec.Header(), meta.Secure)
	rec.Header().Set("X-Request-Id", meta.RequestID)
	defer func() {
		if v := recover(); v != nil {
			r.recovered(rec, hr, v)
		}
		traced(r.observe(hr, rec, time.Since(begun)))
	}()
	r.route(rec, hr, meta)
}

func (r *Router) route(w http.ResponseWriter, hr *http.Request, meta *Meta) {
	if len(hr.RequestURI) > r.opts.MaxURL {
		e := fault.TooLarge.New("网址超过 %d 字节", r.opts.MaxURL).WithCode("url.too-long").WithHint("请缩短查询条件")
		r.WriteProblem(w, hr, &httpError{http.StatusRequestURITooLong, "网址过长", e})
		return
	}
	if err := r.guard.address.allow(neighbourhood(meta.Address)); err != nil {
		r.WriteProblem(w, hr, err)
		return
	}
	if err := r.insecure(hr, meta); err != nil {
		r.WriteProblem(w, hr, err)
		return
	}
	h, pattern := r.mux.Handler(hr)
	if pattern == "" {
		r.missing(w, hr, h)
		return
	}
	r.mux.ServeHTTP(w, hr)
}

// missing answers where no route is: 404, or 405 where another method is one.
func (r *Router) missing(w http.ResponseWriter, hr *http.Request, h http.Handler) {
	probe := &recorder{ResponseWriter: &discard{header: http.Header{}}}
	h.ServeHTTP(probe, hr)
	err := error(fault.NotFound.New("没有这个地址").WithCode("route.unknown").WithHint("接口目录见 /docs"))
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.Header().Get("Allow"))
		e := fault.Invalid.New("这个地址不支持所用的方法").WithCode("route.method").WithHint("可用的方法：%s", probe.Header().Get("Allow"))
		err = &httpError{http.StatusMethodNotAllowed, "方法不支持", e}
	}
	if r.opts.PageError != nil && r.opts.NotFoundPage != nil && r.opts.NotFoundPage(hr.URL.Path) {
		r.opts.PageError(w, hr, ProblemOf(hr.Context(), err))
		return
	}
	r.WriteProblem(w, hr, err)
}

// run serves one request of the route m: size, time, who, whether, then what.
func (m *mount) run(w http.ResponseWriter, hr *http.Request) {
	ctx, cancel := context.WithTimeout(hr.Context(), m.timeout)
	defer cancel()
	hr = hr.WithContext(ctx)
	hr.Body = http.MaxBytesReader(w, hr.Body, m.maxBody)
	hr, err := m.admit(hr)
	if err == nil {
		err = m.perform(w, hr)
	}
	if err == nil {
		return
	}
	m.refused(hr, err)
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		m.r.opts.Log.ErrorContext(hr.Context(), "answer broke off", "pattern", m.pattern, "err", err)
		tear(w)
		return
	}
	if m.page && m.r.opts.PageError != nil {
		p := ProblemOf(hr.Context(), err)
		if p.Status >= 500 {
			m.r.opts.Log.ErrorContext(hr.Context(), "page failed", "pattern", m.pattern, "err", err)
		}
		m.r.opts.PageError(w, hr, p)
		return
	}
	m.r.WriteProblem(w, hr, err)
}

// refused lets the authorizer record that somebody known was refused, where no
// use case has.
func (m *mount) refused(hr *http.Request, err error) {
	ctx := hr.Context()
	a, records := m.r.opts.Authorizer.(Recorder)
	if !records || !errors.Is(err, fault.Forbidden) || MetaFrom(ctx).Caller.ID == "" || audit.RefusalNoted(ctx) {
		return
	}
	if err := a.Refused(ctx, err); err != nil {
		m.r.opts.Log.ErrorContext(ctx, "a refusal was not recorded", "pattern", m.pattern, "err", err)
	}
}

// admit finds out who calls and whether they may.
func (m *mount) admit(hr *http.Request) (*http.Request, error) {
	meta := MetaFrom(hr.Context())
	meta.Pattern = m.method + " " + m.pattern
	note(hr, meta.Pattern)
	if m.costly {
		if err := m.r.guard.costly.allow(meta.Pattern + " " + neighbourhood(meta.Address)); err != nil {
			return hr, err
		}
	}
	ctx := hr.Context()
	if m.r.opts.Authorizer != nil {
		known, caller, err := m.r.opts.Authorizer.Identify(hr)
		switch {
		case err == nil:
			ctx, meta.Caller = known, caller
		case !m.need.IsPublic():
			return hr.WithContext(WithMeta(ctx, meta)), err
		}
	}
	hr = hr.WithContext(WithMeta(ctx, meta))
	if err := m.sameSite(hr, meta.Caller); err != nil {
		return hr, err
	}
	if err := m.permitted(hr.Context(), meta.Caller); err != nil {
		return hr, err
	}
	if meta.Caller.ID == "" {
		return hr, nil
	}
	return hr, m.r.guard.caller.allow(meta.Caller.ID)
}

// sameSite refuses writes that another site's page makes a browser send.
// A request with a bearer token cannot be forged that way; one without any
// credential may be a sign-in, which must not be forged either. With a
// session's cookie it must be seen where the request comes from: a browser that
// does not tell is too old to be defended.
func (m *mount) sameSite(hr *http.Request, c Caller) error {
	if c.ID != "" && !c.Browser || !m.writes() {
		return nil
	}
	if m.r.guard.origin.Check(hr) != nil || downgraded(hr) {
		return fault.Forbidden.New("请求来自其他网站的页面，已拒绝").WithCode("cross-origin").WithHint("请从本平台的页面重新操作")
	}
	if c.Browser && hr.Header.Get("Sec-Fetch-Site") == "" && hr.Header.Get("Origin") == "" && !refersHere(hr) {
		return fault.Forbidden.New("看不出请求来自哪个网站的页面，已拒绝").WithCode("cross-origin.unknown").
			WithHint("请使用较新的浏览器，从本平台的页面重新操作；程序请用访问令牌，不要用登录会话")
	}
	return nil
}

// downgraded tells that the page was loaded in the clear, where anybody on the
// way could have written it, and sends to us over https: net/http compares the
// hosts only.
func downgraded(hr *http.Request) bool {
	return hr.Header.Get("Sec-Fetch-Site") == "" && MetaFrom(hr.Context()).Secure && strings.HasPrefix(hr.Header.Get("Origin"), "http://")
}

// refersHere tells whether a page of this host sent the request. A page of
// another can leave the header out but not write it.
func refersHere(hr *http.Request) bool {
	u, err := url.Parse(hr.Header.Get("Referer"))
	return err == nil && u.Host != "" && u.Host == hr.Host && (u.Scheme == "https" || !MetaFrom(hr.Context()).Secure)
}

func (m *mount) permitted(ctx context.Context, c Caller) error {
	if m.need.IsPublic() {
		return nil
	}
	if c.ID == "" || m.r.opts.Authorizer == nil {
		return fault.Unauthorized.New("请先登录").WithCode("auth.required").WithHint("登录后重试；程序调用请携带访问令牌")
	}
	if m.need.kind == needSignedIn {
		return nil
	}
	return m.r.opts.Authorizer.Permit(ctx, m.need.permissions)
}

// recovered turns a panic into a problem. The panic's text may hold personal
// data, so only that of the runtime is logged.
func (r *Router) recovered(rec *recorder, hr *http.Request, v any) {
	what := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok {
		what = e.Error()
	}
	r.opts.Log.ErrorContext(hr.Context(), "panic", "what", what, "stack", string(debug.Stack()))
	if rec.status != 0 {
		tear(rec)
		return
	}
	writeProblem(rec, ProblemOf(hr.Context(), errPanic))
}

// tear cuts the connection, so that a client does not take the half of a file
// that it was sent for the whole.
func tear(w http.ResponseWriter) {
	// Writers that have no deadline, as in tests, have no connection either.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0))
}

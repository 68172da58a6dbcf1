package httpx

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sidian/internal/obs"
)

// Options configure a Router. Zero values are the documented defaults.
type Options struct {
	Title, Version string       // of the OpenAPI document
	BaseURL        string       // where browsers find the platform; its origin may write
	Authorizer     Authorizer   // nil: every caller is a stranger
	Idempotency    *Idempotency // nil: Idempotency-Key is refused
	Log            *slog.Logger // nil: slog.Default()

	TrustedProxies []netip.Prefix // whose X-Forwarded-For and -Proto are believed
	HTTPSOnly      bool           // refuse what another machine sends in the clear

	MaxBody    int64         // bytes of a request body unless the route says otherwise; 1 MiB
	MaxURL     int           // bytes of the request line's target; 8 KiB
	Timeout    time.Duration // of a handler unless the route says otherwise; 30 s
	RateLimit  Rate          // per client address; zero: none
	CallerRate Rate          // per signed-in caller; zero: none
	SlowPublic Rate          // per address and route, for routes mounted with Costly; zero: 5/s, burst 20

	// Observe is told of every answered request: the pattern, never the path.
	Observe func(method, pattern string, status int, took time.Duration)
	// Spans makes the spans of requests; zero: those that obs.Trace sends.
	Spans obs.Spans
	// PageError renders a refusal on a route mounted with HandlePage.
	PageError func(w http.ResponseWriter, r *http.Request, p *Problem)
	// NotFoundPage tells for which paths a missing route is a page, not a problem.
	NotFoundPage func(path string) bool
}

// A Router holds routes. Mount all of them, ask Err, then serve.
type Router struct {
	opts   Options
	mux    *http.ServeMux
	doc    *huma.OpenAPI
	routes []Route
	errs   []error
	guard  guard
}

// A Route is one line of the list that is reviewed as a diff.
type Route struct {
	Method, Pattern, Need, Request, Response string
	Page                                     bool     // mounted with HandlePage
	Public                                   bool     // strangers may call
	Permissions                              []string // of which one is needed; empty for the other needs
}

// New returns a Router without routes.
func New(opts Options) *Router {
	translateOnce()
	opts = opts.withDefaults()
	r := &Router{opts: opts, mux: http.NewServeMux(), doc: newDocument(opts)}
	r.guard.init(opts)
	return r
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxURL == 0 {
		o.MaxURL = 8 << 10
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.SlowPublic == (Rate{}) {
		o.SlowPublic = Rate{PerSecond: 5, Burst: 20}
	}
	return o
}

// Err tells what was wrong with the routes mounted so far. A program that
// serves a Router with an error would lack routes.
func (r *Router) Err() error { return errors.Join(r.errs...) }

// Routes lists the routes, sorted by pattern and method.
func (r *Router) Routes() []Route { return sortedRoutes(r.routes) }

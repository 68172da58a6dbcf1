package httpx

import (
	"context"
	"net/http"
	"time"
)

// An Option changes how a route is mounted.
type Option func(*mount)

// Status sets the status of a successful answer; without it 200, or 204 when
// Resp is Empty. A Resp with a method StatusCode() int overrides it.
func Status(code int) Option { return func(m *mount) { m.status = code } }

// MaxBody sets how many bytes a request body may have.
func MaxBody(bytes int64) Option { return func(m *mount) { m.maxBody = bytes } }

// Timeout sets how long the handler may run.
func Timeout(d time.Duration) Option { return func(m *mount) { m.timeout = d } }

// Costly puts the route under Options.SlowPublic, per client address.
func Costly() Option { return func(m *mount) { m.costly = true } }

// Doc sets the summary and the group under which the route is documented.
func Doc(tag, summary string) Option {
	return func(m *mount) { m.tag, m.summary = tag, summary }
}

// Media documents the media types of the answer of a route that does not
// answer JSON.
func Media(types ...string) Option { return func(m *mount) { m.media = types } }

// Hidden keeps the route out of the OpenAPI document, not out of Routes.
func Hidden() Option { return func(m *mount) { m.hidden = true } }

// NoIdempotency makes a write ignore Idempotency-Key, because repeating it
// does no harm or because its answer must never be stored.
func NoIdempotency() Option { return func(m *mount) { m.noIdempotency = true } }

// Empty is the Resp of a route that answers nothing but its status.
type Empty struct{}

// Handle mounts fn at pattern ("POST /api/v1/things/{id}").
//
// Req is a struct. Fields tagged path, query or header come from there; the
// others are the members of the JSON body, unless there is a field Body (of any
// type), RawBody []byte or Form *multipart.Form. A Req with a method
// Validate() error is validated. Resp is answered as JSON; a Resp that is a
// [File] is answered as its bytes. A Resp may have methods StatusCode() int,
// Location() string and Cookies() []*http.Cookie.
func Handle[Req, Resp any](r *Router, pattern string, need Need, fn func(context.Context, Req) (Resp, error), opts ...Option) {
	mountFunc(r, pattern, need, fn, opts)
}

// HandleHTTP mounts a handler that reads and answers by itself, such as a
// stream. An error that it returns before it has written is answered as a problem.
func HandleHTTP(r *Router, pattern string, need Need, h func(http.ResponseWriter, *http.Request) error, opts ...Option) {
	mountHTTP(r, pattern, need, h, false, opts)
}

// HandlePage is HandleHTTP for pages of the user interface: refusals are
// rendered by Options.PageError, and the route is not part of the API's
// document.
func HandlePage(r *Router, pattern string, need Need, h func(http.ResponseWriter, *http.Request) error, opts ...Option) {
	mountHTTP(r, pattern, need, h, true, opts)
}

package httpx

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// A mount is a route with all that guards it.
type mount struct {
	r               *Router
	method, pattern string // "POST", "/api/v1/things/{id}"
	need            Need
	status          int
	maxBody         int64
	timeout         time.Duration
	tag, summary    string
	media           []string
	page            bool
	hidden          bool
	costly          bool
	noIdempotency   bool
	serve           func(http.ResponseWriter, *http.Request) error
}

var patternForm = regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*)$`)

func (r *Router) newMount(pattern string, need Need, opts []Option) (*mount, error) {
	parts := patternForm.FindStringSubmatch(pattern)
	if parts == nil {
		return nil, fmt.Errorf("pattern %q is not \"METHOD /path\"", pattern)
	}
	if need.kind == needUnsaid {
		return nil, fmt.Errorf("route %q does not say who may call it", pattern)
	}
	m := &mount{r: r, method: parts[1], pattern: parts[2], need: need, maxBody: r.opts.MaxBody, timeout: r.opts.Timeout}
	for _, o := range opts {
		o(m)
	}
	return m, nil
}

// writes tells whether the route changes something.
func (m *mount) writes() bool { return m.method != http.MethodGet && m.method != http.MethodHead }

func mountFunc[Req, Resp any](r *Router, pattern string, need Need, fn func(context.Context, Req) (Resp, error), opts []Option) {
	m, err := r.newMount(pattern, need, opts)
	if err != nil {
		r.refuse(err)
		return
	}
	in, out := reflect.TypeFor[Req](), reflect.TypeFor[Resp]()
	p, err := r.document(m, in, out)
	if err != nil {
		r.refuse(fmt.Errorf("%s: %w", pattern, err))
		return
	}
	m.serve = func(w http.ResponseWriter, hr *http.Request) error {
		var req Req
		if err := p.read(hr, reflect.ValueOf(&req).Elem(), r.doc.Components.Schemas, m.maxBody); err != nil {
			return err
		}
		resp, err := fn(hr.Context(), req)
		if err != nil {
			return err
		}
		return answer(w, hr, m.status, any(resp))
	}
	r.add(m, typeName(in), typeName(out))
}

func mountHTTP(r *Router, pattern string, need Need, h func(http.ResponseWriter, *http.Request) error, page bool, opts []Option) {
	m, err := r.newMount(pattern, need, opts)
	if err != nil {
		r.refuse(err)
		return
	}
	m.page, m.serve = page, h
	if !page {
		r.documentHTTP(m)
	}
	kind := "http"
	if page {
		kind = "page"
	}
	r.add(m, kind, kind)
}

func (r *Router) refuse(err error) { r.errs = append(r.errs, fmt.Errorf("httpx: %w", err)) }

// add puts m into the mux, which panics when two patterns conflict.
func (r *Router) add(m *mount, req, resp string) {
	defer func() {
		if p := recover(); p != nil {
			r.refuse(fmt.Errorf("%s %s: %v", m.method, m.pattern, p))
		}
	}()
	r.mux.Handle(m.method+" "+m.pattern, http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) { m.run(w, hr) }))
	r.routes = append(r.routes, Route{
		Method: m.method, Pattern: m.pattern, Need: m.need.String(), Request: req, Response: resp,
		Page: m.page, Public: m.need.IsPublic(), Permissions: slices.Clone(m.need.permissions),
	})
}

func sortedRoutes(in []Route) []Route {
	out := append([]Route(nil), in...)
	sort.Slice(out, func(i, j int) bool {
		if out[i].Pattern != out[j].Pattern {
			return out[i].Pattern < out[j].Pattern
		}
		return out[i].Method < out[j].Method
	})
	return out
}

// typeName is a type as the list of routes shows it: "cert.IssueRequest".
func typeName(t reflect.Type) string {
	name := t.String()
	if t.Name() == "" && t.Kind() == reflect.Struct {
		return "struct"
	}
	return strings.ReplaceAll(name, "sidian/internal/", "")
}

package httpx

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"sidian/internal/obs"
)

var errPanic = errors.New("panic")

// A recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(code int) {
	if w.status == 0 && code >= 200 {
		w.status = code
		if w.Header().Get("Cache-Control") == "" { // net/http drops it from its own errors
			w.Header().Set("Cache-Control", "no-store")
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// A capture keeps an answer in memory, to store it before it is sent.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header { return c.header }
func (c *capture) WriteHeader(code int) {
	if c.status == 0 {
		c.status = code
	}
}
func (c *capture) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

type noteKey struct{}

// note tells ServeHTTP, which holds an older context, the matched pattern.
func note(hr *http.Request, pattern string) {
	if p, ok := hr.Context().Value(noteKey{}).(*string); ok {
		*p = pattern
	}
}

func withNote(ctx context.Context) context.Context {
	return context.WithValue(ctx, noteKey{}, new(string))
}

// observe writes the access log and tells the metrics: the pattern and not the
// path, which may hold a name or a number of a certificate; and no address.
// A method that strangers have made up is not repeated either.
func (r *Router) observe(hr *http.Request, rec *recorder, took time.Duration) (pattern string, status int) {
	pattern = "-"
	if p, ok := hr.Context().Value(noteKey{}).(*string); ok && *p != "" {
		pattern = *p
	}
	status = rec.status
	if status == 0 {
		status = http.StatusOK
	}
	if r.opts.Observe != nil {
		r.opts.Observe(hr.Method, pattern, status, took)
	}
	r.opts.Log.InfoContext(hr.Context(), "request", "method", obs.Method(hr.Method), "pattern", pattern, "status", status, "bytes", rec.bytes, "ms", float64(took.Microseconds())/1000)
	return pattern, status
}

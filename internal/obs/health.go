package obs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// A Check asks one dependency whether it answers. Detail is a word for people
// that holds nothing secret, such as a size or a version.
type Check struct {
	Name    string
	Timeout time.Duration // 2 s when zero
	Ask     func(context.Context) (detail string, err error)
}

// Health is the checks of a program.
type Health struct {
	Log    *slog.Logger // hears why a check fails; the answer only says that it does
	mu     sync.Mutex
	checks []Check
}

// Add adds a check.
func (h *Health) Add(c Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, c)
}

// A Result is what one check found.
type Result struct {
	Name   string  `json:"name"`
	OK     bool    `json:"ok"`
	Detail string  `json:"detail,omitempty"`
	Millis float64 `json:"ms"`
	Err    error   `json:"-"` // for the operator's console; not for the world
}

// Report is the state of all dependencies.
type Report struct {
	Status string   `json:"status"` // "ready" or "unready"
	Checks []Result `json:"checks"`
}

// Run asks all dependencies at once, each with its own time-out.
func (h *Health) Run(ctx context.Context) Report {
	h.mu.Lock()
	checks := append([]Check(nil), h.checks...)
	h.mu.Unlock()
	r := Report{Status: "ready", Checks: make([]Result, len(checks))}
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { r.Checks[i] = ask(ctx, c) })
	}
	wg.Wait()
	for _, c := range r.Checks {
		if !c.OK {
			r.Status = "unready"
			if h.Log != nil {
				h.Log.WarnContext(ctx, "dependency does not answer", "check", c.Name, "err", c.Err)
			}
		}
	}
	return r
}

var errTimeout = errors.New("obs: no answer in time")

// ask does not wait for a check that ignores its context. A panic is a failure.
func ask(ctx context.Context, c Check) Result {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begun := time.Now()
	answer := make(chan Result, 1)
	go func() {
		r := Result{Name: c.Name}
		defer func() {
			if v := recover(); v != nil {
				r.OK, r.Err = false, fmt.Errorf("obs: check panicked with a %T", v)
			}
			answer <- r
		}()
		r.Detail, r.Err = c.Ask(ctx)
		r.OK = r.Err == nil
	}()
	r := Result{Name: c.Name, Detail: "无响应", Err: errTimeout}
	select {
	case r = <-answer:
	case <-ctx.Done():
	}
	r.Millis = float64(time.Since(begun).Microseconds()) / 1000
	return r
}

// Ready answers 200 when every dependency answers and 503 otherwise, with each
// of them by name.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) error {
	report := h.Run(r.Context())
	status := http.StatusOK
	if report.Status != "ready" {
		status = http.StatusServiceUnavailable
	}
	return answerJSON(w, status, report)
}

// Alive answers 200 as long as the program can answer at all.
func (h *Health) Alive(w http.ResponseWriter, _ *http.Request) error {
	return answerJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

func answerJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("obs: writing an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b) // who asked went away
	return nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/obs"
	"sidian/internal/outbox"
)

// grace is how long running requests may take when the program is told to stop.
const grace = 10 * time.Second

// Serve runs the instance of a configuration file until ctx ends.
func Serve(ctx context.Context, config string, log io.Writer) error {
	c, err := conf.Load(config, os.Environ())
	if err != nil {
		return err
	}
	a, err := Open(ctx, c, Options{Log: log})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("app: listening: %w", err), a.Close())
	}
	return errors.Join(a.Run(ctx, l), a.Close())
}

// Run serves on l until ctx ends: the pages and the API, the metrics on their
// own listener, deliveries, and what was left half-done by a crash.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	traces, err := obs.Trace(ctx, a.Conf.Trace.Endpoint, Version)
	if err != nil {
		return err
	}
	defer traces(context.WithoutCancel(ctx))
	runner, err := outbox.NewRunner(ctx, a.DB, a.Outbox, func(consumer string, err error) {
		a.Log.ErrorContext(ctx, "delivering events", "consumer", consumer, "err", err)
	})
	if err != nil {
		return err
	}
	defer runner.Close()
	if err := a.serveMetrics(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { defer close(done); a.resume(ctx) }()
	defer func() { stop(); <-done }()
	a.Log.InfoContext(ctx, "serving", "address", l.Addr().String(), "database", a.DB.Engine())
	return httpx.Serve(ctx, httpx.Server(a.Handler(), a.Log), l, a.Conf.TLS.CertFile, a.Conf.TLS.KeyFile, grace)
}

// Handler is the program's routes.
func (a *App) Handler() http.Handler { return a.handler }

func (a *App) serveMetrics(ctx context.Context) error {
	if a.Conf.Metrics.Listen == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.Conf.Metrics.Listen)
	if err != nil {
		return fmt.Errorf("app: listening for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Metrics.Handler())
	go func() {
		if err := httpx.Serve(ctx, httpx.Server(mux, a.Log), l, "", "", grace); err != nil {
			a.Log.ErrorContext(ctx, "metrics stopped", "err", err)
		}
	}()
	return nil
}

// resumeEvery is how often half-done work is looked for.
const resumeEvery = 5 * time.Second

func (a *App) resume(ctx context.Context) {
	for ctx.Err() == nil {
		completed, withdrawn, err := a.Cert.Resume(ctx)
		if completed+withdrawn > 0 {
			a.Log.InfoContext(ctx, "resumed issuing", "completed", completed, "withdrawn", withdrawn)
		}
		if err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "resuming issuing", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(resumeEvery):
		}
	}
}

// Close lets go of everything.
func (a *App) Close() error { return a.DB.Close() }

// Migrate brings the schema of a configuration's database up to this program's.
func Migrate(ctx context.Context, config string) ([]string, error) {
	c, err := conf.Load(config, os.Environ())
	if err != nil {
		return nil, err
	}
	target, err := databaseURL(c)
	if err != nil {
		return nil, err
	}
	return db.Migrate(ctx, target)
}

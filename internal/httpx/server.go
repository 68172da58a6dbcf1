package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server returns a server for h with limits on what a connection may take:
// 10 s for headers of at most 32 KiB, read for the whole request, idle between
// requests.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken clients' handshakes
	}
}

// Serve serves on l until ctx ends, then lets running requests finish for at
// most grace. TLS files are used when both are named.
func Serve(ctx context.Context, s *http.Server, l net.Listener, certFile, keyFile string, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() {
		if certFile != "" && keyFile != "" {
			failed <- s.ServeTLS(l, certFile, keyFile)
			return
		}
		failed <- s.Serve(l)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("httpx: serving %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Shutdown(end); err != nil {
		return fmt.Errorf("httpx: shutting down: %w", errors.Join(err, s.Close()))
	}
	return nil
}

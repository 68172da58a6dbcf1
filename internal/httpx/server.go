package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
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
// most grace. TLS files are used when both are named, and followed: see [Pair].
func Serve(ctx context.Context, s *http.Server, l net.Listener, certFile, keyFile string, grace time.Duration) error {
	if certFile == "" || keyFile == "" {
		return serve(ctx, s, l, grace)
	}
	pair, err := OpenPair(certFile, keyFile, nil)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return ServePair(ctx, s, l, pair, grace)
}

// ServePair is Serve with TLS, by a pair whose files it watches meanwhile.
func ServePair(ctx context.Context, s *http.Server, l net.Listener, pair *Pair, grace time.Duration) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { pair.Watch(watching, PairPoll) })
	defer func() { stop(); watch.Wait() }()
	s.TLSConfig = pair.Config()
	return serve(ctx, s, tls.NewListener(l, s.TLSConfig), grace)
}

func serve(ctx context.Context, s *http.Server, l net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
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

package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sidian/gm"
)

// PairPoll is how often the files of a Pair are looked at, unless said.
const PairPoll = 5 * time.Second

// expiryNear is when an operator should have a new digital certificate.
const expiryNear = 30 * 24 * time.Hour

// A Pair is the digital certificate and the private key with which the platform
// speaks TLS, read from files that may be replaced while it serves. A new pair
// that cannot be used is logged and the old one is kept.
type Pair struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	mu     sync.Mutex // of what the poll remembers
	seen   [2]fileMark
	sum    gm.Digest // of both files' content, used or refused
	failed error     // why the files as they are now are not used
}

// fileMark tells cheaply that a file may have changed. The size is part of it:
// two changes within the clock's grain differ in it, or in the digest that is
// taken once the mark is older than the grain.
type fileMark struct {
	mod  time.Time
	size int64
}

// OpenPair reads the pair of files (PEM). A pair that is not valid today is
// refused: no browser would accept it.
func OpenPair(certFile, keyFile string, log *slog.Logger) (*Pair, error) {
	if log == nil {
		log = slog.Default()
	}
	p := &Pair{certFile: certFile, keyFile: keyFile, log: log}
	marks, err := p.marks()
	if err != nil {
		return nil, err
	}
	pair, sum, err := p.read(time.Now())
	if err != nil {
		return nil, err
	}
	p.seen, p.sum = marks, sum
	p.current.Store(pair)
	return p, nil
}

func (p *Pair) marks() (m [2]fileMark, err error) {
	for i, name := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return m, fmt.Errorf("httpx: looking at the files of the server's digital certificate: %w", err)
		}
		m[i] = fileMark{info.ModTime(), info.Size()}
	}
	return m, nil
}

// read reads and checks both files. Their digest is returned also when they
// cannot be used, so that they are not tried again and again.
func (p *Pair) read(now time.Time) (pair *tls.Certificate, sum gm.Digest, err error) {
	public, err := os.ReadFile(p.certFile)
	if err != nil {
		return nil, sum, fmt.Errorf("httpx: reading the server's digital certificate: %w", err)
	}
	private, err := os.ReadFile(p.keyFile)
	if err != nil {
		return nil, sum, fmt.Errorf("httpx: reading the server's private key: %w", err)
	}
	sum = gm.Sum(append(append(public[:len(public):len(public)], 0), private...))
	got, err := tls.X509KeyPair(public, private)
	if err != nil {
		return nil, sum, fmt.Errorf("httpx: the server's digital certificate and private key cannot be used together: %w", err)
	}
	if got.Leaf == nil {
		if got.Leaf, err = x509.ParseCertificate(got.Certificate[0]); err != nil {
			return nil, sum, fmt.Errorf("httpx: the server's digital certificate cannot be read: %w", err)
		}
	}
	switch {
	case now.After(got.Leaf.NotAfter):
		err = fmt.Errorf("httpx: the server's digital certificate ended on %s", got.Leaf.NotAfter.Format(time.DateOnly))
	case now.Before(got.Leaf.NotBefore):
		err = fmt.Errorf("httpx: the server's digital certificate begins on %s only", got.Leaf.NotBefore.Format(time.DateOnly))
	}
	return &got, sum, err
}

// Reload reads the files again if they have changed, and reports whether new
// ones are in use now. An error says why the files as they are cannot be used;
// it is returned once, and the pair in use stays.
func (p *Pair) Reload() (changed bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	marks, err := p.marks()
	if err != nil {
		return false, p.refused(err)
	}
	now := time.Now()
	// A file that was written a moment ago may be written again with the same mark.
	if marks == p.seen && p.failed == nil && now.Sub(marks[0].mod) > time.Minute && now.Sub(marks[1].mod) > time.Minute {
		return false, nil
	}
	pair, sum, err := p.read(now)
	p.seen = marks
	if err != nil {
		p.sum = sum
		return false, p.refused(err)
	}
	recovered := p.failed != nil
	p.failed = nil
	if sum == p.sum && !recovered {
		return false, nil
	}
	p.sum = sum
	p.current.Store(pair)
	return true, nil
}

// refused remembers why, and tells it once.
func (p *Pair) refused(err error) error {
	told := p.failed != nil && p.failed.Error() == err.Error()
	p.failed = err
	if told {
		return nil
	}
	return err
}

// Watch looks at the files every so often until ctx ends, and logs what it finds.
func (p *Pair) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(or64(every, PairPoll))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := p.Reload()
		switch {
		case err != nil:
			p.log.ErrorContext(ctx, "the new digital certificate of the server is not used, the old one stays", "err", err, "ends", p.NotAfter())
		case changed:
			p.log.InfoContext(ctx, "new digital certificate of the server in use", "ends", p.NotAfter())
		}
	}
}

// NotAfter is the last moment of the pair in use.
func (p *Pair) NotAfter() time.Time { return p.current.Load().Leaf.NotAfter }

// Left is for how long the pair in use is still valid; negative when it is over.
func (p *Pair) Left() time.Duration { return time.Until(p.NotAfter()) }

// errPairOver is what a health check finds.
var errPairOver = errors.New("httpx: the server's digital certificate has ended")

// Health is the check of the pair: how many days are left, and whether newer
// files lie there that cannot be used.
func (p *Pair) Health(context.Context) (detail string, err error) {
	left := p.Left()
	if left <= 0 {
		return "已过期", errPairOver
	}
	detail = fmt.Sprintf("剩余 %d 天", int(left/(24*time.Hour)))
	if left < expiryNear {
		detail += "，请更换"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		detail += "；新的证书文件不能使用"
	}
	return detail, nil
}

// suites are those of TLS 1.2 with forward secrecy and authenticated
// encryption; those of TLS 1.3 all are and cannot be chosen.
func suites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// Config is how the platform speaks TLS with the pair in use at the moment of
// each handshake: 1.2 or newer.
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		CipherSuites:   suites(),
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current.Load(), nil },
	}
}

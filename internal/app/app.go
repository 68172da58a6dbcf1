// Package app is the composition root: it makes a running program out of a
// configuration. Every wire between contexts is laid here and nowhere else.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/api"
	"sidian/internal/blob"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/obs"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/internal/verify"
	"sidian/internal/web"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

// Version of the program, as its API tells it.
const Version = "0.1.0"

// An App is one instance, ready to serve. Its services may be used directly, as
// the demo's seeding and the tests do.
type App struct {
	Conf      conf.Config
	Log       *slog.Logger
	DB        *db.DB
	Keys      *keys.Store
	Blob      *blob.Store
	Outbox    *outbox.Outbox
	IAM       *iam.Service
	PKI       *pki.Service
	Seal      *seal.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Verify    *verify.Service
	Web       *web.Service
	Health    *obs.Health
	Metrics   *obs.Metrics

	handler http.Handler
}

// Options are what the configuration does not say.
type Options struct {
	Mark string           // laid over every document and page: 样例 in the demo
	Now  func() time.Time // clock, nil: the system's
	Log  io.Writer        // nil: the standard error
}

// Open wires an instance that Create has made. The random number generator and
// the algorithms must pass their self-test first.
func Open(ctx context.Context, c conf.Config, o Options) (*App, error) {
	if err := gm.SelfTest(); err != nil {
		return nil, fmt.Errorf("app: the cryptographic self-test: %w", err)
	}
	target, err := databaseURL(c)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, target)
	if err != nil {
		return nil, err
	}
	a, err := wire(ctx, c, o, d, keys.Open, openBlobs)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

type keysOpener func(context.Context, *db.DB, string) (*keys.Store, error)
type blobOpener func(context.Context, conf.Config) (blob.Engine, error)

// wire lays every wire.
func wire(ctx context.Context, c conf.Config, o Options, d *db.DB, openKeys keysOpener, engine blobOpener) (*App, error) {
	a := &App{Conf: c, DB: d, Metrics: obs.NewMetrics()}
	if o.Now != nil {
		d.Now = o.Now
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	var err error
	if a.Log, err = obs.NewLog(o.Log, c.Log.Format, c.Log.Level); err != nil {
		return nil, err
	}
	if a.Keys, err = openKeys(ctx, d, c.MasterKeyFile); err != nil {
		return nil, fmt.Errorf("app: opening the keys: %w", err)
	}
	e, err := engine(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("app: opening the documents: %w", err)
	}
	if a.Blob, err = blob.New(ctx, e, a.Keys); err != nil {
		return nil, fmt.Errorf("app: opening the documents: %w", err)
	}
	a.Outbox = outbox.New()
	if err := a.contexts(ctx, o); err != nil {
		return nil, err
	}
	return a, a.routes(ctx)
}

// contexts makes the services in the order of their arrows.
func (a *App) contexts(ctx context.Context, o Options) (err error) {
	c := a.Conf
	a.IAM, err = iam.New(ctx, a.DB, a.Keys, iam.Options{
		Idle: c.Session.Idle, Absolute: c.Session.Absolute, Failures: c.Session.LockAfter, SecondStep: c.Session.SecondStep,
	})
	if err != nil {
		return err
	}
	outside, err := outsideOf(c)
	if err != nil {
		return err
	}
	fonts, err := draw.Load(c.DataDir)
	if err != nil {
		return fmt.Errorf("app: loading the fonts: %w", err)
	}
	base := strings.TrimSuffix(c.BaseURL, "/")
	a.PKI = &pki.Service{DB: a.DB, Keys: a.Keys, BaseURL: base, Outside: outside}
	a.Seal = &seal.Service{DB: a.DB, Keys: a.Keys, PKI: a.PKI, TimeStamps: true}
	a.Catalogue = &catalogue.Service{DB: a.DB, Fonts: fonts}
	a.Cert = &cert.Service{DB: a.DB, IAM: a.IAM, Catalogue: a.Catalogue, Seal: a.Seal, Blob: a.Blob, Outbox: a.Outbox, BaseURL: base, Mark: o.Mark}
	if a.Cert.Box, err = a.Keys.Box(ctx); err != nil {
		return err
	}
	if a.Cert.Index, err = a.Keys.Index(ctx, "cert.holder"); err != nil {
		return err
	}
	a.Verify = &verify.Service{DB: a.DB, PKI: a.PKI, Cert: a.Cert, Cache: sign.NewChainCache()}
	a.Web = &web.Service{IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Verify: a.Verify, Mark: o.Mark}
	return a.Web.Load()
}

// routes mounts everything on one mux.
func (a *App) routes(ctx context.Context) error {
	c := a.Conf
	proxies, err := c.Proxies()
	if err != nil {
		return err
	}
	box, err := a.Keys.BoxFor(ctx, keys.Session)
	if err != nil {
		return err
	}
	a.Health = &obs.Health{Log: a.Log}
	a.Health.Add(obs.Check{Name: "database", Ask: func(ctx context.Context) (string, error) { return a.DB.Engine(), a.DB.Ping(ctx) }})
	a.Health.Add(obs.Check{Name: "documents", Ask: func(ctx context.Context) (string, error) { return "", a.Blob.Check(ctx) }})
	a.Health.Add(obs.Check{Name: "authority", Ask: func(ctx context.Context) (string, error) { _, err := a.PKI.Trust(ctx); return "", err }})
	r := httpx.New(httpx.Options{
		Title: "四电 Sidian", Version: Version, BaseURL: c.BaseURL, Authorizer: a.IAM,
		Idempotency: &httpx.Idempotency{DB: a.DB, Box: box}, Log: a.Log, TrustedProxies: proxies, MaxBody: c.Limits.Body,
		RateLimit:  httpx.Rate{PerSecond: c.Limits.AddressRate, Burst: c.Limits.AddressBurst},
		CallerRate: httpx.Rate{PerSecond: c.Limits.CallerRate, Burst: c.Limits.CallerBurst},
		Observe:    a.Metrics.Observe, PageError: a.Web.Refuse, NotFoundPage: api.IsPage,
	})
	a.handler, err = api.Mount(r, api.Services{
		Health: a.Health, IAM: a.IAM, PKI: a.PKI, Catalogue: a.Catalogue, Cert: a.Cert, Verify: a.Verify, Seal: a.Seal, Web: a.Web,
	})
	return err
}

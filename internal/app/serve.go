package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sidian/internal/auth"
	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/obs"
	"sidian/internal/outbox"
	"sidian/internal/seal"
)

const (
	// grace is how long running requests may take when the program is told to stop.
	grace = 10 * time.Second
	// lastTraces is how long the traces of them may take to be sent.
	lastTraces = 3 * time.Second
)

// ServeOptions are what the command line says of serving.
type ServeOptions struct {
	Config string
	Log    io.Writer
	// Ready, where it is not nil, is told once requests are taken: the address
	// that users see, and the one that is listened at.
	Ready func(base, address string)
}

// Serve runs the instance of a configuration file until ctx ends. It refuses
// what is not initialised.
func Serve(ctx context.Context, o ServeOptions) error {
	c, err := loadConfig(o.Config)
	if err != nil {
		return err
	}
	if err := refuseExposed(c); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return troubledListen(c.Listen, byKey("listen"), err)
	}
	a, err := openInstance(ctx, c, o.Log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if o.Ready != nil {
		o.Ready(c.BaseURL, l.Addr().String())
	}
	return errors.Join(a.Run(ctx, l), a.Close())
}

// openInstance opens what a configuration file names. A demo's keys seal
// nothing without the demo's mark, however it is opened.
func openInstance(ctx context.Context, c conf.Config, log io.Writer) (*App, error) {
	o := Options{Log: log}
	if isDemo(c.DataDir) {
		o.Mark = Mark
	}
	return Open(ctx, c, o)
}

// Run serves on l until ctx ends: the pages and the API, the metrics on their
// own listener, deliveries, and what a crash left half-done. When it returns,
// everything that it started has ended.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	var background sync.WaitGroup
	ctx, stop := context.WithCancel(ctx)
	defer func() { stop(); background.Wait() }()
	traces, err := obs.Trace(ctx, a.Conf.Trace.Endpoint, Version)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer sendTraces(ctx, traces)
	metrics, err := a.listenMetrics()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	runner, err := outbox.NewRunner(ctx, a.DB, a.Outbox, func(consumer string, err error) {
		a.Log.Log(ctx, gravity(err), "delivering events", "consumer", consumer, "err", err)
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { _ = runner.Close() }() // it waits, and cannot fail
	if metrics != nil {
		background.Go(func() { a.serveMetrics(ctx, metrics) })
	}
	for _, c := range a.chores() {
		background.Go(func() { a.keepDoing(ctx, c) })
	}
	pair, err := a.tls(ctx, &background)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	a.Log.InfoContext(ctx, "serving", "address", l.Addr().String(), "database", a.DB.Engine())
	server := httpx.Server(a.Handler(), a.Log)
	if pair == nil {
		return httpx.Serve(ctx, server, l, "", "", grace)
	}
	return httpx.ServePair(ctx, server, l, pair, grace)
}

// Handler is the program's routes.
func (a *App) Handler() http.Handler { return a.handler }

func (a *App) listenMetrics() (net.Listener, error) {
	if a.Conf.Metrics.Listen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", a.Conf.Metrics.Listen)
	if err != nil {
		return nil, troubledListen(a.Conf.Metrics.Listen, byKey("metrics.listen"), err)
	}
	return l, nil
}

func (a *App) serveMetrics(ctx context.Context, l net.Listener) {
	a.Log.InfoContext(ctx, "serving metrics", "address", l.Addr().String())
	if err := httpx.Serve(ctx, httpx.Server(a.Metrics.Handler(), a.Log), l, "", "", grace); err != nil {
		a.Log.ErrorContext(ctx, "metrics stopped", "err", err)
	}
}

// sendTraces sends what is left; an endpoint that is gone does not hold the
// program up.
func sendTraces(ctx context.Context, flush func(context.Context) error) {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTraces)
	defer cancel()
	_ = flush(end) // what is lost is a sample of timings
}

// Close lets go of everything.
func (a *App) Close() error {
	err := a.DB.Close()
	if a.held != nil {
		err = errors.Join(err, a.held.close())
	}
	return err
}

// Migrate brings the schema of a configuration's database up to this program's,
// and reports what it applied.
//
// Rows of access control that a version wrote which did not guard them are
// guarded then. Afterwards that takes adoptAgain, an operator's word: somebody
// with the database alone could make guarded rows look like unguarded ones.
func Migrate(ctx context.Context, config string, adoptAgain bool) ([]string, error) {
	c, err := loadConfig(config)
	if err != nil {
		return nil, err
	}
	target, err := databaseURL(c)
	if err != nil {
		return nil, err
	}
	applied, err := db.Migrate(ctx, target)
	if err != nil {
		return applied, troubledDatabase(c, fmt.Errorf("migrating: %w", err))
	}
	now := func(number string) bool {
		return adoptAgain || slices.ContainsFunc(applied, func(name string) bool { return strings.HasPrefix(name, number) })
	}
	if people, seals := now("0019_"), now("0040_"); people || seals {
		err = adopt(ctx, c, people, seals)
	}
	return applied, err
}

// adopt guards the rows about people, or those about the use of seals. It does
// nothing where they are guarded, or where an init was interrupted.
func adopt(ctx context.Context, c conf.Config, aboutPeople, seals bool) error {
	d, err := openDatabase(ctx, c, db.Open)
	if err != nil {
		return err
	}
	if finished(ctx, d, c) != nil {
		return d.Close()
	}
	ks, err := openKeys(ctx, d, c)
	if err != nil {
		return errors.Join(troubledKeys(c, err), d.Close())
	}
	if aboutPeople {
		err = adoptPeople(ctx, d, ks)
	}
	if seals && err == nil {
		_, err = (&seal.Service{DB: d, Keys: ks}).Adopt(ctx)
	}
	return errors.Join(err, d.Close())
}

func adoptPeople(ctx context.Context, d *db.DB, ks *keys.Store) error {
	people, err := iam.New(ctx, d, ks, iam.Options{})
	if err == nil {
		_, err = people.Adopt(ctx)
	}
	if err != nil {
		return err
	}
	s, err := auth.New(ctx, people, ks, auth.Options{})
	if err == nil {
		_, err = s.Adopt(ctx)
	}
	return err
}

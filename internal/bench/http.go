package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"sidian/internal/app"
	"sidian/kinds"
)

// clients is how many requests are under way at once.
const clients = 32

func issueSQLite(ctx context.Context, span time.Duration) (figure, error) {
	return issueHTTP(ctx, span, "")
}

func issuePostgres(ctx context.Context, span time.Duration) (f figure, err error) {
	target, drop, err := freshServer(ctx)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return issueHTTP(ctx, span, target)
}

// freshServer is a database of its own on the server of make bench.
func freshServer(ctx context.Context) (target string, drop func() error, err error) {
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		return "", nil, errors.New("TEST_POSTGRES is not set (make bench sets it)")
	}
	return freshDatabase(ctx, server)
}

func freshDatabase(ctx context.Context, server string) (target string, drop func() error, err error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "bench_" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.ExecContext(ctx, "create database "+name+" template template0 lc_collate 'C' lc_ctype 'C' encoding 'UTF8'"); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error {
		_, err := admin.ExecContext(ctx, "drop database "+name+" with (force)")
		return errors.Join(err, admin.Close())
	}, nil
}

// issueHTTP issues business licences through the API of a seeded county, the
// clients included in the two cores, each certificate durable.
func issueHTTP(ctx context.Context, span time.Duration, database string) (f figure, err error) {
	h, _, end, err := servedCounty(ctx, database)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if _, err := h.run(ctx, span/5); err != nil { // caches, connections
		return f, err
	}
	f.unit = "certificates/s"
	err = f.weighed(database, span, func() (float64, error) { return h.run(ctx, span) })
	return f, err
}

// weighed measures how often something is done a second, and what each takes of
// the processor.
func (f *figure) weighed(database string, span time.Duration, run func() (float64, error)) (err error) {
	name := ""
	if u, err := url.Parse(database); err == nil {
		name = strings.TrimPrefix(u.Path, "/")
	}
	before := used(name)
	err = profiled(func() (err error) { f.value, err = run(); return err })
	f.note = used(name).each(before, max(1, f.value*span.Seconds()))
	return err
}

// servedCounty serves a seeded county, its program signed in with a business licence to
// ask for; database is SQLite when empty.
func servedCounty(ctx context.Context, database string) (h *load, creds *app.Credentials, end func() error, err error) {
	dir, err := workplace()
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, nil, err
	}
	base := "http://" + l.Addr().String()
	a, creds, err := app.CreateCounty(ctx, app.CountyConf(dir, base, database), app.Options{Log: io.Discard})
	if err != nil {
		return nil, nil, nil, errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx, l) }()
	end = func() error { stop(); return errors.Join(<-served, a.Close()) }
	h = &load{base: base, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}}
	if err = h.signIn(ctx, creds.Apps[0]); err == nil {
		h.body, err = kinds.FS.ReadFile("business_license/example.json")
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, end())
	}
	return h, creds, end, nil
}

type load struct {
	base, token string
	body        []byte
	client      *http.Client
}

func (h *load) signIn(ctx context.Context, a app.DemoApp) error {
	q, err := http.NewRequestWithContext(ctx, "POST", h.base+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	q.SetBasicAuth(a.ClientID, a.ClientSecret)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	b, err := h.do(q, http.StatusOK)
	if err != nil {
		return err
	}
	err = json.Unmarshal(b, &answer)
	h.token = answer.Token
	return err
}

func (h *load) do(q *http.Request, want int) ([]byte, error) {
	p, err := h.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	if err == nil && p.StatusCode != want {
		err = fmt.Errorf("%s answered %d: %.300s", q.URL.Path, p.StatusCode, b)
	}
	return b, err
}

// run issues for a while and returns certificates a second.
func (h *load) run(ctx context.Context, span time.Duration) (float64, error) {
	return many(ctx, span, func(ctx context.Context) error {
		_, err := h.post(ctx, "/api/v1/certificates", h.body)
		return err
	})
}

// many does one thing for a while, as many clients, and returns how often a second.
func many(ctx context.Context, span time.Duration, one func(context.Context) error) (float64, error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	var first error
	var once sync.Once
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for time.Since(start) < span {
				if err := one(ctx); err != nil {
					once.Do(func() { first = err })
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(start).Seconds(), first
}

package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/internal/annotation"
	"sidian/internal/api"
	"sidian/internal/archive"
	"sidian/internal/auditor"
	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/batch"
	"sidian/internal/bound"
	"sidian/internal/cert/certtest"
	"sidian/internal/complaint"
	"sidian/internal/composite"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/item"
	"sidian/internal/keys"
	"sidian/internal/lasting"
	"sidian/internal/listing"
	"sidian/internal/matter"
	"sidian/internal/notice"
	"sidian/internal/obs"
	"sidian/internal/onboard"
	"sidian/internal/pki/pkitest"
	"sidian/internal/provider"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/signature"
	"sidian/internal/todo"
	"sidian/internal/verify"
	"sidian/internal/web"
	"sidian/internal/web/account"
	"sidian/internal/web/admin"
	onboardpages "sidian/internal/web/onboard"
	"sidian/internal/web/records"
	"sidian/internal/webhook"
	"sidian/ofd/sign"
)

var update = flag.Bool("update", false, "write the golden files anew")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A server is the program's handler over a world of one county.
type server struct {
	*certtest.World
	http.Handler
	Auth       *auth.Service
	Onboard    *onboard.Service
	Apply      *sealapply.Service
	Sealing    *sealing.Service
	Signature  *signature.Service
	Provider   *provider.Service
	Webhook    *webhook.Service
	Archive    *archive.Service
	Complaint  *complaint.Service
	Item       *item.Service
	Listing    *listing.Service
	Annotation *annotation.Service
	Feedback   *feedback.Service
	Issuing    *issuing.Service
	Batch      *batch.Service
	Matter     *matter.Service
	Bound      *bound.Service
	Composite  *composite.Service
	Lasting    *lasting.Service
	routes     []httpx.Route
	log        *bytes.Buffer
	token      string
}

func newServer(t testing.TB, d *db.DB, kinds ...string) *server {
	t.Helper()
	return serve(t, certtest.New(t, d, kinds...), auth.Options{})
}

// serve makes the handler over a world as it is.
func serve(t testing.TB, w *certtest.World, rules auth.Options) *server {
	t.Helper()
	s := &server{World: w, log: &bytes.Buffer{}}
	box, err := w.Keys.BoxFor(t.Context(), keys.Session)
	must(t, err)
	rules.Hash, rules.CacheFor = authtest.Cost, time.Nanosecond
	s.Auth, err = auth.New(t.Context(), w.IAM, w.Keys, rules)
	must(t, err)
	v := &verify.Service{DB: w.DB, PKI: w.PKI, Cert: w.Cert, Cache: sign.NewChainCache()}
	pages := &web.Service{IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Verify: v}
	must(t, pages.Load())
	own := &account.Service{Auth: s.Auth, IAM: w.IAM, Kit: pages.Kit, Notices: &notice.Service{DB: w.DB}}
	must(t, own.Load())
	audits := &auditor.Service{DB: w.DB, Keys: w.Keys}
	deadlines := &todo.Service{DB: w.DB, Due: &due.Service{DB: w.DB}}
	kept := &records.Service{Kit: pages.Kit, Auditor: audits, Todo: deadlines, IAM: w.IAM, Cert: w.Cert, Account: named(w.DB), Usernames: unnamed}
	must(t, kept.Load())
	office := &admin.Service{IAM: w.IAM, Auth: s.Auth, Kit: pages.Kit, BaseURL: pkitest.BaseURL}
	must(t, office.Load())
	s.Onboard, err = onboard.New(t.Context(), w.IAM, s.Auth, w.Keys)
	must(t, err)
	bulk := &onboardpages.Service{Onboard: s.Onboard, IAM: w.IAM, Kit: pages.Kit, BaseURL: pkitest.BaseURL}
	must(t, bulk.Load())
	r := httpx.New(httpx.Options{
		Title: "四电 Sidian", Version: "0.0.0", BaseURL: pkitest.BaseURL, Authorizer: s.Auth,
		Idempotency: &httpx.Idempotency{DB: w.DB, Box: box}, Log: slog.New(slog.NewTextHandler(s.log, nil)),
		SlowPublic: httpx.Rate{PerSecond: -1}, PageError: pages.Refuse, NotFoundPage: api.IsPage,
	})
	all := api.Services{
		Health: &obs.Health{}, IAM: w.IAM, Auth: s.Auth, Auditor: audits, Todo: deadlines, Records: kept, Admin: office, Onboard: s.Onboard, Bulk: bulk,
		PKI: w.PKI, Seal: w.Seal, Catalogue: w.Catalogue, Cert: w.Cert, Verify: v, Web: pages, Account: own,
	}
	s.sealContexts(t, &all)
	s.sealPages(t, &all, pages.Kit)
	s.Handler, err = api.Mount(r, all)
	must(t, err)
	s.routes = r.Routes()
	return s
}

// named finds an account by its username; unnamed knows no usernames.
func named(d *db.DB) func(context.Context, string) (string, error) {
	return func(ctx context.Context, username string) (id string, err error) {
		err = d.Read(ctx, func(tx *db.Tx) error {
			s, err := iam.SubjectNamedTx(tx, username)
			id = s.ID
			return err
		})
		if fault.As(err) != nil {
			return "", nil
		}
		return id, err
	}
}

func unnamed(context.Context, []string) (map[string]string, error) { return map[string]string{}, nil }

// golden compares, or writes with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the program has; read the difference after go test ./internal/api -update", path)
	}
}

// Who may call what is read as a difference.
func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	var b bytes.Buffer
	for _, r := range s.routes {
		fmt.Fprintf(&b, "%-6s %-45s %-20s %s -> %s\n", r.Method, r.Pattern, r.Need, r.Request, r.Response)
	}
	golden(t, "routes.golden", b.Bytes())
}

// public is where strangers may go: contract §3, and the pages that show nothing
// but themselves.
var public = []string{
	"/healthz", "/readyz", "/oauth/", "/openapi.json", "/docs", "/api/v1/verify", "/v/", "/status/", "/log/", "/open/", "/login", "/login/", "/pki/", "/tsa", "/s/",
	"/verify", "/{$}", "/assets/", "/elder", "/logout",
}

func TestEveryRouteNeedsPermission(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	for _, r := range s.routes {
		open := false
		for _, p := range public {
			open = open || r.Pattern == p || strings.HasSuffix(p, "/") && strings.HasPrefix(r.Pattern, p)
		}
		if open != (r.Need == "public") {
			t.Errorf("%s %s is %q, and its place is public: %v", r.Method, r.Pattern, r.Need, open)
		}
	}
	if len(s.routes) < 25 {
		t.Errorf("only %d routes", len(s.routes))
	}
}

// The OpenAPI document is 3.1 and describes every route of the interface, with
// references that lead somewhere.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	a := s.get(t, "/openapi.json")
	a.want(t, http.StatusOK)
	var doc struct {
		OpenAPI    string
		Info       struct{ Title, Version string }
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	must(t, json.Unmarshal(a.body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Title == "" || doc.Info.Version == "" {
		t.Errorf("openapi %q, info %+v", doc.OpenAPI, doc.Info)
	}
	for _, r := range s.routes {
		if r.Response == "page" {
			continue
		}
		path := strings.ReplaceAll(r.Pattern, "{$}", "")
		raw, ok := doc.Paths[path][strings.ToLower(r.Method)]
		if !ok {
			t.Errorf("%s %s is not described", r.Method, r.Pattern)
			continue
		}
		var op struct {
			Summary   string
			Tags      []string
			Responses map[string]any
		}
		must(t, json.Unmarshal(raw, &op))
		if op.Summary == "" || len(op.Tags) == 0 || len(op.Responses) < 2 {
			t.Errorf("%s %s: %+v", r.Method, r.Pattern, op)
		}
	}
	for _, ref := range strings.Split(string(a.body), `"$ref":"`)[1:] {
		name, _, _ := strings.Cut(ref, `"`)
		if _, ok := doc.Components.Schemas[strings.TrimPrefix(name, "#/components/schemas/")]; !ok {
			t.Errorf("%s leads nowhere", name)
		}
	}
	var indented bytes.Buffer
	must(t, json.Indent(&indented, a.body, "", " "))
	golden(t, "openapi.golden", append(indented.Bytes(), '\n'))
}

// A missing address is a page for people and a problem for programs.
func TestIsPage(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	for path, media := range map[string]string{
		"/nowhere": "text/html", "/console/nowhere": "text/html", "/api/v1/nowhere": "application/problem+json",
		"/pki/nowhere": "application/problem+json", "/share/v1/x": "application/problem+json",
	} {
		a := s.get(t, path)
		if a.status != http.StatusNotFound || !strings.HasPrefix(a.header.Get("Content-Type"), media) {
			t.Errorf("%s: %d %s", path, a.status, a.header.Get("Content-Type"))
		}
	}
}

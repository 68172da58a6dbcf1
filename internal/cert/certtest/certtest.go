// Package certtest gives other packages' tests an instance that issues the
// kinds we ship, and CheckAll, which proves what must hold whatever happened.
package certtest

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"sidian/internal/blob"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/status"
	"sidian/kinds"
	"sidian/ofd/draw"
)

// A World is an instance as far as this package knows it. The market authority
// issues every kind, with a seal of each sort; Client acts for it.
type World struct {
	*sealtest.World
	Catalogue *catalogue.Service
	Blob      *blob.Store
	Outbox    *outbox.Outbox
	Cert      *cert.Service
	Seals     map[string]*seal.Seal // the market authority's, by sort
}

// New makes an instance in d that issues the named kinds; without names, all.
func New(t testing.TB, d *db.DB, names ...string) *World { return In(t, d, t.TempDir(), names...) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string, names ...string) *World {
	t.Helper()
	ctx := t.Context()
	e, err := blob.CreateDir(documents(dir))
	must(t, err)
	w, err := wire(ctx, sealtest.In(t, d, dir), e)
	must(t, err)
	w.Seals = map[string]*seal.Seal{}
	for _, kind := range []string{seal.LegalName, seal.Special} {
		w.Seals[kind] = w.Make(t, sealtest.Market, kind)
		w.Permit(t, w.Seals[kind])
	}
	made, err := w.Catalogue.Import(ctx, kinds.FS, names...)
	must(t, err)
	for _, k := range made {
		must(t, w.Cert.Entrust(ctx, k.Name, sealtest.Market))
	}
	return w
}

// Open opens what In made in d and dir, as another process would; the program
// acts in it.
func Open(ctx context.Context, d *db.DB, dir, client string) (*World, error) {
	s, err := sealtest.Open(ctx, d, dir, client)
	if err != nil {
		return nil, err
	}
	e, err := blob.OpenDir(documents(dir))
	if err != nil {
		return nil, err
	}
	return wire(ctx, s, e)
}

func documents(dir string) string { return filepath.Join(dir, "documents") }

func wire(ctx context.Context, s *sealtest.World, e blob.Engine) (*World, error) {
	fonts, err := draw.Embedded()
	if err != nil {
		return nil, err
	}
	w := &World{World: s, Catalogue: &catalogue.Service{DB: s.DB, Fonts: fonts}, Outbox: outbox.New()}
	if w.Blob, err = blob.New(ctx, e, s.Keys); err != nil {
		return nil, err
	}
	w.Cert = &cert.Service{
		DB: s.DB, IAM: s.IAM, Catalogue: w.Catalogue, Seal: s.Seal, Blob: w.Blob, Outbox: w.Outbox, Status: s.Status.Book(status.Certificates), BaseURL: pkitest.BaseURL, Mark: "样例",
	}
	if w.Cert.Box, err = s.Keys.Box(ctx); err != nil {
		return nil, err
	}
	if w.Cert.Guard, err = cert.NewGuard(ctx, s.Keys); err != nil {
		return nil, err
	}
	w.Cert.Index, err = s.Keys.Index(ctx, "cert.holder")
	return w, err
}

// Kinds are the names of the kinds that w issues.
func (w *World) Kinds(t testing.TB) (names []string) {
	t.Helper()
	all, err := w.Catalogue.Published(t.Context())
	must(t, err)
	for _, k := range all {
		names = append(names, k.Name)
	}
	return names
}

// Example is the request that a kind gives as its example.
func Example(t testing.TB, kind string) cert.IssueRequest {
	t.Helper()
	r, err := example(kind)
	must(t, err)
	return r
}

func example(kind string) (r cert.IssueRequest, err error) {
	b, err := kinds.FS.ReadFile(kind + "/example.json")
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// Issue issues the example of a kind.
func (w *World) Issue(t testing.TB, kind string) *cert.Certificate {
	t.Helper()
	c, err := w.Cert.Issue(w.Client, Example(t, kind))
	must(t, err)
	return c
}

// Document is the sealed document of a certificate.
func (w *World) Document(t testing.TB, c *cert.Certificate) []byte {
	t.Helper()
	b, err := w.Blob.Get(t.Context(), c.Digest)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package annotation_test

import (
	"context"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/annotation"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kind is issued to a person.
const kind = "physician"

// What a copy is for; none of it may stand where it is not encrypted.
const (
	purpose   = "申请执业地点变更备案"
	recipient = "青禾县第二人民医院人事科"
	item      = "医师变更执业地点"
)

// A world is an instance in which copies are made: by a program, and by staff.
type world struct {
	*certtest.World
	copies *annotation.Service
	app    context.Context // may annotate for the county
	staff  context.Context // issuer of the market
	land   context.Context // issuer of another unit
}

func newWorld(t testing.TB, d *db.DB, kinds ...string) *world {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{kind}
	}
	w := &world{World: certtest.New(t, d, kinds...)}
	n, err := w.IAM.CreateClient(w.Security, iam.ClientRequest{Name: "样例窗口系统", Org: pkitest.Root, Scopes: []string{"cert.read", "cert.annotate"}})
	must(t, err)
	w.app, err = w.IAM.AsClient(context.Background(), n.ID)
	must(t, err)
	for _, x := range w.Seals {
		for _, app := range []string{n.ID, ""} {
			_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, App: app, Purpose: annotation.Purpose, Until: d.Now().AddDate(3, 0, 0), Reason: "测试"})
			must(t, err)
		}
	}
	w.staff, w.land = w.Hire(t, "annotator", "issuer", sealtest.Market), w.Hire(t, "elsewhere", "issuer", sealtest.Land)
	w.copies = w.service(t)
	return w
}

// service is what another process would have.
func (w *world) service(t testing.TB) *annotation.Service {
	t.Helper()
	fonts, err := draw.Embedded()
	must(t, err)
	s, err := annotation.New(t.Context(), annotation.Parts{
		DB: w.DB, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notices: w.Notice, Fonts: fonts,
	})
	must(t, err)
	return s
}

func (w *world) request(id string) annotation.Request {
	return annotation.Request{ID: id, Purpose: purpose, Recipient: recipient, Item: item, CaseNo: "BJ-20261123-1", ExpiresAt: w.DB.Now().AddDate(0, 1, 0).Format(time.RFC3339)}
}

func (w *world) make(t testing.TB, id string) *annotation.Copy {
	t.Helper()
	c, err := w.copies.Make(w.app, w.request(id))
	must(t, err)
	return c
}

// file is the document of a copy.
func (w *world) file(t testing.TB, c *annotation.Copy) []byte {
	t.Helper()
	data, _, err := w.copies.Read(w.app, c.ID, noReading)
	must(t, err)
	return data
}

// valid wants every signature of a document believed by who trusts our root.
func (w *world) valid(t testing.TB, data []byte) {
	t.Helper()
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	r := sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
	if r.Verdict != sign.Valid || len(r.Signatures) != 1 {
		t.Errorf("%s with %d signatures: %+v", r.Verdict, len(r.Signatures), r.Warnings)
	}
}

// uses counts the uses of seals for copies by their state.
func (w *world) uses(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select state from seal_use where object like 'annotation/%' order by id`, nil, func(scan func(...any) error) error {
			var s string
			err := scan(&s)
			out[s]++
			return err
		})
	}))
	return out
}

// rows counts the copies by their status.
func (w *world) rows(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select status from annotation_copy order by id`, nil, func(scan func(...any) error) error {
			var s string
			err := scan(&s)
			out[s]++
			return err
		})
	}))
	return out
}

// repeating is a context whose request carries an Idempotency-Key.
func repeating(ctx context.Context, key string) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = key
	return httpx.WithMeta(ctx, meta)
}

// wantFault wants a refusal that names the rule and the way out.
func wantFault(t testing.TB, err error, kind fault.Kind, code, field string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.Msg == "" || e.Hint == "" {
		t.Errorf("%s says %q and no way out", code, e.Msg)
	}
	for _, f := range e.Fields {
		if f.Name == field {
			return
		}
	}
	if field != "" {
		t.Errorf("%s names %+v, not %s", code, e.Fields, field)
	}
}

func digestOf(data []byte) gm.Digest { return gm.Sum(data) }

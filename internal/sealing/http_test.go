package sealing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
)

// as lets a request act as whoever acts in ctx.
type as struct{ ctx context.Context }

func (a *as) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	p, ok := iam.From(a.ctx)
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	id := "account/" + p.Account
	if p.Account == "" {
		id = "client/" + p.Client
	}
	return iam.With(r.Context(), p), httpx.Caller{ID: id}, nil
}

func (a *as) Permit(ctx context.Context, permissions []string) error {
	var err error
	for _, p := range permissions {
		if err = iam.Allow(ctx, p, ""); err == nil {
			return nil
		}
	}
	return err
}

type caller struct {
	t   *testing.T
	who *as
	h   http.Handler
}

func serve(t *testing.T, w *sealingtest.World) *caller {
	t.Helper()
	c := &caller{t: t, who: &as{}}
	r := httpx.New(httpx.Options{Authorizer: c.who, Idempotency: &httpx.Idempotency{DB: w.DB}, Log: slog.New(slog.DiscardHandler)})
	w.Sealing.Routes(r)
	must(t, r.Err())
	c.h = r
	return c
}

func (c *caller) do(ctx context.Context, method, path, media string, body io.Reader, want int, to any) []byte {
	c.t.Helper()
	c.who.ctx = ctx
	r := httptest.NewRequest(method, path, body)
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	if w.Code != want {
		c.t.Fatalf("%s %s: %d, want %d: %.600s", method, path, w.Code, want, w.Body)
	}
	if to != nil {
		must(c.t, json.Unmarshal(w.Body.Bytes(), to))
	}
	return w.Body.Bytes()
}

func (c *caller) json(ctx context.Context, method, path string, body any, want int, to any) {
	c.t.Helper()
	if body == nil {
		c.do(ctx, method, path, "", nil, want, to)
		return
	}
	b, err := json.Marshal(body)
	must(c.t, err)
	c.do(ctx, method, path, "application/json", bytes.NewReader(b), want, to)
}

func (c *caller) form(ctx context.Context, path string, fields map[string]string, file []byte, want int, to any) []byte {
	c.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, v := range fields {
		must(c.t, m.WriteField(name, v))
	}
	if file != nil {
		f, err := m.CreateFormFile("file", "a.ofd")
		must(c.t, err)
		_, err = f.Write(file)
		must(c.t, err)
	}
	must(c.t, m.Close())
	return c.do(ctx, "POST", path, m.FormDataContentType(), &b, want, to)
}

const requests = "/api/v1/sealing-requests"

func TestHTTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		c := serve(t, w)
		keeper := w.Keepers[sealtest.Market]
		fields := map[string]string{
			"title": "通知", "purpose": "公文", "reason": "对外发布",
			"steps": `[{"seal":"` + w.Seals[sealtest.Market].ID + `","places":[{"keyword":"` + sealingtest.Keyword + `"}]}]`,
		}
		document := sealingtest.Document(t, "通知", 1)
		var r sealing.Request
		c.form(w.Asker, requests, fields, document, 201, &r)
		c.form(context.Background(), requests, fields, document, 401, nil)
		c.form(w.Asker, requests, fields, nil, 422, nil)
		for name, v := range map[string]string{"state": "done", "steps": "{", "account": "x"} {
			changed := map[string]string{}
			for k, old := range fields {
				changed[k] = old
			}
			changed[name] = v
			c.form(w.Asker, requests, changed, document, 422, nil)
		}
		var page sealing.RequestPage
		c.json(keeper, "GET", requests+"?whose=approve", nil, 200, &page)
		if len(page.Items) != 1 {
			t.Errorf("%d wait", len(page.Items))
		}
		c.json(w.Other, "GET", requests+"/"+r.ID, nil, 404, nil)
		c.json(w.Asker, "GET", requests+"?cursor=x", nil, 422, nil)
		c.do(keeper, "GET", requests+"/"+r.ID+"/pages/1", "", nil, 200, nil)
		c.do(keeper, "GET", requests+"/"+r.ID+"/pages/9", "", nil, 404, nil)
		c.do(w.Asker, "GET", requests+"/"+r.ID+"/file", "", nil, 409, nil)
		step := "/api/v1/sealing-steps/" + r.Steps[0].ID
		c.json(keeper, "POST", step+"/approval", map[string]any{"seen": r.Base}, 403, nil)
		c.json(w.Asker, "POST", step+"/approval", map[string]any{"seen": r.Base, "code": sealingtest.Code}, 403, nil)
		c.json(keeper, "POST", step+"/approval", map[string]any{"seen": r.Base, "code": sealingtest.Code, "account": "x"}, 422, nil)
		c.json(keeper, "POST", step+"/refusal", map[string]any{"reason": ""}, 422, nil)
		c.json(keeper, "POST", step+"/approval", map[string]any{"seen": r.Base, "code": sealingtest.Code}, 200, &r)
		if r.State != sealing.Done {
			t.Fatal(r.State)
		}
		wantVerified(t, w, c.do(w.Asker, "GET", requests+"/"+r.ID+"/file", "", nil, 200, nil), 1)
		if !bytes.Equal(c.do(w.Asker, "GET", requests+"/"+r.ID+"/file?which=original", "", nil, 200, nil), document) {
			t.Error("the upload was changed")
		}
		c.json(w.Asker, "GET", "/api/v1/seal-uses/"+r.Steps[0].Use+"/evidence", nil, 200, nil)
		c.json(w.Asker, "POST", requests+"/"+r.ID+"/withdrawal", map[string]any{"reason": "不办了"}, 409, nil)
		c.json(w.Asker, "POST", requests+"/"+r.ID+"/stamps", map[string]any{}, 409, nil)
	})
}

func TestHTTPBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		c := serve(t, w)
		w.Standing(t, sealtest.Market, "", voucher, 0)
		w.Standing(t, sealtest.Market, w.Prog.ID, voucher, 0)
		w.Standing(t, sealtest.Market, w.Prog.ID, sealing.Annotated, 0)
		const base = "/api/v1/sealing-batches"
		var b sealing.Batch
		c.json(w.Asker, "POST", base, batchAsk(w), 201, &b)
		c.form(w.Asker, base+"/"+b.ID+"/documents", nil, archive(t, 5, nil), 200, nil)
		c.form(w.Other, base+"/"+b.ID+"/documents", nil, archive(t, 5, nil), 404, nil)
		c.json(w.Asker, "POST", base+"/"+b.ID+"/actions/start", map[string]any{}, 200, nil)
		c.json(w.Asker, "POST", base+"/"+b.ID+"/actions/explode", map[string]any{}, 422, nil)
		_, err := w.Sealing.Work(t.Context())
		must(t, err)
		c.json(w.Asker, "GET", base+"/"+b.ID, nil, 200, &b)
		if b.State != sealing.Finished || b.Done != 5 {
			t.Errorf("%+v", b)
		}
		var list sealing.BatchPage
		c.json(w.Asker, "GET", base, nil, 200, &list)
		if len(list.Items) != 1 {
			t.Errorf("%d batches", len(list.Items))
		}
		wantVerified(t, w, c.do(w.Asker, "GET", base+"/"+b.ID+"/documents/1/file", "", nil, 200, nil), 1)
		if n := bytes.Count(c.do(w.Asker, "GET", base+"/"+b.ID+"/report", "", nil, 200, nil), []byte("\r\n")); n != 6 {
			t.Errorf("the report has %d lines", n)
		}
		c.json(w.Other, "GET", base+"/"+b.ID+"/documents", nil, 404, nil)

		one := map[string]string{"title": "收件凭证", "purpose": voucher, "reason": "窗口收件", "org": sealtest.Market,
			"seal": w.Seals[sealtest.Market].ID, "places": `[{"page":1,"x":120,"y":200}]`}
		stamped := c.form(w.Program, "/api/v1/stamp", one, sealingtest.Document(t, "收件凭证", 1), 200, nil)
		wantVerified(t, w, stamped, 1)
		one["purpose"] = "公文"
		c.form(w.Program, "/api/v1/stamp", one, sealingtest.Document(t, "收件凭证", 1), 403, nil)
		copied := c.form(w.Program, "/api/v1/annotate", map[string]string{"seal": w.Seals[sealtest.Market].ID, "title": "收件凭证", "use": "办理贷款",
			"recipient": "样例银行", "matter": "授信", "number": "JZ-2", "until": "2030-01-01", "org": sealtest.Market}, stamped, 200, nil)
		wantVerified(t, w, copied, 1)
		wantVerified(t, w, attached(t, copied), 1)
	})
}

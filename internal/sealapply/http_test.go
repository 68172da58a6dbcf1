package sealapply_test

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

	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// acting believes the header Acting.
type acting struct {
	*iam.Service
	people map[string]context.Context
}

func (a acting) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	who, ok := a.people[r.Header.Get("Acting")]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	id := sealapplytest.Account(who)
	ctx, err := a.As(r.Context(), id)
	return ctx, httpx.Caller{ID: "account/" + id}, err
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	w := sealapplytest.New(t, dbtest.New(t, "sqlite"))
	r := httpx.New(httpx.Options{Title: "t", Version: "1", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000},
		Authorizer: acting{w.IAM, map[string]context.Context{"keeper": w.Keeper, "other": w.Other, "clerk": w.Clerk, "county": w.OfCounty, "another": w.Another,
			"city": w.OfCity, "prov": w.OfProv, "holder": w.Holder, "system": w.System}}})
	w.Apply.Routes(r)
	must(t, r.Err())
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)

	send := func(who, method, path, media string, body io.Reader) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
		must(t, err)
		req.Header.Set("Content-Type", media)
		req.Header.Set("Acting", who)
		resp, err := server.Client().Do(req)
		must(t, err)
		defer resp.Body.Close()
		out, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, out
	}
	call := func(who, method, path string, body any, want int) *sealapply.Application {
		t.Helper()
		var b io.Reader
		if body != nil {
			text, err := json.Marshal(body)
			must(t, err)
			b = bytes.NewReader(text)
		}
		status, out := send(who, method, path, "application/json", b)
		if status != want {
			t.Fatalf("%s %s as %s: %d %s", method, path, who, status, out)
		}
		a := &sealapply.Application{}
		if status < 300 && method != "GET" {
			must(t, json.Unmarshal(out, a))
		}
		return a
	}
	upload := func(who, path string, fields map[string]string, data []byte, want int) *sealapply.Application {
		t.Helper()
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for k, v := range fields {
			must(t, m.WriteField(k, v))
		}
		f, err := m.CreateFormFile("file", "文件.pdf")
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
		must(t, m.Close())
		status, out := send(who, "POST", path, m.FormDataContentType(), &b)
		if status != want {
			t.Fatalf("POST %s as %s: %d %s", path, who, status, out)
		}
		a := &sealapply.Application{}
		if status < 300 {
			must(t, json.Unmarshal(out, a))
		}
		return a
	}

	const base = "/api/v1/seal-applications"
	type m = map[string]any
	name := sealapplytest.Name(sealapplytest.Market)
	body := m{"kind": "apply", "org": sealapplytest.Market, "seal_kind": seal.LegalName, "seal_name": name, "custodian": sealapplytest.Account(w.Keeper), "fields": w.Fields(t, sealapplytest.Market)}
	call("", "POST", base, body, 401)
	call("clerk", "POST", base, body, 403)
	call("other", "POST", base, body, 403)
	call("keeper", "POST", base, m{"kind": "steal"}, 422)
	a := call("keeper", "POST", base, body, 201)
	path := base + "/" + a.ID
	for _, who := range []string{"other", "county", "holder"} {
		call(who, "GET", path, nil, 404)
	}
	call("clerk", "GET", path, nil, 403)
	upload("keeper", path+"/attachments", map[string]string{"code": "application"}, []byte("MZ"), 422)
	upload("other", path+"/attachments", map[string]string{"code": "application"}, sealapplytest.PDF("x"), 404)
	upload("keeper", path+"/attachments", map[string]string{"code": "application"}, sealapplytest.PDF("x"), 200)
	a = upload("keeper", path+"/attachments", map[string]string{"code": "form"}, sealapplytest.PDF("y"), 200)
	if status, out := send("keeper", "GET", path+"/attachments/"+a.Attachments[0].ID, "", nil); status != 200 || !bytes.Equal(out, sealapplytest.PDF("x")) {
		t.Errorf("%d %q", status, out)
	}
	a = upload("keeper", path+"/imprint", map[string]string{"width": "42", "height": "42"}, sealapplytest.Imprint(t, name), 200)
	call("keeper", "POST", path+"/statement", m{"version": "old", "imprint": a.Imprint.Digest}, 409)
	call("keeper", "POST", path+"/submit", nil, 409)
	call("keeper", "POST", path+"/statement", m{"version": "2025-1", "imprint": a.Imprint.Digest}, 200)
	call("keeper", "PUT", path+"/certificate", m{"mode": "built-in"}, 200)
	call("keeper", "PUT", path+"/certificate", m{"mode": "held", "serial": "ffff"}, 404)
	call("keeper", "GET", path+"/checks", nil, 200)
	a = call("keeper", "POST", path+"/submit", nil, 200)
	if a.Tier != "county" {
		t.Fatalf("%+v", a)
	}
	call("keeper", "POST", path+"/review", m{"tier": "county", "approve": true}, 403)
	call("county", "POST", path+"/review", m{"tier": "county", "approve": false}, 422)
	call("county", "POST", path+"/review", m{"tier": "county", "approve": true}, 200)
	call("city", "POST", path+"/review", m{"tier": "city", "approve": true}, 200)
	call("prov", "POST", path+"/review", m{"tier": "province", "approve": true}, 200)
	call("keeper", "POST", path+"/make", nil, 403)
	call("another", "POST", path+"/make", nil, 200)
	a = call("another", "POST", path+"/file", m{"number": "9999990000009"}, 200)
	if a.State != sealapply.Filed || a.Number != "9999990000009" {
		t.Fatalf("%+v", a)
	}
	call("other", "GET", base+"?unit=market", nil, 403)
	call("county", "GET", base+"?unit=market&tier=county", nil, 200)
	call("holder", "GET", base+"?mine=true", nil, 200)
	call("", "GET", "/api/v1/seal-forms", nil, 401)
	call("holder", "GET", "/api/v1/seal-forms/current?org=market", nil, 200)
	call("keeper", "POST", "/api/v1/seal-forms", m{"yaml": "x", "reason": "x"}, 403)
	call("keeper", "POST", "/api/v1/seal-losses", m{"seal": a.Makes, "reason": "丢失", "then": "remake"}, 201)
	call("other", "POST", "/api/v1/seal-losses", m{"seal": a.Makes, "reason": "丢失", "then": "remake"}, 403)
}

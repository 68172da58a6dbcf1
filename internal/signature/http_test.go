package signature_test

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
)

// acting believes the header Acting: its value is one of these contexts.
type acting map[string]context.Context

func (a acting) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, ok := a[r.Header.Get("Acting")]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(ctx)
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + r.Header.Get("Acting")}, nil
}

func (a acting) Permit(ctx context.Context, permissions []string) (err error) {
	for _, p := range permissions {
		if err = iam.Ask(ctx, iam.Question{Permission: p, Gate: true}); err == nil {
			return nil
		}
	}
	return err
}

// The whole way over HTTP: a program begins, a phone writes, a person signs.
func TestRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Person(t, "王小明"), w.Person(t, "李四")
		box, err := w.Keys.BoxFor(t.Context(), keys.Session)
		must(t, err)
		r := httpx.New(httpx.Options{Idempotency: &httpx.Idempotency{DB: d, Box: box}, TrustedProxies: []netip.Prefix{}, SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000},
			Authorizer: acting{"a": a.Ctx, "b": b.Ctx, "app": w.Program, "system": w.System, "low": lower(t, w, a, 1)}})
		w.Signature.Routes(r)
		must(t, r.Err())
		call := func(who, method, path, media, body string, headers ...string) *httptest.ResponseRecorder {
			req := httptest.NewRequest(method, path, strings.NewReader(body))
			req.Header.Set("Acting", who)
			req.Header.Set("Content-Type", media)
			req.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU)")
			for i := 0; i+1 < len(headers); i += 2 {
				req.Header.Set(headers[i], headers[i+1])
			}
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, req)
			if strings.Contains(rec.Body.String(), a.Citizen) || strings.Contains(rec.Body.String(), b.Citizen) {
				t.Errorf("%s %s tells a citizen number", method, path)
			}
			return rec
		}
		want := func(rec *httptest.ResponseRecorder, status int, into any) {
			t.Helper()
			if rec.Code != status {
				t.Fatalf("answered %d, want %d: %s", rec.Code, status, rec.Body.String())
			}
			if into != nil {
				must(t, json.Unmarshal(rec.Body.Bytes(), into))
			}
		}
		const js = "application/json"
		want(call("a", "POST", "/api/v1/signature", js, ""), 201, nil)
		want(call("low", "POST", "/api/v1/signature", js, ""), 403, nil)
		want(call("app", "POST", "/api/v1/signature", js, ""), 403, nil)
		want(call("system", "POST", "/api/v1/signature", js, ""), 403, nil)
		want(call("", "GET", "/api/v1/signature", js, ""), 401, nil)

		var form bytes.Buffer
		m := multipart.NewWriter(&form)
		q, err := json.Marshal(signature.TaskRequest{Org: sealtest.Market, Title: "协议", Signers: []signature.Party{a.Invite(signaturetest.At(signaturetest.First))}})
		must(t, err)
		must(t, m.WriteField("task", string(q)))
		part, err := m.CreateFormFile("file", "a.ofd")
		must(t, err)
		_, err = part.Write(signaturetest.Document(t))
		must(t, err)
		must(t, m.Close())
		var x signature.Task
		rec := call("app", "POST", "/api/v1/signature-tasks", m.FormDataContentType(), form.String(), "Idempotency-Key", "one")
		want(rec, 201, &x)
		if rec.Header().Get("Location") != "/api/v1/signature-tasks/"+x.ID {
			t.Errorf("it is at %s", rec.Header().Get("Location"))
		}
		var again signature.Task
		want(call("app", "POST", "/api/v1/signature-tasks", m.FormDataContentType(), form.String(), "Idempotency-Key", "one"), 201, &again)
		if again.ID != x.ID {
			t.Error("the same request began two tasks")
		}
		want(call("a", "POST", "/api/v1/signature-tasks", m.FormDataContentType(), form.String()), 403, nil)
		want(call("app", "POST", "/api/v1/signature-tasks", js, "{}"), 415, nil)

		at := "/api/v1/signature-tasks/" + x.ID
		one := at + "/signers/1"
		var link, pad signature.Link
		want(call("app", "POST", one+"/link", js, ""), 200, &link)
		want(call("b", "POST", one+"/link", js, ""), 404, nil)
		want(call("", "GET", "/s/sign/"+link.Token+"/task", js, ""), 200, nil)
		want(call("", "GET", "/s/sign/x/task", js, ""), 404, nil)
		want(call("b", "GET", "/s/sign/"+link.Token+"/task", js, ""), 404, nil)
		for _, path := range []string{at, at + "/file", at + "/pages/1", at + "/events", at + "/evidence", one} {
			if rec := call("b", "GET", path, js, ""); rec.Code != 404 {
				t.Errorf("another is answered %d at %s", rec.Code, path)
			}
			want(call("", "GET", path, js, ""), 401, nil)
		}
		want(call("app", "POST", one+"/view", js, ""), 403, nil)
		want(call("a", "POST", one+"/view", js, ""), 200, nil)
		want(call("a", "GET", at+"/pages/1?dpi=72", js, ""), 200, nil)
		want(call("a", "GET", at+"/pages/9", js, ""), 404, nil)
		want(call("a", "POST", one+"/pad", js, ""), 200, &pad)
		var scene signature.PadScene
		want(call("", "POST", "/s/pad/"+pad.Token+"/open", js, ""), 200, &scene)
		want(call("", "POST", "/s/pad/"+pad.Token+"/open", js, ""), 409, nil)
		drawing := string(inktest.Drawing(1).JSON())
		want(call("", "POST", "/s/pad/"+pad.Token+"/drawing", js, drawing), 403, nil)
		want(call("", "POST", "/s/pad/"+pad.Token+"/drawing", js, "{", "Pad-Device", scene.Device), 422, nil)
		want(call("", "POST", "/s/pad/"+pad.Token+"/drawing", js, strings.Repeat(" ", 600<<10), "Pad-Device", scene.Device), 413, nil)
		want(call("", "POST", "/s/pad/"+pad.Token+"/drawing", js, drawing, "Pad-Device", scene.Device), 204, nil)
		want(call("", "POST", "/s/pad/"+pad.Token+"/drawing", js, drawing, "Pad-Device", scene.Device), 404, nil)
		confirm, err := json.Marshal(signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"})
		must(t, err)
		want(call("b", "POST", one+"/sign", js, string(confirm)), 404, nil)
		want(call("a", "POST", one+"/sign", js, strings.Replace(string(confirm), signaturetest.Code, "1", 1)), 403, nil)
		var done signature.Task
		want(call("a", "POST", one+"/sign", js, string(confirm)), 200, &done)
		if done.State != signature.Done {
			t.Errorf("signed as %+v", done)
		}
		want(call("app", "GET", at+"/evidence?format=json", js, ""), 200, nil)
		want(call("app", "GET", at+"/evidence", js, ""), 200, nil)
		var events struct{ Items []signature.EvidenceEvent }
		want(call("app", "GET", at+"/events", js, ""), 200, &events)
		phone := false
		for _, e := range events.Items {
			phone = phone || e.Kind == "pad.draw" && e.Device == "iPhone"
		}
		if !phone {
			t.Errorf("the events say %+v", events.Items)
		}
		want(call("app", "GET", "/api/v1/signature/records/"+done.Document, js, ""), 200, nil)
		want(call("app", "GET", "/api/v1/signature/records/"+strings.Repeat("0", 64), js, ""), 404, nil)
		want(call("app", "GET", "/api/v1/signature/records/x", js, ""), 422, nil)
		var list signature.Page
		want(call("a", "GET", "/api/v1/signature/to-sign", js, ""), 200, &list)
		if len(list.Items) != 1 {
			t.Errorf("to sign are %+v", list)
		}
		want(call("b", "GET", "/api/v1/signature/to-sign", js, ""), 200, &list)
		if len(list.Items) != 0 {
			t.Errorf("another is to sign %+v", list)
		}
		want(call("app", "GET", "/api/v1/signature-tasks?state=done&limit=1", js, ""), 200, &list)
		if len(list.Items) != 1 {
			t.Errorf("the unit's are %+v", list)
		}
		want(call("a", "POST", "/api/v1/signature/cancel", js, `{"reason": "不再使用"}`), 204, nil)
	})
}

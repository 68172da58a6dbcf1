package auditor_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/auditor"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
)

// door lets in whom the header names; signing in is another package's.
type door struct{ *office }

func (d door) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	who := r.Header.Get("X-Who")
	if who == "" {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(d.Ctx(d.t, who))
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + p.Account}, nil
}

func (d door) Permit(ctx context.Context, permissions []string) error {
	err := error(fault.Forbidden.New("没有权限"))
	for _, p := range permissions {
		if err = iam.Allow(ctx, p, ""); err == nil {
			return nil
		}
	}
	return err
}

func (o *office) serve() *httptest.Server {
	o.t.Helper()
	r := httpx.New(httpx.Options{Title: "test", Authorizer: door{o}})
	o.Service.Routes(r)
	if err := r.Err(); err != nil {
		o.t.Fatal(err)
	}
	s := httptest.NewServer(r)
	o.t.Cleanup(s.Close)
	return s
}

func call(t *testing.T, s *httptest.Server, who, method, path, body string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Who", who)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	o := newOffice(t, d)
	o.story()
	o.chain()
	o.happens(outbox.Event{Topic: auditor.Glass, Key: "glass/1", Body: auditor.Event{}})
	s := o.serve()
	id := o.trail("cert.issue")[0].ID
	alarm := o.alarms(o.Ctx(t, "audit"), "")[0].ID
	for name, c := range map[string]struct {
		who, method, path, body string
		want                    int
		holds                   string
	}{
		"search":               {"audit", "GET", "/api/v1/audit?object=cert/1&limit=2", "", 200, `"next":`},
		"search by many":       {"audit", "GET", "/api/v1/audit?org=market,land&result=refused&from=2020-01-01T00:00:00%2B08:00&action=cert.", "", 200, `"entries":`},
		"foreign organisation": {"inner", "GET", "/api/v1/audit?org=land", "", 403, `"auth.org"`},
		"giant limit":          {"audit", "GET", "/api/v1/audit?limit=100000000", "", 422, `"limit"`},
		"bad time":             {"audit", "GET", "/api/v1/audit?from=yesterday", "", 422, `"from"`},
		"bad result":           {"audit", "GET", "/api/v1/audit?result=maybe", "", 422, `"result"`},
		"bad cursor":           {"audit", "GET", "/api/v1/audit?cursor=%27--", "", 422, `"cursor"`},
		"unknown parameter":    {"audit", "GET", "/api/v1/audit?objekt=x", "", 422, ``},
		"entry":                {"audit", "GET", "/api/v1/audit/" + id, "", 200, `"intact":true`},
		"no entry":             {"audit", "GET", "/api/v1/audit/none", "", 404, ``},
		"timeline":             {"audit", "GET", "/api/v1/audit/timeline?object=cert/1", "", 200, `"cert.issue"`},
		"timeline of nothing":  {"audit", "GET", "/api/v1/audit/timeline", "", 422, `"object"`},
		"look-back":            {"audit", "GET", "/api/v1/audit/lookback?object=cert/1", "", 200, `"people":`},
		"person":               {"audit", "GET", "/api/v1/audit/people/" + o.People["outsider"].ID + "?objects=cert/", "", 200, `"objects":`},
		"alarms":               {"security", "GET", "/api/v1/alarms?state=open", "", 200, `"iam.glass"`},
		"acknowledged badly":   {"security", "POST", "/api/v1/alarms/" + alarm + "/acknowledge", `{}`, 422, `"note"`},
		"mass assignment":      {"security", "POST", "/api/v1/alarms/" + alarm + "/acknowledge", `{"note":"x","state":"open","acknowledged_by":"y"}`, 422, ``},
		"acknowledge no alarm": {"security", "POST", "/api/v1/alarms/none/acknowledge", `{"note":"x"}`, 404, ``},
		"export, no reason":    {"audit", "POST", "/api/v1/audit/exports", `{"format":"csv"}`, 422, `"reason"`},
		"export, format":       {"audit", "POST", "/api/v1/audit/exports", `{"format":"exe","reason":"x"}`, 422, `"format"`},
		"export, query":        {"audit", "POST", "/api/v1/audit/exports", `{"format":"csv","reason":"x","query":{"result":"maybe"}}`, 422, `result`},
		"export, foreign":      {"inner", "POST", "/api/v1/audit/exports", `{"format":"csv","reason":"x","query":{"orgs":["land"]}}`, 403, `"auth.org"`},
		"no export by system":  {"system", "POST", "/api/v1/audit/exports", `{"format":"csv","reason":"x"}`, 403, ``},
		"no read by security":  {"security", "GET", "/api/v1/audit", "", 403, ``},
		"no alarms by clerks":  {"clerk", "GET", "/api/v1/alarms", "", 403, ``},
		"stranger":             {"", "GET", "/api/v1/audit", "", 401, ``},
		"nothing is deleted":   {"audit", "DELETE", "/api/v1/audit/" + id, "", 405, ``},
		"nothing is put":       {"audit", "PUT", "/api/v1/audit/" + id, "{}", 405, ``},
		"nothing is added":     {"audit", "POST", "/api/v1/audit", "{}", 405, ``},
	} {
		status, _, body := call(t, s, c.who, c.method, c.path, c.body)
		if status != c.want || !strings.Contains(strings.Replace(string(body), `"entries":`, `"entries":`, 1), c.holds) {
			t.Errorf("%s: %d %s, want %d with %s", name, status, body, c.want, c.holds)
		}
	}
	status, _, body := call(t, s, "security", "POST", "/api/v1/alarms/"+alarm+"/acknowledge", `{"note":"已核实"}`)
	if status != 200 || !strings.Contains(string(body), `"acknowledged"`) {
		t.Errorf("acknowledge: %d %s", status, body)
	}
}

func TestHTTPExport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.typed()
		s := o.serve()
		for _, format := range []string{auditor.NDJSON, auditor.CSV, auditor.XLSX} {
			status, header, body := call(t, s, "inner", "POST", "/api/v1/audit/exports", `{"format":"`+format+`","reason":"年度检查","query":{"orgs":["`+iamtest.Market+`"],"object":"cert/9"}}`)
			if status != 200 || header.Get("Content-Type") != "application/zip" || !strings.Contains(header.Get("Content-Disposition"), format+".zip") {
				t.Fatalf("%d %v", status, header)
			}
			var m auditor.Manifest
			if err := json.Unmarshal(read(t, unpack(t, body), "manifest.json"), &m); err != nil || m.Rows != len(evil) || m.Scope != iamtest.Market || m.Query.Object != "cert/9" {
				t.Errorf("%+v, %v", m, err)
			}
		}
		for _, e := range o.trail("audit.exported") {
			if e.Result != audit.Done || e.Request == "" || e.Actor.Address == "" || e.Actor.Account == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/kinds"
)

const certificates = "/api/v1/certificates"

func example(t testing.TB, kind string) []byte {
	t.Helper()
	b, err := kinds.FS.ReadFile(kind + "/example.json")
	must(t, err)
	return b
}

// changed is the example of a kind with members replaced.
func changed(t testing.TB, kind string, change func(map[string]any)) []byte {
	t.Helper()
	var v map[string]any
	must(t, json.Unmarshal(example(t, kind), &v))
	change(v)
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// Each kind's example is issued as it stands, each time; each format of its
// file is to be had.
func TestIssueOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d)
		s.signIn(t, s.App.ID, s.App.Secret)
		for _, kind := range s.Kinds(t) {
			for i := range 2 {
				a := s.call(t, http.MethodPost, certificates, example(t, kind), header("Idempotency-Key", fmt.Sprint(kind, i)))
				a.want(t, http.StatusCreated)
				c := a.json(t)
				for _, key := range []string{"id", "identifier", "number", "status", "version", "code", "verify_url", "document"} {
					if c[key] == nil || c[key] == "" {
						t.Errorf("%s: no %s in %s", kind, key, a.body)
					}
				}
				if c["status"] != "effective" || a.header.Get("Location") != certificates+"/"+c["id"].(string) {
					t.Errorf("%s: %v at %s", kind, c["status"], a.header.Get("Location"))
				}
				again := s.get(t, a.header.Get("Location"))
				again.want(t, http.StatusOK)
				if !bytes.Equal(again.body, a.body) {
					t.Errorf("%s: issued %s\nread %s", kind, a.body, again.body)
				}
				for _, h := range certtest.Example(t, kind).Holders {
					if h.Type == "person" {
						wantNone(t, kind+": the answer", string(a.body), h.Name)
					}
				}
			}
		}
		must(t, s.CheckAll(t.Context()))
		wantNone(t, "the log", s.log.String(), "999999199005060117", "张示范", "secret")
	})
}

func TestFileOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	s.signIn(t, s.App.ID, s.App.Secret)
	c := s.Issue(t, "road_transport")
	at := certificates + "/" + c.ID + "/file"
	for format, want := range map[string][2]string{
		"":    {"application/ofd", "PK\x03\x04"},
		"ofd": {"application/ofd", "PK\x03\x04"},
		"pdf": {"application/pdf", "%PDF-"},
		"svg": {"image/svg+xml", "<svg"},
		"png": {"image/png", "\x89PNG"},
	} {
		a := s.get(t, at+"?format="+format)
		if format == "" {
			a = s.get(t, at)
		}
		a.want(t, http.StatusOK)
		if a.header.Get("Content-Type") != want[0] || !bytes.Contains(a.body[:100], []byte(want[1])) {
			t.Errorf("%q: %s %q", format, a.header.Get("Content-Type"), a.body[:20])
		}
		name := format
		if name == "" {
			name = "ofd"
		}
		if !strings.Contains(a.header.Get("Content-Disposition"), c.Identifier+"."+name) {
			t.Errorf("%q is offered as %s", format, a.header.Get("Content-Disposition"))
		}
		again, want304 := s.get(t, at+"?format="+name, header("If-None-Match", a.header.Get("Etag"))), name == "ofd" // every export has a number of its own
		if (again.status == http.StatusNotModified) != want304 {
			t.Errorf("%q asked for again: %d", format, again.status)
		}
	}
	if a := s.get(t, at); !bytes.Equal(a.body, s.Document(t, c)) {
		t.Error("the original is another")
	}
	s.get(t, at+"?format=docx").problem(t, http.StatusUnprocessableEntity, "invalid", "format")
	s.get(t, at+"?format=svg&page=2").problem(t, http.StatusNotFound, "cert.page")
	s.get(t, certificates+"/none/file").problem(t, http.StatusNotFound, "cert.not-found")
	trace := s.get(t, certificates+"/"+c.ID+"/trace")
	trace.want(t, http.StatusOK)
	if !bytes.Contains(trace.body, []byte(`"cert.read"`)) || !bytes.Contains(trace.body, []byte(`"cert.issue"`)) {
		t.Errorf("trace %s", trace.body)
	}
}

// What is refused says which field, which rule, and the way out; and leaves nothing.
func TestRefusedOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d, "physician", "approval", "business_license")
		s.signIn(t, s.App.ID, s.App.Secret)
		taken := s.Issue(t, "business_license")
		before := unaudited(s.Counts(t))
		for name, c := range map[string]struct {
			body   []byte
			status int
			code   string
			fields []string
		}{
			"not JSON":       {[]byte(`{"kind": `), 400, "json.syntax", nil},
			"not an object":  {[]byte(`[]`), 422, "invalid", nil},
			"empty":          {[]byte(`{}`), 422, "invalid", []string{"kind", "holders"}},
			"unknown member": {changed(t, "physician", func(v map[string]any) { v["colour"] = "red" }), 422, "invalid", []string{"colour"}},
			"unknown kind":   {changed(t, "physician", func(v map[string]any) { v["kind"] = "x" }), 422, "catalogue.kind", []string{"kind"}},
			"unknown field": {changed(t, "physician", func(v map[string]any) { v["fields"].(map[string]any)["colour"] = 1 }), 422,
				"catalogue.invalid", []string{"fields.colour"}},
			"several at once": {changed(t, "physician", func(v map[string]any) {
				delete(v["fields"].(map[string]any), "zyfw")
				v["holders"].([]any)[0].(map[string]any)["id"] = "999999198801200201"
				v["valid_from"] = "2026-13-01"
			}), 422, "catalogue.invalid", []string{"fields.zyfw", "holders[0].id", "valid_from"}},
			"wrong organisation": {changed(t, "physician", func(v map[string]any) { v["issuer"] = sealtest.Land }), 403, "cert.issuer", []string{"issuer"}},
			"taken": {changed(t, "business_license", func(v map[string]any) { v["holders"].([]any)[0].(map[string]any)["id"] = taken.Number }), 409,
				"cert.duplicate", []string{"holders[0].id"}},
			"too large": {changed(t, "physician", func(v map[string]any) { v["case_no"] = strings.Repeat("x", 5<<20) }), 413, "body.too-large", nil},
		} {
			t.Run(name, func(t *testing.T) {
				a := s.call(t, http.MethodPost, certificates, c.body, header("Idempotency-Key", "refused"))
				a.problem(t, c.status, c.code, c.fields...)
				wantNone(t, "the problem", string(a.body), "999999198801200201", "赵示范")
			})
		}
		if after := unaudited(s.Counts(t)); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	})
}

func TestWhoMayIssue(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "physician")
	body := example(t, "physician")
	s.call(t, http.MethodPost, certificates, body).problem(t, http.StatusUnauthorized, "auth.required")
	s.token = "no-such-token"
	if a := s.call(t, http.MethodPost, certificates, body); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("a wrong token: %d", a.status)
	}
	reader, err := s.IAM.CreateClient(s.Security, iam.ClientRequest{Name: "只读", Org: sealtest.Market, Scopes: []string{"cert.read"}})
	must(t, err)
	s.signIn(t, reader.ID, reader.Secret)
	s.call(t, http.MethodPost, certificates, body).problem(t, http.StatusForbidden, "auth.scope")
	land, err := s.IAM.CreateClient(s.Security, iam.ClientRequest{Name: "另一单位", Org: sealtest.Land, Scopes: []string{"cert.issue", "cert.read"}})
	must(t, err)
	s.signIn(t, land.ID, land.Secret)
	s.call(t, http.MethodPost, certificates, body).problem(t, http.StatusForbidden, "auth.org", "issuer")
	c := s.Issue(t, "physician")
	for _, path := range []string{"", "/file", "/trace"} {
		s.get(t, certificates+"/"+c.ID+path).problem(t, http.StatusForbidden, "auth.org")
	}
	if a := s.get(t, certificates); a.status != http.StatusOK || !bytes.Contains(a.body, []byte(`"items":[]`)) {
		t.Errorf("the list of another unit: %s", a.body)
	}
}

func TestIdempotencyOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d, "road_transport")
		s.signIn(t, s.App.ID, s.App.Secret)
		key := header("Idempotency-Key", "11111111-2222")
		first := s.call(t, http.MethodPost, certificates, example(t, "road_transport"), key)
		first.want(t, http.StatusCreated)
		again := s.call(t, http.MethodPost, certificates, example(t, "road_transport"), key)
		again.want(t, http.StatusCreated)
		if !bytes.Equal(first.body, again.body) || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("first %s\nagain %s", first.body, again.body)
		}
		other := changed(t, "road_transport", func(v map[string]any) { v["case_no"] = "A-1" })
		s.call(t, http.MethodPost, certificates, other, key).problem(t, http.StatusConflict, "idempotency.reused")
		if n, err := s.Tally(t.Context()); err != nil || n["effective"] != 1 {
			t.Errorf("%v, %v", n, err)
		}
		must(t, s.CheckAll(t.Context()))
	})
}

func TestListOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d, "road_transport")
		s.signIn(t, s.App.ID, s.App.Secret)
		for range 3 {
			s.Issue(t, "road_transport")
		}
		seen, path := 0, certificates+"?limit=2"
		for path != "" {
			a := s.get(t, path)
			a.want(t, http.StatusOK)
			var p struct {
				Items []json.RawMessage
				Next  string
			}
			must(t, json.Unmarshal(a.body, &p))
			seen += len(p.Items)
			if path = ""; p.Next != "" {
				path = certificates + "?limit=2&cursor=" + p.Next
			}
		}
		if seen != 3 {
			t.Errorf("%d certificates on all pages", seen)
		}
		s.get(t, certificates+"?cursor=x").problem(t, http.StatusUnprocessableEntity, "cursor", "cursor")
		s.get(t, certificates+"?limit=0").problem(t, http.StatusUnprocessableEntity, "invalid", "limit")
		s.get(t, certificates+"?limit=1000").problem(t, http.StatusUnprocessableEntity, "invalid", "limit")
		for _, path := range []string{certificates + "?number=%00", certificates + "?issuer=%ff", certificates + "/%00", certificates + "?kind=%E4%B8", "/v/%00", "/v/%ff"} {
			if a := s.get(t, path, header("Accept", "application/json")); a.status >= 500 {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		if a := s.get(t, "/api/v1/seals"); a.status != http.StatusOK || !bytes.Contains(a.body, []byte(`"effective"`)) {
			t.Errorf("seals: %d %s", a.status, a.body)
		}
	})
}

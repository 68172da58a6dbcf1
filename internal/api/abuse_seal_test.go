package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/httpx"
	"sidian/internal/iam/policy/policytest"
	"sidian/internal/signature/ink/inktest"
)

// misused wants a refusal in Chinese that is the caller's fault, and tells
// nothing of the machine.
func misused(t *testing.T, what string, got answer) {
	t.Helper()
	var p httpx.Problem
	if err := json.Unmarshal(got.body, &p); err != nil || got.status < 400 || got.status >= 500 || !strings.ContainsFunc(p.Detail, isHan) {
		t.Errorf("%s: %d %.300s", what, got.status, got.body)
	}
	wantNone(t, what, string(got.body), "goroutine", ".go:", "/tmp/", "sql:")
}

// hostileUploads: what is no document, or more than one, or says it is what it
// is not, is refused by every route that takes files.
func hostileUploads(t *testing.T, s *stage) {
	r := s.records[policytest.Own].fresh()
	clerk, keeper := s.actor(t, "clerk"), s.actor(t, "custodian")
	steps := `[{"seal":"` + r.value(t, "seal") + `","order":1,"places":[{"page":1,"x":50,"y":50}]}]`
	task := textOf(t, map[string]any{"title": "样例", "signers": []any{map[string]any{"account": keeper.id()}}})
	deep := strings.Repeat("[", 20_000)
	draft, campaign := r.value(t, "draft"), r.value(t, "campaign")
	batch := r.batch(t, s.ctx(t, clerk)).ID
	type target struct {
		a      *actor
		path   string
		fields map[string]string
	}
	targets := []target{
		{clerk, "/api/v1/sealing-requests", map[string]string{"title": "x", "purpose": "公文", "reason": "x", "steps": steps}},
		{clerk, "/api/v1/stamp", map[string]string{"seal": r.value(t, "seal"), "title": "x", "purpose": "公文", "reason": "x", "places": `[{"page":1,"x":1,"y":1}]`}},
		{clerk, "/api/v1/annotate", map[string]string{"seal": r.value(t, "seal"), "title": "x", "use": "x", "recipient": "x", "matter": "x", "number": "A", "reason": "x"}},
		{clerk, "/api/v1/sealing-batches/" + batch + "/documents", nil},
		{clerk, "/api/v1/signature-tasks", map[string]string{"task": task}},
		{clerk, "/api/v1/signature/verify", nil},
		{keeper, "/api/v1/seal-applications/" + draft + "/attachments", map[string]string{"code": "other"}},
		{keeper, "/api/v1/seal-applications/" + draft + "/imprint", map[string]string{"width": "42", "height": "42"}},
		{keeper, "/api/v1/seal-campaigns/" + campaign + "/rows", nil},
	}
	files := map[string][]byte{
		"nothing":        {},
		"a text":         []byte("样例"),
		"a program":      []byte("MZ\x90\x00\x03\x00\x00\x00"),
		"a page":         []byte("<html><script>alert(1)</script></html>"),
		"a drawing":      []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`),
		"entities":       []byte(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>`),
		"half an OFD":    r.document(t)[:200],
		"a broken PNG":   []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\x00\x00\x00"),
		"paths outside":  zipOf(t, map[string]string{"../../etc/passwd": "x", "/etc/shadow": "x", "OFD.xml": "<a/>"}),
		"a bomb":         zipOf(t, map[string]string{"OFD.xml": strings.Repeat("A", 64<<20)}),
		"ZIP in ZIP":     zipOf(t, map[string]string{"a.zip": string(zipOf(t, map[string]string{"b.zip": "x"}))}),
		"a formula":      []byte("单位编号,单位名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\n=cmd|' /C calc'!A0,x,x,x,1,1\n"),
		"a table of one": []byte("=1"),
	}
	for _, x := range targets {
		for name, data := range files {
			if name == "a formula" && strings.HasSuffix(x.path, "/rows") {
				continue // a table whose row says what is wrong with it
			}
			got := s.call(t, http.MethodPost, x.path, []byte(parts(x.fields, "a.ofd", data)), x.a.send, multi("--b"))
			if strings.HasSuffix(x.path, "/documents") && got.status == http.StatusOK || strings.HasSuffix(x.path, "/verify") && got.status == http.StatusOK {
				wantNone(t, name, string(got.body), "goroutine", ".go:", "root:")
				continue // each document's trouble, and each verdict, is told by the answer
			}
			misused(t, x.path+": "+name, got)
		}
		for name, body := range map[string]string{
			"no file":      parts(x.fields, "", nil),
			"no form":      `{}`,
			"another name": strings.Replace(parts(x.fields, "a.ofd", r.document(t)), `name="file"`, `name="other"`, 1),
			"two files":    strings.Replace(parts(x.fields, "a.ofd", r.document(t)), "--b--", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\nx\r\n--b--", 1),
			"cut off":      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nPK",
		} {
			misused(t, x.path+": "+name, s.call(t, http.MethodPost, x.path, []byte(body), x.a.send, multi("--b")))
		}
	}
	for _, c := range []struct{ path, field, value string }{
		{"/api/v1/sealing-requests", "steps", deep}, {"/api/v1/sealing-requests", "steps", steps + steps}, {"/api/v1/sealing-requests", "steps", `[{"seal":"x","state":"done"}]`},
		{"/api/v1/sealing-requests", "account", keeper.id()}, {"/api/v1/sealing-requests", "steps", "[" + strings.Repeat(`{},`, 50) + "{}]"},
		{"/api/v1/sealing-requests", "steps", strings.Replace(steps, `"x":50`, `"x":1e300`, 1)}, {"/api/v1/sealing-requests", "steps", strings.Replace(steps, `"page":1`, `"page":99`, 1)},
		{"/api/v1/stamp", "places", deep}, {"/api/v1/stamp", "places", `[{"page":1,"x":-1000,"y":1}]`}, {"/api/v1/stamp", "app", "x"},
		{"/api/v1/signature-tasks", "task", deep}, {"/api/v1/signature-tasks", "task", `{"title":"x","signers":[]}`}, {"/api/v1/signature-tasks", "task", "null"},
	} {
		for _, x := range targets {
			if x.path != c.path {
				continue
			}
			fields := map[string]string{c.field: c.value}
			for k, v := range x.fields {
				if k != c.field {
					fields[k] = v
				}
			}
			misused(t, c.path+" "+c.field, s.call(t, http.MethodPost, c.path, []byte(parts(fields, "a.ofd", r.document(t))), x.a.send, multi("--b")))
		}
	}
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write([]byte(data))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// usedOnce: what is good once is good once: links to write on a phone, codes,
// signatures, decisions, and requests that are sent again.
func usedOnce(t *testing.T, s *stage) {
	r := s.records[policytest.Own].fresh()
	reviewer, clerk, counter := s.actor(t, "reviewer"), s.actor(t, "clerk"), s.actor(t, "counter")
	s.enrol(t, s.ctx(t, reviewer))
	x := r.task(t, r.hired(t, "clerk"), r.org(), reviewer.id())
	at := "/api/v1/signature-tasks/" + x.ID + "/signers/1"
	drawing := string(inktest.Drawing(1).JSON())
	s.tell(t, reviewer, "POST", at+"/view", "", 200)
	first := s.tell(t, reviewer, "POST", at+"/pad", "", 200)["token"].(string)
	token := s.tell(t, reviewer, "POST", at+"/pad", "", 200)["token"].(string)
	stranger := s.actor(t, "stranger")
	s.tell(t, stranger, "POST", "/s/pad/"+first+"/open", "", 404) // replaced by the second
	opened := s.tell(t, stranger, "POST", "/s/pad/"+token+"/open", "", 200)
	if text := textOf(t, opened); strings.Contains(text, x.ID) || strings.Contains(text, reviewer.account.Name) {
		t.Errorf("a pad tells %s", text)
	}
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/open", "", 409) // another phone
	device, _ := opened["device"].(string)
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/drawing", drawing, 403)
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/drawing", drawing, 403, header("Pad-Device", strings.Repeat("a", len(device))))
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/drawing", `{"width":300,"height":120,"strokes":[]}`, 422, header("Pad-Device", device))
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/drawing", drawing, 204, header("Pad-Device", device))
	s.tell(t, stranger, "POST", "/s/pad/"+token+"/drawing", drawing, 404, header("Pad-Device", device))
	s.tell(t, stranger, "GET", "/s/sign/"+token+"/task", "", 404) // a pad is no invitation

	sign := func(a *actor, code, original, intent string, status int) {
		t.Helper()
		s.tell(t, a, "POST", at+"/sign", textOf(t, map[string]string{"code": code, "original": original, "intent": intent}), status)
	}
	sign(reviewer, "", x.Original, "1", 403)
	sign(reviewer, "000000", x.Original, "1", 403)
	sign(counter, s.nextCode(counter), x.Original, "1", 404) // another's
	sign(reviewer, s.nextCode(reviewer), fmt.Sprintf("%064d", 0), "1", 409)
	sign(reviewer, s.nextCode(reviewer), x.Original, "99", 409)
	code := s.nextCode(reviewer)
	sign(reviewer, code, x.Original, "1", 200)
	sign(reviewer, s.nextCode(reviewer), x.Original, "1", 409)
	s.tell(t, reviewer, "POST", at+"/refuse", `{"reason":"反悔"}`, 409)
	s.tell(t, reviewer, "POST", at+"/drawing", drawing, 409)
	s.tell(t, reviewer, "POST", at+"/pad", "", 409)
	s.tell(t, r.s.actor(t, "clerk"), "POST", "/api/v1/signature-tasks/"+x.ID+"/withdraw", `{"reason":"反悔"}`, 409)

	// One request sent twice is one request; with other words, or by another, it is
	// refused.
	key := header("Idempotency-Key", "sealing-once")
	asking := r.value(t, "asking")
	made := s.tell(t, clerk, "POST", "/api/v1/sealing-requests", asking, 201, key)
	if again := s.tell(t, clerk, "POST", "/api/v1/sealing-requests", asking, 201, key); again["id"] != made["id"] {
		t.Error("a repetition asks twice")
	}
	s.tell(t, clerk, "POST", "/api/v1/sealing-requests", strings.Replace(asking, "对外发布", "另有用处", 1), 409, key)
	if other := s.call(t, http.MethodPost, "/api/v1/sealing-requests", []byte(asking), counter.send, multi("--b"), key); other.status == http.StatusCreated && other.json(t)["id"] == made["id"] {
		t.Error("another was given the first one's request")
	}
	for _, a := range []string{"/withdrawal"} {
		s.tell(t, clerk, "POST", "/api/v1/sealing-requests/"+made["id"].(string)+a, `{"reason":"不用了"}`, 200)
		s.tell(t, clerk, "POST", "/api/v1/sealing-requests/"+made["id"].(string)+a, `{"reason":"不用了"}`, 409)
	}
}

// foreignNames: what is of another unit is not reached by naming it in a body.
func foreignNames(t *testing.T, s *stage) {
	mine, theirs := s.records[policytest.Own].fresh(), s.records[policytest.Foreign]
	clerk, keeper, office, program := s.actor(t, "clerk"), s.actor(t, "custodian"), s.actor(t, "sealadmin"), s.actor(t, "program")
	foreign := theirs.branchSeal(t, s.Keeper).ID // that nobody of the unit may ask for
	places := `[{"page":1,"x":50,"y":50}]`
	stamp := func(fields map[string]string) string {
		all := map[string]string{"seal": foreign, "title": "x", "purpose": "公文", "reason": "x", "places": places}
		for k, v := range fields {
			all[k] = v
		}
		return parts(all, "a.ofd", mine.document(t))
	}
	draft := mine.value(t, "draft")
	for name, c := range map[string]struct {
		a            *actor
		method, path string
		body         string
	}{
		"stamping with another's seal":         {clerk, "POST", "/api/v1/stamp", stamp(nil)},
		"a program with another's seal":        {program, "POST", "/api/v1/stamp", stamp(nil)},
		"in another's name":                    {clerk, "POST", "/api/v1/stamp", stamp(map[string]string{"seal": mine.value(t, "seal"), "org": theirs.org()})},
		"a batch with another's seal":          {clerk, "POST", "/api/v1/sealing-batches", textOf(t, map[string]any{"title": "x", "purpose": "公文", "reason": "x", "seal": foreign, "places": json.RawMessage(places)})},
		"asking for another's seal":            {clerk, "POST", "/api/v1/sealing-requests", mine.asking(t, foreign)},
		"annotating with another's seal":       {clerk, "POST", "/api/v1/annotate", parts(map[string]string{"seal": foreign, "title": "x", "use": "x", "recipient": "x", "matter": "x", "number": "A", "reason": "x"}, "a.ofd", mine.document(t))},
		"renewing another's seal":              {keeper, "POST", "/api/v1/seal-applications", `{"kind":"renew","seal":"` + foreign + `","reason":"x"}`},
		"losing another's seal":                {keeper, "POST", "/api/v1/seal-losses", `{"seal":"` + foreign + `","reason":"x","then":"cancel"}`},
		"another's seal as one's own":          {keeper, "POST", "/api/v1/seal-applications", `{"kind":"cancel","org":"` + mine.org() + `","seal":"` + foreign + `","reason":"x"}`},
		"another's digital certificate":        {keeper, "PUT", "/api/v1/seal-applications/" + draft + "/certificate", `{"mode":"held","serial":"` + theirs.value(t, "digital") + `"}`},
		"another's attachment":                 {keeper, "GET", "/api/v1/seal-applications/" + draft + "/attachments/" + theirs.value(t, "submittedfile"), ""},
		"deleting another's attachment":        {keeper, "DELETE", "/api/v1/seal-applications/" + draft + "/attachments/" + theirs.value(t, "submittedfile"), ""},
		"a form of another region":             {office, "POST", "/api/v1/seal-forms", textOf(t, map[string]string{"yaml": formOf("110000"), "reason": "x"})},
		"another's provider":                   {office, "POST", "/api/v1/providers", theirs.value(t, "proposal")},
		"a person's seal for somebody else":    {keeper, "POST", "/api/v1/seal-applications", `{"kind":"apply","seal_kind":"personal","seal_name":"x","authority":"market-seals","person":"` + clerk.id() + `"}`},
		"a holder for another unit":            {s.actor(t, "holder"), "POST", "/api/v1/seal-applications", `{"kind":"apply","org":"` + theirs.org() + `","seal_kind":"enterprise","seal_name":"x"}`},
		"signing as somebody else":             {s.actor(t, "holder"), "POST", "/api/v1/signature-tasks/" + mine.value(t, "task") + "/signers/1/view", ""},
		"another's replaced certificate":       {s.actor(t, "system"), "POST", "/api/v1/certificate-requests", `{"use":"unit","org":"` + mine.org() + `","name":"x","replaces":"` + theirs.value(t, "digital") + `"}`},
		"another's webhook under one's own id": {program, "POST", "/api/v1/webhooks/" + theirs.value(t, "elsehook") + "/secret", ""},
	} {
		got := s.call(t, c.method, c.path, orNil(c.body), c.a.send, multi(c.body))
		if !within([]int{403, 404, 422}, got.status) {
			t.Errorf("%s: %d %s", name, got.status, got.brief())
		}
		misused(t, name, got)
		s.silent(t, name, got)
	}
	for who, path := range map[string]string{
		"custodian": "/api/v1/seals?limit=200", "sealadmin": "/api/v1/seals?text=" + url.QueryEscape("青禾县自然资源局"), "program": "/api/v1/seals?text=" + foreign,
	} {
		if got := s.get(t, path, s.actor(t, who).send); got.status != 200 || strings.Contains(string(got.body), foreign) {
			t.Errorf("%s finds another's seal: %d", who, got.status)
		}
	}
	for _, c := range []struct{ who, path, hidden string }{
		{"custodian", "/api/v1/seal-applications?limit=100", theirs.value(t, "submitted")}, {"sealadmin", "/api/v1/seal-applications?waiting=true", theirs.value(t, "submitted")},
		{"custodian", "/api/v1/seal-campaigns?limit=100", theirs.value(t, "proposed")}, {"sealadmin", "/api/v1/seal-campaigns?limit=100", theirs.value(t, "proposed")},
		{"custodian", "/api/v1/sealing-requests?whose=approve", theirs.value(t, "sealrequest")}, {"custodian", "/api/v1/sealing-requests?whose=unit", theirs.value(t, "sealrequest")},
		{"clerk", "/api/v1/sealing-batches", theirs.value(t, "done")}, {"clerk", "/api/v1/signature-tasks", theirs.value(t, "task")}, {"reviewer", "/api/v1/signature/to-sign", theirs.value(t, "task")},
		{"clerk", "/api/v1/notices", theirs.value(t, "elsenotice")}, {"program", "/api/v1/webhooks", theirs.value(t, "elsehook")},
	} {
		got := s.get(t, c.path, s.actor(t, c.who).send)
		got.want(t, http.StatusOK)
		if strings.Contains(string(got.body), c.hidden) {
			t.Errorf("%s sees another unit's at %s", c.who, c.path)
		}
	}
}

// formOf is a form of a region, from far ahead.
func formOf(region string) string {
	return `region: "` + region + `"
version: 2099-01-01
title: 样例申请表
basis: 样例办法
statement: { version: "1", text: 本单位声明印模真实。 }
fields:
  - { code: org_name, label: 单位名称, type: text, required: true }
attachments:
  - { code: form, label: 申请表, required: true, media: [pdf], max: 1 }
`
}

// forgedCursors: a cursor is what a list gave, and a limit is one.
func forgedCursors(t *testing.T, s *stage) {
	for path, who := range map[string]string{
		"/api/v1/seals": "custodian", "/api/v1/seals/" + s.records[policytest.Own].value(t, "seal") + "/uses": "custodian",
		"/api/v1/seal-applications": "custodian", "/api/v1/seal-campaigns": "custodian", "/api/v1/sealing-requests": "clerk",
		"/api/v1/sealing-batches": "clerk", "/api/v1/signature-tasks": "clerk", "/api/v1/signature/to-sign": "clerk", "/api/v1/notices": "clerk",
		"/api/v1/webhooks/" + s.records[policytest.Own].hook(t, s.ctx(t, s.actor(t, "program"))) + "/deliveries": "program",
	} {
		a := s.actor(t, who)
		for _, cursor := range []string{"x", "-1", "0", "99999999999999999999.x", "%00", "%ff", "' or 1=1 --", strings.Repeat("a", 199), strings.Repeat("a", 300), "2026-01-01", "1 x", "..%2f"} {
			if got := s.get(t, path+"?cursor="+strings.ReplaceAll(url.QueryEscape(cursor), "%25", "%"), a.send); got.status != http.StatusUnprocessableEntity && got.status != http.StatusBadRequest {
				t.Errorf("%s with the cursor %q: %d %s", path, cursor, got.status, got.brief())
			}
		}
		for _, limit := range []string{"0", "-1", "1001", "x", "1e3", "99999999999999999999"} {
			s.get(t, path+"?limit="+limit, a.send).want(t, http.StatusUnprocessableEntity)
		}
	}
}

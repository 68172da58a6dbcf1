package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/kinds"
	"sidian/ofd/sign"
)

// shipped lists the kinds that ship.
func shipped(t testing.TB) (names []string) {
	t.Helper()
	entries, err := kinds.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestExamplesAreIssuedEveryTime: the example of every kind is a request that
// succeeds whenever it is sent anew, and what comes of it verifies, here and
// with nothing but the published roots.
func TestExamplesAreIssuedEveryTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		token := w.token(t)
		_, pem := w.do(t, "GET", "/pki/roots.pem", "", nil)
		roots, err := gm.ParseCertificates(pem)
		if err != nil || len(roots) == 0 {
			t.Fatalf("%d roots: %v", len(roots), err)
		}
		for _, kind := range shipped(t) {
			body, err := kinds.FS.ReadFile(kind + "/example.json")
			if err != nil {
				t.Fatal(err)
			}
			numbers := map[string]bool{}
			for i := range 3 {
				status, b := w.do(t, "POST", "/api/v1/certificates", token, body, "Idempotency-Key", fmt.Sprintf("%s-%d", kind, i))
				var c cert.Certificate
				if err := json.Unmarshal(b, &c); err != nil || status != 201 || c.Status != cert.Effective {
					t.Fatalf("%s, time %d: %d %s", kind, i, status, b)
				}
				if numbers[c.Number] {
					t.Errorf("%s: the number %s was given twice", kind, c.Number)
				}
				numbers[c.Number] = true
				w.verifies(t, token, c.ID, kind, roots)
			}
			status, b := w.do(t, "POST", "/api/v1/certificates", token, body, "Idempotency-Key", kind+"-0")
			var again cert.Certificate
			if err := json.Unmarshal(b, &again); err != nil || status != 201 || !numbers[again.Number] {
				t.Errorf("%s, repeated: %d %s", kind, status, b)
			}
		}
	})
}

func (w *world) verifies(t *testing.T, token, id, kind string, roots []*gm.Certificate) {
	t.Helper()
	status, document := w.do(t, "GET", "/api/v1/certificates/"+id+"/file", token, nil)
	if status != 200 {
		t.Fatalf("%s: the file: %d %s", kind, status, document)
	}
	marked(t, kind, document)
	if r := sign.Verify(document, sign.Options{Anchors: gm.NewPool(roots...), Intermediates: gm.NewPool(roots...), Now: w.DB.Now()}); r.Verdict != sign.Valid {
		t.Errorf("%s: by the roots alone: %s", kind, sprint(r))
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	f, err := m.CreateFormFile("file", "x.ofd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(document); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	status, b := w.do(t, "POST", "/api/v1/verify", "", form.Bytes(), "Content-Type", m.FormDataContentType())
	var v struct {
		Verdict  string
		Register *struct{ Status string }
	}
	if err := json.Unmarshal(b, &v); err != nil || status != 200 || v.Verdict != "valid" || v.Register == nil || v.Register.Status != cert.Effective {
		t.Errorf("%s: verified: %d %s", kind, status, b)
	}
}

// marked fails when a page of a document does not carry the demo's mark.
func marked(t *testing.T, name string, document []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, f := range z.File {
		if !strings.Contains(f.Name, "/Pages/") || !strings.HasSuffix(f.Name, "Content.xml") {
			continue
		}
		pages++
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(">样例</ofd:TextCode>")) {
			t.Errorf("%s: %s does not carry the mark 样例", name, f.Name)
		}
	}
	if pages == 0 {
		t.Errorf("%s has no page", name)
	}
}

// TestSeededCertificates: what the county begins with is all there, marked, and
// belongs together.
func TestSeededCertificates(t *testing.T) {
	t.Parallel()
	dir, creds := countyDir(t)
	w := served(t, CountyConf(dir, "http://localhost:1", ""), creds)
	ctx, err := w.IAM.AsClient(t.Context(), creds.Apps[0].ClientID)
	if err != nil {
		t.Fatal(err)
	}
	all := w.list(t, ctx)
	county, err := loadCounty()
	if err != nil {
		t.Fatal(err)
	}
	want := len(county.Certificates)
	for _, x := range county.Schemes {
		want += len(x.Firms)
	}
	if len(all) != want {
		t.Errorf("%d certificates, the county has %d", len(all), want)
	}
	codes := map[string]string{}
	kinds := map[string]int{}
	for _, c := range all {
		kinds[c.Kind]++
		if c.Status != cert.Effective {
			t.Errorf("%s %s is %s", c.Kind, c.Number, c.Status)
		}
		if c.Kind == licence {
			codes[c.Holders[0].Name] = c.Number
		}
		document, _, err := w.Cert.Document(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		marked(t, c.Kind, document)
	}
	for _, name := range shipped(t) {
		if kinds[name] < 2 && name != "industry_permit" || kinds[name] == 0 { // that one is folded from the others
			t.Errorf("%d certificates of the kind %s", kinds[name], name)
		}
	}
	for _, c := range all {
		if h := c.Holders[0]; c.Kind == "food_operation" {
			page, err := w.Cert.List(ctx, cert.ListQuery{Holder: codes[h.Name]})
			if err != nil || len(page.Items) < 2 {
				t.Errorf("%s is not found by the code of its licence, beside it: %v", h.Name, err)
			}
		}
	}
}

func (w *world) list(t *testing.T, ctx context.Context) (all []*cert.Certificate) {
	t.Helper()
	for cursor := ""; ; {
		page, err := w.Cert.List(ctx, cert.ListQuery{Limit: 20, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

var (
	invented  = []string{"样例", "示范", "样本", "试用", "演示", "小样", "小示", "小本"}
	citizenID = regexp.MustCompile(`[1-9][0-9]{16}[0-9X]`)
	divisions = regexp.MustCompile(`[0-9A-Z]{2}([0-9]{6})[0-9A-Z]{10}`)
)

// TestNobodyIsReal: no person, firm or number of the demo can be taken for a
// real one. The division 999999 is nobody's.
func TestNobodyIsReal(t *testing.T) {
	t.Parallel()
	c, err := loadCounty()
	if err != nil {
		t.Fatal(err)
	}
	isInvented := func(name string) bool {
		return slices.ContainsFunc(invented, func(word string) bool { return strings.Contains(name, word) })
	}
	names := map[string]string{}
	for _, p := range c.People {
		names[p.Name] = "person"
		id, err := p.citizen(c.County.Region)
		if err != nil || !strings.HasPrefix(id, "999999") {
			t.Errorf("%s has the citizen ID %s (%v)", p.Name, id, err)
		}
	}
	for _, f := range c.Firms {
		names[f.Name] = "firm"
	}
	for _, m := range c.Staff {
		names[m.Name] = "staff"
	}
	for _, h := range c.Certificates {
		if h.Holder != "" {
			names[h.Holder] = "holder"
		}
	}
	for name, what := range names {
		if !isInvented(name) {
			t.Errorf("the %s %s may be real", what, name)
		}
	}
	for i, u := range c.Units {
		code, err := c.unitCode(i)
		invented := slices.ContainsFunc([]string{"青禾县", "青禾样例", "示范市", "样例省"}, func(place string) bool { return strings.HasPrefix(u.Name, place) })
		if !invented || err != nil || code[2:8] != "999999" {
			t.Errorf("the unit %s with the code %s may be real (%v)", u.Name, code, err)
		}
	}
	texts := map[string]string{"county.yaml": string(countyFile)}
	for _, kind := range shipped(t) {
		b, err := kinds.FS.ReadFile(kind + "/example.json")
		if err != nil {
			t.Fatal(err)
		}
		texts[kind] = string(b)
		var req cert.IssueRequest
		if err := json.Unmarshal(b, &req); err != nil {
			t.Fatal(err)
		}
		for _, h := range req.Holders {
			if !isInvented(h.Name) && !strings.HasPrefix(h.ID, "999999") { // some have a name in rare characters; nobody has such a number
				t.Errorf("%s: the holder %s may be real", kind, h.Name)
			}
		}
	}
	for where, text := range texts {
		for _, id := range citizenID.FindAllString(text, -1) {
			if _, err := gbcode.ParseCitizenID(id); err == nil && !strings.HasPrefix(id, "999999") {
				t.Errorf("%s: the citizen ID %s may be real", where, id)
			}
		}
		for _, m := range divisions.FindAllStringSubmatch(text, -1) {
			if _, err := gbcode.ParseCreditCode(m[0]); err == nil && m[1] != "999999" {
				t.Errorf("%s: the credit code %s may be real", where, m[0])
			}
		}
	}
}

// TestSeedTwice: a county that stands is not seeded again.
func TestSeedTwice(t *testing.T) {
	t.Parallel()
	dir, _ := countyDir(t)
	a, err := Open(t.Context(), CountyConf(dir, "http://localhost:1", ""), Options{Mark: Mark, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.seed(t.Context()); fault.As(err) == nil || fault.As(err).Kind != fault.Conflict {
		t.Errorf("seeded again: %v", err)
	}
	if _, _, err := CreateCounty(t.Context(), CountyConf(dir, "http://localhost:1", ""), Options{Log: io.Discard}); err == nil {
		t.Error("created again")
	}
}

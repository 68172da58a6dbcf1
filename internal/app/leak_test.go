package app

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/outbox"
)

// Where a personal datum may stand although it must not elsewhere. Who did
// something is what the audit, its exports and the history of a certificate are
// asked for: they tell the name to who may ask. It is nowhere written down: the
// rows hold the account's id, and none of these places is the database.
var allowed = []struct{ place, datum string }{
	{"audit ", "the clerk"}, {"export ", "the clerk"}, {"evidence ", "the clerk"},
}

// The canary is planted, so that it is seen that each place is looked into and
// each way of writing is known.
const canary = "司空见惯不惊雀"

// TestNothingPersonalIsLeft: whatever a full story leaves behind holds none of
// the data of the people in it, and no secret, in no way of writing it: the log
// at its most talkative, traces, metrics, refusals, addresses, exports of the
// audit, evidence, events, the database's files and its dump, the documents.
func TestNothingPersonalIsLeft(t *testing.T) {
	t.Parallel()
	spans := recordSpans()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dir, target := filepath.Join(t.TempDir(), "county"), ""
			if engine == "postgres" {
				target = dbtest.Bare(t, "postgres")
			}
			c := CountyConf(dir, "http://localhost:1", target)
			a, creds, err := CreateCounty(t.Context(), c, Options{Log: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			c.Log.Level = "debug"
			s := &story{w: served(t, c, creds), left: places{}, data: people(), desks: map[string]*desk{}}
			s.tell(t)
			s.plant(t)
			s.collect(t, spans, dir, target)
			s.check(t)
		})
	}
}

// places are what was left behind, by where it stands.
type places map[string][]byte

func (p places) add(name string, data []byte) {
	p[name] = append(append(p[name], data...), '\n')
	for n, part := range unpacked(data) {
		p.add(name+"!"+n, part)
	}
}

// unpacked is what a ZIP holds, a sheet or an export.
func unpacked(data []byte) places {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	parts := places{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			continue
		}
		b, _ := io.ReadAll(io.LimitReader(r, 64<<20)) // of our own making
		parts[f.Name] = b
	}
	return parts
}

// forms are the ways in which a datum may be written down.
func forms(datum string) map[string][]byte {
	out := map[string][]byte{"utf-8": []byte(datum)}
	out["url"] = []byte(url.QueryEscape(datum))
	out["path"] = []byte(url.PathEscape(datum))
	out["json"] = []byte(strings.Trim(fmt.Sprintf("%+q", datum), `"`))
	scripts := map[string][]byte{"": []byte(datum)}
	if gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(datum)); err == nil {
		out["gb18030"], scripts["gb18030 "] = gb, gb
	}
	for name, raw := range scripts {
		out[name+"hex"] = []byte(hex.EncodeToString(raw))
		out[name+"HEX"] = []byte(strings.ToUpper(hex.EncodeToString(raw)))
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			for before := range 3 {
				// The characters that do not depend on what stands around it.
				text := e.EncodeToString(append(make([]byte, before), raw...))
				from, to := (before*8+5)/6, (before+len(raw))*8/6
				out[fmt.Sprintf("%sbase64 at %d", name, before)+fmt.Sprint(e == base64.URLEncoding)] = []byte(text[from:to])
			}
		}
	}
	return out
}

// find tells in which places a datum stands, and how it is written there.
func (p places) find(datum string) (found []string) {
	for how, form := range forms(datum) {
		for place, data := range p {
			if i := bytes.Index(data, form); i >= 0 {
				found = append(found, fmt.Sprintf("%s (%s) after %q", place, how, data[max(0, i-80):i]))
			}
		}
	}
	slices.Sort(found)
	return found
}

func (s *story) check(t *testing.T) {
	t.Helper()
	for what, datum := range s.data {
		for _, where := range s.left.find(datum) {
			if !slices.ContainsFunc(allowed, func(a struct{ place, datum string }) bool {
				return strings.HasPrefix(where, a.place) && a.datum == what
			}) {
				t.Errorf("%s stands in %s", what, where)
			}
		}
	}
	seen := strings.Join(s.left.find(canary), "\n")
	for _, planted := range s.planted {
		if !strings.Contains(seen, planted) {
			t.Errorf("the canary in %q was not found; it was in:\n%s", planted, seen)
		}
	}
}

// plant puts the canary where a mistake of the program would put a person.
func (s *story) plant(t *testing.T) {
	t.Helper()
	ctx, w := t.Context(), s.w
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Log.DebugContext(ctx, "seen", slog.String("who", canary))
	_, span := otel.Tracer("test").Start(ctx, "GET /x")
	span.SetAttributes(attribute.String("who", base64.StdEncoding.EncodeToString([]byte("who="+canary))))
	span.End()
	must(w.Metrics.Gauge("sidian_canary", hex.EncodeToString([]byte(canary)), func() float64 { return 1 }))
	must(w.DB.Write(ctx, func(tx *db.Tx) error {
		if err := w.Outbox.Put(tx, outbox.Event{Topic: "test.canary", Body: map[string]string{"name": url.QueryEscape(canary)}}); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "cert.view", Object: "cert/canary", Reason: canary})
	}))
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(canary)
	must(err)
	must(os.WriteFile(filepath.Join(w.Conf.Blob.Dir, "canary"), []byte(gb), 0o600))
	s.keep("refusal", "", []byte(fmt.Sprintf("%+q", canary)))
	s.keep("address", "", []byte("/x?y="+url.QueryEscape(canary)))
	s.planted = []string{"log (utf-8)", "spans (base64 at", "metrics (hex)", "blob/canary (gb18030)", "refusal (json)", "address (url)", "export"}
	if w.DB.Engine() == "sqlite" {
		s.planted = append(s.planted, "sidian.db", "(url) after")
	} else {
		s.planted = append(s.planted, "pg_dump (utf-8)", "pg_dump (hex)", "pg_dump (url)") // bytea is hex
	}
}

// collect takes everything together, when all of it is closed.
func (s *story) collect(t *testing.T, spans *tracetest.InMemoryExporter, dir, target string) {
	t.Helper()
	s.exports(t)
	s.left.add("metrics", s.metrics(t))
	s.files(t, dir) // the log of what was not yet put in its place, too
	if target != "" {
		s.left.add("pg_dump", dumpOf(t, target))
	}
	if err := s.w.stop(); err != nil {
		t.Error(err)
	}
	if err := s.w.Close(); err != nil {
		t.Error(err)
	}
	s.files(t, dir)
	s.left.add("log", []byte(s.w.log.String()))
	for _, span := range spans.GetSpans() {
		s.left.add("spans", fmt.Appendf(nil, "%s %v %v %v", span.Name, span.Attributes, span.Events, span.Status))
	}
	for place, least := range map[string]int{"log": 50, "spans": 50, "metrics": 20, "refusal": 15, "address": 50} {
		if lines := bytes.Count(s.left[place], []byte("\n")); lines < least {
			t.Errorf("only %d lines in %s", lines, place)
		}
	}
}

// dumpOf is a PostgreSQL database as text.
func dumpOf(t *testing.T, target string) []byte {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del("max_conns") // the program's own
	u.RawQuery = q.Encode()
	dump, err := exec.CommandContext(t.Context(), "pg_dump", "--dbname="+u.String()).CombinedOutput()
	if err != nil || len(dump) < 1<<16 {
		t.Fatalf("pg_dump: %v %.500s", err, dump)
	}
	return dump
}

// files are all of the data directory. The master key may stand in its file.
func (s *story) files(t *testing.T, dir string) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name, wrong := filepath.Rel(dir, path)
		if err != nil || wrong != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || name == "master.key" {
			s.master(t, b)
			return err
		}
		count++
		s.left[name] = b
		return nil
	})
	if err != nil || count < 10 {
		t.Fatalf("%d files, %v", count, err)
	}
}

func (s *story) master(t *testing.T, file []byte) {
	t.Helper()
	words := strings.Fields(string(file))
	raw, err := base64.StdEncoding.DecodeString(words[len(words)-1])
	if err != nil || len(raw) < 16 {
		t.Fatalf("the master key file: %v", err)
	}
	s.data["the master key"] = string(raw)
}

func (s *story) metrics(t *testing.T) []byte {
	t.Helper()
	families, err := s.w.Metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		fmt.Fprintln(&b, f.String())
	}
	return b.Bytes()
}

// exports are what the audit gives away, in all its formats, and what it shows.
func (s *story) exports(t *testing.T) {
	t.Helper()
	auditor := s.user(t, "audit")
	for _, format := range []string{"ndjson", "csv", "xlsx"} {
		s.left.add("export "+format, auditor.post(t, 200, "/api/v1/audit/exports", map[string]any{"format": format, "reason": "年度检查"}))
	}
	for cursor := ""; ; {
		b := auditor.get(t, 200, "/api/v1/audit?limit=500&cursor="+url.QueryEscape(cursor))
		s.left.add("audit", b)
		var page struct{ Next string }
		if err := json.Unmarshal(b, &page); err != nil {
			t.Fatal(err)
		}
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}

// recordSpans takes the spans of the whole process: they hold nothing by which
// they could be told apart.
var recordSpans = sync.OnceValue(func() *tracetest.InMemoryExporter {
	e := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(e)))
	return e
})

// typed is what a page gives back to its reader: what they typed, where they
// are, and who.
var typed = regexp.MustCompile(`(?s)<input [^>]*>|<textarea.*?</textarea>|<a id="elder"[^>]*>|<a href="/login[^>]*>|<span class="who">.*?</span>`)

// keep notes what an answer leaves where others read it.
func (s *story) keep(place, media string, data []byte) {
	if strings.HasPrefix(media, "text/html") {
		data = typed.ReplaceAll(data, nil)
	}
	s.left.add(place, data)
}

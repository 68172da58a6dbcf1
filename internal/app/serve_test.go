package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sidian/internal/cert"
	"sidian/internal/conf"
	"sidian/kinds"
)

// TestRunLeavesNothing is not parallel: it counts what runs.
func TestRunLeavesNothing(t *testing.T) {
	dir, creds := countyDir(t)
	before := goleak.IgnoreCurrent()
	caches := goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.periodicCleanUp[...]") // ends with its cache, which iam keeps
	for range 2 {
		a, err := Open(t.Context(), CountyConf(dir, "http://localhost:1", ""), Options{Mark: Mark, Log: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		w := serve(t, a, creds, &lines{})
		if status, b := w.do(t, "GET", "/readyz", "", nil); status != 200 {
			t.Errorf("not ready: %d %s", status, b)
		}
		if err := w.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	goleak.VerifyNone(t, before, caches)
}

// TestStopsWithGrace: a request that runs when the program is told to stop is
// answered, and no further one is taken.
func TestStopsWithGrace(t *testing.T) {
	t.Parallel()
	dir, creds := countyDir(t)
	w := served(t, CountyConf(dir, "http://localhost:1", ""), creds)
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	f, err := m.CreateFormFile("file", "x.ofd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Repeat([]byte("x"), 1<<10)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r, send := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.base+"/api/v1/verify", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Expect", "100-continue") // the server has begun to serve when the body is asked for
	answered := make(chan *http.Response, 1)
	go func() {
		res, err := (&http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}).Do(req)
		if err != nil {
			t.Errorf("the running request: %v", err)
			res = nil
		}
		answered <- res
	}()
	if _, err := send.Write(form.Bytes()[:100]); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	eventually(t, "no further connection", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if _, err := send.Write(form.Bytes()[100:]); err != nil {
		t.Fatal(err)
	}
	_ = send.Close() // ends the body
	res := <-answered
	if res == nil {
		return
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !bytes.Contains(b, []byte(`"refused"`)) {
		t.Errorf("the running request was answered %d %s %v", res.StatusCode, b, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopping: %v", err)
	}
}

var metricsAddress = regexp.MustCompile(`msg="serving metrics" address=(\S+)`)

// TestMetrics: figures stand on a listener of their own, and not among the
// pages of the world.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dir, creds := countyDir(t)
	c := CountyConf(dir, "http://localhost:1", "")
	c.Metrics.Listen, c.Log.Level = "127.0.0.1:0", "info"
	w := served(t, c, creds)
	var m []string
	eventually(t, "the metrics' address", func() bool { m = metricsAddress.FindStringSubmatch(w.log.String()); return m != nil })
	if status, _ := w.do(t, "GET", "/healthz", "", nil); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	res, err := w.http.Get("http://" + m[1] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || !bytes.Contains(b, []byte(`pattern="GET /healthz",status="200"`)) {
		t.Errorf("%d %v\n%.400s", res.StatusCode, err, b)
	}
	if status, _ := w.do(t, "GET", "/metrics", "", nil); status != 404 {
		t.Errorf("the world's /metrics: %d", status)
	}
}

// TestMetricsPortInUse: what cannot be had is said before anything is served.
func TestMetricsPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir, _ := countyDir(t)
	c := CountyConf(dir, "http://localhost:1", "")
	c.Metrics.Listen = l.Addr().String()
	a, err := Open(t.Context(), c, Options{Mark: Mark, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	mine, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	err = a.Run(t.Context(), mine)
	if err == nil || !strings.Contains(Explain(err, false), "metrics.listen") {
		t.Errorf("got %v", err)
	}
}

// TestReady: each dependency is asked by its name, and one that is gone makes
// the program unready, not dead; why is for the log.
func TestReady(t *testing.T) {
	t.Parallel()
	breaks := map[string]func(*testing.T, *world){
		"documents": func(t *testing.T, w *world) {
			if err := os.RemoveAll(w.Conf.Blob.Dir); err != nil {
				t.Fatal(err)
			}
		},
		"database": func(t *testing.T, w *world) {
			if err := w.DB.Close(); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, creds := countyDir(t)
			c := CountyConf(dir, "http://localhost:1", "")
			a, err := Open(t.Context(), c, Options{Mark: Mark, Log: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() }) // closed before, in one of the cases
			w := serve(t, a, creds, &lines{})
			status, good := w.readiness(t)
			if names := []string{"authority", "database", "documents", "keys"}; status != 200 || !slices.Equal(good, names) {
				t.Fatalf("at first %d, and these answer: %v", status, good)
			}
			breakIt(t, w)
			eventually(t, name+" is named", func() bool {
				status, good = w.readiness(t)
				return status == 503 && !slices.Contains(good, name)
			})
			if status, b := w.do(t, "GET", "/healthz", "", nil); status != 200 || string(b) != `{"status":"alive"}` {
				t.Errorf("healthz: %d %s", status, b)
			}
			_, b := w.do(t, "GET", "/readyz", "", nil)
			lacks(t, string(b), dir)
		})
	}
}

// readiness gives the names of those that answer, sorted.
func (w *world) readiness(t *testing.T) (status int, good []string) {
	t.Helper()
	status, b := w.do(t, "GET", "/readyz", "", nil)
	var r struct {
		Status string
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(b, &r); err != nil || (r.Status == "ready") != (status == 200) {
		t.Fatalf("%d %s: %v", status, b, err)
	}
	for _, c := range r.Checks {
		if c.OK {
			good = append(good, c.Name)
		}
	}
	slices.Sort(good)
	return status, good
}

// TestResumesAtStart: a certificate that a crash left between plan and seal is
// finished when the program runs again.
func TestResumesAtStart(t *testing.T) {
	t.Parallel()
	dir, creds := countyDir(t)
	c := CountyConf(dir, "http://localhost:1", "")
	id := crash(t, c, creds)
	w := served(t, c, creds)
	ctx, err := w.IAM.AsClient(t.Context(), creds.Apps[0].ClientID)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the certificate is issued", func() bool {
		got, err := w.Cert.Get(ctx, id)
		return err == nil && got.Status == cert.Effective
	})
	document, _, err := w.Cert.Document(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := w.Verify.Document(ctx, "x.ofd", document); err != nil || !v.Stands() {
		t.Errorf("what was resumed does not stand: %v %s", err, sprint(v))
	}
}

// crash leaves a certificate half-done: its plan is written, its seal is not
// there, and its attempt has run out.
func crash(t *testing.T, c conf.Config, creds *Credentials) (id string) {
	t.Helper()
	var req cert.IssueRequest
	example, err := kinds.FS.ReadFile("road_transport/example.json")
	if err == nil {
		err = json.Unmarshal(example, &req)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, ctx := opened(t, c, creds)
	a.Cert.Lease = time.Nanosecond
	a.Cert.Step = func(name string) {
		if name == "plan" { // from here on this process can record nothing
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := a.Cert.Issue(ctx, req); err == nil {
		t.Fatal("issued, though the program ended after the plan")
	}
	a, ctx = opened(t, c, creds)
	defer a.Close()
	page, err := a.Cert.List(ctx, cert.ListQuery{Kind: "road_transport"})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range page.Items {
		if x.Status == cert.Sealing {
			return x.ID
		}
	}
	t.Fatal("no certificate is half-done")
	return ""
}

// opened is a county that is not served, and a context that its client acts in.
func opened(t *testing.T, c conf.Config, creds *Credentials) (*App, context.Context) {
	t.Helper()
	a, err := Open(t.Context(), c, Options{Mark: Mark, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := a.IAM.AsClient(t.Context(), creds.Apps[0].ClientID)
	if err != nil {
		t.Fatal(err)
	}
	return a, ctx
}

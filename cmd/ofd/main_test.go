package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sidian/gm"
	"sidian/ofd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ofd": main})
}

// TestStories runs testdata/*.txtar against the real program.
func TestStories(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C")
			return furnish(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"tamper": tamper, "size": size, "unpack": unpack, "status": exitStatus},
	})
}

// furnish puts into the story's directory what people have before they begin: an authority, a seal maker's and a
// signer's key and digital certificate, a picture of a seal, and documents.
func furnish(env *testscript.Env) error {
	f := &furniture{dir: env.WorkDir, now: time.Now()}
	root := f.authority()
	f.person("maker", "测试制章机构", root, []byte("opensesame"), nil)
	signer := f.person("signer", "测试签章人", root, nil, nil)
	f.person("other", "另一签章人", root, nil, nil)
	tsa := f.person("tsa", "测试时间戳", root, nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	f.list("good.crl", root)
	f.list("revoked.crl", root, gm.Revoked{Serial: signer.cert.SerialNumber, At: f.now.AddDate(0, -1, 0)})
	f.write("pass.txt", []byte("opensesame\n"))
	f.picture("seal.png")
	f.document("plain.ofd", false)
	f.document("forbidden.ofd", true)
	f.write("broken.ofd", []byte("PK\x03\x04 and then nothing"))
	if f.err != nil {
		return f.err
	}
	server := httptest.NewServer(timestamps(&gm.TimestampAuthority{Certificate: tsa.cert, Signer: tsa.key, Policy: asn1.ObjectIdentifier{1, 2, 3}}))
	env.Defer(server.Close)
	env.Setenv("TSA", server.URL+"/tsa")
	return nil
}

func timestamps(a *gm.TimestampAuthority) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tsa", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			body, err = a.Respond(body, time.Now())
		}
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body)
	})
	mux.HandleFunc("POST /silent", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	return mux
}

type party struct {
	key  *gm.PrivateKey
	cert *gm.Certificate
}

// furniture keeps the first error, so that the list of what there is stays a list.
type furniture struct {
	dir string
	now time.Time
	err error
}

func (f *furniture) keep(err error) bool {
	if f.err == nil {
		f.err = err
	}
	return f.err == nil
}

func (f *furniture) write(name string, data []byte) {
	f.keep(os.WriteFile(filepath.Join(f.dir, name), data, 0o600))
}

func (f *furniture) authority() *party {
	key, err := gm.GenerateKey()
	if !f.keep(err) {
		return &party{}
	}
	cert, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: "测试根"}, NotBefore: f.now.AddDate(-2, 0, 0), NotAfter: f.now.AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: -1}, key.Public(), nil, key)
	if !f.keep(err) {
		return &party{}
	}
	f.keep(os.Mkdir(filepath.Join(f.dir, "anchors"), 0o700))
	f.write("anchors/root.pem", cert.PEM())
	f.write("root.der", cert.Raw)
	return &party{key, cert}
}

func (f *furniture) person(name, subject string, ca *party, passphrase []byte, usage []asn1.ObjectIdentifier) *party {
	key, err := gm.GenerateKey()
	if !f.keep(err) {
		return &party{}
	}
	cert, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: subject}, NotBefore: f.now.AddDate(-1, 0, 0), NotAfter: f.now.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, ExtKeyUsage: usage}, key.Public(), ca.cert, ca.key)
	if !f.keep(err) {
		return &party{}
	}
	encoded, err := key.PEM(passphrase)
	f.keep(err)
	f.write(name+".key", encoded)
	f.write(name+".pem", cert.PEM())
	return &party{key, cert}
}

func (f *furniture) list(name string, ca *party, revoked ...gm.Revoked) {
	if f.err != nil {
		return
	}
	list, err := gm.CreateCRL(&gm.CRLTemplate{Number: big.NewInt(1), ThisUpdate: f.now.AddDate(0, 0, -1), NextUpdate: f.now.AddDate(0, 1, 0), Revoked: revoked}, ca.cert, ca.key)
	if f.keep(err) {
		f.write(name, list.PEM())
	}
}

// picture draws a red ring on nothing.
func (f *furniture) picture(name string) {
	m := image.NewNRGBA(image.Rect(0, 0, 80, 40))
	for y := range 40 {
		for x := range 80 {
			if x < 8 || x > 71 || y < 6 || y > 33 {
				m.SetNRGBA(x, y, color.NRGBA{230, 0, 0, 255})
			}
		}
	}
	var b bytes.Buffer
	f.keep(png.Encode(&b, m))
	f.write(name, b.Bytes())
}

func (f *furniture) document(name string, forbidden bool) {
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "测试文件", CreationDate: "2026-01-02"})
	font := b.AddFont(ofd.FontSpec{Name: "SimSun"})
	if forbidden {
		b.Permit(ofd.Permissions{NoSignature: true})
	}
	for range 2 {
		page := b.AddPage(210, 297)
		page.Layer("Body", 0)
		page.Text(ofd.TextObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: 20, Y: 20, W: 100, H: 10}}, Font: font, Size: 6,
			FillColor: ofd.RGB(0, 0, 0), Codes: []ofd.TextCode{{X: 0, Y: 7, DeltaX: []float64{6, 6, 6}, Text: "测试文件"}}})
	}
	doc, err := b.Build()
	if !f.keep(err) {
		return
	}
	data, err := doc.Bytes()
	f.keep(err)
	f.write(name, data)
}

// tamper IN OUT PART OLD NEW replaces text in a part and leaves everything else as it was.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: tamper IN OUT PART OLD NEW")
	}
	doc, err := ofd.Open([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	part := doc.Part(args[2])
	if part == nil {
		ts.Fatalf("no part %s", args[2])
	}
	old, err := part.Data()
	ts.Check(err)
	data := bytes.Replace(old, []byte(args[3]), []byte(args[4]), 1)
	if bytes.Equal(old, data) {
		ts.Fatalf("%s does not hold %q", args[2], args[3])
	}
	doc, err = doc.With(ofd.NewPart(part.Name, data))
	ts.Check(err)
	out, err := doc.Bytes()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

// unpack IN PART OUT writes a part of a document as a file.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: unpack IN PART OUT")
	}
	doc, err := ofd.Open([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	part := doc.Part(args[1])
	if part == nil {
		ts.Fatalf("no part %s", args[1])
	}
	data, err := part.Data()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
}

// exitStatus N COMMAND… runs a command that has to end with status N.
func exitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// size FILE WIDTH HEIGHT compares a PNG's pixels.
func size(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: size FILE WIDTH HEIGHT")
	}
	cfg, err := png.DecodeConfig(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	ts.Check(err)
	if got := [2]string{strconv.Itoa(cfg.Width), strconv.Itoa(cfg.Height)}; got != [2]string{args[1], args[2]} {
		ts.Fatalf("%s is %s × %s", args[0], got[0], got[1])
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		want language
	}{
		{"nothing set", nil, english},
		{"LANG", map[string]string{"LANG": "zh_CN.UTF-8"}, chinese},
		{"LC_ALL wins", map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english},
		{"LC_MESSAGES before LANG", map[string]string{"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_HK"}, chinese},
		{"an empty LC_ALL does not count", map[string]string{"LANG": "zh_CN", "LC_ALL": ""}, chinese},
	}
	for _, tt := range tests {
		if got := languageOf(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		end  bool
		want string // UTC; "" means refused
	}{
		{"2026-01-31", false, "2026-01-30T16:00:00Z"},
		{"2026-01-31", true, "2026-01-31T15:59:59Z"},
		{"2026-01-31 08:00:00", true, "2026-01-31T00:00:00Z"},
		{"2026-01-31T08:00:00", false, "2026-01-31T00:00:00Z"},
		{"2026-01-31T08:00:00+01:00", false, "2026-01-31T07:00:00Z"},
		{"31.1.2026", false, ""},
		{"", false, ""},
	}
	for _, tt := range tests {
		got, err := parseTime("--at", tt.in, tt.end)
		if (err != nil) != (tt.want == "") || err == nil && got.UTC().Format(time.RFC3339) != tt.want {
			t.Errorf("%q: %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
}

func TestWorseStatus(t *testing.T) {
	t.Parallel()
	order := []int{statusOK, statusUndetermined, statusInvalid, statusRefused}
	for i, a := range order {
		for j, b := range order {
			if got := worseStatus(a, b); got != order[max(i, j)] {
				t.Errorf("%d and %d: %d", a, b, got)
			}
		}
	}
}

// TestTimestampService refuses answers that are not an answer to this request.
func TestTimestampService(t *testing.T) {
	t.Parallel()
	old := func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte{0x30, 0x03, 0x02, 0x01, 0x00}) }
	long := func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, tsaMaxReply+1)) }
	down := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	for name, h := range map[string]http.HandlerFunc{"not a token": old, "too long": long, "down": down} {
		server := httptest.NewServer(h)
		client, err := newTSAClient(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.token(context.Background(), []byte("value")); err == nil {
			t.Errorf("%s: taken", name)
		}
		server.Close()
	}
	for _, address := range []string{"ftp://x/", "tsa.example.cn", "http://", "::"} {
		if _, err := newTSAClient(address); err == nil {
			t.Errorf("%s: taken", address)
		}
	}
}

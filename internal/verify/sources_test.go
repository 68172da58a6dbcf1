package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
	"sidian/internal/provider"
	"sidian/internal/provider/providertest"
	"sidian/internal/verify"
	"sidian/internal/verify/event"
	"sidian/ofd/sign"
)

// A platform is an instance that verifies, serves, and knows providers.
type platform struct {
	*certtest.World
	V            *verify.Service
	P            *provider.Service
	URL, Host    string
	first, other context.Context // two keepers of the registry
}

func newPlatform(t testing.TB, d *db.DB, id string, hosts ...string) *platform {
	t.Helper()
	p := &platform{}
	p.World, p.V = newService(t, d)
	var serve http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	must(t, err)
	p.URL, p.Host = server.URL, u.Host
	box := outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Verified}, Handle: func(*db.Tx, outbox.Event) error { return nil }})
	p.V.Outbox = box
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	p.P, err = provider.New(t.Context(), provider.Options{
		DB: d, Keys: p.Keys, PKI: p.PKI, Outbox: box, Log: log, Self: id, Name: "样例平台·" + id, BaseURL: server.URL,
		Hosts: hosts, Private: hosts, Deadline: 20 * time.Second, Keep: -1,
	})
	must(t, err)
	p.V.Providers = p.P
	r := httpx.New(httpx.Options{Title: "t", Version: "1", Log: log})
	p.V.Routes(r)
	p.P.Routes(r)
	must(t, r.Err())
	serve = r
	p.first, p.other = p.Hire(t, "registrar1", "sealadmin", pkitest.Root), p.Hire(t, "registrar2", "sealadmin", pkitest.Root)
	return p
}

func (p *platform) register(t testing.TB, x *providertest.Provider) {
	t.Helper()
	_, err := p.P.Propose(p.first, x.Request(pkitest.Root))
	must(t, err)
	_, err = p.P.Approve(p.other, x.ID, "已核实")
	must(t, err)
}

// Who sealed it says whether it stands; altered bytes stay altered.
func TestSources(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := providertest.New(t, "third-a", nil)
		p := newPlatform(t, d, "zz.example", x.Host)
		good := x.Sealed(t)
		if v := verdict(t, p.V, good); v.Report.Verdict != sign.Undetermined || len(v.Sources) != 1 || v.Sources[0].Result != provider.Nobody {
			t.Fatalf("before it is registered: %s %+v", v.Report.Verdict, v.Sources)
		}
		p.register(t, x)
		bad := providertest.Altered(t, good)
		for _, c := range []struct {
			mode   providertest.Mode
			data   []byte
			want   sign.Verdict
			result provider.Result
			says   string
		}{
			{providertest.Honest, good, sign.Valid, provider.Answered, "确认签章有效"},
			{providertest.Honest, bad, sign.Invalid, provider.Answered, "不具有"},
			{providertest.Revoked, good, sign.Invalid, provider.Answered, "认定签章无效"},
			{providertest.Unknown, good, sign.Undetermined, provider.Answered, "不能确认"},
			{providertest.Down, good, sign.Undetermined, provider.Down, "信任根"},
			{providertest.Nonce, good, sign.Undetermined, provider.Rejected, "信任根"},
			{providertest.Key, good, sign.Undetermined, provider.Rejected, "信任根"},
			{providertest.Lying, bad, sign.Invalid, provider.Lying, "不具有"},
			// It lied: its word does not make anything valid any more.
			{providertest.Honest, good, sign.Undetermined, provider.Answered, "信任根"},
		} {
			x.Behave(c.mode)
			v := verdict(t, p.V, c.data)
			if v.Report.Verdict != c.want || v.Sources[0].Result != c.result || !says(v, c.says) || v.Stands() {
				t.Errorf("%q: %s %+v %v", c.mode, v.Report.Verdict, v.Sources, v.Reasons)
			}
			if (c.result != provider.Answered) != v.HasWarning("provider_"+string(c.result)) {
				t.Errorf("%q: warnings %v", c.mode, v.Warnings)
			}
		}
	})
}

// Where we trust the authority ourselves, a provider only lowers.
func TestSourcesAnchored(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a", nil)
	d := dbtest.New(t, "sqlite")
	p := newPlatform(t, d, "zz.example", x.Host)
	p.register(t, x)
	outside := *p.V
	outside.PKI = &pki.Service{DB: d, Keys: p.Keys, BaseURL: pkitest.BaseURL, Outside: pki.Outside{Anchors: []*gm.Certificate{x.CA}}}
	for mode, want := range map[providertest.Mode]sign.Verdict{
		providertest.Honest: sign.Valid, providertest.Down: sign.Valid, providertest.Foreign: sign.Valid, providertest.Revoked: sign.Invalid, providertest.Unknown: sign.Undetermined,
	} {
		x.Behave(mode)
		v := verdict(t, &outside, x.Sealed(t))
		if v.Report.Verdict != want {
			t.Errorf("%q: %s %v", mode, v.Report.Verdict, v.Reasons)
		}
	}
}

// Two platforms: each verifies its own seals for the other (INT-05).
func TestPeers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		there := newPlatform(t, dbtest.New(t, "sqlite"), "peer.example")
		here := newPlatform(t, d, "zz.example", there.Host)
		l, err := there.P.TrustList(t.Context())
		must(t, err)
		signer, err := there.P.Certificate(t.Context())
		must(t, err)
		_, err = here.P.Import(here.first, provider.ImportRequest{Org: pkitest.Root, List: l.JWS, Signer: string(signer.PEM()), Reason: "已核实"})
		must(t, err)
		src, err := here.P.Test(here.other, "peer.example")
		must(t, err)
		if src.Result != provider.Answered {
			t.Fatalf("%+v", src)
		}
		_, err = here.P.Approve(here.other, "peer.example", "已核实")
		must(t, err)

		c := there.Issue(t, kind)
		data := there.Document(t, c)
		v := verdict(t, here.V, data)
		if v.Report.Verdict != sign.Valid || v.Register != nil || v.Stands() || v.Sources[0].Result != provider.Answered || v.Sources[0].Provider != "peer.example" {
			t.Errorf("%s %+v %v", v.Report.Verdict, v.Sources, v.Reasons)
		}
		if v := verdict(t, here.V, altered(t, data)); v.Report.Verdict != sign.Invalid || v.Sources[0].Result != provider.Answered {
			t.Errorf("altered: %s %+v", v.Report.Verdict, v.Sources)
		}
		// There, the seal is frozen: the very next verification here hears of it.
		there.V.Seals, there.V.Changed = there.Seal.PublicGet, func(context.Context, string) (time.Time, error) { return time.Now().Add(-time.Hour), nil }
		for _, x := range there.Seals {
			must(t, there.Seal.Freeze(there.Keeper, x.ID, "密钥可能失控"))
		}
		if v := verdict(t, there.V, data); v.Report.Verdict != sign.Invalid || v.Sources[0].Result != provider.Ours || v.Sources[0].Verdict != sign.Invalid {
			t.Errorf("frozen, asked at home: %s %+v", v.Report.Verdict, v.Sources)
		}
		if v := verdict(t, here.V, data); v.Report.Verdict != sign.Invalid || len(v.Sources[0].Remarks) == 0 {
			t.Errorf("frozen there: %s %+v", v.Report.Verdict, v.Sources)
		}
	})
}

// upload posts a file as anybody may.
func upload(t testing.TB, target string, data []byte) (int, map[string]json.RawMessage) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", "张三.ofd")
	must(t, err)
	_, err = f.Write(data)
	must(t, err)
	must(t, w.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, &b)
	must(t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var m map[string]json.RawMessage
	must(t, json.NewDecoder(resp.Body).Decode(&m))
	return resp.StatusCode, m
}

// What POST /api/v1/verify promises, with and without a signature.
func TestAnswer(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a", nil)
	p := newPlatform(t, dbtest.New(t, "sqlite"), "zz.example", x.Host)
	p.register(t, x)
	data := p.Document(t, p.Issue(t, kind))
	target := p.URL + "/api/v1/verify"
	code, m := upload(t, target, data)
	for _, member := range []string{"file", "verdict", "warnings", "signatures", "uncovered", "unreferenced", "register", "legal_effect", "reasons", "sources", "seals", "document_type", "records"} {
		if m[member] == nil || strings.HasSuffix(member, "s") && string(m[member]) == "null" {
			t.Errorf("no %s: %s", member, m[member])
		}
	}
	if code != 200 || string(m["verdict"]) != `"valid"` || m["answer"] != nil || !bytes.Contains(m["document_type"], []byte("电子证照")) || !bytes.Contains(m["sources"], []byte(`"ours"`)) {
		t.Errorf("%d %s %s", code, m["verdict"], m["sources"])
	}
	if code, m := upload(t, target+"?signed=1&nonce=short", data); code != 422 && code != 400 || string(m["code"]) != `"verify.nonce"` {
		t.Errorf("%d %s", code, m["code"])
	}
	code, m = upload(t, target+"?signed=1&nonce=0123456789abcdef", data)
	var compact string
	must(t, json.Unmarshal(m["answer"], &compact))
	if code != 200 || strings.Count(compact, ".") != 2 || string(m["sources"]) != "[]" {
		t.Fatalf("%d %s %s", code, m["answer"], m["sources"])
	}
	payload := payloadOf(t, compact)
	var a provider.Answer
	must(t, json.Unmarshal(payload, &a))
	if a.Provider != "zz.example" || a.Nonce != "0123456789abcdef" || len(a.Own) != len(a.Signatures) || a.Report.Verdict != sign.Valid || bytes.Contains(payload, []byte("张三")) {
		t.Errorf("%s", payload)
	}
	// Asked by others, we answer on our own word: what is not ours is nobody's here.
	before := x.Calls.Load()
	_, m = upload(t, target+"?signed=1&nonce=0123456789abcdef", x.Sealed(t))
	must(t, json.Unmarshal(m["answer"], &compact))
	must(t, json.Unmarshal(payloadOf(t, compact), &a))
	if x.Calls.Load() != before || len(a.Own) != 0 || a.Report.Verdict != sign.Undetermined {
		t.Errorf("asked in turn: %d, own %v, %s", x.Calls.Load()-before, a.Own, a.Report.Verdict)
	}
	p.V.Providers = nil
	if code, m := upload(t, target+"?signed=1&nonce=0123456789abcdef", data); code != 503 {
		t.Errorf("%d %s", code, m["code"])
	}
	if v := verdict(t, p.V, data); v.Report.Verdict != sign.Valid || len(v.Sources) != 0 {
		t.Errorf("without providers: %s", v.Report.Verdict)
	}
}

// Those we know leave an event, with digests only; strangers leave nothing.
func TestVerifiedEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPlatform(t, d, "zz.example")
		data := p.Document(t, p.Issue(t, kind))
		waiting := func() (n int64) {
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				stats, err := outbox.Stats(tx)
				for _, s := range stats {
					n += s.Waiting
				}
				return err
			}))
			return n
		}
		for range 3 {
			verdict(t, p.V, data)
		}
		if n := waiting(); n != 0 {
			t.Errorf("strangers left %d events", n)
		}
		for _, ctx := range []context.Context{p.first, p.Client} {
			_, err := p.V.Document(ctx, "张三.ofd", data)
			must(t, err)
		}
		unsigned, err := blank(t).Bytes()
		must(t, err)
		_, err = p.V.Document(p.first, "空白.ofd", unsigned)
		must(t, err)
		if n := waiting(); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

// The lookup of personal signatures joins the verdict, and its failure is told.
func TestRecords(t *testing.T) {
	t.Parallel()
	w, s := newService(t, dbtest.New(t, "sqlite"))
	data := w.Document(t, w.Issue(t, kind))
	s.Records = func(_ context.Context, document gm.Digest) ([]verify.Record, error) {
		if document != gm.Sum(data) {
			t.Error("asked for another document")
		}
		return []verify.Record{{Task: "1", Name: "张*"}}, nil
	}
	if v := verdict(t, s, data); len(v.Records) != 1 {
		t.Errorf("%+v", v.Records)
	}
	broken := errors.New("the table is gone")
	s.Records = func(context.Context, gm.Digest) ([]verify.Record, error) { return nil, broken }
	if _, err := s.Document(t.Context(), "x", data); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// Not OFD: refused, named, with who can verify it.
func TestOtherFormats(t *testing.T) {
	t.Parallel()
	_, s := newService(t, dbtest.New(t, "sqlite"))
	for data, says := range map[string]string{
		"%PDF-1.7\n/ByteRange [0 1 2 3]": "PDF", "%PDF-1.7": "图上的印章不是电子签章", "\xff\xd8\xff\xe0": "图片", "<?xml version=\"1.0\"?><EInvoice/>": "全国增值税发票查验平台",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "办公文档", "你好": "文本",
	} {
		v := verdict(t, s, []byte(data))
		if v.Report.Verdict != sign.Refused || v.DocumentType == nil || !strings.Contains(strings.Join(v.Reasons, ""), says) {
			t.Errorf("%q: %s %+v %v", data, v.Report.Verdict, v.DocumentType, v.Reasons)
		}
	}
}

func payloadOf(t testing.TB, compact string) []byte {
	t.Helper()
	b, err := decode(strings.Split(compact, ".")[1])
	must(t, err)
	return b
}

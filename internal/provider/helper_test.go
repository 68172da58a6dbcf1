package provider_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/provider/event"
	"sidian/internal/provider/providertest"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A world is an instance with two keepers of the registry.
type world struct {
	*iamtest.County
	DB     *db.DB
	PKI    *pki.Service
	Outbox *outbox.Outbox
	S      *provider.Service
	O      provider.Options
	Clock  *clock

	mu     sync.Mutex
	events []outbox.Event
}

// a proposes, b approves; both for the market authority.
func (w *world) a(t testing.TB) context.Context { return w.Ctx(t, "sealadmin") }
func (w *world) b(t testing.TB) context.Context { return w.Ctx(t, "second") }

// newWorld makes an instance that may call the hosts of some providers.
func newWorld(t testing.TB, d *db.DB, change func(*provider.Options), all ...*providertest.Provider) *world {
	t.Helper()
	w := &world{DB: d, Clock: &clock{at: time.Now().Truncate(time.Millisecond)}}
	d.Now = w.Clock.now
	w.County = iamtest.New(t, d)
	w.Hire(t, "second", "sealadmin", iamtest.Market)
	w.Hire(t, "foreign", "sealadmin", iamtest.Land)
	w.PKI = &pki.Service{DB: d, Keys: w.Keys, BaseURL: "https://zz.example"}
	must(t, w.PKI.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例"}))
	w.Outbox = outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Distrusted, "iam.tampered"}, Handle: func(_ *db.Tx, ev outbox.Event) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, ev)
		return nil
	}})
	w.O = provider.Options{
		DB: d, Keys: w.Keys, PKI: w.PKI, Outbox: w.Outbox, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Self: "zz.example", Name: "青禾县样例", BaseURL: "https://zz.example", Deadline: 20 * time.Second, Keep: -1,
	}
	for _, p := range all {
		w.O.Hosts, w.O.Private = append(w.O.Hosts, p.Host), append(w.O.Private, p.Host)
	}
	if change != nil {
		change(&w.O)
	}
	var err error
	w.S, err = provider.New(t.Context(), w.O)
	must(t, err)
	return w
}

// register proposes and approves a provider.
func (w *world) register(t testing.TB, p *providertest.Provider) {
	t.Helper()
	_, err := w.S.Propose(w.a(t), p.Request(iamtest.Market))
	must(t, err)
	_, err = w.S.Approve(w.b(t), p.ID, "已核实协议和证书")
	must(t, err)
}

// delivered runs the outbox dry and returns the events of a topic.
func (w *world) delivered(t testing.TB, topic string) (out []outbox.Event) {
	t.Helper()
	r, err := outbox.NewRunner(t.Context(), w.DB, w.Outbox, nil)
	must(t, err)
	for range 500 {
		var waiting int64
		must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
			stats, err := outbox.Stats(tx)
			waiting = 0
			for _, s := range stats {
				waiting += s.Waiting
			}
			return err
		}))
		if waiting == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	must(t, r.Close())
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range w.events {
		if ev.Topic == topic {
			out = append(out, ev)
		}
	}
	return out
}

// ours stamps a document with a seal of this instance.
func (w *world) ours(t testing.TB, d *ofd.Document) *ofd.Document {
	t.Helper()
	key, err := gm.GenerateKey()
	must(t, err)
	issue := func(use, name string) *gm.Certificate {
		c, err := w.PKI.Issue(t.Context(), pki.IssueRequest{Use: use, Name: name, Public: key.Public()})
		must(t, err)
		return c
	}
	maker, unit := issue(pki.Maker, "青禾县样例制章"), issue(pki.Unit, "青禾县市场监督管理局")
	made, err := ses.MakeSeal(ses.SealOptions{
		ID: "ours", VendorID: "sidian", Type: 1, Name: "青禾县市场监督管理局", Signers: []*gm.Certificate{unit}, Created: w.Clock.now(),
		ValidFrom: unit.NotBefore, ValidTo: unit.NotAfter, Picture: ses.Picture{Type: "PNG", Data: []byte{1}, Width: 42, Height: 42},
	}, key, maker)
	must(t, err)
	out, err := sign.Stamp(d, sign.StampOptions{Seal: made, Signer: key, Certificate: unit, Places: []sign.Place{{X: 60, Y: 10, W: 42, H: 42}}, Time: w.Clock.now()})
	must(t, err)
	return out
}

// verify is our own cryptographic verdict.
func (w *world) verify(t testing.TB, data []byte) *sign.Report {
	t.Helper()
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	return sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.Clock.now()})
}

// ask verifies and asks.
func (w *world) ask(t testing.TB, data []byte) []provider.Source {
	t.Helper()
	out, err := w.S.Ask(t.Context(), w.verify(t, data), "张三的合同.ofd", data)
	must(t, err)
	return out
}

// by finds the source of a provider.
func by(t testing.TB, all []provider.Source, id string) provider.Source {
	t.Helper()
	for _, s := range all {
		if s.Provider == id {
			return s
		}
	}
	t.Fatalf("no source %q in %+v", id, all)
	return provider.Source{}
}

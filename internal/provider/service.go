package provider

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/keys"
	"sidian/internal/outbox"
	"sidian/internal/pki"
)

// Options say what a Service is made of.
type Options struct {
	DB     *db.DB
	Keys   *keys.Store
	PKI    *pki.Service
	Outbox *outbox.Outbox
	Log    *slog.Logger // nil: slog.Default()

	Self    string // our own id: the host under which the platform is found
	Name    string // of who runs this instance
	BaseURL string // where others ask us, without a final slash
	Zone    string // where this instance stands: Extranet when empty

	Hosts    []string      // that may be called (configuration: outgoing.hosts)
	Private  []string      // of these, those that may resolve to private addresses
	Deadline time.Duration // of all questions on one document; 5 s when zero
	Keep     time.Duration // of a positive answer; 30 s when zero, none when negative

	// Ours tells whether a seal maker is this platform's; nil: who stands under
	// its authorities.
	Ours func(ctx context.Context, maker *gm.Certificate) (bool, error)
	// Makers are the digital certificates of our own seal makers, for the list of
	// trust; nil: our issuing authority stands for them.
	Makers func(ctx context.Context) ([]*gm.Certificate, error)
	// Tell, if not nil, tells people of an organisation who hold a permission
	// that something waits for them, in the transaction that makes it wait.
	Tell func(tx *db.Tx, org, permission, title, text, link string) error
}

// A Service keeps the registry of providers and asks them. It is safe for
// concurrent use.
type Service struct {
	o      Options
	log    *slog.Logger
	box    *keys.Box
	rows   *keys.Rows
	client *httpx.Client
	calls  *calls
	kept   *kept

	mu    sync.Mutex
	known *registry // as loaded last
	ended int       // how often it was ended
	said  map[string]time.Time

	making sync.Mutex // held while our key is made
}

// Defaults and bounds.
const (
	defaultDeadline = 5 * time.Second
	defaultKeep     = 30 * time.Second
	maxAnswer       = 1 << 20 // bytes
)

// New returns a Service.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Deadline <= 0 {
		o.Deadline = defaultDeadline
	}
	if o.Zone == "" {
		o.Zone = Extranet
	}
	if o.Keep == 0 {
		o.Keep = defaultKeep
	}
	s := &Service{o: o, log: o.Log, calls: newCalls(), kept: newKept(max(o.Keep, 0)), said: map[string]time.Time{}}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.client = newClient(o)
	var err error
	if s.box, err = o.Keys.Box(ctx); err != nil {
		return nil, err
	}
	s.rows, err = o.Keys.Rows(ctx, "provider_entry")
	return s, err
}

// newID returns an identifier that sorts by nothing and tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }

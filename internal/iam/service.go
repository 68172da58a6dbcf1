package iam

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// Options are the rules of principals. Zero values are the documented defaults.
type Options struct {
	TokenLife time.Duration // of bearer tokens; 1 h
	CacheFor  time.Duration // how long another process may not notice a change; 2 s
	Strict    bool          // sensitive data, and breaking the glass, take a session with a second factor
}

// DefaultCacheFor is Options.CacheFor when it is zero.
const DefaultCacheFor = 2 * time.Second

func (o Options) withDefaults() Options {
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.CacheFor == 0 {
		o.CacheFor = DefaultCacheFor
	}
	return o
}

// A Service is the context of identities. It is safe for concurrent use.
type Service struct {
	DB *db.DB
	// Outbox carries what others must hear: alarms and broken glass. Due keeps
	// the deadlines of decisions. Both are set once, before the first use; what
	// needs one that is nil is refused, or for deadlines goes without.
	Outbox *outbox.Outbox
	Due    *due.Service

	opts    Options
	box     *keys.Box
	persons *keys.Index // of citizen IDs
	phones  *keys.Index
	names   *keys.Index // of people's whole names
	guards  *guards
	live    live
	// refreshing is held by who reads again what principals ask.
	refreshing sync.Mutex
	tokens     *otter.Cache[[32]byte, *tokenEntry]
	watchers   []Watcher
}

// New returns a Service over d, with its secrets from ks.
func New(ctx context.Context, d *db.DB, ks *keys.Store, opts Options) (*Service, error) {
	s := &Service{DB: d, opts: opts.withDefaults()}
	var err error
	if s.box, err = ks.Box(ctx); err != nil {
		return nil, fmt.Errorf("iam: opening the box of columns: %w", err)
	}
	for label, index := range map[string]**keys.Index{"iam.citizen": &s.persons, "iam.phone": &s.phones, "iam.name": &s.names} {
		if *index, err = ks.Index(ctx, label); err != nil {
			return nil, fmt.Errorf("iam: opening index %s: %w", label, err)
		}
	}
	if s.guards, err = newGuards(ctx, ks); err != nil {
		return nil, err
	}
	if err := s.reread(ctx, nil, d.Now()); err != nil {
		return nil, err
	}
	s.tokens = otter.Must(&otter.Options[[32]byte, *tokenEntry]{MaximumSize: 50_000, ExpiryCalculator: otter.ExpiryWriting[[32]byte, *tokenEntry](s.opts.CacheFor)})
	return s, nil
}

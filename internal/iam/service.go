package iam

import (
	"context"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// Options are the rules of signing in. Zero values are the documented defaults.
type Options struct {
	Idle       time.Duration // after which an unused session ends; 30 min
	Absolute   time.Duration // after which any session ends; 12 h
	TokenLife  time.Duration // of bearer tokens; 1 h
	CacheFor   time.Duration // how long another process may not notice a sign-out; 2 s
	Hash       HashCost      // of passwords; DefaultHashCost
	Failures   int           // within Window, after which an account is locked for Lock; 5
	AddrFails  int           // the same for a network address; 30
	Window     time.Duration // 15 min
	Lock       time.Duration // 30 min
	SecondStep bool          // staff must give a one-time code beside the password
}

// DefaultCacheFor is Options.CacheFor when it is zero.
const DefaultCacheFor = 2 * time.Second

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	set(&o.Idle, 30*time.Minute)
	set(&o.Absolute, 12*time.Hour)
	set(&o.TokenLife, time.Hour)
	set(&o.CacheFor, DefaultCacheFor)
	set(&o.Window, 15*time.Minute)
	set(&o.Lock, 30*time.Minute)
	if o.Failures == 0 {
		o.Failures = 5
	}
	if o.AddrFails == 0 {
		o.AddrFails = 30
	}
	if o.Hash == (HashCost{}) {
		o.Hash = DefaultHashCost
	}
	return o
}

// A Service is the context of identities. It is safe for concurrent use.
type Service struct {
	DB    *db.DB
	Roles *Roles

	opts     Options
	box      *keys.Box
	names    *keys.Index // of usernames that were tried
	persons  *keys.Index // of citizen IDs
	phones   *keys.Index
	hasher   *hasher
	live     liveTree
	sessions *otter.Cache[[32]byte, *session]
	tokens   *otter.Cache[[32]byte, *tokenEntry]
}

// New returns a Service over d, with its secrets from ks.
func New(ctx context.Context, d *db.DB, ks *keys.Store, opts Options) (*Service, error) {
	roles, err := ShippedRoles()
	if err != nil {
		return nil, err
	}
	s := &Service{DB: d, Roles: roles, opts: opts.withDefaults()}
	if s.box, err = ks.Box(ctx); err != nil {
		return nil, fmt.Errorf("iam: opening the box of columns: %w", err)
	}
	for label, index := range map[string]**keys.Index{"iam.username": &s.names, "iam.citizen": &s.persons, "iam.phone": &s.phones} {
		if *index, err = ks.Index(ctx, label); err != nil {
			return nil, fmt.Errorf("iam: opening index %s: %w", label, err)
		}
	}
	pepper, err := ks.StableSecret(ctx, keys.Field, "iam.password")
	if err != nil {
		return nil, fmt.Errorf("iam: opening the password key: %w", err)
	}
	s.hasher = newHasher(s.opts.Hash, pepper)
	s.sessions = otter.Must(&otter.Options[[32]byte, *session]{MaximumSize: 50_000, ExpiryCalculator: otter.ExpiryWriting[[32]byte, *session](s.opts.CacheFor)})
	s.tokens = otter.Must(&otter.Options[[32]byte, *tokenEntry]{MaximumSize: 50_000, ExpiryCalculator: otter.ExpiryWriting[[32]byte, *tokenEntry](s.opts.CacheFor)})
	return s, nil
}

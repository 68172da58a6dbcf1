package auth

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/maypok86/otter/v2"

	"sidian/internal/auth/oidc"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// Options are the rules of signing in. Zero values are the documented defaults.
type Options struct {
	Idle       time.Duration // after which an unused session ends; 30 min
	Absolute   time.Duration // after which any session ends; 12 h
	CacheFor   time.Duration // how long another process may not notice a sign-out; 2 s
	Hash       HashCost      // of passwords; DefaultHashCost
	Failures   int           // within Window, after which an account is locked for Lock; 5
	AddrFails  int           // the same for a network address; 30
	Window     time.Duration // 15 min
	Lock       time.Duration // 30 min
	SecondStep bool          // staff must give a second factor beside the password

	PasswordLength  int // at least, in characters; 10
	PasswordDays    int // after which staff must change it; 0: no limit
	PasswordHistory int // how many earlier passwords may not come back; 0: none

	BaseURL   string                                    // of the platform: what digital certificates sign for, and the name in apps
	Outbox    *outbox.Outbox                            // for alarms; nil: none
	Due       *due.Service                              // for the day by which a password must be changed; nil: none
	Passkeys  *passkey.Relying                          // nil: none are offered
	Trust     func(context.Context) (ukey.Trust, error) // in digital certificates of people; nil: none are taken
	Platforms []Platform                                // of identities
}

// A Platform signs people in elsewhere: an *oidc.Relying.
type Platform interface {
	Provider() oidc.Provider
	Start(ctx context.Context, now time.Time) (oidc.Attempt, error)
	Finish(ctx context.Context, a oidc.Attempt, query url.Values, now time.Time) (oidc.Identity, error)
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	set(&o.Idle, 30*time.Minute)
	set(&o.Absolute, 12*time.Hour)
	set(&o.CacheFor, iam.DefaultCacheFor)
	set(&o.Window, 15*time.Minute)
	set(&o.Lock, 30*time.Minute)
	if o.Failures == 0 {
		o.Failures = 5
	}
	if o.AddrFails == 0 {
		o.AddrFails = 30
	}
	if o.PasswordLength == 0 {
		o.PasswordLength = 10
	}
	if o.Hash == (HashCost{}) {
		o.Hash = DefaultHashCost
	}
	return o
}

// A Service is the context of signing in. It is safe for concurrent use.
type Service struct {
	DB  *db.DB
	IAM *iam.Service

	opts     Options
	box      *keys.Box
	brief    *keys.Box   // for what lives for minutes
	subjects *keys.Index // of identities elsewhere
	names    *keys.Index // of usernames and addresses that were tried
	hasher   *hasher
	guards   *guards
	doors    doors
	sessions *otter.Cache[[32]byte, *session]
}

// New returns a Service over the accounts of people, with its secrets from ks.
// It watches people: closing an account ends its sessions.
func New(ctx context.Context, people *iam.Service, ks *keys.Store, opts Options) (*Service, error) {
	s := &Service{DB: people.DB, IAM: people, opts: opts.withDefaults()}
	var err error
	if s.box, err = ks.Box(ctx); err != nil {
		return nil, fmt.Errorf("auth: opening the box of columns: %w", err)
	}
	if s.brief, err = ks.BoxFor(ctx, keys.Session); err != nil {
		return nil, fmt.Errorf("auth: opening the box of ceremonies: %w", err)
	}
	if s.subjects, err = ks.Index(ctx, "auth.subject"); err != nil {
		return nil, fmt.Errorf("auth: opening the index of identities: %w", err)
	}
	// The labels are from when these stood in package iam: another label is
	// another key, and no stored password would be right any more.
	if s.names, err = ks.Index(ctx, "iam.username"); err != nil {
		return nil, fmt.Errorf("auth: opening the index of usernames: %w", err)
	}
	pepper, err := ks.StableSecret(ctx, keys.Field, "iam.password")
	if err != nil {
		return nil, fmt.Errorf("auth: opening the password key: %w", err)
	}
	if s.guards, err = newGuards(ctx, ks); err != nil {
		return nil, err
	}
	s.hasher = newHasher(s.opts.Hash, pepper)
	s.sessions = otter.Must(&otter.Options[[32]byte, *session]{MaximumSize: 50_000, ExpiryCalculator: otter.ExpiryWriting[[32]byte, *session](s.opts.CacheFor)})
	people.Watch(iam.Watcher{
		Closing: s.closing,
		Changed: s.forget,
	})
	return s, nil
}

// Sweep forgets sessions, attempts, steps and links that have no effect any more. Sessions
// stay for 180 days as a record of where someone was signed in.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := sweepPending(tx); err != nil {
			return err
		}
		if err := sweepInvitations(tx, tx.Now().AddDate(0, 0, -30).UnixMilli()); err != nil {
			return err
		}
		return sweep(tx, tx.Now().AddDate(0, 0, -180), tx.Now().Add(-s.opts.Window))
	})
}

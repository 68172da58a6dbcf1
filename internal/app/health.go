package app

import (
	"context"
	"sync"
	"time"

	"sidian/internal/obs"
)

// checks are what /readyz asks, each dependency by its name.
func (a *App) checks() {
	a.Health = &obs.Health{Log: a.Log}
	a.Health.Add(obs.Check{Name: "database", Ask: func(ctx context.Context) (string, error) { return a.DB.Engine(), a.DB.Ping(ctx) }})
	a.Health.Add(obs.Check{Name: "documents", Ask: remembered(time.Second, a.Blob.Check)})
	a.Health.Add(obs.Check{Name: "keys", Ask: remembered(time.Second, func(context.Context) error { return a.Keys.Health() })})
	a.Health.Add(obs.Check{Name: "authority", Ask: func(ctx context.Context) (string, error) { _, err := a.PKI.Trust(ctx); return "", err }})
}

// remembered lets a good answer stand for a while: to ask costs a write to the
// disk, and strangers may ask. A bad one is asked for again.
func remembered(life time.Duration, ask func(context.Context) error) func(context.Context) (string, error) {
	var mu sync.Mutex
	var until time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(until) {
			return "", nil
		}
		if err := ask(ctx); err != nil {
			return "", err
		}
		until = time.Now().Add(life)
		return "", nil
	}
}

package audit

import (
	"context"
	"sync/atomic"
)

type refusalKey struct{}

// WatchRefusals returns a context that remembers whether an entry of a refusal
// was put under it, so that who answers a request records what no use case did.
func WatchRefusals(ctx context.Context) context.Context {
	return context.WithValue(ctx, refusalKey{}, new(atomic.Bool))
}

// RefusalNoted tells whether one was put.
func RefusalNoted(ctx context.Context) bool {
	noted, ok := ctx.Value(refusalKey{}).(*atomic.Bool)
	return ok && noted.Load()
}

func noteRefusal(ctx context.Context) {
	if noted, ok := ctx.Value(refusalKey{}).(*atomic.Bool); ok {
		noted.Store(true)
	}
}

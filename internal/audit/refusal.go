package audit

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"

	"sidian/internal/db"
	"sidian/internal/fault"
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

// longestObject is what of a refused object's name is recorded, in characters: it
// may be anything that was typed in an address.
const longestObject = 80

// Refuse records in a transaction of its own that a rule refused what e names,
// and returns err as it is. What is no refusal of who asks, or was recorded
// already, it only returns.
func Refuse(ctx context.Context, d *db.DB, e Entry, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Forbidden || RefusalNoted(ctx) {
		return err
	}
	e.Result, e.Rule = Refused, f.Code
	object := []rune(strings.ToValidUTF8(e.Object, "?"))
	e.Object = string(object[:min(len(object), longestObject)])
	return cmp.Or(d.Write(ctx, func(tx *db.Tx) error { return Put(tx, e) }), err)
}

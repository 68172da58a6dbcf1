// Package audit records who did what to which object, when, why and with what
// result, in the transaction that did it: an action without its audit row does
// not exist. Rows are never changed or deleted; the database refuses both.
//
// Each row keeps the canonical bytes of what it says, so that a single consumer
// can chain the rows later, and an auditor can recompute the chain from columns.
//
// It owns the table audit_entry.
package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An Actor is who does something: a person, a program, or a person through a
// program.
type Actor struct {
	Account string // id of the account; empty for the platform itself
	Name    string // as shown to auditors
	Org     string // id of the organisation acted for
	App     string // id of the client program
	Address string // network address
}

type actorKey struct{}

// WithActor returns a context that carries a.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor that ctx carries, or the zero Actor: the
// platform itself.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// An Entry is one action.
type Entry struct {
	ID     string    // assigned by Put
	At     time.Time // assigned by Put: the time of its transaction
	Actor  Actor     // zero: that of the transaction's context
	Action string    // "cert.revoke": the permission or use case
	Object string    // "cert/01J…": package and id
	Reason string    // why, as given by the actor
	Result string    // Done when empty
	Before gm.Digest // of the object's canonical state; zero: none
	After  gm.Digest
}

// Results of an action.
const (
	Done    = "done"
	Refused = "refused"
	Failed  = "failed"
)

// limits of the texts of an entry, in bytes. What people type is cut by the use
// case; what programs say is short.
const (
	maxName   = 256
	maxReason = 8 << 10
)

func (e *Entry) validate() error {
	switch {
	case e.Action == "":
		return fmt.Errorf("audit: an entry without an action")
	case e.Object == "":
		return fmt.Errorf("audit: entry %s has no object", e.Action)
	case e.Result != Done && e.Result != Refused && e.Result != Failed:
		return fmt.Errorf("audit: entry %s has the result %q", e.Action, e.Result)
	case len(e.Reason) > maxReason:
		return fault.TooLarge.New("理由过长").WithCode("audit.reason").WithHint("请把理由控制在两千字以内")
	}
	for _, s := range []string{e.Action, e.Object, e.Actor.Account, e.Actor.Name, e.Actor.Org, e.Actor.App, e.Actor.Address} {
		if len(s) > maxName {
			return fmt.Errorf("audit: entry %s has a name of %d bytes", e.Action, len(s))
		}
	}
	return nil
}

// Put records e in tx.
func Put(tx *db.Tx, e Entry) error {
	if e.Actor == (Actor{}) {
		e.Actor = ActorFrom(tx.Context())
	}
	if e.Result == "" {
		e.Result = Done
	}
	e.ID, e.At = newID(tx.Now()), tx.Now()
	if err := e.validate(); err != nil {
		return err
	}
	return insert(tx, e)
}

// newID sorts roughly by time, which keeps the index's writes together; order
// is never taken from it.
func newID(at time.Time) string {
	return fmt.Sprintf("%012x%s", at.UnixMilli(), strings.ToLower(rand.Text()[:16]))
}

// Package audit records who did what to which object, when, why and with what
// result, in the transaction that did it: an action without its audit row does
// not exist. Rows are never changed or deleted; the database refuses both.
//
// Each row keeps the canonical bytes of what it says. Package chain links them
// later, one process at a time, so that an auditor can recompute the chain from
// columns: until then a row waits in audit_pending.
//
// It owns the tables audit_entry and audit_pending; chain owns the others.
package audit

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/obs"
)

// An Actor is who does something: a person, a program, or a person through a
// program.
type Actor struct {
	Account string // id of the account; empty for the platform itself
	Name    string // as shown to auditors
	Org     string // id of the organisation acted for
	App     string // id of the client program
	Address string // network address
	Session string // id of the session; empty for a program
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

// Grounds are what an action rests on: the purpose (用途) that the actor named,
// and the rule of the policy that allowed or refused it.
type Grounds struct {
	Purpose string // code of the purpose: "window", "inspect"
	Rule    string // rule and version of the policy: "cert.read@7"
}

type groundsKey struct{}

// WithGrounds returns a context whose entries rest on g. What g leaves empty
// stays as it was.
func WithGrounds(ctx context.Context, g Grounds) context.Context {
	was := GroundsFrom(ctx)
	return context.WithValue(ctx, groundsKey{}, Grounds{cmp.Or(g.Purpose, was.Purpose), cmp.Or(g.Rule, was.Rule)})
}

// GroundsFrom returns the grounds that ctx carries.
func GroundsFrom(ctx context.Context) Grounds {
	g, _ := ctx.Value(groundsKey{}).(Grounds)
	return g
}

// An Entry is one action.
type Entry struct {
	ID      string    // assigned by Put
	Version int       // of its canonical bytes; assigned by Put
	At      time.Time // assigned by Put: the time of its transaction
	Actor   Actor     // zero: that of the transaction's context
	Request string    // id of the request; empty: that of the transaction's context
	Action  string    // "cert.revoke": the permission or use case
	Object  string    // "cert/01J…": package and id
	Purpose string    // code of the purpose; empty: that of the context's Grounds
	Rule    string    // that allowed or refused it; empty: that of the context's Grounds
	Reason  string    // why, as given by the actor
	Result  string    // Done when empty
	Before  gm.Digest // of the object's canonical state; zero: none
	After   gm.Digest
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
	a := e.Actor
	for _, s := range []string{e.Action, e.Object, a.Account, a.Name, a.Org, a.App, a.Address, a.Session, e.Request, e.Purpose, e.Rule} {
		if len(s) > maxName {
			return fmt.Errorf("audit: entry %s has a name of %d bytes", e.Action, len(s))
		}
	}
	return nil
}

// Put records e in tx. What e leaves empty of who, why and within which request
// is taken from the transaction's context.
func Put(tx *db.Tx, e Entry) error {
	ctx := tx.Context()
	if e.Actor == (Actor{}) {
		e.Actor = ActorFrom(ctx)
	}
	g := GroundsFrom(ctx)
	e.Purpose, e.Rule = cmp.Or(e.Purpose, g.Purpose), cmp.Or(e.Rule, g.Rule)
	e.Request = cmp.Or(e.Request, obs.RequestID(ctx))
	e.Result = cmp.Or(e.Result, Done)
	e.ID, e.At, e.Version = newID(tx.Now()), tx.Now(), current
	if err := cmp.Or(e.validate(), e.impersonal()); err != nil {
		return err
	}
	if e.Result == Refused {
		noteRefusal(ctx)
	}
	return insert(tx, e)
}

// newID sorts roughly by time, which keeps the index's writes together, and lets
// what waits be chained in about the order in which it was done. Of one process
// and millisecond, it sorts in the order of Put: what one transaction did is
// told in order.
func newID(at time.Time) string {
	return fmt.Sprintf("%012x%06x%s", at.UnixMilli(), puts.Add(1)&0xffffff, strings.ToLower(rand.Text()[:12]))
}

var puts atomic.Uint32

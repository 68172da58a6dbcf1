// Package compositetest gives other packages' tests an instance with a scheme, the
// permits of an enterprise, and people for each part.
package compositetest

import (
	"context"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/composite"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// Kinds that the scheme folds: Food and Road are required, Build is not.
const (
	Kind  = "industry_permit"
	Food  = "food_operation"
	Road  = "road_transport"
	Build = "construction"
)

// Enterprise holds the permits; Other is another.
var (
	Enterprise = catalogue.Holder{Type: "legal", IDType: "001", ID: "91999999MA000X031B", Name: "青禾县样例餐饮管理有限公司"}
	Other      = catalogue.Holder{Type: "legal", IDType: "001", ID: "91999999MA000X023G", Name: "青禾县另一餐饮有限公司"}
)

// A World is an instance, with people as contexts in which they act.
type World struct {
	*certtest.World
	Composite *composite.Service

	Designer, Manager context.Context // of the county
	Clerk, Issuer     context.Context // of the market
	Whole             context.Context // drafts and issues for the market
	Stranger, Foreign context.Context // draft and issue for the land authority
	Deliver           outbox.Consumer
}

// New makes an instance in d. With more kinds it issues them, too.
func New(t testing.TB, d *db.DB, more ...string) *World { return In(t, d, t.TempDir(), more...) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string, more ...string) *World {
	t.Helper()
	c := certtest.In(t, d, dir, append([]string{Kind, Food, Road, Build}, more...)...)
	for _, x := range c.Seals {
		_, err := c.Seal.Grant(c.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: d.Now().AddDate(3, 0, 0), Reason: "本平台工作人员签发"})
		Must(t, err)
	}
	w, err := wire(t.Context(), c)
	Must(t, err)
	w.Designer, w.Manager = w.Hire(t, "kinddesigner", "designer", pkitest.Root), w.Hire(t, "kindmanager", "manager", pkitest.Root)
	w.Clerk, w.Issuer = w.Hire(t, "folder", "clerk", sealtest.Market), w.Hire(t, "foldissuer", "issuer", sealtest.Market)
	w.Whole = w.World.Grant(t, w.Hire(t, "foldwhole", "clerk", sealtest.Market), "issuer", sealtest.Market)
	w.Stranger, w.Foreign = w.Hire(t, "foldstranger", "clerk", sealtest.Land), w.Hire(t, "foldforeign", "issuer", sealtest.Land)
	return w
}

// Open opens what In made in d and dir, as another process would.
func Open(ctx context.Context, d *db.DB, dir, client string) (*World, error) {
	c, err := certtest.Open(ctx, d, dir, client)
	if err != nil {
		return nil, err
	}
	return wire(ctx, c)
}

func wire(ctx context.Context, c *certtest.World) (*World, error) {
	w := &World{World: c, Composite: &composite.Service{DB: c.DB, IAM: c.IAM, Catalogue: c.Catalogue, Cert: c.Cert, Notices: c.Notice}}
	w.Deliver = w.Composite.Consumer()
	w.Outbox = outbox.New(w.Deliver)
	c.Cert.Outbox = w.Outbox
	return w, w.Composite.Unlock(ctx, c.Keys)
}

// SchemeRequest is a scheme as it may be defined.
func SchemeRequest() composite.SchemeRequest {
	return composite.SchemeRequest{Unit: pkitest.Root, Code: "CY-01", Title: "餐饮服务", Industry: "餐饮服务（含外卖配送）", Kind: Kind, Basis: "样例县一业一证改革方案",
		Parts: []composite.Fold{{Kind: Food, Required: true, Basis: "食品安全法第三十五条"}, {Kind: Road, Required: true, Basis: "道路运输条例第二十二条"}, {Kind: Build, Basis: "建筑法第七条"}}}
}

// Scheme is a scheme in force.
func (w *World) Scheme(t testing.TB) *composite.Scheme {
	t.Helper()
	x, err := w.Composite.Define(w.Designer, SchemeRequest())
	Must(t, err)
	for _, step := range []struct {
		who    context.Context
		action string
	}{{w.Designer, "submit"}, {w.Manager, "publish"}} {
		x, err = w.Composite.DecideScheme(step.who, composite.SchemeDecision{ID: x.ID, Action: step.action, Revision: x.Revision})
		Must(t, err)
	}
	return x
}

// Permit issues the enterprise a permit of a kind.
func (w *World) Permit(t testing.TB, kind string) *cert.Certificate {
	return w.PermitOf(t, kind, Enterprise)
}

// PermitOf issues somebody a permit of a kind.
func (w *World) PermitOf(t testing.TB, kind string, h catalogue.Holder) *cert.Certificate {
	t.Helper()
	r := certtest.Example(t, kind)
	r.Holders = []catalogue.Holder{h}
	c, err := w.Cert.Issue(w.Client, r)
	Must(t, err)
	return c
}

// Request asks for a composite by a member.
func Request(x *composite.Scheme, member *cert.Certificate) composite.ComposeRequest {
	return composite.ComposeRequest{Scheme: x.ID, Unit: sealtest.Market, Holder: member.Identifier}
}

// Proposed is a composite that the clerk proposed.
func (w *World) Proposed(t testing.TB, x *composite.Scheme, member *cert.Certificate) *composite.Composite {
	t.Helper()
	c, err := w.Composite.Propose(w.Clerk, Request(x, member))
	Must(t, err)
	return c
}

// Issued is a composite that stands.
func (w *World) Issued(t testing.TB, x *composite.Scheme, member *cert.Certificate) *composite.Composite {
	t.Helper()
	c := w.Proposed(t, x, member)
	c, err := w.Composite.Decide(w.Issuer, composite.Decision{ID: c.ID, Action: "issue", Revision: c.Revision})
	Must(t, err)
	return c
}

// Act does something to a certificate of the market's.
func (w *World) Act(t testing.TB, id, action string) *cert.Certificate {
	t.Helper()
	c, err := w.Cert.Act(w.Issuer, cert.ActRequest{ID: id, Action: action, Reason: "样例事由", Basis: "样例决定第 1 号"})
	Must(t, err)
	return c
}

// Settle delivers what happened, and lets the platform follow.
func (w *World) Settle(t testing.TB) {
	t.Helper()
	_, err := outbox.Drain(t.Context(), w.DB, w.Deliver, 1000)
	Must(t, err)
	Must(t, w.Composite.Work(t.Context()))
}

// Must ends a test at an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Package sealingtest gives other packages' tests an instance in which people
// ask for seals, custodians of two departments and of a higher tier approve, and
// a program stamps under a standing policy.
package sealingtest

import (
	"context"
	"path/filepath"
	"testing"

	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/ofd/sign"
)

// Code is what people answer to the demand for a second factor.
const Code = "123456"

// A World is an instance as far as this package knows it. Market, Land and the
// county each have a seal of their legal name that the keeper of the same name
// keeps, and that anybody who may ask for seals may ask for.
type World struct {
	*sealtest.World
	Blob    *blob.Store
	Outbox  *outbox.Outbox
	Sealing *sealing.Service

	Asker   context.Context // clerk of Market
	Other   context.Context // clerk of Land
	Leader  context.Context // may approve seals of Market, and keeps none
	Program context.Context // acts for the county with the scope seal.ask
	Prog    iam.NewClient   // the same

	Keepers map[string]context.Context // by unit: Market, Land, pkitest.Root
	Seals   map[string]*seal.Seal      // by unit
}

// New makes an instance in d.
func New(t testing.TB, d *db.DB) *World { return In(t, d, t.TempDir()) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	_, err := blob.CreateDir(documents(dir))
	must(t, err)
	w, err := wire(t, sealtest.In(t, d, dir), dir)
	must(t, err)
	w.Asker = w.Hire(t, "asker", "clerk", sealtest.Market)
	w.Other = w.Hire(t, "other", "clerk", sealtest.Land)
	w.Leader = w.Hire(t, "leader", "custodian", sealtest.Market)
	w.Keepers, w.Seals = map[string]context.Context{}, map[string]*seal.Seal{}
	for _, unit := range []string{sealtest.Market, sealtest.Land, pkitest.Root} {
		w.Keepers[unit] = w.Hire(t, "keeper-"+unit, "custodian", unit)
		w.Seals[unit] = w.MakeFor(t, unit, w.Keepers[unit])
		w.Let(t, w.Seals[unit], seal.AskAny, seal.ByCustodian)
	}
	w.Prog, err = w.IAM.CreateClient(w.Security, iam.ClientRequest{Name: "样例用印系统", Org: pkitest.Root, Scopes: []string{"seal.ask", "seal.read"}})
	must(t, err)
	w.Program, err = w.IAM.AsClient(context.Background(), w.Prog.ID)
	must(t, err)
	return w
}

// Open opens what In made in d and dir, as another process would.
func Open(t testing.TB, d *db.DB, dir, client string) (*World, error) {
	s, err := sealtest.Open(context.Background(), d, dir, client)
	if err != nil {
		return nil, err
	}
	return wire(t, s, dir)
}

func documents(dir string) string { return filepath.Join(dir, "sealing-documents") }

func wire(t testing.TB, s *sealtest.World, dir string) (*World, error) {
	ctx := context.Background()
	e, err := blob.OpenDir(documents(dir))
	if err != nil {
		return nil, err
	}
	w := &World{World: s, Outbox: outbox.New()}
	if w.Blob, err = blob.New(ctx, e, s.Keys); err != nil {
		return nil, err
	}
	w.Sealing = &sealing.Service{
		DB: s.DB, IAM: s.IAM, Seal: s.Seal, Blob: w.Blob, Outbox: w.Outbox, Notice: s.Notice, Fonts: Fonts(t), BaseURL: pkitest.BaseURL,
		Confirm: confirm, Trust: w.trust,
	}
	return w, nil
}

func confirm(_ context.Context, answer string) (string, error) {
	if answer != Code {
		return "", fault.Forbidden.New("办理此事须再次证明是本人").WithCode("confirm.needed").WithHint("请输入一次性口令")
	}
	return "totp", nil
}

func (w *World) trust(ctx context.Context) (sign.Options, error) {
	t, err := w.PKI.Trust(ctx)
	if err != nil {
		return sign.Options{}, err
	}
	return sign.Options{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: w.DB.Now()}, nil
}

// MakeFor makes and files a seal of a unit's legal name that keeper keeps.
func (w *World) MakeFor(t testing.TB, unit string, keeper context.Context) *seal.Seal {
	t.Helper()
	r := w.Request(t, unit, seal.LegalName)
	r.Custodian = sealtest.Account(keeper)
	return w.MakeOf(t, r)
}

// Let adds a line to a seal's approval matrix for every purpose.
func (w *World) Let(t testing.TB, x *seal.Seal, asker string, levels ...string) *seal.Rule {
	t.Helper()
	r, err := w.Seal.PutRule(w.Admin, seal.Rule{
		Seal: x.ID, Purpose: seal.Any, Asker: asker, Levels: levels, Max: 100, Until: w.DB.Now().AddDate(1, 0, 0), Reason: "测试",
	})
	must(t, err)
	return r
}

// Standing lets a program, or staff where app is empty, use the seal of a unit
// for a purpose without a person at each document. Most is zero for no limit.
func (w *World) Standing(t testing.TB, unit, app, purpose string, most int64) *seal.Policy {
	t.Helper()
	p, err := w.Seal.Grant(w.Keepers[unit], seal.Policy{
		Seal: w.Seals[unit].ID, App: app, Purpose: purpose, Until: w.DB.Now().AddDate(1, 0, 0), Reason: "测试", Max: most,
	})
	must(t, err)
	return p
}

// Step asks for the seal of a unit at a place of the first page.
func (w *World) Step(unit string, order int, x, y float64) sealing.StepAsk {
	return sealing.StepAsk{Seal: w.Seals[unit].ID, Order: order, Places: []sealing.Place{{Page: 1, X: x, Y: y}}}
}

// Ask asks for seals on a document of some pages.
func (w *World) Ask(t testing.TB, pages int, steps ...sealing.StepAsk) *sealing.Request {
	t.Helper()
	r, err := w.Sealing.Ask(w.Asker, Request(t, pages, steps...))
	must(t, err)
	return r
}

// Request is what [World.Ask] asks.
func Request(t testing.TB, pages int, steps ...sealing.StepAsk) sealing.Ask {
	t.Helper()
	return sealing.Ask{Title: "关于公布办事指南的通知", Purpose: "公文", Reason: "对外发布", Data: Document(t, "关于公布办事指南的通知", pages), Steps: steps}
}

// Approve approves a step by the keeper of its seal.
func (w *World) Approve(t testing.TB, r *sealing.Request, step int) *sealing.Request {
	t.Helper()
	st := r.Steps[step]
	r, err := w.Sealing.Get(w.Asker, r.ID)
	must(t, err)
	r, err = w.Sealing.Approve(w.Keepers[st.SealOrg], sealing.ApproveRequest{Step: st.ID, Seen: r.Base, Answer: Code})
	must(t, err)
	return r
}

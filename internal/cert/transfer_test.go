package cert_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
)

// A transfer, from the proposal to the next version by the new unit.
func TestTransfer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, "road_transport")
		w, now := l.World, l.now
		c := w.Issue(t, "road_transport")
		x := w.Make(t, sealtest.Land, seal.LegalName)
		_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, App: audit.ActorFrom(l.system).App, Purpose: seal.Any, Until: now.AddDate(3, 0, 0), Reason: "测试"})
		must(t, err)
		old, heir := w.Hire(t, "old", "issuer", sealtest.Market), w.Hire(t, "heir", "issuer", sealtest.Land)
		manager, low := w.Hire(t, "manager", "manager", pkitest.Root), w.Hire(t, "low", "manager", sealtest.Market)
		from := now.AddDate(0, 0, 5).In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
		q := cert.TransferRequest{Kind: "road_transport", Issuer: sealtest.Market, Successor: sealtest.Land, From: from, Basis: "机构改革方案第三条", Reason: "道路运输许可职责划转"}
		for name, bad := range map[string]func(*cert.TransferRequest){
			"successor": func(q *cert.TransferRequest) { q.Successor = "nowhere" }, "from": func(q *cert.TransferRequest) { q.From = "2020-01-01" },
			"basis": func(q *cert.TransferRequest) { q.Basis = "" },
		} {
			wrong := q
			bad(&wrong)
			_, err := w.Cert.ProposeTransfer(old, wrong)
			if f := fault.As(err); f == nil || f.Code != "cert.transfer" || len(f.Fields) != 1 || f.Fields[0].Name != name {
				t.Errorf("a wrong %s: %v", name, err)
			}
		}
		if _, err := w.Cert.ProposeTransfer(heir, q); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("the other unit takes it by itself: %v", err)
		}
		tr := proposeMany(t, w, old, q)
		for name, who := range map[string]context.Context{"who proposed": old, "who takes": heir, "a manager of one": low} {
			if _, err := w.Cert.DecideTransfer(who, tr.ID, true, "同意划转"); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
				t.Errorf("%s agrees: %v", name, err)
			}
		}
		got, err := w.Cert.DecideTransfer(manager, tr.ID, true, "同意划转")
		must(t, err)
		if got.State != cert.TransferAgreed || got.SuccessorName == "" {
			t.Errorf("agreed: %+v", got)
		}
		_, err = w.Cert.DecideTransfer(manager, tr.ID, false, "不同意划转")
		wantFault(t, err, fault.Conflict, "cert.transfer-closed", "", "")
		_, err = w.Cert.Act(heir, cert.ActRequest{ID: c.ID, Action: "object", Reason: "核查办件", Basis: "测试依据"})
		if fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("before the day the other unit acts: %v", err)
		}

		paper, err := w.Cert.Print(old, cert.PhysicalRequest{ID: c.ID, Number: "NO.1"})
		must(t, err)
		_, err = w.Cert.MovePhysical(old, cert.PhysicalAct{ID: c.ID, Physical: paper.ID, Action: "print"})
		must(t, err)

		l.now = now.AddDate(0, 0, 5)
		_, err = w.Cert.Act(old, cert.ActRequest{ID: c.ID, Action: "object", Reason: "核查办件", Basis: "测试依据"})
		wantFault(t, err, fault.Forbidden, "cert.transferred", "", "")
		acted, err := w.Cert.Act(heir, cert.ActRequest{ID: c.ID, Action: "object", Reason: "核查办件", Basis: "测试依据"})
		must(t, err)
		if len(acted.Marks) != 1 || acted.Issuer != sealtest.Market || acted.Keeper != sealtest.Land || acted.KeeperName == "" {
			t.Errorf("acted: %+v", acted)
		}
		_, err = w.Cert.Act(heir, cert.ActRequest{ID: c.ID, Action: "unobject", Reason: "核查完毕", Basis: "测试依据"})
		must(t, err)
		list, err := w.Cert.List(heir, cert.ListQuery{})
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].ID != c.ID {
			t.Errorf("the new unit lists %d", len(list.Items))
		}
		if list.Items[0].Keeper != sealtest.Land {
			t.Errorf("the list says that %q answers", list.Items[0].Keeper)
		}
		wantRightsByHeir(t, w, old, heir, c, paper.ID)
		req := certtest.Example(t, "road_transport")
		req.Issuer = sealtest.Market
		_, err = w.Cert.Issue(l.system, req)
		wantFault(t, err, fault.Forbidden, "cert.transferred", "issuer", "transferred")
		wantNextByHeir(t, l, heir, c)
	})
}

// wantRightsByHeir wants that the unit that answers now, and no other, makes
// annotated copies and keeps the paper; both read.
func wantRightsByHeir(t *testing.T, w *certtest.World, old, heir context.Context, c *cert.Certificate, paper string) {
	t.Helper()
	_, err := w.Cert.MayAnnotate(old, c.ID, cert.Reading{})
	wantFault(t, err, fault.Forbidden, "cert.transferred", "", "")
	_, err = w.Cert.MayAnnotate(heir, c.ID, cert.Reading{})
	must(t, err)
	for name, who := range map[string]context.Context{"old": old, "heir": heir} {
		b, read, err := w.Cert.Document(who, c.ID)
		must(t, err)
		if _, _, err := w.Cert.Export(who, b, read, "svg", 0); err != nil {
			t.Errorf("%s exports: %v", name, err)
		}
	}
	_, err = w.Cert.MovePhysical(old, cert.PhysicalAct{ID: c.ID, Physical: paper, Action: "hand"})
	wantFault(t, err, fault.Forbidden, "cert.transferred", "", "")
	_, err = w.Cert.MovePhysical(heir, cert.PhysicalAct{ID: c.ID, Physical: paper, Action: "hand"})
	must(t, err)
	_, err = w.Cert.Act(heir, cert.ActRequest{ID: c.ID, Action: "suspend", Reason: "核查办件", Basis: "测试依据"})
	must(t, err)
	p, err := w.Cert.Drifts(heir, "", 0)
	must(t, err)
	if len(p.Items) != 1 || p.Items[0].Physical.ID != paper {
		t.Errorf("the unit that answers sees %d papers that drifted", len(p.Items))
	}
	_, err = w.Cert.Act(heir, cert.ActRequest{ID: c.ID, Action: "resume", Reason: "核查完毕", Basis: "测试依据"})
	must(t, err)
}

// proposeMany proposes the same at once: one stands.
func proposeMany(t *testing.T, w *certtest.World, who context.Context, q cert.TransferRequest) (one *cert.Transfer) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			tr, err := w.Cert.ProposeTransfer(who, q)
			mu.Lock()
			defer mu.Unlock()
			switch f := fault.As(err); {
			case err == nil && one == nil:
				one = tr
			case err == nil:
				t.Error("two are proposed")
			case f == nil || f.Code != "cert.transfer-open":
				t.Errorf("a second proposal: %v", err)
			}
		})
	}
	wg.Wait()
	if one == nil {
		t.Fatal("none is proposed")
	}
	return one
}

// wantNextByHeir wants a replacement by the new unit that names both.
func wantNextByHeir(t *testing.T, l *life, heir context.Context, c *cert.Certificate) {
	t.Helper()
	req, w := certtest.Example(t, "road_transport"), l.World
	req.Issuer = ""
	next, err := w.Cert.Act(l.system, cert.ActRequest{ID: c.ID, Action: "replace", Reason: "证照换发", Basis: "测试依据", Certificate: &req})
	must(t, err)
	if next.Issuer != sealtest.Land || next.Number != c.Number || next.Version != 2 || next.Status != cert.Effective {
		t.Errorf("the next version: %s %s %d %s", next.Issuer, next.Number, next.Version, next.Status)
	}
	d, err := ofd.Open(w.Document(t, next))
	must(t, err)
	said := false
	for _, m := range d.Body().Info.CustomDatas {
		said = said || strings.HasPrefix(m.Name, "KZ_原颁证机构") && m.Value == c.IssuerName
	}
	if !said {
		t.Error("the next version does not name who issued the first")
	}
	tr, err := w.Cert.Trace(heir, c.ID)
	must(t, err)
	if len(tr.Transfers) != 1 || tr.Transfers[0].IssuerName == "" || tr.Transfers[0].SuccessorName == "" {
		t.Errorf("the trace tells of %d transfers", len(tr.Transfers))
	}
}

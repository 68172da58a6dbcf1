package provider_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/provider/providertest"
)

// refusal demands an error of a kind with a code, a message and a way out.
func refusal(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Code != code || f.Msg == "" {
		t.Errorf("got %v, want %s %s", err, kind, code)
		return
	}
	if f.Hint == "" && len(f.Fields) == 0 {
		t.Errorf("%s names no way out", f.Code)
	}
}

func state(t testing.TB, w *world, id string) (out []provider.State) {
	t.Helper()
	all, err := w.S.Get(w.a(t), id)
	must(t, err)
	for _, e := range all {
		out = append(out, e.State)
		if e.Altered || e.StateName == "" {
			t.Errorf("%+v", e)
		}
	}
	return out
}

func is(t testing.TB, got []provider.State, want ...provider.State) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("states %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("states %v, want %v", got, want)
		}
	}
}

// The life of a provider, and who may take which step.
func TestLife(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := providertest.New(t, "third-a", nil)
		w := newWorld(t, d, nil, p)
		a, b, s := w.a(t), w.b(t), w.S

		_, err := s.Propose(a, p.Request(iamtest.Market))
		must(t, err)
		is(t, state(t, w, p.ID), provider.Proposed)
		if got := w.ask(t, p.Sealed(t)); got[0].Result != provider.Nobody {
			t.Errorf("a proposed provider is believed: %+v", got)
		}
		_, err = s.Approve(a, p.ID, "自己批准")
		refusal(t, err, fault.Forbidden, "provider.own")
		_, err = s.Approve(b, p.ID, " ")
		refusal(t, err, fault.Invalid, "provider.reason")
		_, err = s.Propose(b, p.Request(iamtest.Market))
		refusal(t, err, fault.Conflict, "provider.proposed")
		_, err = s.Suspend(a, p.ID, "还没有生效")
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		_, err = s.Reject(b, p.ID, "材料不全")
		must(t, err)
		is(t, state(t, w, p.ID), provider.Refused)

		w.register(t, p)
		is(t, state(t, w, p.ID), provider.Refused, provider.Active)
		_, err = s.Remove(a, p.ID, "未经暂停")
		refusal(t, err, fault.Conflict, "provider.state")

		changed := p.Request(iamtest.Market)
		changed.Name = "样例签章服务商（更名）"
		_, err = s.Propose(b, changed)
		must(t, err)
		is(t, state(t, w, p.ID), provider.Refused, provider.Active, provider.Proposed)
		if src := by(t, w.ask(t, p.Sealed(t)), p.ID); src.Name == changed.Name {
			t.Error("a proposed change is in force")
		}
		_, err = s.Approve(a, p.ID, "已核实更名文件")
		must(t, err)
		is(t, state(t, w, p.ID), provider.Refused, provider.Replaced, provider.Active)
		if src := by(t, w.ask(t, p.Sealed(t)), p.ID); src.Name != changed.Name {
			t.Error("an approved change is not in force")
		}

		_, err = s.Suspend(a, p.ID, "停机维护")
		must(t, err)
		_, err = s.Suspend(a, p.ID, "再停一次")
		refusal(t, err, fault.Conflict, "provider.state")
		_, err = s.Resume(a, p.ID, "维护结束")
		must(t, err)
		_, err = s.Approve(b, p.ID, "已恢复")
		must(t, err)
		_, err = s.Suspend(a, p.ID, "协议到期")
		must(t, err)
		_, err = s.Remove(a, p.ID, "协议到期")
		refusal(t, err, fault.Forbidden, "provider.own")
		_, err = s.Remove(b, p.ID, "协议到期")
		must(t, err)
		is(t, state(t, w, p.ID), provider.Refused, provider.Replaced, provider.Replaced, provider.Removed)
		for action, want := range map[string]int{"provider.propose": 5, "provider.approve": 4, "provider.suspend": 3, "provider.remove": 3, "provider.reject": 1} {
			if n := w.count(t, action); n != want {
				t.Errorf("%d audit rows %s, want %d", n, action, want)
			}
		}
	})
}

// Who may not.
func TestForbidden(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p)
	w.register(t, p)
	s := w.S
	for _, who := range []string{"clerk", "issuer", "custodian", "system", "security", "audit", "holder"} {
		_, err := s.Propose(w.Ctx(t, who), p.Request(iamtest.Market))
		if !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s proposes: %v", who, err)
		}
		_, err = s.Suspend(w.Ctx(t, who), p.ID, "测试")
		if !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s suspends: %v", who, err)
		}
	}
	_, err := s.List(t.Context(), false)
	if !errors.Is(err, fault.Unauthorized) {
		t.Errorf("a stranger lists: %v", err)
	}
	_, err = s.List(w.AppCtx(t), false)
	if !errors.Is(err, fault.Forbidden) {
		t.Errorf("a program without the scope lists: %v", err)
	}
	// Another unit's keeper: not this unit's provider, nor one for this unit.
	land := w.Ctx(t, "foreign")
	for name, do := range map[string]func() error{
		"suspend": func() error { _, err := s.Suspend(land, p.ID, "测试"); return err },
		"propose": func() error { _, err := s.Propose(land, p.Request(iamtest.Market)); return err },
		"test":    func() error { _, err := s.Test(land, p.ID); return err },
		"import": func() error {
			_, err := s.Import(land, provider.ImportRequest{Org: iamtest.Market, List: "x", Signer: "x", Reason: "x"})
			return err
		},
	} {
		if err := do(); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s by another unit: %v", name, err)
		}
	}
	_, err = s.Propose(land, p.Request(iamtest.Land))
	refusal(t, err, fault.Conflict, "provider.org")
	is(t, state(t, w, p.ID), provider.Active)
}

// A maker belongs to one provider, and ours to nobody else.
func TestMakers(t *testing.T) {
	t.Parallel()
	p, q := providertest.New(t, "third-a", nil), providertest.New(t, "third-b", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p, q)
	w.register(t, p)
	thief := q.Request(iamtest.Market)
	thief.Authorities = append(thief.Authorities, string(p.CA.PEM()))
	_, err := w.S.Propose(w.a(t), thief)
	refusal(t, err, fault.Conflict, "provider.maker-taken")

	own, err := w.PKI.Authorities(t.Context())
	must(t, err)
	for _, a := range own {
		r := q.Request(iamtest.Market)
		r.Authorities = []string{string(a.Certificate.PEM())}
		_, err := w.S.Propose(w.a(t), r)
		if a.ID == pki.Timestamp { // it is no authority over others
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("%v", err)
			}
			continue
		}
		refusal(t, err, fault.Invalid, "provider.maker-ours")
	}
	// The maker by itself goes before the authority that it stands under.
	narrow := q.Request(iamtest.Market)
	narrow.Makers, narrow.Authorities = []string{string(p.Maker.PEM())}, nil
	_, err = w.S.Propose(w.a(t), narrow)
	must(t, err)
	_, err = w.S.Approve(w.b(t), q.ID, "制章者已移交")
	must(t, err)
	if all := w.ask(t, p.Sealed(t)); len(all) != 1 || all[0].Provider != q.ID {
		t.Errorf("%+v", all)
	}
	// Once removed, its makers are free again.
	_, err = w.S.Suspend(w.a(t), p.ID, "终止")
	must(t, err)
	_, err = w.S.Remove(w.b(t), p.ID, "终止")
	must(t, err)
	thief.Makers = []string{string(p.Maker.PEM())}
	_, err = w.S.Propose(w.a(t), thief)
	must(t, err)
}

// Two who propose one maker at a time: one of them wins.
func TestMakersRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := providertest.New(t, "third-a", nil)
		w := newWorld(t, d, nil, p)
		ctxs := []context.Context{w.a(t), w.b(t)}
		errs := make([]error, 4)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				r := p.Request(iamtest.Market)
				r.ID = "third-" + string(rune('a'+i))
				_, errs[i] = w.S.Propose(ctxs[i%2], r)
			})
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				refusal(t, err, fault.Conflict, "provider.maker-taken")
			}
		}
		if won != 1 {
			t.Errorf("%d hold one maker", won)
		}
	})
}

// What is wrong with a request is named.
func TestProposeInvalid(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Hosts = append(o.Hosts, "seal.example.cn") }, p)
	for name, c := range map[string]struct {
		change func(*provider.Request)
		field  string
	}{
		"id":                      {func(r *provider.Request) { r.ID = "Third A" }, "id"},
		"our own id":              {func(r *provider.Request) { r.ID = "zz.example" }, "id"},
		"no name":                 {func(r *provider.Request) { r.Name = "  " }, "name"},
		"no reason":               {func(r *provider.Request) { r.Reason = "" }, "reason"},
		"zone":                    {func(r *provider.Request) { r.Zone = "moon" }, "zone"},
		"protocol":                {func(r *provider.Request) { r.Protocol = "other" }, "protocol"},
		"no certificate":          {func(r *provider.Request) { r.Certificate = "" }, "certificate"},
		"two certificates":        {func(r *provider.Request) { r.Certificate += string(p.CA.PEM()) }, "certificate"},
		"an authority's":          {func(r *provider.Request) { r.Certificate = string(p.CA.PEM()) }, "certificate"},
		"no makers":               {func(r *provider.Request) { r.Authorities = nil }, "makers"},
		"garbage for makers":      {func(r *provider.Request) { r.Makers = []string{"x"} }, "makers[0]"},
		"twice":                   {func(r *provider.Request) { r.Authorities = append(r.Authorities, r.Authorities[0]) }, "authorities[1]"},
		"a leaf for an authority": {func(r *provider.Request) { r.Authorities = []string{string(p.Maker.PEM())} }, "authorities[0]"},
		"http":                    {func(r *provider.Request) { r.Endpoint = "http://seal.example.cn/api" }, "endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := p.Request(iamtest.Market)
			c.change(&r)
			_, err := w.S.Propose(w.a(t), r)
			f := fault.As(err)
			if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != c.field {
				t.Errorf("%+v", err)
			}
		})
	}
}

// Addresses that are not called.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) {
		o.Private = nil
		o.Hosts = []string{"seal.example.cn", "10.0.0.8", "127.0.0.1", "localhost", "[::1]", "::1", "169.254.169.254", "::ffff:10.0.0.1", "0.0.0.0"}
	})
	for _, endpoint := range []string{
		"", "seal.example.cn", "ftp://seal.example.cn", "file:///etc/passwd", "https://", "https:seal.example.cn", "http://seal.example.cn/x",
		"https://other.example.cn/x", "https://u:p@seal.example.cn/x", "https://seal.example.cn/x?a=b", "https://seal.example.cn/x?", "https://seal.example.cn/x#f",
		"https://seal.example.cn/", "https://10.0.0.8/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://169.254.169.254/x",
		"https://[::ffff:10.0.0.1]/x", "https://0.0.0.0/x", "https://seal.example.cn.evil.example/x", "https://seal.example.cn@evil.example/x", "https://seal.example.cn\n.evil/x",
	} {
		r := p.Request(iamtest.Market)
		r.Endpoint = endpoint
		_, err := w.S.Propose(w.a(t), r)
		f := fault.As(err)
		if f == nil || f.Code != "provider.endpoint" || f.Hint == "" {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	r := p.Request(iamtest.Market)
	r.Endpoint = "https://seal.example.cn/api/v1"
	_, err := w.S.Propose(w.a(t), r)
	must(t, err)
}

// A name that leads to this machine is seen when it is dialled, whatever was
// approved before, and a provider whose host left the list is not called.
func TestEndpointDialled(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d, nil, p)
	w.register(t, p)
	for name, change := range map[string]func(*provider.Options){
		"no longer private": func(o *provider.Options) { o.Private = nil },
		"no longer listed":  func(o *provider.Options) { o.Hosts, o.Private = nil, nil },
	} {
		o := w.O
		change(&o)
		s, err := provider.New(t.Context(), o)
		must(t, err)
		data := p.Sealed(t)
		all, err := s.Ask(t.Context(), w.verify(t, data), "", data)
		must(t, err)
		if all[0].Result != provider.Down {
			t.Errorf("%s: %+v", name, all[0])
		}
		_, err = s.Test(w.a(t), p.ID)
		refusal(t, err, fault.Invalid, "provider.endpoint")
	}
	if p.Calls.Load() != 0 {
		t.Error("it was called")
	}
}

// A trial before the approval, and what it says.
func TestTry(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Deadline = 3 * time.Second }, p)
	_, err := w.S.Propose(w.a(t), p.Request(iamtest.Market))
	must(t, err)
	for mode, want := range map[providertest.Mode]provider.Result{
		providertest.Honest: provider.Answered, providertest.Key: provider.Rejected, providertest.Down: provider.Down, providertest.Slow: provider.Slow,
		providertest.Many: provider.Rejected, providertest.Redirect: provider.Down,
	} {
		p.Behave(mode)
		src, err := w.S.Test(w.b(t), p.ID)
		must(t, err)
		if src.Result != want || src.Message == "" {
			t.Errorf("%q: %+v", mode, src)
		}
	}
	_, err = w.S.Test(w.a(t), "nobody")
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

package bound_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/bound"
	"sidian/internal/bound/boundtest"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys/keystest"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealapply"

	certevent "sidian/internal/cert/event"
)

func must(t testing.TB, err error) {
	t.Helper()
	if f := fault.As(err); f != nil {
		t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v %+v, want a refusal with code %s", err, e, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

func sealState(t testing.TB, w *boundtest.World, id string) (state string) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) { state, _, err = seal.StateTx(tx, id); return err }))
	return state
}

func act(t testing.TB, w *boundtest.World, id, action string) {
	t.Helper()
	_, err := w.Cert.Act(w.Sealer, cert.ActRequest{ID: id, Action: action, Reason: "测试事由", Basis: "测试依据第一条"})
	must(t, err)
	w.Drain(t)
}

// A clerk drafts a licence and is asked for the seal as well; the agent is told
// when it is issued, types next to nothing, and the seal goes the ordinary way.
// Then the licence is suspended, restored, and cancelled.
func TestEnterprise(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		draft := w.Drafted(t)
		wish, err := w.Bound.Wish(w.Collector, draft.ID)
		must(t, err)
		if wish.State != "none" || wish.Sort != bound.Enterprise {
			t.Fatalf("the draft may have %+v", wish)
		}
		_, err = w.Bound.PutWish(w.Collector, bound.WishRequest{Draft: draft.ID})
		wantCode(t, err, "bound.agent")
		_, err = w.Bound.PutWish(w.Collector, bound.WishRequest{Draft: draft.ID, AgentName: "赵样例", AgentCitizen: boundtest.AgentCitizen})
		wantCode(t, err, "bound.agent")
		wish, err = w.Bound.PutWish(w.Collector, bound.WishRequest{Draft: draft.ID, AgentName: boundtest.AgentName, AgentCitizen: boundtest.AgentCitizen})
		must(t, err)
		if wish.State != "waiting" || wish.Agent != "王**" {
			t.Fatalf("wished %+v", wish)
		}
		w.Finish(t, draft)
		w.Drain(t)
		mine, err := w.Bound.Mine(w.Agent)
		must(t, err)
		if len(mine.Items) != 1 || !mine.Items[0].Wished || !slices.Contains(mine.Items[0].May, "take") || mine.Items[0].Stages[1].State != "now" {
			t.Fatalf("the agent has %+v", mine.Items)
		}
		o := mine.Items[0]
		inbox, err := w.Notice.Inbox(w.Agent, 10, "")
		must(t, err)
		if len(inbox.Items) != 1 || !strings.Contains(inbox.Items[0].Title, "营业执照") || inbox.Items[0].Link != bound.WalletLink+"/"+o.ID {
			t.Fatalf("the agent was told %+v", inbox.Items)
		}
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "bound.unregistered")
		o, err = w.Bound.Register(w.System, o.ID)
		must(t, err)
		_, err = w.Bound.Register(w.System, o.ID)
		wantCode(t, err, "bound.registered")
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "bound.keeper")
		boss := w.Hire(t, "boss", "custodian", o.Org)
		filled, err := w.Bound.Fill(w.Agent, o.ID)
		must(t, err)
		if filled.Fields["org_name"] != o.Name || filled.Fields["uscc"] != o.Code || filled.Fields["legal_person"] != "周试用" || filled.Fields["handler"] != boundtest.AgentName ||
			!slices.Equal(filled.Keepers, []string{sealtest.Account(boss)}) {
			t.Fatalf("filled in %+v", filled)
		}
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: o.ID, Fields: map[string]string{"org_name": "另一个公司"}})
		wantCode(t, err, "bound.fixed")
		o = w.Take(t, w.Agent, o)
		again := w.Take(t, w.Agent, o)
		if again.Application != o.Application || o.State != bound.Taken {
			t.Fatalf("taken twice: %s %s", o.Application, again.Application)
		}
		_, err = w.Bound.Take(boss, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "bound.taken")
		w.Submit(t, w.Agent, o)
		w.Pass(t, o)
		w.Filed(t, o)
		o, err = w.Bound.Get(w.Agent, o.ID)
		must(t, err)
		if o.State != bound.Done || o.Seal == "" || o.SealState != "有效" || o.Stages[4].State != "done" {
			t.Fatalf("in the end %+v", o)
		}
		report, err := w.Bound.Report(w.Collector)
		must(t, err)
		if len(report.Items) != 1 || report.Items[0].Counts[bound.Done] != 1 || report.Items[0].Offered != 1 {
			t.Errorf("the report says %+v", report.Items)
		}
		licenceFollowed(t, w, o)
	})
}

// licenceFollowed is what becomes of the seal when the licence stands no more.
func licenceFollowed(t *testing.T, w *boundtest.World, o *bound.Offer) {
	t.Helper()
	_, err := w.Bound.Thaw(w.Maker, bound.Decision{ID: o.ID, Reason: "恢复使用"})
	wantCode(t, err, "bound.follow")
	act(t, w, o.Certificate, "suspend")
	if got := sealState(t, w, o.Seal); got != seal.Frozen {
		t.Fatalf("the licence is suspended and its seal %s", got)
	}
	must(t, w.Seal.Thaw(w.Maker, o.Seal, "误操作"))
	w.Drain(t)
	if got := sealState(t, w, o.Seal); got != seal.Frozen {
		t.Fatalf("the licence is suspended still, and its seal %s", got)
	}
	act(t, w, o.Certificate, "resume")
	got, err := w.Bound.Get(w.Maker, o.ID)
	must(t, err)
	if sealState(t, w, o.Seal) != seal.Frozen || got.Follow == nil || got.Follow.State != "restore" || !slices.Contains(got.May, "thaw") {
		t.Fatalf("restored: %+v", got.Follow)
	}
	_, err = w.Bound.Thaw(w.Collector, bound.Decision{ID: o.ID, Reason: "恢复使用"})
	if k, _ := fault.Of(err); k != fault.Forbidden {
		t.Fatalf("a clerk thaws a seal: %v", err)
	}
	_, err = w.Bound.Thaw(w.Maker, bound.Decision{ID: o.ID})
	wantCode(t, err, "reason.required")
	got, err = w.Bound.Thaw(w.Maker, bound.Decision{ID: o.ID, Reason: "已核实证照恢复"})
	must(t, err)
	w.Drain(t)
	if sealState(t, w, o.Seal) != seal.Effective || got.Follow != nil {
		t.Fatalf("thawed: %+v", got.Follow)
	}
	act(t, w, o.Certificate, "cancel")
	got, err = w.Bound.Get(w.Maker, o.ID)
	must(t, err)
	if sealState(t, w, o.Seal) != seal.Frozen || got.Follow == nil || got.Follow.State != "cancel" {
		t.Fatalf("cancelled: %+v", got.Follow)
	}
	inbox, err := w.Notice.Inbox(w.Maker, 20, "")
	must(t, err)
	if !slices.ContainsFunc(inbox.Items, func(n notice.Notice) bool { return strings.Contains(n.Title, "请注销企业印章") }) {
		t.Error("nobody is told to cancel the seal")
	}
	_, err = w.Bound.Cancel(w.Maker, bound.Decision{ID: o.ID, Reason: "营业执照已注销"})
	must(t, err)
	w.Drain(t)
	if got := sealState(t, w, o.Seal); got != seal.Cancelled {
		t.Fatalf("in the end the seal is %s", got)
	}
}

// A person's certificate offers the person's seal, by a rule that a designer put.
func TestPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d, boundtest.Card)
		_, err := w.Bound.PutRule(w.Collector, bound.RuleRequest{Kind: boundtest.Card, Org: sealtest.Market, Sort: bound.Personal, Days: 30, Basis: "x", Reason: "试点"})
		if k, _ := fault.Of(err); k != fault.Forbidden {
			t.Fatalf("a clerk puts a rule: %v", err)
		}
		for name, q := range map[string]bound.RuleRequest{
			"no kind":  {Kind: "nothing", Sort: bound.Personal, Days: 1, Basis: "x", Reason: "试点"},
			"no sort":  {Kind: boundtest.Card, Sort: "what", Days: 1, Basis: "x", Reason: "试点"},
			"sort":     {Kind: boundtest.Card, Sort: bound.Enterprise, Days: 1, Basis: "x", Reason: "试点"},
			"days":     {Kind: boundtest.Card, Sort: bound.Personal, Days: 400, Basis: "x", Reason: "试点"},
			"a field":  {Kind: boundtest.Card, Sort: bound.Personal, Days: 1, Basis: "x", Reason: "试点", Fields: map[string]string{"handler": "nowhere"}},
			"no basis": {Kind: boundtest.Card, Sort: bound.Personal, Days: 1, Reason: "试点"},
		} {
			q.Org = sealtest.Market
			if _, err := w.Bound.PutRule(w.Designer, q); fault.As(err) == nil || fault.As(err).Code != "bound.rule" {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.Issue(t, boundtest.Card)
		w.Drain(t)
		list, err := w.Bound.List(w.Collector, bound.Query{})
		must(t, err)
		if len(list.Items) != 0 {
			t.Fatal("a kind without a rule is offered a seal")
		}
		w.CardRule(t)
		other := w.Person(t, "namesake", "钱示范", "999999198801200219")
		// The holder has no account when it is issued: the offer is theirs when they come.
		r := certtest.Example(t, boundtest.Card)
		r.Holders[0].Name, r.Holders[0].ID = "钱示范", "999999198801200219"
		c, err := w.Cert.Issue(w.Client, r)
		must(t, err)
		w.Drain(t)
		mine, err := w.Bound.Mine(other)
		must(t, err)
		if len(mine.Items) != 1 || mine.Items[0].Name != "钱**" || mine.Items[0].Certificate != c.ID {
			t.Fatalf("the holder has %+v", mine.Items)
		}
		o := mine.Items[0]
		for name, ctx := range map[string]context.Context{"another holder": w.World.Holder(t, "third", "孙样例", "999999197001010017"), "agent": w.Agent} {
			_, err := w.Bound.Take(ctx, bound.TakeRequest{ID: o.ID, Authority: boundtest.Authority})
			if k, _ := fault.Of(err); k != fault.NotFound {
				t.Errorf("%s takes it: %v", name, err)
			}
			if _, err := w.Bound.Get(ctx, o.ID); err == nil {
				t.Errorf("%s sees it", name)
			}
			if _, err := w.Bound.Decline(ctx, bound.Decision{ID: o.ID}); err == nil {
				t.Errorf("%s declines it", name)
			}
		}
		_, err = w.Bound.Take(other, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "sealapply.authority")
		_, err = w.Bound.Take(other, bound.TakeRequest{ID: o.ID, Authority: sealtest.Land})
		wantCode(t, err, "sealapply.authority")
		got, err := w.Bound.Get(other, o.ID)
		must(t, err)
		if got.State != bound.Open {
			t.Fatalf("what was refused left the offer %s", got.State)
		}
		o = w.Take(t, other, o)
		w.Submit(t, other, o)
		w.Pass(t, o)
		w.Filed(t, o)
		o, err = w.Bound.Get(other, o.ID)
		must(t, err)
		if o.State != bound.Done {
			t.Fatalf("in the end %+v", o)
		}
		act(t, w, o.Certificate, "suspend")
		if got := sealState(t, w, o.Seal); got != seal.Effective {
			t.Errorf("a person's seal does not follow this kind, and is %s", got)
		}
	})
}

// What is in the way: the same event twice, a name that differs, a licence that
// is suspended or revoked in the middle, a withdrawn application, an end.
func TestOffer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		o, _ := w.Offered(t)
		raw, err := json.Marshal(certevent.Certificate{ID: o.Certificate, Kind: o.Kind, Issuer: o.Issuer, Identifier: o.Identifier, Version: 1})
		must(t, err)
		body := outbox.Event{Topic: certevent.Issued, Body: json.RawMessage(raw)}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := consumer(t, w, "bound-wish").Deliver(context.Background(), body); err != nil {
					t.Error(err)
				}
				if err := handle(w, body); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, err := w.Bound.List(w.Collector, bound.Query{})
		must(t, err)
		if len(list.Items) != 1 {
			t.Fatalf("the event came nine times and made %d offers", len(list.Items))
		}
		for name, ctx := range map[string]context.Context{"stranger": w.Stranger, "custodian elsewhere": w.Keeper, "land": w.World.Stranger} {
			if _, err := w.Bound.Take(ctx, bound.TakeRequest{ID: o.ID}); err == nil {
				t.Errorf("%s takes it", name)
			}
		}
		if _, err := w.Bound.Get(w.World.Stranger, o.ID); err == nil {
			t.Error("staff of another unit see it")
		}
		if _, err := w.Bound.NameAgent(w.World.Stranger, bound.AgentRequest{ID: o.ID, Name: boundtest.AgentName, Citizen: boundtest.AgentCitizen}); err == nil {
			t.Error("staff of another unit name an agent")
		}
		if _, err := w.Bound.Register(w.Collector, o.ID); err == nil {
			t.Error("a clerk registers a unit")
		}
		// The registered name differs.
		rename := func(name string) {
			_, err := w.IAM.EditOrg(w.System, o.Org, iam.OrgEdit{Name: &name, Reason: "测试"})
			must(t, err)
		}
		rename("青禾县另一有限公司")
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "bound.name")
		rename(o.Name)
		act(t, w, o.Certificate, "suspend")
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: o.ID})
		wantCode(t, err, "bound.certificate")
		act(t, w, o.Certificate, "resume")

		// A crash between the claim and the application leaves an offer to go on with.
		crashed := false
		w.Bound.Step = func(name string) {
			if name == "taken" && !crashed {
				crashed = true
				panic("crash")
			}
		}
		func() {
			defer func() { _ = recover() }()
			w.Take(t, w.Agent, o)
		}()
		got, err := w.Bound.Get(w.Agent, o.ID)
		must(t, err)
		if !crashed || got.State != bound.Taken || !slices.Contains(got.May, "take") {
			t.Fatalf("after the crash %+v", got)
		}
		o = w.Take(t, w.Agent, o)
		if o.Application != got.Application {
			t.Errorf("the crash made another application: %s, %s", got.Application, o.Application)
		}
		_, err = w.Apply.Withdraw(w.Agent, o.Application, "填错了")
		must(t, err)
		again := w.Take(t, w.Agent, o)
		if again.Application == o.Application {
			t.Error("a withdrawn application is gone on with")
		}
		o = again
		// What is typed otherwise is held against the licence.
		other := o.Name + "合同专用章"
		_, err = w.Apply.Edit(w.Agent, o.Application, sealapply.Edit{SealName: &other})
		must(t, err)
		if got := checked(t, w, o); got != sealapply.Fail {
			t.Errorf("another name on the imprint: %q", got)
		}
		_, err = w.Apply.Edit(w.Agent, o.Application, sealapply.Edit{SealName: &o.Name})
		must(t, err)
		w.Submit(t, w.Agent, o)
		act(t, w, o.Certificate, "suspend")
		_, err = w.Apply.Review(w.Reviewer, o.Application, sealapply.ReviewRequest{Tier: "county", Approve: true, Opinion: "同意"})
		wantCode(t, err, "sealapply.checks")
		act(t, w, o.Certificate, "resume")
		w.Pass(t, o)
		_, err = w.Apply.Make(w.Maker, o.Application)
		must(t, err)
		// Revoked between making and filing: what is filed nevertheless is frozen.
		act(t, w, o.Certificate, "revoke")
		_, err = w.Apply.File(w.Maker, o.Application, sealapply.FileRequest{})
		must(t, err)
		w.Drain(t)
		got, err = w.Bound.Get(w.Maker, o.ID)
		must(t, err)
		if got.State != bound.Done || sealState(t, w, got.Seal) != seal.Frozen || got.Follow == nil || got.Follow.State != "cancel" {
			t.Errorf("filed after the licence was revoked: %+v", got)
		}
		keystest.Reseals(t, d, w.Keys, w.Bound.Resealer(), 1)
	})
}

// checked is what the check of the certificate says of an application.
func checked(t *testing.T, w *boundtest.World, o *bound.Offer) string {
	t.Helper()
	list, err := w.Apply.Checks(w.Agent, o.Application)
	must(t, err)
	for _, c := range list {
		if c.Code == sealapply.CheckBasis {
			return c.Result
		}
	}
	return ""
}

// Offers end by themselves, are declined, put off, or void with their certificate.
func TestEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		at := d.Now()
		var mu sync.Mutex
		d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
		move := func(days int) { mu.Lock(); at = at.AddDate(0, 0, days); mu.Unlock() }
		offer := func() *bound.Offer {
			c := w.Licensed(t)
			w.Drain(t)
			list, err := w.Bound.List(w.Collector, bound.Query{State: bound.Open})
			must(t, err)
			i := slices.IndexFunc(list.Items, func(o *bound.Offer) bool { return o.Certificate == c.ID })
			if i < 0 {
				t.Fatal("no offer")
			}
			o, err := w.Bound.NameAgent(w.Collector, bound.AgentRequest{ID: list.Items[i].ID, Name: boundtest.AgentName, Citizen: boundtest.AgentCitizen})
			must(t, err)
			return o
		}
		declined, gone, late := offer(), offer(), offer()
		_, err := w.Bound.Decline(w.Agent, bound.Decision{ID: declined.ID, Reason: "暂不需要"})
		must(t, err)
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: declined.ID})
		wantCode(t, err, "bound.declined")
		_, err = w.Bound.Later(w.Agent, bound.Decision{ID: declined.ID})
		wantCode(t, err, "bound.declined")
		act(t, w, gone.Certificate, "cancel")
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: gone.ID})
		wantCode(t, err, "bound.void")
		_, err = w.Bound.Later(w.Agent, bound.Decision{ID: late.ID})
		must(t, err)
		before := told(t, w)
		move(8)
		_, err = w.Bound.Tick(t.Context())
		must(t, err)
		_, err = w.Bound.Tick(t.Context())
		must(t, err)
		if got := told(t, w); got != before+1 {
			t.Errorf("who wanted to decide later was told %d times", got-before)
		}
		move(60)
		_, err = w.Bound.Take(w.Agent, bound.TakeRequest{ID: late.ID})
		wantCode(t, err, "bound.expired")
		_, err = w.Bound.Tick(t.Context())
		must(t, err)
		for id, want := range map[string]bound.State{declined.ID: bound.Declined, gone.ID: bound.Void, late.ID: bound.Expired} {
			o, err := w.Bound.Get(w.Agent, id)
			must(t, err)
			if o.State != want {
				t.Errorf("an offer is %s, want %s", o.State, want)
			}
		}
		var n int
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "bound.expire"})
			n = len(list)
			return err
		}))
		if n != 1 {
			t.Errorf("the audit has %d ends", n)
		}
	})
}

// Who registers enterprises and agents is told once a day, however many offers come;
// what waits stands in the list that the notice leads to.
func TestToldOnceADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := boundtest.New(t, d)
		at := d.Now()
		var mu sync.Mutex
		d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
		for day, want := range []int{1, 2} {
			for range 2 {
				w.Licensed(t)
				w.Drain(t)
			}
			for who, ctx := range map[string]context.Context{"clerk": w.Collector, "system": w.System} {
				inbox, err := w.Notice.Inbox(ctx, 100, "")
				must(t, err)
				offers := slices.DeleteFunc(inbox.Items, func(n notice.Notice) bool { return n.Topic != "bound.offer" })
				if len(offers) != want || offers[0].Link != bound.ConsoleLink+"?state=open" || offers[0].Permission == "" {
					t.Errorf("day %d: the %s was told %+v", day, who, offers)
				}
			}
			mu.Lock()
			at = at.AddDate(0, 0, 1)
			mu.Unlock()
		}
		list, err := w.Bound.List(w.Collector, bound.Query{State: bound.Open})
		must(t, err)
		if len(list.Items) != 4 || !slices.Contains(list.Items[0].May, "agent") {
			t.Errorf("%+v", list.Items)
		}
	})
}

func told(t *testing.T, w *boundtest.World) int {
	t.Helper()
	inbox, err := w.Notice.Inbox(w.Agent, 100, "")
	must(t, err)
	return len(inbox.Items)
}

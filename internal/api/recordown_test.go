package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam/policy/policytest"
	"sidian/internal/notice"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
	"sidian/internal/webhook"
)

// An owned thing is one person's or program's: made anew for whoever asks and
// may, and somebody else's for everybody else.
type owned struct {
	theirs func(t testing.TB, r *record, a *actor) string
	others string // the record's maker of somebody else's
}

// belongings are things that belong to whoever asks. What theirs makes beside,
// such as the digest of a document, it puts into the record.
func belongings() map[string]owned {
	return map[string]owned{
		"mine": {func(t testing.TB, r *record, a *actor) string { return r.s.sessionOf(t, a.id(), a.cookie) }, "session"},
		"code": {func(t testing.TB, r *record, a *actor) string { return r.s.nextCode(a) }, "number"},

		"kept": {func(t testing.TB, r *record, a *actor) string { return r.keptBy(t, a) }, "seal"},
		"offer": {func(t testing.TB, r *record, a *actor) string {
			if a.program() || !a.holds("seal.use") {
				return r.value(t, "offered")
			}
			return r.offered(t, a.id())
		}, "offered"},
		"keptrule": {func(t testing.TB, r *record, a *actor) string {
			if a.program() || !a.holds("seal.use") {
				return r.value(t, "sealrule")
			}
			return r.rule(t, r.s.ctx(t, a), r.keptBy(t, a)).ID
		}, "sealrule"},
		"keptpolicy": {func(t testing.TB, r *record, a *actor) string {
			if a.program() {
				return r.value(t, "sealpolicy")
			}
			return r.policy(t, r.s.ctx(t, a), r.keptBy(t, a), r.s.App.ID, "case-"+r.value(t, "number"))
		}, "sealpolicy"},
		"toapprove": {func(t testing.TB, r *record, a *actor) string {
			if a.program() {
				return r.value(t, "step")
			}
			x := r.request(t, r.hired(t, "clerk"), r.keptBy(t, a), r.s.ctx(t, a))
			r.got["toseen"] = x.Base
			return x.Steps[0].ID
		}, "step"},
		"toseen": {nil, "seen"},
		"myrequest": {func(t testing.TB, r *record, a *actor) string {
			if a.program() {
				return r.value(t, "sealrequest")
			}
			return r.request(t, r.s.ctx(t, a), r.value(t, "seal"), r.s.Keeper).ID
		}, "sealrequest"},
		"mybatch": {func(t testing.TB, r *record, a *actor) string { return r.batch(t, r.s.ctx(t, a)).ID }, "batch"},

		"notice": {func(t testing.TB, r *record, a *actor) string { return r.notice(t, a.id()) }, "elsenotice"},
		"hook":   {func(t testing.TB, r *record, a *actor) string { return r.hook(t, r.s.ctx(t, a)) }, "elsehook"},
		"delivery": {func(t testing.TB, r *record, a *actor) string {
			return r.delivery(t, r.s.ctx(t, a))
		}, "elsedelivery"},

		"mytask": {func(t testing.TB, r *record, a *actor) string { return r.task(t, r.s.ctx(t, a), "", a.id()).ID }, "elsetask"},
		"tosign": {func(t testing.TB, r *record, a *actor) string {
			return r.task(t, r.hired(t, "clerk"), r.org(), a.id()).ID
		}, "elsetask"},
		"ready": {func(t testing.TB, r *record, a *actor) string {
			x := r.task(t, r.hired(t, "clerk"), r.org(), a.id())
			ctx := r.s.ctx(t, a)
			r.s.enrol(t, ctx)
			_, err := r.s.Signature.View(ctx, x.ID, 1)
			must(t, err)
			_, err = r.s.Signature.Capture(ctx, x.ID, 1, inktest.Drawing(1))
			must(t, err)
			r.got["original"] = x.Original
			return x.ID
		}, "task"},
		"viewed": {func(t testing.TB, r *record, a *actor) string {
			x := r.task(t, r.hired(t, "clerk"), r.org(), a.id())
			_, err := r.s.Signature.View(r.s.ctx(t, a), x.ID, 1)
			must(t, err)
			return x.ID
		}, "task"},
		"original": {nil, "taskoriginal"},

		"mycomplaint": {func(t testing.TB, r *record, a *actor) string { return r.complains(t, a.id()) }, "complained"},
	}
}

// signMakers make what concerns signing, and what others own.
func signMakers() map[string]func(t testing.TB, r *record) string {
	return map[string]func(t testing.TB, r *record) string{
		"task":         func(t testing.TB, r *record) string { return r.elsesTask(t).ID },
		"taskoriginal": func(t testing.TB, r *record) string { return r.elsesTask(t).Original },
		"ended": func(t testing.TB, r *record) string {
			x := r.task(t, r.hired(t, "clerk"), r.org(), sealtest.Account(r.hired(t, "counter")))
			must(t, r.s.Signature.Withdraw(r.hired(t, "clerk"), x.ID, "测试"))
			return x.ID
		},
		"elsetask": func(t testing.TB, r *record) string { // a person's own
			return r.task(t, r.hired(t, "reviewer"), "", sealtest.Account(r.hired(t, "counter"))).ID
		},
		"tasking": func(t testing.TB, r *record) string {
			return parts(map[string]string{"task": textOf(t, signature.TaskRequest{Org: r.org(), Title: "样例协议", Signers: r.parties(sealtest.Account(r.hired(t, "counter")))})}, "a.ofd", r.contract(t))
		},
		"owntasking": func(t testing.TB, r *record) string {
			return parts(map[string]string{"task": textOf(t, signature.TaskRequest{Title: "样例协议", Signers: r.parties(sealtest.Account(r.hired(t, "counter")))})}, "a.ofd", r.contract(t))
		},
		"ofdfile":      func(t testing.TB, r *record) string { return parts(nil, "a.ofd", r.contract(t)) },
		"drawing":      func(testing.TB, *record) string { return string(inktest.Drawing(1).JSON()) },
		"elsenotice":   func(t testing.TB, r *record) string { return r.notice(t, sealtest.Account(r.hired(t, "clerk"))) },
		"elsehook":     func(t testing.TB, r *record) string { return r.hook(t, r.program(t)) },
		"elsedelivery": func(t testing.TB, r *record) string { return r.delivery(t, r.program(t)) },
	}
}

// ctx is a context in which an actor acts.
func (s *stage) ctx(t testing.TB, a *actor) context.Context {
	t.Helper()
	var ctx context.Context
	var err error
	if a.program() {
		ctx, err = s.IAM.AsClient(context.Background(), a.app)
	} else {
		ctx, err = s.IAM.As(context.Background(), a.id())
	}
	must(t, err)
	return ctx
}

// holds tells whether the policy gives an actor a permission.
func (a *actor) holds(permission string) bool {
	return slices.ContainsFunc(a.roles, func(r policytest.Role) bool { return slices.Contains(r.May, permission) })
}

// nextCode is the one-time code that an actor has not used yet.
func (s *stage) nextCode(a *actor) string {
	now := s.DB.Now().Unix() / 30
	a.step = max(a.step+1, now-1)
	if a.step > now+1 {
		s.clock.ahead.Add(int64(30 * time.Second))
	}
	code, err := code(a.account.TOTP, time.Unix(30*a.step, 0))
	if err != nil {
		return ""
	}
	return code
}

// keptBy is a seal of the unit whose custodian is an actor, if they may be; else
// any.
func (r *record) keptBy(t testing.TB, a *actor) string {
	t.Helper()
	if a.program() || !a.holds("seal.use") {
		return r.value(t, "seal")
	}
	key := a.name + "-" + r.org()
	if r.s.kept[key] == "" {
		r.s.kept[key] = r.branchSeal(t, r.s.ctx(t, a)).ID
	}
	return r.s.kept[key]
}

func (r *record) notice(t testing.TB, account string) (id string) {
	t.Helper()
	must(t, r.s.DB.Write(t.Context(), func(tx *db.Tx) error {
		return r.s.Notice.PutTx(tx, notice.Notice{Account: account, Topic: "seal.frozen", Title: "样例消息" + r.value(t, "number"), Text: "样例", Link: "/console"})
	}))
	ctx, err := r.s.IAM.As(context.Background(), account)
	must(t, err)
	page, err := r.s.Notice.Inbox(ctx, 1, "")
	must(t, err)
	return page.Items[0].ID
}

// program is one of the unit that is none of the cast.
func (r *record) program(t testing.TB) context.Context {
	t.Helper()
	name := "program-" + r.org()
	if r.s.hands[name] == nil {
		c, err := r.s.IAM.CreateClient(r.s.root["security"], clientRequest(name, r.org(), webhook.Manage, "seal.read"))
		must(t, err)
		r.s.hands[name], err = r.s.IAM.AsClient(context.Background(), c.ID)
		must(t, err)
	}
	return r.s.hands[name]
}

func (r *record) hook(t testing.TB, ctx context.Context) string {
	t.Helper()
	list, err := r.s.Webhook.List(ctx)
	must(t, err)
	for _, x := range list { // a program has only so many
		if x.State == webhook.Active {
			return x.ID
		}
	}
	x, err := r.s.Webhook.Subscribe(ctx, webhook.Request{URL: "https://" + hookHost + "/x", Topics: []string{"seal.filed"}})
	must(t, err)
	return x.ID
}

func (r *record) delivery(t testing.TB, ctx context.Context) string {
	t.Helper()
	d, err := r.s.Webhook.Try(ctx, r.hook(t, ctx))
	must(t, err)
	return d.ID
}

// task lays a contract before one person.
func (r *record) task(t testing.TB, by context.Context, org, account string) *signature.Task {
	t.Helper()
	x, err := r.s.Signature.Create(by, signature.TaskRequest{Org: org, Title: "样例协议", Signers: r.parties(account)}, "a.ofd", r.contract(t))
	must(t, err)
	return x
}

// elsesTask is a task of the unit that nobody of the cast has a part in.
func (r *record) elsesTask(t testing.TB) *signature.Task {
	t.Helper()
	if r.elses == nil {
		r.elses = r.task(t, r.hired(t, "clerk"), r.org(), sealtest.Account(r.hired(t, "counter")))
	}
	return r.elses
}

func (r *record) parties(account string) []signature.Party {
	return []signature.Party{{Account: account, Places: signaturetest.At(signaturetest.First)}}
}

func (r *record) contract(t testing.TB) []byte {
	t.Helper()
	if r.s.contract == nil {
		r.s.contract = signaturetest.Document(t)
	}
	return r.s.contract
}

// enrol gives somebody a digital certificate of their own.
func (s *stage) enrol(t testing.TB, ctx context.Context) {
	t.Helper()
	_, err := s.Signature.Enrol(ctx)
	must(t, err)
}

// uses tells whether a line names a thing.
func (l *line) uses(name string) bool { return strings.Contains(l.path()+l.body, "${"+name+"}") }

package cert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/kinds"
	"sidian/ofd/sign"
)

// joint is a kind that three units seal: the issuer and another department in
// parallel, then the unit above.
const joint = "joint"

const partner = "会签部门"

// jointKind is the kind approval with three seals.
func jointKind(t testing.TB) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	list, err := fs.ReadDir(kinds.FS, "approval")
	must(t, err)
	for _, e := range list {
		b, err := fs.ReadFile(kinds.FS, "approval/"+e.Name())
		must(t, err)
		const one = "  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42] }\n"
		if e.Name() == "kind.yaml" {
			if !bytes.Contains(b, []byte(one)) {
				t.Fatal("the kind has another seal slot")
			}
			b = bytes.Replace(b, []byte(one), []byte(`  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42], order: 1 }
  - { role: 会签部门, kind: legal-name, page: 0, at: [80, 221, 42, 42], order: 1 }
  - { role: superior, kind: legal-name, page: 0, at: [32, 221, 42, 42], order: 2 }
`), 1)
		}
		if e.Name() == "example.json" {
			b = bytes.Replace(b, []byte(`"approval"`), []byte(`"`+joint+`"`), 1)
		}
		out[joint+"/"+e.Name()] = &fstest.MapFile{Data: b}
	}
	return out
}

const code = "123456"

// A severalWorld is an instance in which people seal.
type severalWorld struct {
	*certtest.World
	Sealing *sealing.Service
	Signer  context.Context            // issues for Market
	Keepers map[string]context.Context // by unit
}

func desk(t testing.TB, w *certtest.World) *sealing.Service {
	t.Helper()
	s := &sealing.Service{DB: w.DB, IAM: w.IAM, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, BaseURL: pkitest.BaseURL,
		Confirm: func(_ context.Context, answer string) (string, error) {
			if answer != code {
				return "", fault.Forbidden.New("须再次证明是本人").WithCode("confirm.needed").WithHint("请输入一次性口令")
			}
			return "totp", nil
		}}
	w.Cert.Desk = s
	return s
}

func newSeveral(t testing.TB, d *db.DB) *severalWorld {
	t.Helper()
	w := &severalWorld{World: certtest.New(t, d, "road_transport"), Keepers: map[string]context.Context{}}
	w.Sealing = desk(t, w.World)
	_, err := w.Catalogue.Import(t.Context(), jointKind(t), joint)
	must(t, err)
	must(t, w.Cert.Entrust(t.Context(), joint, sealtest.Market))
	w.Signer = w.Hire(t, "signer", "issuer", sealtest.Market)
	w.Keepers[sealtest.Market] = w.Keeper
	let := func(x *seal.Seal) {
		_, err := w.Seal.PutRule(w.Admin, seal.Rule{Seal: x.ID, Purpose: seal.Any, Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 100,
			Until: w.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
		must(t, err)
	}
	let(w.Seals[seal.LegalName])
	for _, unit := range []string{sealtest.Land, pkitest.Root} {
		w.Keepers[unit] = w.Hire(t, "keeper-"+unit, "custodian", unit)
		r := w.Request(t, unit, seal.LegalName)
		r.Custodian = sealtest.Account(w.Keepers[unit])
		let(w.MakeOf(t, r))
	}
	return w
}

// jointRequest is the example of the kind, with the department that seals.
func jointRequest(t testing.TB) (r cert.IssueRequest) {
	t.Helper()
	b, err := fs.ReadFile(kinds.FS, "approval/example.json")
	must(t, err)
	must(t, json.Unmarshal(b, &r))
	r.Kind, r.Seals = joint, map[string]string{partner: sealtest.Land}
	return r
}

func (w *severalWorld) plan(t testing.TB) (*cert.Certificate, *cert.Sealings) {
	t.Helper()
	c, err := w.Cert.Issue(w.Signer, jointRequest(t))
	must(t, err)
	return c, w.seals(t, c.ID)
}

func (w *severalWorld) seals(t testing.TB, id string) *cert.Sealings {
	t.Helper()
	x, err := w.Cert.Sealings(w.Signer, id)
	must(t, err)
	return x
}

// approve approves the seal of a unit by its own keeper.
func (w *severalWorld) approve(t testing.TB, x *cert.Sealings, unit string) {
	t.Helper()
	i := slices.IndexFunc(x.Seals, func(s cert.Sealer) bool { return s.Org == unit })
	r, err := w.Sealing.Get(w.Keepers[unit], x.Request)
	must(t, err)
	_, err = w.Sealing.Approve(w.Keepers[unit], sealing.ApproveRequest{Step: x.Seals[i].Step, Seen: r.Base, Answer: code})
	must(t, err)
}

// settle tells that the request is over, as the outbox does.
func (w *severalWorld) settle(t testing.TB, request string) {
	t.Helper()
	must(t, w.Cert.Settled(t.Context(), outbox.Event{Key: request}))
}

func states(x *cert.Sealings) string {
	out := make([]string, len(x.Seals))
	for i, s := range x.Seals {
		out[i] = s.Org + ":" + s.State
	}
	return strings.Join(out, " ")
}

// Three units on one certificate: it stands only when the last has sealed, and
// each seal verifies alone.
func TestSeveralSeals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		c, x := w.plan(t)
		if c.Status != cert.Sealing || c.Desk != cert.DeskWaiting || states(x) != "market:waiting land:waiting "+pkitest.Root+":draft" {
			t.Fatalf("planned: %s %s, %s", c.Status, c.Desk, states(x))
		}
		if _, _, err := w.Cert.Document(w.Signer, c.ID); fault.As(err) == nil || fault.As(err).Code != "cert.sealing" {
			t.Errorf("the document before the seals: %v", err)
		}
		if _, err := w.Cert.Public(t.Context(), c.Code); fault.As(err) == nil {
			t.Error("strangers find what is not issued")
		}
		again, err := w.Cert.Issue(repeating(w.Signer, "one"), jointRequest(t))
		must(t, err)
		same, err := w.Cert.Issue(repeating(w.Signer, "one"), jointRequest(t))
		if err != nil || same.ID != again.ID || same.Status != cert.Sealing {
			t.Errorf("a repetition gives %v, %v", same, err)
		}
		_, err = w.Cert.Act(w.Signer, cert.ActRequest{ID: c.ID, Action: "suspend", Reason: "测试事由", Basis: "测试依据"})
		wantFault(t, err, fault.Conflict, "cert.sealing", "", "")
		for _, unit := range []string{sealtest.Land, sealtest.Market} {
			w.approve(t, x, unit)
			w.settle(t, x.Request)
		}
		if x = w.seals(t, c.ID); states(x) != "market:stamped land:stamped "+pkitest.Root+":waiting" {
			t.Fatalf("after two: %s", states(x))
		}
		w.approve(t, x, pkitest.Root)
		w.settle(t, x.Request)
		w.settle(t, x.Request) // told twice
		got, err := w.Cert.Get(w.Signer, c.ID)
		must(t, err)
		if got.Status != cert.Effective || got.Document == "" || got.Desk != "" {
			t.Fatalf("sealed by all, it is %s", got.Status)
		}
		w.wantSeals(t, got)
		tr, err := w.Cert.Trace(w.Signer, c.ID)
		must(t, err)
		if len(tr.Uses) != 3 || slices.ContainsFunc(tr.Uses, func(u *seal.Use) bool { return u.State != seal.Done || u.Attempts != 1 }) {
			t.Errorf("uses: %+v", tr.Uses)
		}
	})
}

// wantSeals wants three seals that verify, to us and, each alone, to openssl.
func (w *severalWorld) wantSeals(t *testing.T, c *cert.Certificate) {
	t.Helper()
	data := w.Document(t, c)
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	report := sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
	if report.Verdict != sign.Valid || len(report.Signatures) != 3 || len(report.Uncovered) > 0 {
		t.Fatalf("%s with %d signatures: %+v", report.Verdict, len(report.Signatures), report)
	}
	for _, s := range report.Signatures {
		if s.Verdict != sign.Valid || s.Check(sign.CheckCoverage).Result != sign.Pass {
			t.Errorf("signature %s alone is %s", s.ID, s.Verdict)
		}
	}
	d := unpack(t, joint, data)
	found := 0
	for name, xml := range d.parts {
		if !strings.HasSuffix(name, "/Signature.xml") {
			continue
		}
		found++
		o := openssl{t, t.TempDir()}
		outer := o.children(d.parts[strings.TrimSuffix(name, "Signature.xml")+"SignedValue.dat"])
		o.verify(outer[1].body, outer[3].body[1:], outer[0].whole)
		if inner := o.children(outer[0].whole); !bytes.Equal(o.sm3(xml), inner[3].body[1:]) {
			t.Errorf("%s: the signed digest is not openssl's", name)
		}
		for _, m := range reference.FindAllSubmatch(xml, -1) {
			if text := o.run("base64", "-A", "-in", o.file("digest", o.sm3(d.parts[string(m[1])]))); !bytes.Equal(bytes.TrimSpace(text), m[2]) {
				t.Errorf("%s covers another %s", name, m[1])
			}
		}
	}
	if found != 3 {
		t.Errorf("openssl was asked about %d seals", found)
	}
}

// One unit refuses: nothing is issued, and the number is free again.
func TestSealRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		c, x := w.plan(t)
		w.approve(t, x, sealtest.Market)
		_, err := w.Sealing.Refuse(w.Keepers[sealtest.Land], x.Seals[1].Step, "会签意见没有附上")
		must(t, err)
		w.settle(t, x.Request)
		got, err := w.Cert.Get(w.Signer, c.ID)
		must(t, err)
		if got.Status != cert.Withdrawn || got.Document != "" {
			t.Errorf("refused, it is %s", got.Status)
		}
		tr, err := w.Cert.Trace(w.Signer, c.ID)
		must(t, err)
		if !slices.ContainsFunc(tr.Steps, func(s cert.Step) bool {
			return s.Action == "cert.withdraw" && strings.Contains(s.Reason, "会签意见没有附上")
		}) {
			t.Error("nobody is told why")
		}
		_, x = w.plan(t)
		_, err = w.Cert.WithdrawSeals(w.Signer, x2id(t, w), "")
		wantFault(t, err, fault.Invalid, "cert.reason", "reason", "required")
		gone, err := w.Cert.WithdrawSeals(w.Signer, x2id(t, w), "申请人撤回申请")
		must(t, err)
		if gone.Status != cert.Withdrawn {
			t.Errorf("withdrawn, it is %s", gone.Status)
		}
		w.settle(t, x.Request)
		_, err = w.Cert.WithdrawSeals(w.Signer, gone.ID, "申请人撤回申请")
		wantFault(t, err, fault.Conflict, "cert.desk", "", "")
	})
}

// x2id is the one certificate that waits.
func x2id(t testing.TB, w *severalWorld) string {
	t.Helper()
	p, err := w.Cert.List(w.Signer, cert.ListQuery{Limit: 10})
	must(t, err)
	for _, c := range p.Items {
		if c.Status == cert.Sealing {
			return c.ID
		}
	}
	t.Fatal("nothing waits")
	return ""
}

// What nobody may: the wrong person, the wrong unit, one's own request, without
// the second factor, units that do not fit.
func TestSealersRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		for name, q := range map[string]struct {
			seals map[string]string
			code  string
		}{
			"no unit": {nil, "required"}, "no such unit": {map[string]string{partner: "nowhere"}, "unit"},
			"another slot": {map[string]string{partner: sealtest.Land, "issuer": sealtest.Land}, "unknown"},
		} {
			r := jointRequest(t)
			r.Seals = q.seals
			_, err := w.Cert.Issue(w.Signer, r)
			wantFault(t, err, fault.Invalid, "cert.sealers", "seals", q.code)
			_ = name
		}
		_, x := w.plan(t)
		r, err := w.Sealing.Get(w.Signer, x.Request)
		must(t, err)
		for name, q := range map[string]struct {
			who  context.Context
			step int
			code string
			want string
		}{
			"another unit's keeper":     {w.Keepers[sealtest.Land], 0, code, "iam.forbidden"},
			"the upper unit's keeper":   {w.Keepers[pkitest.Root], 1, code, "seal.custodian"},
			"who asked":                 {w.Signer, 0, code, "iam.forbidden"},
			"without the second factor": {w.Keepers[sealtest.Land], 1, "", "confirm.needed"},
			"before its turn":           {w.Keepers[pkitest.Root], 2, code, "sealing.state"},
		} {
			_, err := w.Sealing.Approve(q.who, sealing.ApproveRequest{Step: x.Seals[q.step].Step, Seen: r.Base, Answer: q.code})
			if e := fault.As(err); e == nil || e.Msg == "" || e.Kind != fault.Forbidden && e.Kind != fault.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := states(w.seals(t, x2id(t, w))); strings.Contains(got, "stamped") {
			t.Errorf("a refused approval stamped: %s", got)
		}
		_, err = w.Cert.Sealings(w.Keepers[sealtest.Land], x2id(t, w))
		if fault.As(err) == nil {
			t.Error("a stranger reads the record")
		}
		w.Cert.Desk = nil
		_, err = w.Cert.Issue(w.Signer, jointRequest(t))
		wantFault(t, err, fault.Conflict, "cert.seals", "", "")
	})
}

// A program plans, staff of the issuer asks for the seals: once.
func TestProgramPlans(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		r := jointRequest(t)
		r.Issuer = sealtest.Market
		c, err := w.Cert.Issue(repeating(w.Client, "case-1"), r)
		must(t, err)
		if c.Status != cert.Sealing || c.Desk != cert.DeskOpen {
			t.Fatalf("planned by a program: %s %s", c.Status, c.Desk)
		}
		if _, err := w.Cert.AskSeals(w.Client, c.ID); fault.As(err) == nil || fault.As(err).Code != "cert.person" {
			t.Errorf("a program asks for seals: %v", err)
		}
		if _, err := w.Cert.AskSeals(w.Keepers[sealtest.Land], c.ID); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("a stranger asks for seals: %v", err)
		}
		asked, err := w.Cert.AskSeals(w.Signer, c.ID)
		must(t, err)
		if asked.Desk != cert.DeskWaiting {
			t.Errorf("asked for, it is %s", asked.Desk)
		}
		_, err = w.Cert.AskSeals(w.Signer, c.ID)
		wantFault(t, err, fault.Conflict, "cert.stale", "", "")
		x := w.seals(t, c.ID)
		for _, unit := range []string{sealtest.Market, sealtest.Land} {
			w.approve(t, x, unit)
		}
		w.approve(t, w.seals(t, c.ID), pkitest.Root)
		w.settle(t, x.Request)
		got, err := w.Cert.Issue(repeating(w.Client, "case-1"), r)
		must(t, err)
		if got.ID != c.ID || got.Status != cert.Effective {
			t.Errorf("the program's repetition gives %s, %s", got.ID, got.Status)
		}
	})
}

// After every step of asking and of settling the process may die: each is done
// once, and nothing is sealed twice.
func TestSeveralCrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newSeveral(t, d)
		now := time.Now
		for _, at := range []string{"plan", "ask", "wait", "sealed", "issue"} {
			d.Now = now
			w.Cert.Step = func(name string) {
				if name == at {
					panic(at)
				}
			}
			c := dying(t, func() (*cert.Certificate, error) { return w.Cert.Issue(w.Signer, jointRequest(t)) })
			id := c
			if id == "" {
				id = x2id(t, w)
			}
			d.Now = func() time.Time { return now().Add(time.Hour) }
			if at == "plan" || at == "ask" || at == "wait" {
				w.Cert.Step = nil
				_, _, err := w.Cert.Resume(t.Context())
				must(t, err)
			}
			x := w.seals(t, id)
			if x.Desk != cert.DeskWaiting || x.Request == "" {
				t.Fatalf("dead after %s, it is %s", at, x.Desk)
			}
			for _, unit := range []string{sealtest.Land, sealtest.Market} {
				w.approve(t, x, unit)
			}
			w.approve(t, w.seals(t, id), pkitest.Root)
			dying(t, func() (*cert.Certificate, error) {
				return nil, w.Cert.Settled(t.Context(), outbox.Event{Key: x.Request})
			})
			w.Cert.Step = nil
			w.settle(t, x.Request)
			got, err := w.Cert.Get(w.Signer, id)
			must(t, err)
			tr, err := w.Cert.Trace(w.Signer, id)
			must(t, err)
			if got.Status != cert.Effective || len(tr.Uses) != 3 {
				t.Fatalf("dead after %s: %s with %d uses: %+v", at, got.Status, len(tr.Uses), tr.Steps)
			}
			if at == "issue" {
				w.wantSeals(t, got)
			}
		}
	})
}

// dying runs what may panic as a process may die, and returns the id of what it
// made, if it got that far.
func dying(t testing.TB, do func() (*cert.Certificate, error)) (id string) {
	t.Helper()
	defer func() { _ = recover() }()
	c, err := do()
	must(t, err)
	if c != nil {
		id = c.ID
	}
	return id
}

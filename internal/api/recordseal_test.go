package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strconv"
	"testing"
	"time"

	"sidian/gbcode"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/internal/provider/providertest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/signature/signaturetest"
)

// parts is a form with fields, and with one file if data is not nil.
func parts(fields map[string]string, name string, data []byte) string {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.SetBoundary("b")
	for k, v := range fields {
		_ = m.WriteField(k, v)
	}
	if data != nil {
		f, _ := m.CreateFormFile("file", name)
		_, _ = f.Write(data)
	}
	_ = m.Close()
	return b.String()
}

// textOf is a value as JSON.
func textOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

// sealMakers make what concerns seals.
func sealMakers() map[string]func(t testing.TB, r *record) string {
	return map[string]func(t testing.TB, r *record) string{
		"seal":     func(t testing.TB, r *record) string { return r.s.Make(t, r.org(), seal.LegalName).ID },
		"spare":    func(t testing.TB, r *record) string { return r.branchSeal(t, r.s.Keeper).ID },
		"lost":     func(t testing.TB, r *record) string { return r.branchSeal(t, r.s.Keeper).ID },
		"offered":  func(t testing.TB, r *record) string { return r.offered(t, r.value(t, "receiver")) },
		"receiver": func(t testing.TB, r *record) string { return sealtest.Account(r.hired(t, "custodian")) },
		"kept":     func(t testing.TB, r *record) string { return r.value(t, "seal") },
		"sealrule": func(t testing.TB, r *record) string { return r.rule(t, r.s.Keeper, r.value(t, "seal")).ID },
		"sealpolicy": func(t testing.TB, r *record) string {
			return r.policy(t, r.s.Keeper, r.value(t, "seal"), r.s.App.ID, "case-"+r.value(t, "number"))
		},
		"soon": func(_ testing.TB, r *record) string { return r.s.DB.Now().AddDate(0, 6, 0).UTC().Format(time.RFC3339) },

		"draft":     func(t testing.TB, r *record) string { return r.draft(t).ID },
		"submitted": func(t testing.TB, r *record) string { return r.submitted(t).ID },
		"approved": func(t testing.TB, r *record) string {
			a := r.submitted(t)
			_, err := r.s.Apply.Review(r.hired(t, "sealadmin"), a.ID, sealapply.ReviewRequest{Approve: true, Tier: "county", Opinion: "同意"})
			must(t, err)
			return a.ID
		},
		"made": func(t testing.TB, r *record) string {
			id := r.value(t, "approved")
			_, err := r.s.Apply.Make(r.hired(t, "sealadmin"), id)
			must(t, err)
			return id
		},
		"outside": func(t testing.TB, r *record) string { // waits for an outside authority's digital certificate
			id := r.value(t, "draft")
			_, err := r.s.Apply.ChooseCertificate(r.s.Keeper, id, sealapply.Outside, "")
			must(t, err)
			return id
		},
		"draftfile":     func(t testing.TB, r *record) string { return r.attachment(t, "draft") },
		"submittedfile": func(t testing.TB, r *record) string { return r.attachment(t, "submitted") },
		"statement":     func(t testing.TB, r *record) string { return r.statement(t) },
		"imprintdigest": func(t testing.TB, r *record) string {
			a, err := r.s.Apply.Get(r.s.Keeper, r.value(t, "draft"))
			must(t, err)
			return a.Imprint.Digest
		},
		"imprintform": func(t testing.TB, r *record) string {
			return parts(map[string]string{"width": "42", "height": "42"}, "a.png", sealtest.Imprint(t, r.name(t)).PNG)
		},
		"holder": func(t testing.TB, r *record) string {
			return r.s.holder(t, r.value(t, "number"))
		},
		"bond": func(t testing.TB, r *record) string {
			b, err := r.s.Apply.Bind(r.hired(t, "sealadmin"), r.value(t, "holder"), r.org(), "测试")
			must(t, err)
			return b.ID
		},
		"campaign": func(t testing.TB, r *record) string { return r.campaign(t).ID },
		"filled": func(t testing.TB, r *record) string { // a campaign with a row that can be made
			c := r.campaign(t)
			_, err := r.s.Apply.Load(r.s.Keeper, c.ID, r.table(t))
			must(t, err)
			return c.ID
		},
		"proposed": func(t testing.TB, r *record) string { // a campaign that waits for a decision
			id := r.value(t, "filled")
			_, err := r.s.Apply.SubmitCampaign(r.s.Keeper, id, r.value(t, "statement"))
			must(t, err)
			return id
		},
		"rowfile": func(t testing.TB, r *record) string { return parts(nil, "清单.zip", r.table(t)) },

		"sealrequest": func(t testing.TB, r *record) string {
			return r.request(t, r.hired(t, "clerk"), r.value(t, "seal"), r.s.Keeper).ID
		},
		"myrequest": func(t testing.TB, r *record) string { return r.value(t, "sealrequest") },
		"step": func(t testing.TB, r *record) string {
			x, err := r.s.Sealing.Get(r.s.Keeper, r.value(t, "sealrequest"))
			must(t, err)
			return x.Steps[0].ID
		},
		"seen": func(t testing.TB, r *record) string {
			x, err := r.s.Sealing.Get(r.s.Keeper, r.value(t, "sealrequest"))
			must(t, err)
			return x.Base
		},
		"asking": func(t testing.TB, r *record) string { // a form that asks for the unit's seal
			id := r.value(t, "seal")
			r.rule(t, r.s.Keeper, id)
			return r.asking(t, id)
		},
		"stamping": func(t testing.TB, r *record) string {
			id := r.value(t, "seal")
			r.standing(t, id)
			return parts(map[string]string{"seal": id, "title": "样例通知", "purpose": "公文", "reason": "对外发布", "org": r.org(), "places": `[{"page":1,"x":50,"y":50}]`}, "a.ofd", r.document(t))
		},
		"annotating": func(t testing.TB, r *record) string {
			id := r.value(t, "seal")
			r.standing(t, id)
			return parts(map[string]string{"seal": id, "title": "样例通知", "use": "办理样例事项", "recipient": "样例单位", "matter": "样例事项", "number": "A-1", "reason": "办事", "org": r.org()}, "a.ofd", r.document(t))
		},
		"batching": func(t testing.TB, r *record) string {
			id := r.value(t, "seal")
			r.standing(t, id)
			return textOf(t, sealing.BatchAsk{Title: "样例批", Purpose: "公文", Reason: "对外发布", Org: r.org(), Seal: id, Places: []sealing.Place{{Page: 1, X: 50, Y: 50}}})
		},
		"batch":   func(t testing.TB, r *record) string { return r.batch(t, r.hired(t, "clerk")).ID },
		"mybatch": func(t testing.TB, r *record) string { return r.value(t, "batch") },
		"done": func(t testing.TB, r *record) string { // a batch of which a document was stamped
			b := r.batch(t, r.hired(t, "clerk"))
			_, err := r.s.Sealing.Act(r.hired(t, "clerk"), b.ID, "start")
			must(t, err)
			_, err = r.s.Sealing.Work(context.Background())
			must(t, err)
			return b.ID
		},
		"use": func(t testing.TB, r *record) string {
			page, err := r.s.Sealing.Items(r.hired(t, "clerk"), r.value(t, "done"), "", 0, 1)
			must(t, err)
			return page.Items[0].Use
		},
		"digital": func(t testing.TB, r *record) string { return r.digital(t).ID },
		"csr": func(t testing.TB, r *record) string {
			q, err := r.s.PKI.Request(r.s.root["system"], pki.RequestFor{Use: pki.Unit, Org: r.org(), Name: r.name(t) + r.value(t, "number"), Authority: "样例机构"})
			must(t, err)
			return q.ID
		},
		"pem": func(t testing.TB, r *record) string { return textOf(t, string(r.digital(t).Certificate.PEM())) },

		"provider": func(t testing.TB, r *record) string {
			p := providertest.New(t, "third-"+r.org()+r.value(t, "number"), r.s.DB.Now)
			q := p.Request(r.org())
			q.Endpoint = "http://" + sealerHost + "/api/v1"
			_, err := r.s.Provider.Propose(r.s.Keeper, q)
			must(t, err)
			return q.ID
		},
		"live": func(t testing.TB, r *record) string { // in force
			id := r.value(t, "provider")
			_, err := r.s.Provider.Approve(r.s.Admin, id, "测试")
			must(t, err)
			return id
		},
		"suspended": func(t testing.TB, r *record) string {
			id := r.value(t, "live")
			_, err := r.s.Provider.Suspend(r.s.Admin, id, "测试")
			must(t, err)
			return id
		},
		"proposal": func(t testing.TB, r *record) string {
			q := providertest.New(t, "new-"+r.value(t, "number"), r.s.DB.Now).Request(r.org())
			q.Endpoint = "http://" + sealerHost + "/api/v1"
			return textOf(t, q)
		},
	}
}

// name is the legal name of the unit.
func (r *record) name(t testing.TB) string {
	t.Helper()
	o, err := r.s.IAM.Org(t.Context(), r.org())
	must(t, err)
	return o.Name
}

// hired is somebody of the unit who holds a role, and is none of the cast.
func (r *record) hired(t testing.TB, role string) context.Context {
	t.Helper()
	name := "hired-" + role + "-" + r.org()
	if r.s.hands[name] == nil {
		r.s.hands[name] = r.s.Hire(t, name, role, r.org())
	}
	return r.s.hands[name]
}

// branchSeal is a seal of the unit that keeper keeps.
func (r *record) branchSeal(t testing.TB, keeper context.Context) *seal.Seal {
	t.Helper()
	q := r.s.Request(t, r.org(), seal.Branch)
	q.Name, q.Custodian = r.name(t)+"样例所"+r.value(t, "number"), sealtest.Account(keeper)
	return r.s.MakeOf(t, q)
}

func (r *record) offered(t testing.TB, to string) string {
	t.Helper()
	x := r.branchSeal(t, r.s.Keeper)
	_, err := r.s.Seal.HandOver(r.s.Keeper, x.ID, to, "测试")
	must(t, err)
	return x.ID
}

func (r *record) rule(t testing.TB, keeper context.Context, id string) *seal.Rule {
	t.Helper()
	x, err := r.s.Seal.PutRule(keeper, seal.Rule{Seal: id, Purpose: seal.Any, Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 1000, Until: r.s.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
	must(t, err)
	return x
}

func (r *record) policy(t testing.TB, keeper context.Context, id, app, purpose string) string {
	t.Helper()
	p, err := r.s.Seal.Grant(keeper, seal.Policy{Seal: id, App: app, Purpose: purpose, Until: r.s.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
	must(t, err)
	return p.ID
}

// standing lets people, and the program of the cast, stamp at once.
func (r *record) standing(t testing.TB, id string) {
	t.Helper()
	if r.s.standing[id] {
		return
	}
	r.rule(t, r.s.Keeper, id)
	for _, app := range []string{"", r.s.actor(t, "program").app} {
		r.policy(t, r.s.Keeper, id, app, seal.Any)
	}
	r.s.standing[id] = true
}

// draft is an application that has all that it needs, of a unit of its own below
// the record's: a unit applies for one seal of a kind at a time.
func (r *record) draft(t testing.TB) *sealapply.Application {
	t.Helper()
	s, by := r.s, r.s.Keeper
	n := r.value(t, "number")
	o, err := s.IAM.CreateOrg(s.root["system"], iam.OrgRequest{Parent: r.org(), Name: "样例中心" + n, Tier: "county", USCC: creditCode(t, n)})
	must(t, err)
	a, err := s.Apply.Create(by, sealapply.CreateRequest{
		Kind: sealapply.Apply, Org: o.ID, SealKind: seal.LegalName, SealName: o.Name, Custodian: sealtest.Account(by),
		Fields: map[string]string{"org_name": o.Name, "uscc": o.USCC, "legal_person": "李样例", "handler": "王样例", "handler_phone": "13800138000", "use": "政务服务"},
	})
	must(t, err)
	_, _, files, err := s.Apply.FormFor(by, a.Org, a.Kind, a.SealKind)
	must(t, err)
	for _, f := range files {
		if f.Required {
			a, err = s.Apply.Attach(by, a.ID, sealapply.Upload{Code: f.Code, Name: f.Label + ".pdf", Data: paper})
			must(t, err)
		}
	}
	a, err = s.Apply.SetImprint(by, a.ID, sealtest.Imprint(t, r.name(t)).PNG, 42, 42)
	must(t, err)
	a, err = s.Apply.Declare(by, a.ID, r.statement(t), a.Imprint.Digest)
	must(t, err)
	return a
}

// creditCode is that of no unit.
func creditCode(t testing.TB, n string) string {
	t.Helper()
	area, err := gbcode.ParseDivision("999999")
	must(t, err)
	number, err := strconv.Atoi(n)
	must(t, err)
	org, err := gbcode.NewOrgCode(fmt.Sprintf("%08d", 995_000+number))
	must(t, err)
	c, err := gbcode.NewCreditCode('1', '1', area, org)
	must(t, err)
	return c.String()
}

// paper looks like a PDF file, as far as an attachment need.
var paper = []byte("%PDF-1.7\n样例\n%%EOF\n")

// statement is the version of the statement that the unit's form demands.
func (r *record) statement(t testing.TB) string {
	t.Helper()
	form, _, _, err := r.s.Apply.FormFor(r.s.Keeper, r.org(), sealapply.Apply, seal.Internal)
	must(t, err)
	return form.Statement.Version
}

func (r *record) submitted(t testing.TB) *sealapply.Application {
	t.Helper()
	a, err := r.s.Apply.Submit(r.s.Keeper, r.draft(t).ID)
	must(t, err)
	return a
}

func (r *record) attachment(t testing.TB, of string) string {
	t.Helper()
	a, err := r.s.Apply.Get(r.s.Keeper, r.value(t, of))
	must(t, err)
	return a.Attachments[0].ID
}

func (r *record) campaign(t testing.TB) *sealapply.Campaign {
	t.Helper()
	c, err := r.s.Apply.CreateCampaign(r.s.Keeper, sealapply.CampaignRequest{Title: "样例集中制发" + r.value(t, "number"), Org: r.org(), SealKind: seal.Branch, Until: r.s.DB.Now().AddDate(0, 6, 0), Basis: "测试"})
	must(t, err)
	return c
}

// request asks for a seal that keeper keeps, as somebody of the unit.
func (r *record) request(t testing.TB, by context.Context, id string, keeper context.Context) *sealing.Request {
	t.Helper()
	if !r.s.ruled[id] {
		r.rule(t, keeper, id)
		r.s.ruled[id] = true
	}
	x, err := r.s.Sealing.Ask(by, sealing.Ask{Title: "样例通知", Purpose: "公文", Reason: "对外发布", Org: r.org(), Data: r.document(t), Steps: []sealing.StepAsk{{Seal: id, Order: 1, Places: []sealing.Place{{Page: 1, X: 50, Y: 50}}}}})
	must(t, err)
	return x
}

func (r *record) asking(t testing.TB, id string) string {
	t.Helper()
	return parts(map[string]string{"title": "样例通知", "purpose": "公文", "reason": "对外发布", "org": r.org(), "steps": `[{"seal":"` + id + `","order":1,"places":[{"page":1,"x":50,"y":50}]}]`}, "a.ofd", r.document(t))
}

// document is an official document of one page.
func (r *record) document(t testing.TB) []byte {
	t.Helper()
	if r.s.page == nil {
		r.s.page = sealingtest.Document(t, "样例通知", 1)
	}
	return r.s.page
}

// batch is one with a document, not begun.
func (r *record) batch(t testing.TB, by context.Context) *sealing.Batch {
	t.Helper()
	id := r.value(t, "seal")
	r.standing(t, id)
	b, err := r.s.Sealing.CreateBatch(by, sealing.BatchAsk{Title: "样例批", Purpose: "公文", Reason: "对外发布", Org: r.org(), Seal: id, Places: []sealing.Place{{Page: 1, X: 50, Y: 50}}})
	must(t, err)
	data := r.document(t)
	_, err = r.s.Sealing.Add(by, b.ID, "a.ofd", bytes.NewReader(data), int64(len(data)))
	must(t, err)
	return b
}

// digital is a digital certificate of the unit, not used by any seal.
func (r *record) digital(t testing.TB) *pki.Registered {
	t.Helper()
	name := r.name(t)
	key, err := r.s.Keys.Generate(t.Context(), keys.Seal)
	must(t, err)
	public, err := r.s.Keys.Public(t.Context(), key)
	must(t, err)
	c, err := r.s.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Unit, Org: r.org(), Name: name, Public: public, Key: key})
	must(t, err)
	x, err := r.s.PKI.Get(r.s.root["system"], fmt.Sprintf("%x", c.Digest()))
	must(t, err)
	return x
}

// table is a campaign's, with one row for a branch of the unit.
func (r *record) table(t testing.TB) []byte {
	t.Helper()
	branch := r.value(t, "branch")
	o, err := r.s.IAM.Org(t.Context(), branch)
	must(t, err)
	keeper := r.username(t, sealtest.Account(r.s.Keeper))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string][]byte{
		"清单.csv": []byte("单位编号,单位名称,印模名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\n" + branch + "," + o.Name + "," + o.Name + "样例所," + keeper + ",a.png,42,42\n"),
		"a.png":  sealtest.Imprint(t, r.name(t)).PNG,
	} {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// holder is a person with an account whose name is known.
func (s *stage) holder(t testing.TB, n string) string {
	t.Helper()
	number, err := strconv.Atoi(n)
	must(t, err)
	id, err := s.IAM.HolderFor(context.Background(), "李样例", signaturetest.Citizen(t, number%1000))
	must(t, err)
	return id
}

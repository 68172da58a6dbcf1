package app_test

import (
	"testing"
	"time"

	"sidian/gbcode"
	"sidian/internal/iam"
	"sidian/internal/sealapply/sealapplytest"
)

// citizen is the number of an invented person of the county.
func citizen(t *testing.T, born string, seq int) string {
	t.Helper()
	area, err := gbcode.ParseDivision("999999")
	if err != nil {
		t.Fatal(err)
	}
	day, err := time.Parse("20060102", born)
	if err != nil {
		t.Fatal(err)
	}
	id, err := gbcode.NewCitizenID(area, day, seq)
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// employ opens an account in a unit and gives it a role, by two administrators.
func (o *own) employ(t *testing.T, username, name, org, role string) {
	t.Helper()
	system := o.as(t, "system")
	a, err := o.IAM.CreateAccount(system, iam.AccountRequest{Username: username, Kind: iam.Staff, Name: name, Org: org})
	if err != nil {
		t.Fatal(err)
	}
	g, err := o.IAM.ProposeGrant(system, iam.GrantRequest{Account: a.ID, Role: role, Org: org, Reason: "到岗"})
	if err == nil {
		err = o.IAM.DecideGrant(o.as(t, "security"), g.ID, true, "到岗")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestBrowserBound: a clerk notes that the firm wants its seal with its licence; the
// licence is issued, and who acts for the firm is offered the seal on the phone,
// has little left to say, and applies.
func TestBrowserBound(t *testing.T) {
	o := enterOwn(t) // the firm becomes a unit
	axe := axeSource(t)
	const firm, agent = "青禾县样例绑定发放有限公司", "张样例"
	clerk := o.open(t, view{width: 1440, user: "clerk"})
	clerk.visit("/console/issuing/new?kind=business_license")
	clerk.wait("#collect")
	values := licence()
	values["holders[0].name"], values["case_no"] = firm, "YL-BOUND-1"
	clerk.fill(values)
	press(clerk, `#collect button[value=save]`)
	at := eval[string](clerk, `location.pathname`)
	clerk.visit("/console/seal-wishes/" + at[len("/console/issuing/"):])
	clerk.says("main", "同时申领企业印章")
	clerk.looks(axe, "bound-wish")
	clerk.types("agent_name", agent)
	clerk.types("agent_citizen", citizen(t, "19850412", 11))
	clerk.enters(`main form button.first`)
	clerk.until(`document.querySelector("main").innerText.includes("已选择同时申领")`)
	clerk.visit(at)
	clerk.enters(`#collect button[value=submit]`)
	clerk.until(`document.querySelector("main").innerText.includes("待审核")`)
	for _, step := range []struct{ user, button string }{{"reviewer", "#pass button"}, {"issuer", "#issue button"}} {
		tb := o.open(t, view{width: 1440, user: step.user})
		tb.visit(at)
		press(tb, step.button)
	}

	zhang := o.open(t, view{width: 360, user: "zhang", elder: true})
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) { // the offer is an event, which is on its way
		if zhang.visit("/wallet/seal-offers"); eval[bool](zhang, `document.querySelector("main").innerText.includes("`+firm+`")`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the seal is never offered\n%s", zhang.where())
		}
	}
	zhang.looks(axe, "bound-offers")
	offer := eval[string](zhang, `document.querySelector('main a[href^="/wallet/seal-offers/"]').getAttribute("href")`)
	id := offer[len("/wallet/seal-offers/"):]
	zhang.visit(offer)
	zhang.says("main", "企业还没有在平台登记", firm)
	zhang.looks(axe, "bound-offer-unknown")

	system := o.open(t, view{width: 1440, user: "system"})
	system.visit("/console/bound/" + id)
	system.looks(axe, "bound-register")
	press(system, `form[action$="/register"] button`)
	x, err := o.Bound.Get(o.as(t, "zhang"), id)
	if err != nil {
		t.Fatal(err)
	}
	o.employ(t, "firmkeeper", "样例·企业印章保管人", x.Org, "custodian")

	zhang.visit(offer)
	zhang.wait("#take")
	zhang.says("main", firm, "还需要您提供的")
	zhang.looks(axe, "bound-offer")
	zhang.fill(map[string]string{"fields.handler": agent, "fields.handler_phone": "13800138000", "fields.use": "对外经营", "width": "42", "height": "42"})
	zhang.upload(`[name="file.application"]`, kept(t, "申请.pdf", sealapplytest.PDF("a")))
	zhang.upload(`[name="file.form"]`, kept(t, "申请表.pdf", sealapplytest.PDF("b")))
	zhang.upload(`[name="file"]`, kept(t, "印模.png", sealapplytest.Imprint(t, "样例印模")))
	eval[bool](zhang, `document.querySelector("#take [name=agree]").checked = true`)
	press(zhang, "#take button.first")
	zhang.visit(offer)
	zhang.says("main", "审核", "查看印章申请")
	zhang.looks(axe, "bound-taken")
}

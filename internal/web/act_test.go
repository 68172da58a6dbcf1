package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
)

// The issuer chooses an action on the certificate's page, says why, and reads
// what has become of it; nobody else is offered one, or may.
func TestActPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.people["issuer"] = k.Hire(t, "issuer", "issuer", sealtest.Market)
		k.people["landissuer"] = k.Hire(t, "landissuer", "issuer", sealtest.Land)
		c := k.Issue(t, "marriage")
		at := "/console/certificates/" + c.ID
		k.ask("issuer", at, nil, 200, "状态事项", at+"/actions/suspend", "暂扣", at+"/actions/revoke")
		if body := k.ask("window", at, nil, 200).Body.String(); strings.Contains(body, "/actions/") {
			t.Error("the counter is offered an action")
		}
		k.ask("issuer", at+"/actions/suspend", nil, 200, "确认暂扣", "依据", "办理后", "截止日期")
		k.ask("issuer", at+"/actions/revoke", nil, 200, "不能撤回", "danger")
		good := url.Values{"acts": {"0"}, "reason": {"办件 YL-3"}, "basis": {"青民决〔2026〕3号"}}
		for _, who := range []string{"window", "county", "officer", "landissuer", "outsider"} {
			k.ask(who, at+"/actions/suspend", nil, http.StatusForbidden)
			k.ask(who, at+"/actions/suspend", good, http.StatusForbidden)
		}
		k.ask("nobody", at+"/actions/suspend", good, http.StatusUnauthorized)
		k.ask("issuer", at+"/actions/suspend", url.Values{"acts": {"0"}}, http.StatusUnprocessableEntity, `role="alert"`, "事由必填", "依据必填")
		from := url.Values{"from-elsewhere": {"1"}, "acts": {"0"}, "reason": {"办件 YL-3"}, "basis": {"青民决〔2026〕3号"}}
		k.ask("issuer", at+"/actions/suspend", from, http.StatusForbidden)
		for _, action := range []string{"none", "expire", "correct"} {
			k.ask("issuer", at+"/actions/"+action, nil, http.StatusNotFound)
		}
		k.ask("issuer", at+"/actions/resume", nil, http.StatusConflict, "只能在“暂扣”状态下办理")
		k.ask("issuer", "/console/certificates/none/actions/suspend", good, http.StatusNotFound)
		if n := k.rows("cert.suspend", audit.Done); n != 0 {
			t.Errorf("%d were done", n)
		}

		to := k.ask("issuer", at+"/actions/suspend", good, http.StatusSeeOther).Header().Get("Location")
		if to != at+"?done=suspend" {
			t.Error(to)
		}
		k.ask("issuer", to, nil, 200, "已办理：暂扣", "青民决〔2026〕3号", "有效 → 暂扣", at+"/actions/resume")
		k.ask("issuer", at+"/actions/suspend", good, http.StatusConflict) // the form again
		k.ask("issuer", at+"/actions/revoke", good, http.StatusConflict, "刚刚由他人变更")
		k.ask("window", at, nil, 200, "有效 → 暂扣")
	})
}

// Who issued it, and who answered for it in between, read who does now and since
// when; who never had to do with it learns nothing.
func TestGiven(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	start := time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)
	now := &start
	d.Now = func() time.Time { return *now }
	k := newDesk(t, d)
	for who, at := range map[string][2]string{"issuer": {"issuer", sealtest.Market}, "between": {"issuer", sealtest.Land}, "manager": {"manager", "county"}, "heir": {"issuer", "bureau"}, "stranger": {"issuer", "school"}} {
		if at[1] == "bureau" || at[1] == "school" {
			_, err := k.IAM.CreateOrg(k.System, iam.OrgRequest{ID: at[1], Parent: "county", Name: "青禾县样例" + at[1], USCC: map[string]string{"bureau": "11999999009900056F"}[at[1]], Region: "999999", Tier: "county"})
			if err != nil {
				t.Fatal(err)
			}
		}
		k.people[who] = k.Hire(t, who, at[0], at[1])
	}
	c := k.Issue(t, "marriage")
	at := "/console/certificates/" + c.ID
	give := func(who, from, to, day string) {
		t.Helper()
		tr, err := k.Cert.ProposeTransfer(k.people[who], cert.TransferRequest{Kind: "marriage", Issuer: from, Successor: to, From: day, Basis: "机构改革方案", Reason: "职责划转"})
		if err == nil {
			_, err = k.Cert.DecideTransfer(k.people["manager"], tr.ID, true, "同意划转")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	give("issuer", sealtest.Market, sealtest.Land, "2026-11-20")
	for _, path := range []string{at, "/console?kind=marriage"} {
		if body := k.ask("issuer", path, nil, 200).Body.String(); strings.Contains(body, "移交") && path != at || strings.Contains(body, "请由承接单位办理") {
			t.Errorf("told at %s before the day", path)
		}
	}
	later := start.AddDate(0, 0, 3)
	now = &later
	const said = "这类证照的颁发职责自 2026-11-20 起已移交“青禾县自然资源局”，请由承接单位办理"
	k.ask("issuer", at, nil, 200, said)
	k.ask("issuer", at+"/actions/suspend", nil, 403, said)
	k.ask("between", at+"/actions/suspend", nil, 200, "确认暂扣")
	for _, who := range []string{"county", "between"} {
		if body := k.ask(who, at, nil, 200).Body.String(); strings.Contains(body, "请由承接单位办理") {
			t.Errorf("%s is told", who)
		}
	}
	give("between", sealtest.Land, "bureau", "2026-11-22")
	last := start.AddDate(0, 0, 5)
	now = &last
	for _, path := range []string{at, at + "/actions/suspend"} {
		k.ask("between", path, nil, 403, "自 2026-11-22 起已移交“青禾县样例bureau”", "原单位的办理权限随之移交")
		if body := k.ask("stranger", path, nil, 403).Body.String(); strings.Contains(body, "移交") || strings.Contains(body, "bureau") {
			t.Errorf("a stranger learns who answers at %s", path)
		}
	}
	k.ask("issuer", at, nil, 200, "自 2026-11-22 起已移交“青禾县样例bureau”")
	for who, code := range map[string]string{"between": "cert.transferred", "stranger": "auth.org"} {
		if _, err := k.Cert.Get(k.people[who], c.ID); fault.As(err) == nil || fault.As(err).Code != code {
			t.Errorf("%s reads over the API: %v", who, err)
		}
	}
	form := url.Values{"acts": {"0"}, "reason": {"办件 YL-3"}, "basis": {"青民决〔2026〕3号"}}
	for _, who := range []string{"issuer", "between"} {
		k.ask(who, at+"/actions/suspend", form, 403, "自 2026-11-22 起已移交")
	}
	if body := k.ask("stranger", at+"/actions/suspend", form, 403).Body.String(); strings.Contains(body, "移交") {
		t.Error("a stranger who acts learns who answers")
	}
	k.ask("issuer", "/console?kind=marriage", nil, 200, at, "颁发职责已移交青禾县样例bureau")
	if body := k.ask("stranger", "/console?kind=marriage", nil, 200).Body.String(); strings.Contains(body, "移交") {
		t.Error("a stranger's list tells of it")
	}
	k.ask("heir", at+"/actions/suspend", nil, 200, "确认暂扣")
	k.ask("heir", "/console/certificates/none", nil, 404)
}

// What is done to the paper is done to the record: one form, one act.
func TestActOnPhysical(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		who := k.Hire(t, "issuer", "issuer", sealtest.Market)
		k.people["issuer"] = who
		c, other := k.Issue(t, "marriage"), k.Issue(t, "marriage")
		at := "/console/certificates/" + c.ID
		if body := k.ask("issuer", at+"/actions/report_lost", nil, 200).Body.String(); strings.Contains(body, "act-physical") {
			t.Error("a paper is asked for where there is none")
		}
		var papers []string
		for i, x := range []*cert.Certificate{c, other} {
			p, err := k.Cert.Print(who, cert.PhysicalRequest{ID: x.ID, Number: []string{"NO.1", "NO.2"}[i]})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Cert.MovePhysical(who, cert.PhysicalAct{ID: x.ID, Physical: p.ID, Action: "print"}); err != nil {
				t.Fatal(err)
			}
			papers = append(papers, p.ID)
		}
		k.ask("issuer", at+"/actions/report_lost", nil, 200, "act-physical", "NO.1", "不涉及实体证照")
		form := url.Values{"acts": {"0"}, "reason": {"办件 YL-4"}, "physical": {papers[1]}}
		k.ask("issuer", at+"/actions/report_lost", form, http.StatusNotFound) // another's
		form.Set("physical", papers[0])
		k.ask("issuer", at+"/actions/report_lost", form, http.StatusSeeOther)
		all, err := k.Cert.Physicals(who, c.ID)
		if err != nil || len(all) != 1 || all[0].Status != "lost" {
			t.Errorf("the paper: %+v, %v", all, err)
		}
	})
}

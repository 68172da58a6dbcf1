package api_test

import "slices"

// late is what a request answers whose time is over: another of the cast had
// what it names before.
var late = []int{409}

// applying are the permissions with which people see an application of a unit.
var applying = []string{"seal.apply", "seal.review", "seal.make", "seal.file", "seal.manage"}

// unbound is what a holder is told who acts for nobody but themselves.
var unbound = []string{"sealapply.bond"}

// sealLines are the requests about seals and what allows their use.
var sealLines = []line{
	{route: "GET /api/v1/seals", about: door},
	{route: "GET /api/v1/seals #org", at: "/api/v1/seals?org=${org}", about: unit},
	{route: "GET /api/v1/seals/{id}", at: "/api/v1/seals/${seal}", about: unit},
	{route: "GET /api/v1/seals/{id}/uses", at: "/api/v1/seals/${seal}/uses", about: unit},
	{route: "POST /api/v1/seals/{id}/freeze", at: "/api/v1/seals/${spare}/freeze", body: "{" + because + "}", about: unit, also: late},
	{route: "POST /api/v1/seals/{id}/thaw", at: "/api/v1/seals/${spare}/thaw", body: "{" + because + "}", about: unit, also: late},
	{route: "POST /api/v1/seals/{id}/lost", at: "/api/v1/seals/${spare}/lost", body: "{" + because + "}", about: unit, also: late},
	{route: "POST /api/v1/seals/{id}/cancel", at: "/api/v1/seals/${spare}/cancel", body: "{" + because + "}", about: unit, also: late},
	{route: "GET /api/v1/seals/{id}/handovers", at: "/api/v1/seals/${seal}/handovers", about: unit},
	{route: "POST /api/v1/seals/{id}/handovers", at: "/api/v1/seals/${kept}/handovers", body: `{"to":"${receiver}",` + because + `}`, about: unit, people: true},
	{route: "POST /api/v1/seals/{id}/handovers/accept", at: "/api/v1/seals/${offer}/handovers/accept", about: unit, people: true},
	{route: "POST /api/v1/seals/{id}/handovers/decline", at: "/api/v1/seals/${offer}/handovers/decline", body: "{" + because + "}", about: unit, people: true},
	{route: "GET /api/v1/seals/{id}/rules", at: "/api/v1/seals/${seal}/rules", about: unit},
	{route: "POST /api/v1/seals/{id}/rules", at: "/api/v1/seals/${kept}/rules", body: `{"purpose":"公文","levels":["custodian"],"max":10,"until":"${soon}",` + because + `}`, about: unit, people: true},
	{route: "POST /api/v1/seal-rules/{id}/end", at: "/api/v1/seal-rules/${keptrule}/end", body: "{" + because + "}", about: unit, people: true},
	{route: "GET /api/v1/seals/{id}/policies", at: "/api/v1/seals/${seal}/policies", about: unit},
	{route: "POST /api/v1/seals/{id}/policies", at: "/api/v1/seals/${kept}/policies", body: `{"purpose":"*","until":"${soon}",` + because + `}`, about: unit, people: true},
	{route: "POST /api/v1/seal-policies/{id}/end", at: "/api/v1/seal-policies/${keptpolicy}/end", body: "{" + because + "}", about: unit, people: true},
}

// applyLines are the requests about applications for seals.
var applyLines = slices.Concat([]line{
	{route: "GET /api/v1/seal-forms", about: known},
	{route: "GET /api/v1/seal-forms/current", at: "/api/v1/seal-forms/current?org=market", about: known},
	{route: "POST /api/v1/seal-forms", body: `{"yaml":"region: \"999999\"",` + because + `}`, about: door, also: wanting},
	{route: "GET /api/v1/seal-bonds", at: "/api/v1/seal-bonds?org=${org}", about: unit},
	{route: "POST /api/v1/seal-bonds", body: `{"account":"${holder}","org":"${org}","basis":"测试"}`, about: unit},
	{route: "POST /api/v1/seal-bonds/{id}/end", at: "/api/v1/seal-bonds/${bond}/end", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/seal-losses", body: `{"seal":"${lost}","then":"cancel",` + because + `}`, about: unit, needs: []string{"seal.apply"}, also: late},
}, applicationLines, campaignLines)

var applicationLines = []line{
	{route: "POST /api/v1/seal-applications", body: `{"kind":"apply","org":"${org}","seal_kind":"internal","seal_name":"样例"}`, about: unit, needs: []string{"seal.apply"}, codes: unbound},
	{route: "POST /api/v1/seal-applications #personal", body: `{"kind":"apply","seal_kind":"personal","seal_name":"样例","authority":"market-seals"}`, about: self, people: true},
	{route: "GET /api/v1/seal-applications", about: door},
	{route: "GET /api/v1/seal-applications #unit", at: "/api/v1/seal-applications?unit=${org}", about: unit, needs: applying, codes: []string{"auth.org"}},
	{route: "GET /api/v1/seal-applications/{id}", at: "/api/v1/seal-applications/${submitted}", about: unit, needs: applying},
	{route: "PUT /api/v1/seal-applications/{id}", at: "/api/v1/seal-applications/${draft}", body: "{" + because + "}", about: unit, needs: []string{"seal.apply"}},
	{route: "GET /api/v1/seal-applications/{id}/checks", at: "/api/v1/seal-applications/${submitted}/checks", about: unit, needs: applying},
	{route: "POST /api/v1/seal-applications/{id}/attachments", at: "/api/v1/seal-applications/${draft}/attachments", body: parts(map[string]string{"code": "other"}, "a.pdf", paper), about: unit, needs: []string{"seal.apply"}},
	{route: "GET /api/v1/seal-applications/{id}/attachments/{file}", at: "/api/v1/seal-applications/${submitted}/attachments/${submittedfile}", about: unit, needs: applying},
	{route: "DELETE /api/v1/seal-applications/{id}/attachments/{file}", at: "/api/v1/seal-applications/${draft}/attachments/${draftfile}", about: unit, needs: []string{"seal.apply"}},
	{route: "POST /api/v1/seal-applications/{id}/imprint", at: "/api/v1/seal-applications/${draft}/imprint", body: "${imprintform}", about: unit, needs: []string{"seal.apply"}},
	{route: "GET /api/v1/seal-applications/{id}/imprint", at: "/api/v1/seal-applications/${submitted}/imprint", about: unit, needs: applying},
	{route: "POST /api/v1/seal-applications/{id}/statement", at: "/api/v1/seal-applications/${draft}/statement", body: `{"version":"${statement}","imprint":"${imprintdigest}"}`, about: unit, needs: []string{"seal.apply"}, people: true},
	{route: "GET /api/v1/seal-applications/{id}/certificates", at: "/api/v1/seal-applications/${draft}/certificates", about: unit, needs: []string{"seal.apply"}},
	{route: "PUT /api/v1/seal-applications/{id}/certificate", at: "/api/v1/seal-applications/${draft}/certificate", body: `{"mode":"built-in"}`, about: unit, needs: []string{"seal.apply"}},
	{route: "POST /api/v1/seal-applications/{id}/certificate/request", at: "/api/v1/seal-applications/${outside}/certificate/request", body: `{"authority":"样例机构"}`, about: unit},
	{route: "POST /api/v1/seal-applications/{id}/certificate/answer", at: "/api/v1/seal-applications/${outside}/certificate/answer", body: `{"answer":"eA=="}`, about: unit, also: wanting},
	{route: "POST /api/v1/seal-applications/{id}/submit", at: "/api/v1/seal-applications/${draft}/submit", about: unit, needs: []string{"seal.apply"}},
	{route: "POST /api/v1/seal-applications/{id}/withdraw", at: "/api/v1/seal-applications/${submitted}/withdraw", body: "{" + because + "}", about: unit, needs: []string{"seal.apply"}},
	{route: "POST /api/v1/seal-applications/{id}/review", at: "/api/v1/seal-applications/${submitted}/review", body: `{"tier":"county","approve":true,"opinion":"同意"}`, about: unit},
	{route: "POST /api/v1/seal-applications/{id}/make", at: "/api/v1/seal-applications/${approved}/make", about: unit},
	{route: "POST /api/v1/seal-applications/{id}/file", at: "/api/v1/seal-applications/${made}/file", body: "{" + because + "}", about: unit},
}

var campaignLines = []line{
	{route: "POST /api/v1/seal-campaigns", body: `{"title":"样例","org":"${org}","seal_kind":"branch","until":"${soon}","basis":"测试"}`, about: unit},
	{route: "GET /api/v1/seal-campaigns", about: door},
	{route: "GET /api/v1/seal-campaigns/{id}", at: "/api/v1/seal-campaigns/${proposed}", about: unit},
	{route: "POST /api/v1/seal-campaigns/{id}/rows", at: "/api/v1/seal-campaigns/${campaign}/rows", body: "${rowfile}", about: unit},
	{route: "GET /api/v1/seal-campaigns/{id}/rows", at: "/api/v1/seal-campaigns/${proposed}/rows", about: unit},
	{route: "GET /api/v1/seal-campaigns/{id}/checks", at: "/api/v1/seal-campaigns/${proposed}/checks", about: unit},
	{route: "POST /api/v1/seal-campaigns/{id}/submit", at: "/api/v1/seal-campaigns/${filled}/submit", body: `{"version":"${statement}"}`, about: unit, people: true},
	{route: "POST /api/v1/seal-campaigns/{id}/review", at: "/api/v1/seal-campaigns/${proposed}/review", body: `{"tier":"county","approve":true,"opinion":"同意"}`, about: unit},
	{route: "POST /api/v1/seal-campaigns/{id}/withdraw", at: "/api/v1/seal-campaigns/${proposed}/withdraw", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/seal-campaigns/{id}/actions/{action}", at: "/api/v1/seal-campaigns/${proposed}/actions/end", body: "{" + because + "}", about: unit, also: late},
}

// looking are the permissions with which people see what another asked for.
var looking = []string{"seal.read", "seal.use"}

// sealingLines are the requests about the use of seals.
var sealingLines = []line{
	{route: "POST /api/v1/sealing-requests", body: "${asking}", about: unit, people: true},
	{route: "POST /api/v1/sealing-requests/check", body: "${asking}", about: unit, people: true},
	{route: "GET /api/v1/sealing-requests", about: self, people: true},
	{route: "GET /api/v1/sealing-requests #unit", at: "/api/v1/sealing-requests?whose=unit", about: door},
	{route: "GET /api/v1/sealing-requests/{id}", at: "/api/v1/sealing-requests/${sealrequest}", about: unit, needs: looking},
	{route: "GET /api/v1/sealing-requests/{id}/pages/{page}", at: "/api/v1/sealing-requests/${sealrequest}/pages/1", about: unit, needs: looking},
	{route: "GET /api/v1/sealing-requests/{id}/file", at: "/api/v1/sealing-requests/${sealrequest}/file?which=original", about: unit, needs: looking},
	{route: "POST /api/v1/sealing-requests/{id}/withdrawal", at: "/api/v1/sealing-requests/${myrequest}/withdrawal", body: "{" + because + "}", about: own, people: true},
	{route: "POST /api/v1/sealing-requests/{id}/stamps", at: "/api/v1/sealing-requests/${myrequest}/stamps", about: own, people: true, also: late},
	{route: "POST /api/v1/sealing-steps/{id}/approval", at: "/api/v1/sealing-steps/${toapprove}/approval", body: `{"seen":"${toseen}","code":"${code}"}`, about: unit, people: true},
	{route: "POST /api/v1/sealing-steps/{id}/refusal", at: "/api/v1/sealing-steps/${toapprove}/refusal", body: "{" + because + "}", about: unit, people: true},
	{route: "GET /api/v1/seal-uses/{use}/evidence", at: "/api/v1/seal-uses/${use}/evidence", about: unit, needs: []string{"seal.read", "seal.use", "audit.read"}},
	{route: "POST /api/v1/stamp", body: "${stamping}", about: unit},
	{route: "POST /api/v1/annotate", body: "${annotating}", about: unit},

	{route: "POST /api/v1/sealing-batches", body: "${batching}", about: unit},
	{route: "GET /api/v1/sealing-batches", about: door},
	{route: "GET /api/v1/sealing-batches/{id}", at: "/api/v1/sealing-batches/${done}", about: unit, needs: looking},
	{route: "POST /api/v1/sealing-batches/{id}/documents", at: "/api/v1/sealing-batches/${mybatch}/documents", body: "${ofdfile}", about: own},
	{route: "POST /api/v1/sealing-batches/{id}/actions/{action}", at: "/api/v1/sealing-batches/${batch}/actions/cancel", about: unit, needs: []string{"seal.use"}, codes: []string{"sealing.asker"}},
	{route: "GET /api/v1/sealing-batches/{id}/documents", at: "/api/v1/sealing-batches/${done}/documents", about: unit, needs: looking},
	{route: "GET /api/v1/sealing-batches/{id}/documents/{line}/file", at: "/api/v1/sealing-batches/${done}/documents/1/file", about: unit, needs: looking},
	{route: "GET /api/v1/sealing-batches/{id}/report", at: "/api/v1/sealing-batches/${done}/report", about: unit, needs: looking},
}

package api_test

import "slices"

// sealPageLines are the requests of the pages of seals and signatures.
var sealPageLines = slices.Concat(sealPages, heldPages, applyPages, walletPages, campaignPages, sealingPages, signPages, otherPages)

// unmade is answered to who may and says too little, or comes late.
var unmade = []int{400, 404, 409, 422}

var sealPages = []line{
	{route: "GET /open/seals", about: anybody},
	{route: "GET /open/seals/{id}", at: "/open/seals/${seal}", about: anybody},
	{route: "GET /console/seals", about: door},
	{route: "GET /console/seals/{id}", at: "/console/seals/${seal}", about: unit, needs: []string{"seal.read", "audit.read"}},
	{route: "GET /console/seals/{id}/imprint.png", at: "/console/seals/${seal}/imprint.png", about: unit, needs: []string{"seal.read", "audit.read"}},
	{route: "GET /console/seals/{id}/uses", at: "/console/seals/${seal}/uses", about: unit, needs: []string{"seal.read", "audit.read"}},
	{route: "GET /console/seals/{id}/custody", at: "/console/seals/${seal}/custody", about: unit, needs: []string{"seal.read", "audit.read"}},
	{route: "GET /console/seals/{id}/rules", at: "/console/seals/${seal}/rules", about: unit, needs: []string{"seal.read", "audit.read"}},
	{route: "POST /console/seals/{id}/freeze", at: "/console/seals/${spare}/freeze", body: why, about: unit, also: unmade},
	{route: "GET /console/seals/{id}/thaw", at: "/console/seals/${spare}/thaw", about: unit, also: unmade},
	{route: "POST /console/seals/{id}/thaw", at: "/console/seals/${spare}/thaw", body: why, about: unit, also: unmade},
	{route: "GET /console/seals/{id}/lost", at: "/console/seals/${spare}/lost", about: unit, also: unmade},
	{route: "POST /console/seals/{id}/lost", at: "/console/seals/${spare}/lost", body: why, about: unit, also: unmade},
	{route: "POST /console/seals/{id}/custody", at: "/console/seals/${kept}/custody", body: "to=${receiver}&" + why, about: unit, people: true, also: unmade},
	{route: "POST /console/seals/{id}/custody/accept", at: "/console/seals/${offer}/custody/accept", body: "x=1", about: unit, people: true},
	{route: "GET /console/seals/{id}/custody/decline", at: "/console/seals/${offer}/custody/decline", about: unit},
	{route: "POST /console/seals/{id}/custody/decline", at: "/console/seals/${offer}/custody/decline", body: why, about: unit, people: true},
	{route: "POST /console/seals/{id}/rules", at: "/console/seals/${kept}/rules", body: "purpose=公文&levels=custodian&max=10&until=2026-12-31&" + why, about: unit, people: true, also: unmade},
	{route: "GET /console/seals/{id}/rules/{rule}/end", at: "/console/seals/${kept}/rules/${keptrule}/end", about: unit, also: unmade},
	{route: "POST /console/seals/{id}/rules/{rule}/end", at: "/console/seals/${kept}/rules/${keptrule}/end", body: why, about: unit, people: true, also: unmade},
	{route: "POST /console/seals/{id}/policies", at: "/console/seals/${kept}/policies", body: "kind=*&until=2026-12-31&" + why, about: unit, people: true, also: unmade},
	{route: "GET /console/seals/{id}/policies/{policy}/end", at: "/console/seals/${kept}/policies/${keptpolicy}/end", about: unit, also: unmade},
	{route: "POST /console/seals/{id}/policies/{policy}/end", at: "/console/seals/${kept}/policies/${keptpolicy}/end", body: why, about: unit, people: true, also: unmade},
}

// heldPages are those of digital certificates.
var heldPages = []line{
	{route: "GET /console/digital-certificates", at: "/console/digital-certificates?org=${org}", about: unit},
	{route: "GET /console/digital-certificates/units", about: door},
	{route: "GET /console/digital-certificates/new", at: "/console/digital-certificates/new?org=${org}", about: unit},
	{route: "POST /console/digital-certificates/new", body: "org=${org}&authority=样例机构", about: unit, blunt: true, also: unmade},
	{route: "GET /console/digital-certificates/requests/{id}", at: "/console/digital-certificates/requests/${csr}", about: unit},
	{route: "GET /console/digital-certificates/requests/{id}/csr", at: "/console/digital-certificates/requests/${csr}/csr", about: unit},
	{route: "POST /console/digital-certificates/requests/{id}/install", at: "/console/digital-certificates/requests/${csr}/install", body: "answer=x", about: unit, also: unmade},
	{route: "GET /console/digital-certificates/requests/{id}/withdraw", at: "/console/digital-certificates/requests/${csr}/withdraw", about: unit},
	{route: "POST /console/digital-certificates/requests/{id}/withdraw", at: "/console/digital-certificates/requests/${csr}/withdraw", body: why, about: unit},
	{route: "GET /console/digital-certificates/held/{id}/end", at: "/console/digital-certificates/held/${digital}/end", about: unit},
	{route: "POST /console/digital-certificates/held/{id}/end", at: "/console/digital-certificates/held/${digital}/end", body: "code=5&" + why, about: unit, also: unmade},
}

// applicant may fill in what a unit applies for.
var applicant = []string{"seal.apply"}

// applyPages are those of applications for seals.
var applyPages = []line{
	{route: "GET /console/seal-applications", about: door},
	{route: "GET /console/seal-applications/new", about: door},
	{route: "POST /console/seal-applications/new", body: "kind=apply&org=${org}&seal_kind=internal", about: unit, blunt: true, also: unmade},
	{route: "GET /console/seal-applications/{id}", at: "/console/seal-applications/${submitted}", about: unit, needs: applying, leads: "/wallet/seals/"},
	{route: "GET /seals/applications/{id}", at: "/seals/applications/${submitted}", about: door},
	{route: "GET /console/seal-applications/{id}/imprint.png", at: "/console/seal-applications/${submitted}/imprint.png", about: unit, needs: applying},
	{route: "GET /console/seal-applications/{id}/attachments/{file}", at: "/console/seal-applications/${submitted}/attachments/${submittedfile}", about: unit, needs: applying},
	{route: "GET /console/seal-applications/{id}/start", at: "/console/seal-applications/${draft}/start", about: unit, needs: applicant},
	{route: "GET /console/seal-applications/{id}/form", at: "/console/seal-applications/${draft}/form", about: unit, needs: applicant},
	{route: "GET /console/seal-applications/{id}/imprint", at: "/console/seal-applications/${draft}/imprint", about: unit, needs: applicant},
	{route: "GET /console/seal-applications/{id}/certificate", at: "/console/seal-applications/${draft}/certificate", about: unit, needs: applicant},
	{route: "GET /console/seal-applications/{id}/keeper", at: "/console/seal-applications/${draft}/keeper", about: unit, needs: applicant},
	{route: "GET /console/seal-applications/{id}/check", at: "/console/seal-applications/${draft}/check", about: unit, needs: applicant},
	{route: "POST /console/seal-applications/{id}/start", at: "/console/seal-applications/${draft}/start", body: "seal_name=样例", about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/form", at: "/console/seal-applications/${draft}/form", body: emptyForm, about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/imprint", at: "/console/seal-applications/${draft}/imprint", body: emptyForm, about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/statement", at: "/console/seal-applications/${draft}/statement", body: "agree=1", about: unit, needs: applicant, people: true, also: unmade},
	{route: "POST /console/seal-applications/{id}/certificate", at: "/console/seal-applications/${draft}/certificate", body: "mode=built-in", about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/keeper", at: "/console/seal-applications/${draft}/keeper", body: "custodian=x", about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/submit", at: "/console/seal-applications/${draft}/submit", body: "x=1", about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/withdraw", at: "/console/seal-applications/${submitted}/withdraw", body: why, about: unit, needs: applicant, also: unmade},
	{route: "POST /console/seal-applications/{id}/review", at: "/console/seal-applications/${submitted}/review", body: "do=approve&tier=county&round=1&opinion=同意", about: unit, also: unmade},
	{route: "POST /console/seal-applications/{id}/make", at: "/console/seal-applications/${approved}/make", body: "x=1", about: unit, also: unmade},
	{route: "POST /console/seal-applications/{id}/file", at: "/console/seal-applications/${made}/file", body: why, about: unit, also: unmade},
	{route: "GET /console/seal-bonds", about: door},
	{route: "POST /console/seal-bonds", body: "org=${org}&holder=x&basis=测试", about: unit, blunt: true, also: unmade},
	{route: "POST /console/seal-bonds/{id}/end", at: "/console/seal-bonds/${bond}/end", body: "org=${org}&" + why, about: unit, also: unmade},
}

// walletPages are those of a holder's own seals.
var walletPages = func() (out []line) {
	out = []line{{route: "GET /wallet/seals", about: self}, {route: "GET /wallet/seals/new", about: self}, {route: "POST /wallet/seals/new", body: emptyForm, about: self, also: unmade}}
	for _, part := range []string{"", "/imprint.png", "/attachments/{file}", "/start", "/form", "/imprint", "/certificate", "/keeper", "/check"} {
		out = append(out, notHolders("GET", part, ""))
	}
	for part, body := range map[string]string{"/start": "x=1", "/form": emptyForm, "/imprint": emptyForm, "/statement": "agree=1", "/certificate": "mode=built-in", "/keeper": "custodian=x", "/submit": "x=1", "/withdraw": why} {
		out = append(out, notHolders("POST", part, body))
	}
	return out
}()

// notHolders asks about a unit's application as if it were a holder's own.
func notHolders(method, part, body string) line {
	at := "/wallet/seals/${submitted}" + part
	if part == "/attachments/{file}" {
		at = "/wallet/seals/${submitted}/attachments/${submittedfile}"
	}
	return line{route: method + " /wallet/seals/{id}" + part, at: at, body: body, about: unit}
}

var campaignPages = []line{
	{route: "GET /console/seal-campaigns", about: door},
	{route: "GET /console/seal-campaigns/new", about: door},
	{route: "POST /console/seal-campaigns/new", body: "title=样例&org=${org}&seal_kind=branch&until=2026-12-31&basis=测试", about: unit, blunt: true, also: unmade},
	{route: "GET /console/seal-campaigns/template", about: door},
	{route: "GET /console/seal-campaigns/{id}", at: "/console/seal-campaigns/${proposed}", about: unit},
	{route: "GET /seals/campaigns/{id}", at: "/seals/campaigns/${proposed}", about: door},
	{route: "GET /console/seal-campaigns/{id}/report", at: "/console/seal-campaigns/${proposed}/report", about: unit},
	{route: "POST /console/seal-campaigns/{id}/rows", at: "/console/seal-campaigns/${campaign}/rows", body: "${rowfile}", about: unit, also: unmade},
	{route: "POST /console/seal-campaigns/{id}/submit", at: "/console/seal-campaigns/${filled}/submit", body: "agree=1", about: unit, people: true, also: unmade},
	{route: "POST /console/seal-campaigns/{id}/review", at: "/console/seal-campaigns/${proposed}/review", body: "do=approve&tier=county&round=1&opinion=同意", about: unit, also: unmade},
	{route: "POST /console/seal-campaigns/{id}/withdraw", at: "/console/seal-campaigns/${proposed}/withdraw", body: why, about: unit, also: unmade},
	{route: "POST /console/seal-campaigns/{id}/run/{action}", at: "/console/seal-campaigns/${proposed}/run/end", body: why, about: unit, also: unmade},
}

// sealingPages are those of the use of seals. What a draft is, only its maker's
// browser knows: nobody has one by this name.
var sealingPages = slices.Concat([]line{
	{route: "GET /console/sealing", about: self, people: true},
	{route: "GET /console/sealing/new", about: self},
	{route: "POST /console/sealing/new", body: emptyForm, about: self, people: true, also: unmade},
	{route: "GET /console/sealing/{id}", at: "/console/sealing/${sealrequest}", about: unit, needs: looking},
	{route: "GET /console/sealing/requests/{id}/pages/{page}", at: "/console/sealing/requests/${sealrequest}/pages/1", about: unit, needs: looking},
	{route: "GET /console/sealing/requests/{id}/file", at: "/console/sealing/requests/${sealrequest}/file", about: unit, needs: looking, also: unmade},
	{route: "GET /console/sealing/requests/{id}/copy", at: "/console/sealing/requests/${sealrequest}/copy", about: unit, needs: looking, also: unmade},
	{route: "GET /console/sealing/requests/{id}/evidence/{use}", at: "/console/sealing/requests/${sealrequest}/evidence/${use}", about: unit, needs: looking, also: unmade},
	{route: "POST /console/sealing/requests/{id}/steps/{step}/approve", at: "/console/sealing/requests/${sealrequest}/steps/${toapprove}/approve", body: "seen=${toseen}&code=${code}", about: unit, people: true, also: unmade},
	{route: "GET /console/sealing/requests/{id}/steps/{step}/refuse", at: "/console/sealing/requests/${sealrequest}/steps/${toapprove}/refuse", about: unit, also: unmade},
	{route: "POST /console/sealing/requests/{id}/steps/{step}/refuse", at: "/console/sealing/requests/${sealrequest}/steps/${toapprove}/refuse", body: why, about: unit, people: true, also: unmade},
	{route: "GET /console/sealing/requests/{id}/withdraw", at: "/console/sealing/requests/${myrequest}/withdraw", about: own},
	{route: "POST /console/sealing/requests/{id}/withdraw", at: "/console/sealing/requests/${myrequest}/withdraw", body: why, about: own, people: true},
	{route: "POST /console/sealing/requests/{id}/stamps", at: "/console/sealing/requests/${myrequest}/stamps", body: "x=1", about: own, people: true, also: unmade},
	{route: "GET /console/sealing/annotate", about: self},
	{route: "POST /console/sealing/annotate", body: emptyForm, about: self, people: true, also: unmade},
	{route: "GET /console/sealing/batches", about: door},
	{route: "GET /console/sealing/batches/new", about: self},
	{route: "POST /console/sealing/batches/new", body: emptyForm, about: self, people: true, also: unmade},
	{route: "GET /console/sealing/batches/{id}", at: "/console/sealing/batches/${done}", about: unit, needs: looking},
	{route: "GET /console/sealing/batches/{id}/report", at: "/console/sealing/batches/${done}/report", about: unit, needs: looking},
	{route: "GET /console/sealing/batches/{id}/documents/{line}/file", at: "/console/sealing/batches/${done}/documents/1/file", about: unit, needs: looking},
	{route: "POST /console/sealing/batches/{id}/documents", at: "/console/sealing/batches/${mybatch}/documents", body: "${ofdfile}", about: own, people: true, also: unmade},
	{route: "POST /console/sealing/batches/{id}/actions/{action}", at: "/console/sealing/batches/${batch}/actions/cancel", body: "x=1", about: unit, needs: []string{"seal.use"}, also: unmade},
}, drafts())

func drafts() (out []line) {
	for _, part := range []string{"", "/seals", "/places", "/check"} {
		at := "/console/sealing/drafts/none" + part
		out = append(out, line{route: "GET /console/sealing/drafts/{draft}" + part, at: at, about: self, people: true, also: unmade},
			line{route: "POST /console/sealing/drafts/{draft}" + part, at: at, body: "x=1", about: self, people: true, also: unmade})
	}
	return append(out, line{route: "GET /console/sealing/drafts/{draft}/pages/{page}", at: "/console/sealing/drafts/none/pages/1", about: self, people: true, also: unmade},
		line{route: "GET /console/sealing/drafts/{draft}/imprints/{seal}", at: "/console/sealing/drafts/none/imprints/none", about: self, people: true, also: unmade})
}

// signPages are those of personal signatures.
var signPages = []line{
	{route: "GET /s/sign/{token}", at: "/s/sign/none", about: anybody, also: []int{404, 410}},
	{route: "GET /s/pad/{token}", at: "/s/pad/none", about: anybody, also: []int{404, 410}},
	{route: "GET /console/signing", about: door},
	{route: "GET /console/signing/new", about: door},
	{route: "POST /console/signing/new", body: emptyForm, about: door, also: unmade},
	{route: "POST /console/signing/look", body: emptyForm, about: door, also: unmade},
	{route: "GET /console/signing/{id}", at: "/console/signing/${task}", about: unit, needs: []string{"signature.read"}},
	{route: "GET /console/signing/{id}/file", at: "/console/signing/${task}/file", about: unit, needs: []string{"signature.read"}},
	{route: "GET /console/signing/{id}/evidence", at: "/console/signing/${ended}/evidence", about: unit, needs: []string{"signature.read"}},
	{route: "POST /console/signing/{id}/link", at: "/console/signing/${task}/link", body: "number=1", about: unit, needs: []string{"signature.ask"}, also: unmade},
	{route: "POST /console/signing/{id}/remind", at: "/console/signing/${task}/remind", body: "x=1", about: unit, needs: []string{"signature.ask"}, also: unmade},
	{route: "GET /console/signing/{id}/withdraw", at: "/console/signing/${task}/withdraw", about: unit, needs: []string{"signature.ask"}, also: unmade},
	{route: "POST /console/signing/{id}/withdraw", at: "/console/signing/${task}/withdraw", body: why, about: unit, needs: []string{"signature.ask"}, also: unmade},
	{route: "GET /sign/{id}", at: "/sign/${tosign}", about: person, also: unmade},
	{route: "GET /sign/{id}/{number}", at: "/sign/${tosign}/1", about: own, people: true},
	{route: "GET /sign/{id}/{number}/write", at: "/sign/${viewed}/1/write", about: own, people: true},
	{route: "POST /sign/{id}/{number}/write", at: "/sign/${viewed}/1/write", body: "drawing=x", about: own, people: true, also: unmade},
	{route: "POST /sign/{id}/{number}/pad", at: "/sign/${viewed}/1/pad", body: "x=1", about: own, people: true},
	{route: "GET /sign/{id}/{number}/confirm", at: "/sign/${ready}/1/confirm", about: own, people: true},
	{route: "POST /sign/{id}/{number}/confirm", at: "/sign/${ready}/1/confirm", body: "code=${code}&original=${original}&intent=1&agree=1", about: own, people: true, also: unmade},
	{route: "GET /sign/{id}/{number}/refuse", at: "/sign/${tosign}/1/refuse", about: own, people: true},
	{route: "POST /sign/{id}/{number}/refuse", at: "/sign/${tosign}/1/refuse", body: why, about: own, people: true},
	{route: "GET /sign/{id}/{number}/done", at: "/sign/${tosign}/1/done", about: own, people: true},
	{route: "GET /sign/{id}/{number}/file", at: "/sign/${tosign}/1/file", about: own, people: true},
	{route: "GET /sign/{id}/{number}/evidence", at: "/sign/${tosign}/1/evidence", about: own, people: true, also: unmade},
	{route: "GET /wallet/signing", about: self, people: true},
	{route: "GET /wallet/signing/identity", about: self, people: true},
	{route: "POST /wallet/signing/identity", body: "x=1", about: self, people: true},
	{route: "POST /wallet/signing/identity/renew", body: "x=1", about: self, people: true, also: unmade},
	{route: "GET /wallet/signing/identity/cancel", about: self, people: true},
	{route: "POST /wallet/signing/identity/cancel", body: why, about: self, people: true},
}

// otherPages are those of other platforms' seals, and of what people are told.
var otherPages = []line{
	{route: "GET /open/providers", about: anybody},
	{route: "GET /open/providers/certificate.pem", about: anybody},
	{route: "GET /console/providers", about: door},
	{route: "GET /console/providers/new", about: door},
	{route: "POST /console/providers/new", body: "org=${org}&" + why, about: unit, blunt: true, also: unmade},
	{route: "GET /console/providers/import", about: door},
	{route: "POST /console/providers/import", body: "org=${org}&" + why, about: unit, blunt: true, also: unmade},
	{route: "GET /console/providers/{id}", at: "/console/providers/${provider}", about: door},
	{route: "POST /console/providers/{id}/{action}", at: "/console/providers/${provider}/approve", body: why, about: unit, also: unmade},
	{route: "GET /console/notices", about: person},
	{route: "POST /console/notices/read", body: "x=1", about: person},
	{route: "POST /console/notices/{id}/read", at: "/console/notices/${notice}/read", body: "x=1", about: mine},
}

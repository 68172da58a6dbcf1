package api_test

import "slices"

// pageLines are the requests of pages.
var pageLines = slices.Concat(openPages, ownPages, officePages, bulkPages, recordPages, sealPageLines, complaintPages, feedbackPages, annotationPages, itemPages, kindPages, designerPages, listPages, matterPages, transferPages, issuingPageLines, batchPageLines, boundPages, compositePages, archivePages)

const why = "reason=依测试方案办理"

// issuingForm is the form of issuing, with nothing but who issues.
const issuingForm = "--b\r\nContent-Disposition: form-data; name=\"issuer\"\r\n\r\n${org}\r\n--b--\r\n"

// openPages are those of the public and of issuing.
var openPages = []line{
	{route: "GET /{$}", about: anybody},
	{route: "GET /assets/{name}", at: "/assets/app.css", about: anybody, also: []int{404}},
	{route: "GET /elder", about: anybody},
	{route: "GET /docs", about: anybody},
	{route: "GET /verify", about: anybody},
	{route: "POST /verify", body: "x=1", about: anybody, also: []int{400, 415, 422}},
	{route: "GET /v/export/{number}", at: "/v/export/none", about: anybody, also: []int{404}},
	{route: "GET /v/{code}", at: "/v/${certcode}", about: anybody},

	{route: "GET /console", about: known},
	{route: "POST /console", body: "number=none", about: known},
	{route: "GET /console/kinds/{name}/sample", at: "/console/kinds/" + stageKind + "/sample", about: known},
	{route: "GET /console/new", at: "/console/new?kind=" + stageKind, about: door},
	{route: "POST /console/new", at: "/console/new?kind=" + stageKind, body: issuingForm, about: unit, also: wanting},
	{route: "POST /console/preview", at: "/console/preview?kind=" + stageKind, body: issuingForm, about: unit},
	{route: "GET /console/certificates/{id}", at: "/console/certificates/${cert}", about: unit},
	{route: "GET /console/certificates/{id}/file", at: "/console/certificates/${cert}/file?format=ofd&purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true, also: wanting},
	{route: "POST /console/certificates/{id}/file", at: "/console/certificates/${cert}/file", body: "as=ofd&purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true, also: wanting},
	{route: "POST /console/certificates/{id}/reveal", at: "/console/certificates/${cert}/reveal", body: "key=holder&purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true, also: wanting},
	{route: "GET /console/certificates/{id}/actions/{action}", at: "/console/certificates/${cert}/actions/unobject", about: unit, also: wanting},
	{route: "POST /console/certificates/{id}/actions/{action}", at: "/console/certificates/${cert}/actions/unobject", body: "reason=case-1", about: unit, also: wanting},
	{route: "POST /console/certificates/{id}/seals", at: "/console/certificates/${cert}/seals", body: "as=ask", about: unit, also: wanting},
	{route: "GET /console/physicals", about: door},
	{route: "POST /console/certificates/{id}/physicals", at: "/console/certificates/${cert}/physicals", body: "number=a+b", about: unit, also: wanting},
	{route: "POST /console/certificates/{id}/physicals/{physical}", at: "/console/certificates/${cert}/physicals/none", body: "as=print", about: unit, also: []int{404}},
	{route: "GET /console/certificates/{id}/face", at: "/console/certificates/${cert}/face?purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true, also: wanting},
}

// ownPages are those of signing in, and of one's own account.
var ownPages = []line{
	{route: "GET /login", about: anybody},
	{route: "POST /login", body: "username=none&password=none", about: anybody, also: stepping},
	{route: "GET /login/second", about: anybody, also: stepping},
	{route: "POST /login/second", body: "code=000000", about: anybody, also: stepping},
	{route: "GET /login/second/certificate", about: anybody, also: stepping},
	{route: "POST /login/second/certificate", body: "answer=x", about: anybody, also: stepping},
	{route: "POST /login/second/passkey", body: "response=x", about: anybody, also: stepping},
	{route: "POST /login/second/passkey/options", about: anybody, also: stepping},
	{route: "GET /login/password", about: anybody, also: stepping},
	{route: "POST /login/password", body: "next=x&again=x", about: anybody, also: stepping},
	{route: "GET /login/enrol", about: anybody, also: stepping},
	{route: "GET /login/enrol/{method}", at: "/login/enrol/totp", about: anybody, also: stepping},
	{route: "POST /login/enrol/{method}", at: "/login/enrol/totp", body: "code=000000", about: anybody, also: stepping},
	{route: "POST /login/enrol/passkey/options", about: anybody, also: stepping},
	{route: "GET /login/from/{platform}", at: "/login/from/none", about: anybody, also: stepping},
	{route: "GET /login/back/{platform}", at: "/login/back/none", about: anybody, also: stepping},
	{route: "GET /s/{token}", at: "/s/none", about: anybody, also: []int{404, 410}},
	{route: "POST /s/{token}", at: "/s/none", body: "next=x&again=x", about: anybody, also: []int{404, 410, 422}},

	{route: "GET /me", about: person},
	{route: "GET /me/confirm", about: known},
	{route: "POST /me/confirm", body: "password=${password}", about: person},
	{route: "GET /me/password", about: known},
	{route: "POST /me/password", body: "current=${password}&next=x&again=x", about: person, also: wanting},
	{route: "GET /me/factors", about: known},
	{route: "GET /me/factors/{method}", at: "/me/factors/totp", about: person},
	{route: "POST /me/factors/{method}", at: "/me/factors/totp", body: "code=1", about: person, also: enrolling},
	{route: "POST /me/factors/passkey/options", about: person, also: enrolling},
	{route: "GET /me/factors/{id}/remove", at: "/me/factors/none/remove", about: person, also: []int{404}},
	{route: "POST /me/factors/{id}/remove", at: "/me/factors/none/remove", body: "password=${password}", about: person, also: []int{404}},
	{route: "GET /me/links/{platform}", at: "/me/links/none", about: known, also: []int{404}},
	{route: "GET /me/links/{id}/remove", at: "/me/links/none/remove", about: person, also: []int{404}},
	{route: "POST /me/links/{id}/remove", at: "/me/links/none/remove", body: "password=${password}", about: person, also: []int{404}},
	{route: "GET /me/channels", about: person},
	{route: "POST /me/channels/{channel}", at: "/me/channels/sms", body: "address=x", about: person, also: wanting},
	{route: "POST /me/channels/{channel}/confirm", at: "/me/channels/sms/confirm", body: "code=000000", about: person, also: wanting},
	{route: "POST /me/channels/{channel}/end", at: "/me/channels/sms/end", about: person, also: []int{404}},
	{route: "POST /me/sessions/{id}/end", at: "/me/sessions/${mine}/end", about: mine, fresh: true},
	{route: "POST /me/sessions/end", about: person, fresh: true},
	{route: "POST /logout", about: anybody, fresh: true},
}

// officePages are those of administrators.
var officePages = []line{
	{route: "GET /console/admin", about: door},
	{route: "GET /console/admin/sessions", about: door},
	{route: "GET /console/admin/sessions/{id}/end", at: "/console/admin/sessions/${session}/end", about: door},
	{route: "POST /console/admin/sessions/{id}/end", at: "/console/admin/sessions/${session}/end", body: why, about: unit},

	{route: "GET /console/admin/units", about: door},
	{route: "GET /console/admin/units #parent", at: "/console/admin/units?parent=${org}", about: unit},
	{route: "GET /console/admin/units/gaps", about: door},
	{route: "GET /console/admin/units/new", about: door},
	{route: "POST /console/admin/units/new", body: "parent=${org}&name=样例页面所${number}&tier=town&sort=0", about: unit, blunt: true},
	{route: "GET /console/admin/units/{id}", at: "/console/admin/units/${branch}", about: unit},
	{route: "GET /console/admin/units/{id}/edit", at: "/console/admin/units/${branch}/edit", about: unit},
	{route: "POST /console/admin/units/{id}/edit", at: "/console/admin/units/${branch}/edit", body: "name=样例改名&sort=0&" + why, about: unit},
	{route: "GET /console/admin/units/{id}/close", at: "/console/admin/units/${branch}/close", about: unit},
	{route: "POST /console/admin/units/{id}/close", at: "/console/admin/units/${branch}/close", body: why, about: unit},
	{route: "GET /console/admin/units/{id}/posts/{post}", at: "/console/admin/units/${branch}/posts/contact", about: unit},
	{route: "POST /console/admin/units/{id}/posts/{post}", at: "/console/admin/units/${branch}/posts/contact", body: "account=${username}&" + why, about: unit},
	{route: "GET /console/admin/units/{id}/posts/{post}/dismiss", at: "/console/admin/units/${posted}/posts/contact/dismiss", about: unit},
	{route: "POST /console/admin/units/{id}/posts/{post}/dismiss", at: "/console/admin/units/${posted}/posts/contact/dismiss", body: why, about: unit},

	{route: "GET /console/admin/people", about: door},
	{route: "POST /console/admin/people", body: "name=没有这个人", about: door},
	{route: "GET /console/admin/people/new", about: door},
	{route: "POST /console/admin/people/new", body: "username=page${number}&kind=staff&name=样例&org=${org}", about: unit, blunt: true},
	{route: "GET /console/admin/people/{id}", at: "/console/admin/people/${account}", about: unit},
	{route: "GET /console/admin/people/{id}/edit", at: "/console/admin/people/${account}/edit", about: unit},
	{route: "POST /console/admin/people/{id}/edit", at: "/console/admin/people/${account}/edit", body: "name=样例改名&" + why, about: unit},
	{route: "GET /console/admin/people/{id}/move", at: "/console/admin/people/${account}/move", about: unit},
	{route: "POST /console/admin/people/{id}/move", at: "/console/admin/people/${account}/move", body: "org=${branch}&" + why, about: unit},
	{route: "GET /console/admin/people/{id}/unlock", at: "/console/admin/people/${account}/unlock", about: unit},
	{route: "POST /console/admin/people/{id}/unlock", at: "/console/admin/people/${account}/unlock", body: why, about: unit},
	{route: "GET /console/admin/people/{id}/link", at: "/console/admin/people/${equipped}/link", about: unit},
	{route: "POST /console/admin/people/{id}/link", at: "/console/admin/people/${equipped}/link", body: "purpose=reset&" + why, about: unit},
	{route: "GET /console/admin/people/{id}/close", at: "/console/admin/people/${account}/close", about: unit},
	{route: "POST /console/admin/people/{id}/close", at: "/console/admin/people/${account}/close", body: why, about: unit},
	{route: "POST /console/admin/people/{id}/handover", at: "/console/admin/people/${account}/handover", body: "to=${heirname}&" + why, about: unit, also: wanting},

	{route: "GET /console/admin/grants", about: door},
	{route: "GET /console/admin/grants/new", about: door},
	{route: "GET /console/admin/grants/new #account", at: "/console/admin/grants/new?account=${account}", about: unit},
	{route: "POST /console/admin/grants/new", body: "account=${account}&role=clerk&unit=${org}&org=${org}&" + why, about: unit, blunt: true},
	{route: "GET /console/admin/grants/{id}", at: "/console/admin/grants/${grant}", about: unit},
	{route: "POST /console/admin/grants/{id}/decide", at: "/console/admin/grants/${grant}/decide", body: "do=approve&" + why, about: unit},
	{route: "GET /console/admin/grants/{id}/revoke", at: "/console/admin/grants/${held}/revoke", about: unit},
	{route: "POST /console/admin/grants/{id}/revoke", at: "/console/admin/grants/${held}/revoke", body: why, about: unit},

	{route: "GET /console/admin/clients", about: door},
	{route: "GET /console/admin/clients/new", about: door},
	{route: "POST /console/admin/clients/new", body: "name=样例页面&org=${org}&scopes=kind.read", about: unit, blunt: true},
	{route: "GET /console/admin/clients/{id}", at: "/console/admin/clients/${client}", about: unit},
	{route: "GET /console/admin/clients/{id}/edit", at: "/console/admin/clients/${client}/edit", about: unit},
	{route: "POST /console/admin/clients/{id}/edit", at: "/console/admin/clients/${client}/edit", body: "name=样例改名&scopes=kind.read&" + why, about: unit},
	{route: "POST /console/admin/clients/{id}/secrets", at: "/console/admin/clients/${client}/secrets", body: "x=1", about: unit},
	{route: "GET /console/admin/clients/{id}/secrets/{secret}/end", at: "/console/admin/clients/${client}/secrets/${secret}/end", about: unit},
	{route: "POST /console/admin/clients/{id}/secrets/{secret}/end", at: "/console/admin/clients/${client}/secrets/${secret}/end", body: why, about: unit},
	{route: "GET /console/admin/clients/{id}/close", at: "/console/admin/clients/${client}/close", about: unit},
	{route: "POST /console/admin/clients/{id}/close", at: "/console/admin/clients/${client}/close", body: why, about: unit},

	{route: "GET /console/admin/policies", about: door},
	{route: "GET /console/admin/policies/new", about: door, also: []int{403}},
	{route: "POST /console/admin/policies/new", body: "roles=version: 9&rules=x&" + why, about: whole},
	{route: "GET /console/admin/policies/explain", about: door},
	{route: "GET /console/admin/policies/{version}", at: "/console/admin/policies/0", about: door},
	{route: "POST /console/admin/policies/{version}/decide", at: "/console/admin/policies/1/decide", body: "do=approve&" + why, about: whole},

	{route: "GET /console/admin/glasses", about: door},
	{route: "GET /console/admin/glasses/new", about: door},
	{route: "POST /console/admin/glasses/new", body: "org=${org}&object=cert/some&reason=测试中的应急查阅，事由至少十个字", about: unit, also: wanting, after: shut, blunt: true},
	{route: "GET /console/admin/glasses/{id}", at: "/console/admin/glasses/${glass}", about: unit, needs: []string{"glass.review"}},
	{route: "POST /console/admin/glasses/{id}/close", at: "/console/admin/glasses/${glass}/close", about: unit, needs: []string{"glass.review"}},
	{route: "POST /console/admin/glasses/{id}/review", at: "/console/admin/glasses/${glass}/review", body: "verdict=proper&" + why, about: unit},
}

// bulkPages are those of bringing in units and people.
var bulkPages = []line{
	{route: "GET /console/admin/onboarding", about: door},
	{route: "POST /console/admin/onboarding", body: emptyForm, about: door, also: bringing},
	{route: "GET /console/admin/onboarding/template", at: "/console/admin/onboarding/template?kind=units", about: door},
	{route: "GET /console/admin/onboarding/{id}", at: "/console/admin/onboarding/${run}", about: unit},
	{route: "POST /console/admin/onboarding/{id}/{action}", at: "/console/admin/onboarding/${run}/discard", body: why, about: unit, also: bringing},
	{route: "GET /console/admin/onboarding/{id}/report", at: "/console/admin/onboarding/${run}/report", about: unit, also: bringing},
	{route: "POST /console/admin/onboarding/{id}/links", at: "/console/admin/onboarding/${run}/links", body: why, about: unit, also: bringing},
	{route: "GET /console/admin/onboarding/{id}/grants", at: "/console/admin/onboarding/${run}/grants", about: unit, also: bringing},
	{route: "POST /console/admin/onboarding/{id}/grants", at: "/console/admin/onboarding/${run}/grants", body: "do=approve&" + why, about: unit, also: bringing},
}

// recordPages are those of auditors, and of what is due.
var recordPages = []line{
	{route: "GET /console/audit", about: door},
	{route: "POST /console/audit", body: "text=x", about: door},
	{route: "POST /console/audit/check", about: door, also: []int{403}},
	{route: "GET /console/audit/entries/{id}", at: "/console/audit/entries/${entry}", about: unit},
	{route: "GET /console/audit/objects", at: "/console/audit/objects?object=cert/some", about: door},
	{route: "GET /console/audit/lookback", at: "/console/audit/lookback?object=cert/some", about: door},
	{route: "POST /console/audit/find", body: "what=cert/some&to=objects", about: door, also: wanting},
	{route: "GET /console/audit/people/{account}", at: "/console/audit/people/nobody", about: door},
	{route: "GET /console/audit/exports", about: door},
	{route: "POST /console/audit/exports", body: "format=ndjson&" + why, about: door},
	{route: "GET /console/alarms", about: door},
	{route: "POST /console/alarms/{id}/acknowledge", at: "/console/alarms/${alarm}/acknowledge", body: "note=测试", about: unit},

	{route: "GET /console/due", about: person},
	{route: "GET /console/due #org", at: "/console/due?view=all&org=${org}", about: unit, needs: []string{"due.read"}, people: true},
	{route: "GET /console/due/history", about: door},
	{route: "GET /console/due/rules", about: known},
	{route: "GET /console/due/rules/new", about: door, also: []int{404}},
	{route: "POST /console/due/rules", body: "code=none", about: door, also: []int{404, 409, 422}},
	{route: "GET /console/due/rules/{id}", at: "/console/due/rules/none", about: door, also: []int{404}},
	{route: "POST /console/due/rules/{id}/end", at: "/console/due/rules/none/end", body: "last=2030-01-01&" + why, about: door, also: []int{404, 422}},
}

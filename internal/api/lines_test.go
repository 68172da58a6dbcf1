package api_test

import (
	"net/http"
	"testing"
)

const because = `"reason":"依测试方案办理"`

// wanting is what a request answers that is right in whose it is and wrong in
// what it says, so that nothing need be made.
var wanting = []int{http.StatusUnprocessableEntity, http.StatusConflict}

// lines are the requests of the interface.
var lines = []line{
	{route: "GET /healthz", about: anybody},
	{route: "GET /readyz", about: anybody, also: []int{503}},
	{route: "GET /openapi.json", about: anybody},
	{route: "GET /pki/roots.pem", about: anybody},
	{route: "GET /pki/crl/{ca}", at: "/pki/crl/root", about: anybody},
	{route: "POST /tsa", body: "x", about: anybody, also: []int{415}},
	{route: "POST /oauth/token", body: "{}", about: anybody, also: []int{400, 401}},
	{route: "POST /api/v1/verify", body: "{}", about: anybody, also: []int{400, 415, 422}},

	{route: "POST /login/session", body: `{"username":"none","password":"none"}`, about: anybody, also: stepping},
	{route: "GET /login/session", about: anybody, also: stepping},
	{route: "POST /login/session/totp", body: `{"code":"000000"}`, about: anybody, also: stepping},
	{route: "POST /login/session/passkey/options", about: anybody, also: stepping},
	{route: "POST /login/session/passkey", body: `{"response":{}}`, about: anybody, also: stepping},
	{route: "POST /login/session/certificate/challenge", about: anybody, also: stepping},
	{route: "POST /login/session/certificate", body: `{"answer":"x"}`, about: anybody, also: stepping},
	{route: "POST /login/session/password", body: `{"next":"x"}`, about: anybody, also: stepping},
	{route: "POST /login/session/factors/totp/secret", about: anybody, also: stepping},
	{route: "POST /login/session/factors/totp", body: `{"code":"000000"}`, about: anybody, also: stepping},
	{route: "POST /login/session/factors/passkey/options", about: anybody, also: stepping},
	{route: "POST /login/session/factors/passkey", body: `{"response":{}}`, about: anybody, also: stepping},
	{route: "POST /login/session/factors/certificate/challenge", about: anybody, also: stepping},
	{route: "POST /login/session/factors/certificate", body: `{"answer":"x"}`, about: anybody, also: stepping},

	{route: "GET /api/v1/me", about: known},
	{route: "DELETE /api/v1/session", about: known, fresh: true},
	{route: "GET /api/v1/sessions", about: person},
	{route: "DELETE /api/v1/sessions", about: person, fresh: true},
	{route: "DELETE /api/v1/sessions/{id}", at: "/api/v1/sessions/${mine}", about: mine, fresh: true},
	{route: "PUT /api/v1/me/password", body: `{"current":"${password}","next":"x"}`, about: person, also: wanting},
	{route: "POST /api/v1/me/confirm", body: `{"password":"${password}"}`, about: person},
	{route: "GET /api/v1/me/factors", about: person},
	{route: "DELETE /api/v1/me/factors/{id}", at: "/api/v1/me/factors/none", about: person, also: []int{404}},
	{route: "POST /api/v1/me/factors/totp/secret", about: person},
	{route: "POST /api/v1/me/factors/totp", body: `{"code":"1"}`, about: person, also: enrolling},
	{route: "POST /api/v1/me/factors/passkey/options", about: person, also: enrolling},
	{route: "POST /api/v1/me/factors/passkey", body: `{"response":{}}`, about: person, also: enrolling},
	{route: "POST /api/v1/me/factors/certificate/challenge", about: person, also: enrolling},
	{route: "POST /api/v1/me/factors/certificate", body: `{"answer":"x"}`, about: person, also: enrolling},
	{route: "GET /api/v1/me/links", about: person},
	{route: "DELETE /api/v1/me/links/{id}", at: "/api/v1/me/links/none", about: person, also: []int{404}},
	{route: "GET /api/v1/sessions/others", about: door},
	{route: "POST /api/v1/sessions/{id}/end", at: "/api/v1/sessions/${session}/end", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/accounts/{id}/unlock", at: "/api/v1/accounts/${account}/unlock", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/accounts/{id}/links", at: "/api/v1/accounts/${equipped}/links", body: `{"purpose":"reset",` + because + `}`, about: unit},

	{route: "GET /api/v1/orgs", about: door},
	{route: "GET /api/v1/orgs #parent", at: "/api/v1/orgs?parent=${org}", about: unit},
	{route: "POST /api/v1/orgs", body: `{"parent":"${org}","name":"样例新所${number}","tier":"town"}`, about: unit},
	{route: "PATCH /api/v1/orgs/{id}", at: "/api/v1/orgs/${branch}", body: `{"name":"样例改名${number}",` + because + `}`, about: unit},
	{route: "POST /api/v1/orgs/{id}/close", at: "/api/v1/orgs/${branch}/close", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/orgs/{id}/names", at: "/api/v1/orgs/${org}/names", about: door},
	{route: "GET /api/v1/orgs/{id}/posts", at: "/api/v1/orgs/${org}/posts", about: unit},
	{route: "POST /api/v1/orgs/{id}/posts", at: "/api/v1/orgs/${branch}/posts", body: `{"post":"reviewer","account":"${account}",` + because + `}`, about: unit},
	{route: "POST /api/v1/orgs/{id}/posts/{post}/end", at: "/api/v1/orgs/${posted}/posts/contact/end", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/units-without/{post}", at: "/api/v1/units-without/contact", about: door},

	{route: "GET /api/v1/accounts", about: door},
	{route: "GET /api/v1/accounts #org", at: "/api/v1/accounts?org=${org}", about: unit},
	{route: "POST /api/v1/accounts", body: `{"username":"new${number}","kind":"staff","name":"样例","org":"${org}"}`, about: unit},
	{route: "POST /api/v1/accounts/find", body: `{"name":"没有这个人"}`, about: door},
	{route: "PATCH /api/v1/accounts/{id}", at: "/api/v1/accounts/${account}", body: `{"name":"样例改名",` + because + `}`, about: unit},
	{route: "POST /api/v1/accounts/{id}/move", at: "/api/v1/accounts/${account}/move", body: `{"org":"${branch}",` + because + `}`, about: unit},
	{route: "POST /api/v1/accounts/{id}/close", at: "/api/v1/accounts/${account}/close", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/accounts/{id}/holdings", at: "/api/v1/accounts/${account}/holdings", about: unit, needs: []string{"account.manage", "account.lock"}},
	{route: "POST /api/v1/accounts/{id}/handover", at: "/api/v1/accounts/${account}/handover", body: `{"to":"${heir}",` + because + `}`, about: unit},

	{route: "GET /api/v1/grants", about: door},
	{route: "GET /api/v1/grants #org", at: "/api/v1/grants?org=${org}", about: unit},
	{route: "GET /api/v1/grants/{id}", at: "/api/v1/grants/${grant}", about: unit},
	{route: "POST /api/v1/grants", body: `{"account":"${account}","role":"clerk","org":"${org}",` + because + `}`, about: unit},
	{route: "POST /api/v1/grants/{id}/actions/{action}", at: "/api/v1/grants/${grant}/actions/approve", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/grants/{id}/actions/{action} #refuse", at: "/api/v1/grants/${grant}/actions/refuse", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/grants/{id}/actions/{action} #revoke", at: "/api/v1/grants/${held}/actions/revoke", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/policies", about: door},
	{route: "GET /api/v1/policies/{version}", at: "/api/v1/policies/0", about: door},
	{route: "POST /api/v1/policies", body: `{"roles":"version: 9","rules":"",` + because + `}`, about: whole},
	{route: "POST /api/v1/policies/check", body: `{"roles":"version: 9","rules":"",` + because + `}`, about: door, also: wanting},
	{route: "POST /api/v1/policies/{version}/actions/{action}", at: "/api/v1/policies/1/actions/approve", body: "{" + because + "}", about: whole},
	{route: "POST /api/v1/explain", body: `{"permission":"cert.issue"}`, about: known},
	{route: "POST /api/v1/explain #account", body: `{"permission":"cert.issue","account":"${account}"}`, about: unit, needs: []string{"policy.read"}},
	{route: "POST /api/v1/explain #client", body: `{"permission":"cert.issue","client":"${client}"}`, about: unit, needs: []string{"policy.read"}},
	{route: "GET /api/v1/glasses", about: door},
	{route: "POST /api/v1/glasses", body: `{"org":"${org}","object":"cert/some","reason":"测试中的应急查阅，事由至少十个字"}`, about: unit, also: wanting, after: shut},
	{route: "POST /api/v1/glasses/{id}/close", at: "/api/v1/glasses/${glass}/close", about: unit, needs: []string{"glass.review"}},
	{route: "POST /api/v1/glasses/{id}/review", at: "/api/v1/glasses/${glass}/review", body: `{"verdict":"proper","note":"测试"}`, about: unit},

	{route: "GET /api/v1/clients", about: door},
	{route: "GET /api/v1/clients #org", at: "/api/v1/clients?org=${org}", about: unit},
	{route: "POST /api/v1/clients", body: `{"name":"样例","org":"${org}","scopes":["kind.read"]}`, about: unit},
	{route: "PATCH /api/v1/clients/{id}", at: "/api/v1/clients/${client}", body: `{"name":"样例改名",` + because + `}`, about: unit},
	{route: "POST /api/v1/clients/{id}/close", at: "/api/v1/clients/${client}/close", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/clients/{id}/secrets", at: "/api/v1/clients/${client}/secrets", about: unit},
	{route: "POST /api/v1/clients/{id}/secrets", at: "/api/v1/clients/${client}/secrets", about: unit},
	{route: "POST /api/v1/clients/{id}/secrets/{secret}/end", at: "/api/v1/clients/${client}/secrets/${secret}/end", body: "{" + because + "}", about: unit},

	{route: "GET /api/v1/audit", about: door},
	{route: "GET /api/v1/audit #org", at: "/api/v1/audit?org=${org}", about: unit},
	{route: "GET /api/v1/audit/{id}", at: "/api/v1/audit/${entry}", about: unit},
	{route: "GET /api/v1/audit/timeline", at: "/api/v1/audit/timeline?object=cert/some", about: door},
	{route: "GET /api/v1/audit/lookback", at: "/api/v1/audit/lookback?object=cert/some", about: door},
	{route: "GET /api/v1/audit/people/{account}", at: "/api/v1/audit/people/nobody", about: door},
	{route: "POST /api/v1/audit/exports", body: `{"format":"ndjson",` + because + `}`, about: door},
	{route: "POST /api/v1/audit/exports #org", body: `{"format":"ndjson","query":{"orgs":["${org}"]},` + because + `}`, about: unit},
	{route: "GET /api/v1/alarms", about: door},
	{route: "POST /api/v1/alarms/{id}/acknowledge", at: "/api/v1/alarms/${alarm}/acknowledge", body: `{"note":"测试"}`, about: unit},

	{route: "GET /api/v1/kinds", about: known},
	{route: "GET /api/v1/kinds/{name}", at: "/api/v1/kinds/" + stageKind, about: known},
	{route: "GET /api/v1/status-vocabularies", about: known},

	{route: "POST /api/v1/certificates", body: `${issue}`, about: unit},
	{route: "GET /api/v1/certificates", about: door},
	{route: "POST /api/v1/certificates/find", body: `{"holder":"没有这个人"}`, about: door},
	{route: "GET /api/v1/certificates #issuer", at: "/api/v1/certificates?issuer=${org}", about: unit},
	{route: "GET /api/v1/certificates/{id}", at: "/api/v1/certificates/${cert}", about: unit},
	{route: "GET /api/v1/certificates/{id} #vocabulary", at: "/api/v1/certificates/${cert}?vocabulary=mot", about: unit},
	{route: "POST /api/v1/certificates/{id}/actions/{action}", at: "/api/v1/certificates/${cert}/actions/unobject", body: "{" + because + "}", about: unit, also: wanting},
	{route: "GET /api/v1/certificates/{id}/seals", at: "/api/v1/certificates/${cert}/seals", about: unit, also: []int{404}},
	{route: "POST /api/v1/certificates/{id}/seals", at: "/api/v1/certificates/${cert}/seals", about: unit, also: wanting},
	{route: "POST /api/v1/certificates/{id}/withdrawal", at: "/api/v1/certificates/${cert}/withdrawal", body: "{" + because + "}", about: unit, also: wanting},
	{route: "GET /api/v1/certificate-transfers", about: door},
	{route: "GET /api/v1/certificate-transfers/{id}", at: "/api/v1/certificate-transfers/none", about: door, also: []int{404}},
	{route: "POST /api/v1/certificate-transfers", body: `{"kind":"none","issuer":"${org}","successor":"none","from":"x","basis":"依测试方案",` + because + `}`, about: unit, also: wanting, needs: []string{"cert.issue", "catalogue.agree"}, people: true},
	{route: "POST /api/v1/certificate-transfers/{id}/decision", at: "/api/v1/certificate-transfers/none/decision", body: `{"agree":true,` + because + `}`, about: door, also: []int{403, 404}},
	{route: "POST /api/v1/certificate-transfers/{id}/withdrawal", at: "/api/v1/certificate-transfers/none/withdrawal", body: "{" + because + "}", about: door, also: []int{403, 404}},
	{route: "GET /api/v1/certificates/{id}/physicals", at: "/api/v1/certificates/${cert}/physicals", about: unit},
	{route: "POST /api/v1/certificates/{id}/physicals", at: "/api/v1/certificates/${cert}/physicals", body: `{"number":"a b"}`, about: unit, also: wanting},
	{route: "POST /api/v1/certificates/{id}/physicals/{physical}/actions/{action}", at: "/api/v1/certificates/${cert}/physicals/none/actions/print", body: "{}", about: unit, also: []int{404}},
	{route: "GET /api/v1/physical-drifts", about: door},
	{route: "GET /api/v1/certificates/{id}/trace", at: "/api/v1/certificates/${cert}/trace", about: unit},
	{route: "GET /api/v1/certificates/{id}/file", at: "/api/v1/certificates/${cert}/file?purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true},
	{route: "POST /api/v1/certificates/{id}/reveal", at: "/api/v1/certificates/${cert}/reveal", body: `{"keys":["holder"],"purpose":"${purpose}",` + because + `}`, about: unit, class: "敏感", means: true},

	{route: "GET /api/v1/onboarding/template", at: "/api/v1/onboarding/template?kind=units", about: door},
	{route: "POST /api/v1/onboarding/checks", body: emptyForm, about: door, also: bringing},
	{route: "GET /api/v1/onboarding/runs", about: door},
	{route: "POST /api/v1/onboarding/runs", body: emptyForm, about: door, also: bringing},
	{route: "GET /api/v1/onboarding/runs/{id}", at: "/api/v1/onboarding/runs/${run}", about: unit},
	{route: "GET /api/v1/onboarding/runs/{id}/problems", at: "/api/v1/onboarding/runs/${run}/problems", about: unit},
	{route: "GET /api/v1/onboarding/runs/{id}/report", at: "/api/v1/onboarding/runs/${run}/report", about: unit, also: bringing},
	{route: "POST /api/v1/onboarding/runs/{id}/links", at: "/api/v1/onboarding/runs/${run}/links", about: unit, also: bringing},
	{route: "POST /api/v1/onboarding/runs/{id}/actions/{action}", at: "/api/v1/onboarding/runs/${run}/actions/discard", about: unit, also: bringing},
	{route: "GET /api/v1/onboarding/runs/{id}/grants", at: "/api/v1/onboarding/runs/${run}/grants", about: unit},
	{route: "POST /api/v1/onboarding/runs/{id}/grants/decisions", at: "/api/v1/onboarding/runs/${run}/grants/decisions", body: `{"grants":["x"],"approve":true,` + because + `}`, about: unit, also: bringing},

	{route: "GET /api/v1/due", about: person},
	{route: "GET /api/v1/due #org", at: "/api/v1/due?view=all&org=${org}", about: unit, needs: []string{"due.read"}, people: true},
	{route: "GET /api/v1/due/rules", about: known},
}

// emptyForm is a form with no file; bringing is what is answered to who may
// bring in tables and did not, or not yet.
const emptyForm = "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nunits\r\n--b--\r\n"

var bringing = []int{400, 404, 409, 422}

// stepping is what a route of a sign-in under way answers to who has none, or is
// at another step.
var stepping = []int{401, 403, 404, 409, 422, 429, 503}

// enrolling is what one answers to a second factor that is none.
var enrolling = []int{400, 401, 404, 409, 422, 503}

// shut ends what an actor opened, so that they hold their own role alone.
func shut(t testing.TB, s *stage, a *actor) {
	t.Helper()
	if a.name == "glass" || a.id() == "" {
		return
	}
	ctx, err := s.IAM.As(t.Context(), a.id())
	must(t, err)
	page, err := s.IAM.Glasses(ctx, true, "", 0)
	must(t, err)
	for _, g := range page.Items {
		if g.Account == a.id() && g.Open {
			must(t, s.IAM.CloseGlass(ctx, g.ID))
		}
	}
}

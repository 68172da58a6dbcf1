package api_test

import (
	"testing"

	"sidian/internal/api"
	"sidian/internal/cert/certtest"
	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/seal"
	compositepages "sidian/internal/web/composite"
	"sidian/internal/web/page"
	"sidian/kinds"
)

const (
	schemePath    = "/api/v1/composite-schemes/"
	compositePath = "/api/v1/composites/"
	folding       = `{"scheme":"${scheme}","unit":"${org}","holder":"${permit}"}`
	schemeParts   = `"parts":[{"kind":"food_operation","required":true,"basis":"样例法第一条"},{"kind":"road_transport","required":false,"basis":"样例法第二条"}]`
	seeFolded     = "&revision=0"
)

// folders see composites of their unit.
var folders = []string{"cert.draft", "cert.issue", "cert.status", "cert.read"}

// compositeLines are the requests of composite permits. Who designs kinds does not
// agree to a scheme, whatever they may.
var compositeLines = []line{
	{route: "GET /api/v1/composite-schemes", about: door},
	{route: "POST /api/v1/composite-schemes", body: `{"unit":"${org}","code":"N${number}","title":"样例方案","industry":"样例行业","kind":"${foldkind}","basis":"样例依据",` + schemeParts + `}`, about: unit, people: true},
	{route: "GET /api/v1/composite-schemes/{id}", at: schemePath + "${scheme}", about: door},
	{route: "POST /api/v1/composite-schemes/{id}/actions/{action}", at: schemePath + "${draftscheme}/actions/submit", body: `{"revision":0}`, about: unit, needs: []string{"kind.manage"}, people: true},
	{route: "POST /api/v1/composite-schemes/{id}/actions/{action} #publish", at: schemePath + "${sentscheme}/actions/publish", body: `{"revision":1}`, about: unit, needs: []string{"catalogue.agree"}, people: true, also: []int{403}},
	{route: "POST /api/v1/composites/preview", body: folding, about: unit},
	{route: "POST /api/v1/composites", body: folding, about: unit, also: []int{409}},
	{route: "GET /api/v1/composites", about: door},
	{route: "GET /api/v1/composites/{id}", at: compositePath + "${folded}", about: unit, needs: folders},
	{route: "POST /api/v1/composites/{id}/actions/{action}", at: compositePath + "${folded}/actions/issue", body: `{"revision":0}`, about: unit, needs: []string{"cert.issue"}, also: []int{409}},
}

var compositePages = []line{
	{route: "GET /console/composites", about: door},
	{route: "GET /console/composites/new", about: door},
	{route: "POST /console/composites/new", body: "scheme=${scheme}&unit=${org}&holder=${permit}", about: unit},
	{route: "GET /console/composites/{id}", at: "/console/composites/${folded}", about: unit, needs: folders},
	{route: "POST /console/composites/{id}/{action}", at: "/console/composites/${folded}/refuse", body: why + seeFolded, about: unit, needs: []string{"cert.issue"}},
	{route: "GET /console/composite-schemes", about: door},
	{route: "GET /console/composite-schemes/new", about: door},
	{route: "POST /console/composite-schemes/new", body: "unit=${org}", about: unit, people: true, also: wanting},
	{route: "GET /console/composite-schemes/{id}", at: "/console/composite-schemes/${scheme}", about: door},
	{route: "POST /console/composite-schemes/{id}/{action}", at: "/console/composite-schemes/${draftscheme}/withdraw", body: why + seeFolded, about: unit, needs: []string{"kind.manage"}, people: true},
}

// compositeMakers make schemes and composites of the unit, by people who only do
// that.
func compositeMakers() map[string]func(t testing.TB, r *record) string {
	scheme := func(t testing.TB, r *record, actions ...string) string {
		q := compositetest.SchemeRequest()
		q.Unit, q.Code, q.Kind, q.Parts = r.org(), "M"+r.value(t, "number"), r.value(t, "foldkind"), q.Parts[:2]
		x, err := r.s.Composite.Define(r.hired(t, "designer"), q)
		must(t, err)
		for i, action := range actions {
			x, err = r.s.Composite.DecideScheme(r.hired(t, []string{"designer", "manager"}[i]), composite.SchemeDecision{ID: x.ID, Action: action, Revision: x.Revision})
			must(t, err)
		}
		return x.ID
	}
	return map[string]func(t testing.TB, r *record) string{
		"foldkind": func(t testing.TB, r *record) string {
			if _, err := r.s.Catalogue.Get(t.Context(), compositetest.Kind); err == nil {
				return compositetest.Kind
			}
			made, err := r.s.Catalogue.Import(t.Context(), kinds.FS, compositetest.Kind, compositetest.Food, compositetest.Road)
			must(t, err)
			for _, k := range made {
				for _, org := range units {
					must(t, r.s.Cert.Entrust(t.Context(), k.Name, org))
				}
			}
			return compositetest.Kind
		},
		"draftscheme": func(t testing.TB, r *record) string { return scheme(t, r) },
		"sentscheme":  func(t testing.TB, r *record) string { return scheme(t, r, "submit") },
		"scheme":      func(t testing.TB, r *record) string { return scheme(t, r, "submit", "publish") },
		"permit": func(t testing.TB, r *record) (identifier string) { // and another, of one holder
			r.value(t, "foldkind")
			x := r.s.MakeOf(t, r.s.Request(t, r.org(), seal.LegalName)) // another line may have taken back what was granted for the first
			r.s.Permit(t, x)
			for _, app := range []string{"", r.s.actor(t, "program").app} {
				_, err := r.s.Seal.Grant(r.s.Keeper, seal.Policy{Seal: x.ID, App: app, Purpose: seal.Any, Until: r.s.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
				must(t, err)
			}
			for _, kind := range []string{compositetest.Road, compositetest.Food} {
				q := certtest.Example(t, kind)
				q.Issuer, q.Holders[0] = r.org(), compositetest.Enterprise
				c, err := r.s.Cert.Issue(r.s.Client, q)
				must(t, err)
				identifier = c.Identifier
			}
			return identifier
		},
		"folded": func(t testing.TB, r *record) string {
			c, err := r.s.Composite.Propose(r.hired(t, "clerk"), composite.ComposeRequest{Scheme: scheme(t, r, "submit", "publish"), Unit: r.org(), Holder: r.value(t, "permit")})
			must(t, err)
			return c.ID
		},
	}
}

// composites makes what folds permits.
func (s *server) composites(t testing.TB, v *api.Services) {
	t.Helper()
	s.Composite = &composite.Service{DB: s.DB, IAM: s.IAM, Catalogue: s.Catalogue, Cert: s.Cert, Notices: s.Notice}
	must(t, s.Composite.Unlock(t.Context(), s.Keys))
	v.Composite = s.Composite
}

func (s *server) compositePages(t testing.TB, v *api.Services, kit *page.Kit) {
	t.Helper()
	v.Composites = &compositepages.Service{Kit: kit, IAM: s.IAM, Catalogue: s.Catalogue, Composite: s.Composite}
	must(t, v.Composites.Load())
}

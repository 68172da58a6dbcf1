package api_test

import (
	"encoding/json"
	"testing"

	"sidian/internal/api"
	"sidian/internal/bound"
	"sidian/internal/cert/event"
	"sidian/internal/outbox"
	boundpages "sidian/internal/web/bound"
	"sidian/internal/web/page"
)

const boundPath, boundPage = "/api/v1/bound/offers/", "/console/bound/"

var (
	// offerers see what was offered with the certificates of their unit.
	offerers = []string{"cert.read", "cert.draft", "seal.manage", "org.manage", "supervise.read"}
	// unoffered is the answer to who has no offer: it is another's, or a program asks.
	unoffered = []int{403, 404}
)

const boundRule = `{"kind":"` + stageKind + `","org":"${org}","sort":"personal","days":30,"basis":"样例依据",` + because + `}`

// boundLines are the requests of seals that are offered with certificates. The
// offer is a person's: what enterprises alone have is a conflict.
var boundLines = []line{
	{route: "GET /api/v1/bound/rules", about: door},
	{route: "POST /api/v1/bound/rules", body: boundRule, about: unit},
	{route: "GET /api/v1/bound/offers", about: door},
	{route: "GET /api/v1/bound/offers/mine", about: door, also: unoffered},
	{route: "GET /api/v1/bound/report", about: door},
	{route: "GET /api/v1/bound/offers/{id}", at: boundPath + "${boundoffer}", about: unit, needs: offerers},
	{route: "GET /api/v1/bound/offers/{id}/filled", at: boundPath + "${boundoffer}/filled", about: door, also: unoffered},
	{route: "POST /api/v1/bound/offers/{id}/take", at: boundPath + "${boundoffer}/take", body: "{}", about: door, also: unoffered},
	{route: "POST /api/v1/bound/offers/{id}/decline", at: boundPath + "${boundoffer}/decline", body: "{}", about: door, also: unoffered},
	{route: "POST /api/v1/bound/offers/{id}/later", at: boundPath + "${boundoffer}/later", body: "{}", about: door, also: unoffered},
	{route: "POST /api/v1/bound/offers/{id}/agent", at: boundPath + "${boundoffer}/agent", body: `{"agent_name":"王样例","agent_citizen":"999999198504120116"}`, about: unit, also: []int{409}},
	{route: "POST /api/v1/bound/offers/{id}/organisation", at: boundPath + "${boundoffer}/organisation", about: unit, also: []int{409}},
	{route: "POST /api/v1/bound/offers/{id}/thaw", at: boundPath + "${boundoffer}/thaw", body: "{" + because + "}", about: unit, also: []int{409}},
	{route: "POST /api/v1/bound/offers/{id}/cancel", at: boundPath + "${boundoffer}/cancel", body: "{" + because + "}", about: unit, also: []int{409}},
	{route: "GET /api/v1/bound/wishes/{draft}", at: "/api/v1/bound/wishes/${wishdraft}", about: unit, needs: []string{"cert.draft"}},
	{route: "PUT /api/v1/bound/wishes/{draft}", at: "/api/v1/bound/wishes/${wishdraft}", body: "{}", about: unit, needs: []string{"cert.draft"}},
	{route: "DELETE /api/v1/bound/wishes/{draft}", at: "/api/v1/bound/wishes/${wishdraft}", about: unit, needs: []string{"cert.draft"}, also: []int{409}},
}

var boundPages = []line{
	{route: "GET /console/bound", about: door},
	{route: "GET /console/bound/rules", about: door},
	{route: "POST /console/bound/rules", body: "kind=" + stageKind, about: door, also: wanting},
	{route: "GET /console/bound/{id}", at: boundPage + "${boundoffer}", about: unit, needs: offerers},
	{route: "POST /console/bound/{id}/agent", at: boundPage + "${boundoffer}/agent", body: why, about: unit, also: wanting},
	{route: "POST /console/bound/{id}/register", at: boundPage + "${boundoffer}/register", body: why, about: unit, also: wanting},
	{route: "POST /console/bound/{id}/thaw", at: boundPage + "${boundoffer}/thaw", body: why, about: unit, also: wanting},
	{route: "POST /console/bound/{id}/cancel", at: boundPage + "${boundoffer}/cancel", body: why, about: unit, also: wanting},
	{route: "GET /console/seal-wishes/{draft}", at: "/console/seal-wishes/${wishdraft}", about: unit},
	{route: "POST /console/seal-wishes/{draft}", at: "/console/seal-wishes/${wishdraft}", body: why, about: unit},
	{route: "POST /console/seal-wishes/{draft}/end", at: "/console/seal-wishes/${wishdraft}/end", body: why, about: unit, also: wanting},
	{route: "GET /wallet/seal-wishes/{draft}", at: "/wallet/seal-wishes/none", about: door, also: unoffered},
	{route: "POST /wallet/seal-wishes/{draft}", at: "/wallet/seal-wishes/none", body: why, about: door, also: unoffered},
	{route: "POST /wallet/seal-wishes/{draft}/end", at: "/wallet/seal-wishes/none/end", body: why, about: door, also: unoffered},
	{route: "GET /wallet/seal-offers", about: door, also: unoffered},
	{route: "GET /wallet/seal-offers/{id}", at: "/wallet/seal-offers/none", about: door, also: unoffered},
	{route: "POST /wallet/seal-offers/{id}/take", at: "/wallet/seal-offers/none/take", body: issuingForm, about: door, also: unoffered},
	{route: "POST /wallet/seal-offers/{id}/decline", at: "/wallet/seal-offers/none/decline", body: why, about: door, also: unoffered},
	{route: "POST /wallet/seal-offers/{id}/later", at: "/wallet/seal-offers/none/later", body: why, about: door, also: unoffered},
}

// boundMakers make the offer that comes with the unit's certificate, and drafts
// that may bring a seal along, by a rule of the unit.
func boundMakers() map[string]func(t testing.TB, r *record) string {
	rule := func(t testing.TB, r *record) {
		_, err := r.s.Bound.PutRule(r.hired(t, "designer"), bound.RuleRequest{Kind: stageKind, Org: r.org(), Sort: bound.Personal, Days: 60, Basis: "样例依据", Reason: "样例试点"})
		must(t, err)
	}
	return map[string]func(t testing.TB, r *record) string{
		"boundoffer": func(t testing.TB, r *record) string {
			rule(t, r)
			c := r.certificate(t)
			body, err := json.Marshal(event.Certificate{ID: c.ID, Kind: c.Kind, Issuer: c.Issuer, Identifier: c.Identifier, Version: c.Version})
			must(t, err)
			must(t, r.s.Bound.Consumers()[0].Deliver(t.Context(), outbox.Event{Topic: event.Issued, Body: json.RawMessage(body)}))
			list, err := r.s.Bound.List(r.hired(t, "clerk"), bound.Query{})
			must(t, err)
			if len(list.Items) == 0 {
				t.Fatal("the certificate is offered no seal")
			}
			return list.Items[0].ID
		},
		"wishdraft": func(t testing.TB, r *record) string {
			rule(t, r)
			id := issuingMakers()["collected"](t, r)
			_, err := r.s.Bound.PutWish(r.hired(t, "clerk"), bound.WishRequest{Draft: id})
			must(t, err)
			return id
		},
	}
}

// bounds makes what offers seals with certificates.
func (s *server) bounds(t testing.TB, v *api.Services) {
	t.Helper()
	s.Bound = &bound.Service{DB: s.DB, IAM: s.IAM, Catalogue: s.Catalogue, Cert: s.Cert, Issuing: s.Issuing, Apply: s.Apply, Seals: s.Seal, Notices: s.Notice}
	must(t, s.Bound.Unlock(t.Context(), s.Keys))
	s.Apply.Basis, v.Bound = s.Bound.Basis, s.Bound
}

func (s *server) boundPages(t testing.TB, v *api.Services, kit *page.Kit) {
	t.Helper()
	v.Together = &boundpages.Service{Kit: kit, Bound: s.Bound, IAM: s.IAM, Catalogue: s.Catalogue}
	must(t, v.Together.Load())
}

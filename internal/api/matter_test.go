package api_test

import (
	"encoding/json"
	"testing"

	"sidian/internal/api"
	"sidian/internal/catalogue"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/lasting"
	"sidian/internal/matter"
	"sidian/internal/outbox"
)

const matterPath = "/api/v1/matters/${matter}"

// matterLines are the requests of cases, and of the proof of certificates.
var matterLines = []line{
	{route: "POST /api/v1/matters", body: `{"unit":"${org}","case_no":"BJ-${number}","item":"${item}","applicant":{"type":"legal","id_type":"001","id":"X1","name":"样例公司"}}`, about: unit},
	{route: "GET /api/v1/matters", about: door},
	{route: "GET /api/v1/matters/{id}", at: matterPath, about: unit, needs: []string{"matter.manage", "matter.read"}},
	{route: "POST /api/v1/matters/{id}/certificates", at: matterPath + "/certificates", body: `{"certificate":"none"}`, about: unit, also: []int{409}},
	{route: "POST /api/v1/matters/{id}/close", at: matterPath + "/close", body: "{}", about: unit},
	{route: "POST /api/v1/matters/{id}/withdraw", at: matterPath + "/withdraw", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/matters/{id}/refuse", at: matterPath + "/refuse", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/certificates/{id}/proof", at: "/api/v1/certificates/${noted}/proof", about: unit},
	{route: "GET /api/v1/certificates/{id}/proof.der", at: "/api/v1/certificates/${noted}/proof.der", about: unit, also: []int{409}},
}

// matterPages are the requests of the pages of cases, and of reminders.
var matterPages = []line{
	{route: "GET /console/reminders", about: door},
	{route: "GET /console/reminders #issuer", at: "/console/reminders?issuer=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /console/matters", about: door},
	{route: "GET /console/new-matter", about: door},
	{route: "POST /console/new-matter", body: "item=${item}&unit=${org}&case_no=YM-${number}&type=legal&id_type=001&id=X1&name=样例公司", about: unit},
	{route: "GET /console/matters/{id}", at: "/console/matters/${matter}", about: unit, needs: []string{"matter.manage", "matter.read"}},
	{route: "POST /console/matters/{id}/attach", at: "/console/matters/${matter}/attach", body: "number=NONE-1", about: unit, also: []int{422}},
	{route: "POST /console/matters/{id}/close", at: "/console/matters/${matter}/close", body: "x=1", about: unit},
	{route: "POST /console/matters/{id}/end", at: "/console/matters/${matter}/end", body: "how=withdrawn&" + why, about: unit},
}

// matterMakers make cases of the unit, and certificates that are noted for proof.
func matterMakers() map[string]func(t testing.TB, r *record) string {
	return map[string]func(t testing.TB, r *record) string{
		"matter": func(t testing.TB, r *record) string {
			m, err := r.s.Matter.Open(r.hired(t, "clerk"), matter.OpenRequest{Unit: r.org(), CaseNo: "CASE-" + r.value(t, "number"), Item: r.value(t, "item"),
				Applicant: catalogue.Holder{Type: "legal", IDType: "001", ID: "X1", Name: "样例公司"}})
			must(t, err)
			return m.ID
		},
		"noted": func(t testing.TB, r *record) string {
			id := r.value(t, "cert")
			body, err := json.Marshal(event.Certificate{ID: id, Issuer: r.org(), Document: "00000000000000000000000000000000000000000000000000000000000000ff"})
			must(t, err)
			must(t, r.s.DB.Write(t.Context(), func(tx *db.Tx) error {
				return r.s.Lasting.Consumer().HandleAll(tx, []outbox.Event{{Topic: event.Issued, Body: json.RawMessage(body)}})
			}))
			return id
		},
	}
}

// matters makes what keeps cases, and lasting proof.
func (s *server) matters(t testing.TB, v *api.Services) {
	t.Helper()
	s.Matter = &matter.Service{DB: s.DB, Catalogue: s.Catalogue, Items: s.Item, Cert: s.Cert, Outbox: s.Outbox}
	must(t, s.Matter.Unlock(t.Context(), s.Keys))
	s.Lasting = &lasting.Service{DB: s.DB, Document: s.Blob.Get, TimeStamp: s.PKI.TimeStamp, Trust: s.trust}
	var err error
	s.Lasting.Mac, err = s.Keys.Index(t.Context(), "lasting.anchor")
	must(t, err)
	v.Matter, v.Lasting = s.Matter, s.Lasting
}

package api_test

import (
	"testing"
	"time"

	"sidian/internal/annotation"
)

const copyPath = "/api/v1/annotations/"

var seeing = []string{"cert.read", "cert.annotate"}

// annotationLines are the requests of annotated copies.
var annotationLines = []line{
	{route: "POST /api/v1/certificates/{id}/annotations", at: "/api/v1/certificates/${cert}/annotations", body: `{"purpose":"办理贷款","recipient":"样例银行","purpose_code":"${purpose}","expires_at":"${soon}"}`, about: unit, class: "敏感", means: true},
	{route: "GET /api/v1/certificates/{id}/annotations", at: "/api/v1/certificates/${cert}/annotations", about: unit},
	{route: "POST /api/v1/annotations/find", body: `{"recipient":"样例银行"}`, about: door},
	{route: "GET /api/v1/annotations/{id}", at: copyPath + "${annotated}", about: unit, needs: seeing},
	{route: "GET /api/v1/annotations/{id}/file", at: copyPath + "${annotated}/file?purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true},
	{route: "GET /api/v1/own-certificates", about: door},
	{route: "POST /api/v1/own-certificates/{id}/annotations", at: "/api/v1/own-certificates/none/annotations", body: `{"purpose":"办理贷款","recipient":"样例银行","expires_at":"${soon}"}`, about: door, also: []int{404}},
	{route: "GET /api/v1/own-annotations", about: door},
	{route: "GET /api/v1/own-annotations/{id}", at: "/api/v1/own-annotations/none", about: door, also: []int{404}},
	{route: "GET /api/v1/own-annotations/{id}/file", at: "/api/v1/own-annotations/none/file", about: door, also: []int{404}},
	{route: "POST /api/v1/own-annotations/{id}/withdraw", at: "/api/v1/own-annotations/none/withdraw", about: door, also: []int{404}},
}

var annotationPages = []line{
	{route: "GET /wallet/copies", about: door},
	{route: "GET /wallet/copies/new", about: door},
	{route: "POST /wallet/copies/new", at: "/wallet/copies/new?certificate=none", body: why, about: door, also: []int{404}},
	{route: "GET /wallet/copies/{id}", at: "/wallet/copies/none", about: door, also: []int{404}},
	{route: "POST /wallet/copies/{id}/file", at: "/wallet/copies/none/file", body: why, about: door, also: []int{404}},
	{route: "POST /wallet/copies/{id}/end", at: "/wallet/copies/none/end", body: why, about: door, also: []int{404}},
	{route: "GET /console/annotations", about: door},
	{route: "GET /console/annotations #certificate", at: "/console/annotations?certificate=${cert}", about: unit, needs: []string{"cert.read"}},
	{route: "POST /console/annotations/find", body: "recipient=样例银行", about: door},
	{route: "GET /console/annotations/new", at: "/console/annotations/new?certificate=${cert}", about: unit},
	{route: "POST /console/annotations/new", at: "/console/annotations/new?certificate=${cert}", body: "as=make&purpose=办理贷款&recipient=样例银行&purpose_code=${purpose}&expires_at=${soon}", about: unit, class: "敏感", means: true},
	{route: "GET /console/annotations/{id}", at: "/console/annotations/${annotated}", about: unit, needs: seeing},
	{route: "POST /console/annotations/{id}/file", at: "/console/annotations/${annotated}/file", body: "purpose=${purpose}&reason=case-1", about: unit, class: "敏感", means: true},
}

func annotationMakers() map[string]func(t testing.TB, r *record) string {
	soon := func(_ testing.TB, r *record) string { return r.s.DB.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339) }
	return map[string]func(t testing.TB, r *record) string{
		"annotated": func(t testing.TB, r *record) string {
			c, err := r.s.Annotation.Make(r.hired(t, "issuer"), annotation.Request{ID: r.certificate(t).ID, Purpose: "办理贷款", Recipient: "样例银行", ExpiresAt: soon(t, r)})
			must(t, err)
			return c.ID
		},
	}
}

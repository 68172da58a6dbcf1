package api_test

import (
	"testing"

	"sidian/internal/batch"
	"sidian/internal/batch/batchtest"
)

const bulkPath = "/api/v1/batches/"

// batchLines are the requests of bulk issue. Whoever uploads is not who approves,
// and their refusals have codes of their own.
var batchLines = []line{
	{route: "GET /api/v1/batches/template", at: "/api/v1/batches/template?kind=" + stageKind + "&unit=${org}", about: unit, people: true},
	{route: "GET /api/v1/batches", about: door},
	{route: "POST /api/v1/batches", body: emptyForm, about: door, also: wanting},
	{route: "GET /api/v1/batches/{id}", at: bulkPath + "${bulk}", about: unit, needs: working},
	{route: "GET /api/v1/batches/{id}/problems", at: bulkPath + "${bulk}/problems", about: unit, needs: working},
	{route: "GET /api/v1/batches/{id}/samples", at: bulkPath + "${bulk}/samples", about: unit, needs: working},
	{route: "GET /api/v1/batches/{id}/report", at: bulkPath + "${bulk}/report", about: unit, needs: working},
	{route: "POST /api/v1/batches/{id}/actions/{action}", at: bulkPath + "${bulksent}/actions/approve", body: "{}", about: unit, needs: []string{"cert.review"}, people: true},
}

var batchPageLines = []line{
	{route: "GET /console/batch", about: door},
	{route: "POST /console/batch", body: emptyForm, about: door, also: wanting},
	{route: "GET /console/batch/template", at: "/console/batch/template?kind=" + stageKind + "&unit=${org}", about: unit},
	{route: "GET /console/batch/{id}", at: "/console/batch/${bulk}", about: unit, needs: working},
	{route: "POST /console/batch/{id}/{action}", at: "/console/batch/${bulksent}/approve", body: "x=1", about: unit, needs: []string{"cert.review"}},
	{route: "GET /console/batch/{id}/report", at: "/console/batch/${bulk}/report", about: unit, needs: working},
}

// batchMakers make batches of the unit, by people who only do that.
func batchMakers() map[string]func(t testing.TB, r *record) string {
	bulk := func(t testing.TB, r *record) string {
		row := batchtest.Row(1, map[string]string{"持证主体名称": "样例运输公司" + r.value(t, "number")})
		b, err := r.s.Batch.Upload(r.hired(t, "clerk"), batch.Upload{Kind: batchtest.Kind, Unit: r.org(), Data: batchtest.CSV(t, row)})
		must(t, err)
		return b.ID
	}
	return map[string]func(t testing.TB, r *record) string{
		"bulk": bulk,
		"bulksent": func(t testing.TB, r *record) string {
			id := bulk(t, r)
			_, err := r.s.Batch.Act(r.hired(t, "clerk"), batch.Decision{ID: id, Action: batch.ActSubmit})
			must(t, err)
			return id
		},
	}
}

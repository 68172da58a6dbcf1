package api_test

import (
	"strings"
	"testing"

	"sidian/internal/batch"
	"sidian/internal/catalogue"
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
	{route: "GET /console/batch/template", at: "/console/batch/template?kind=" + stageKind + "&unit=${org}", about: unit, people: true},
	{route: "GET /console/batch/{id}", at: "/console/batch/${bulk}", about: unit, needs: working},
	{route: "POST /console/batch/{id}/{action}", at: "/console/batch/${bulksent}/approve", body: "x=1", about: unit, needs: []string{"cert.review"}, people: true},
	{route: "GET /console/batch/{id}/report", at: "/console/batch/${bulk}/report", about: unit, needs: working},
}

// batchMakers make batches of the unit, by people who only do that.
func batchMakers() map[string]func(t testing.TB, r *record) string {
	bulk := func(t testing.TB, r *record) string {
		row := []string{"自然人", "张样例", catalogue.IDTypeName("111"), "999999198209090137", "样", "青禾县", "单独所有", "青禾县城关街道样例路99号", "999999001002GB00123F00060022",
			"国有建设用地使用权/房屋所有权", "出让/市场化商品房", "城镇住宅用地/住宅", "房屋建筑面积 118.36 m²", "2088年05月19日止", r.value(t, "number"), "2026-01-05"}
		head := "持证主体类别,持证主体名称,持证主体代码类型,持证主体代码,省区市简称,市县全称,共有情况,坐落,不动产单元号,权利类型,权利性质,用途,面积,使用期限,业务号,有效期起始日期"
		b, err := r.s.Batch.Upload(r.hired(t, "clerk"), batch.Upload{Kind: stageKind, Unit: r.org(), Data: []byte(head + "\n" + strings.Join(row, ","))})
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

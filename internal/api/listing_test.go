package api_test

import (
	"testing"

	"sidian/internal/listing"
)

// A round of the unit alone, which it compiles and reviews itself.
const (
	roundPath = "/api/v1/list-rounds/${listround}"
	partPath  = roundPath + "/units/${org}"
	roundPage = "/console/lists/rounds/${listround}"
	usePath   = "/console/lists/uses/${org}"
)

var listLines = []line{
	{route: "GET /api/v1/list-rounds", about: door},
	{route: "POST /api/v1/list-rounds", body: `{"list":"material","org":"${org}","title":"样例目录","report_by":"2099-01-01","review_by":"2099-02-01"}`, about: unit, also: []int{409}},
	{route: "GET /api/v1/list-rounds/{id}", at: roundPath, about: unit},
	{route: "POST /api/v1/list-rounds/{id}/publish", at: "/api/v1/list-rounds/${readyround}/publish", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/list-rounds/{id}/abandon", at: roundPath + "/abandon", body: "{" + because + "}", about: unit},
	{route: "GET /api/v1/list-rounds/{id}/units/{org}", at: partPath, about: unit},
	{route: "POST /api/v1/list-rounds/{id}/units/{org}/prefill", at: partPath + "/prefill", about: unit, also: []int{403}}, // a program may lack item.read
	{route: "POST /api/v1/list-rounds/{id}/units/{org}/rows", at: partPath + "/rows", body: `{"name":"样例证书"}`, about: unit},
	{route: "POST /api/v1/list-rounds/{id}/units/{org}/submit", at: partPath + "/submit", body: `{"note":"没有"}`, about: unit, people: true},
	{route: "POST /api/v1/list-rounds/{id}/units/{org}/accept", at: "/api/v1/list-rounds/${sentround}/units/${org}/accept", about: unit},
	{route: "POST /api/v1/list-rounds/{id}/units/{org}/excuse", at: partPath + "/excuse", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/list-rows/{id}", at: "/api/v1/list-rows/${listrow}", body: `{"name":"样例证书改"}`, about: unit},
	{route: "POST /api/v1/list-rows/{id}/drop", at: "/api/v1/list-rows/${listrow}/drop", about: unit},
	{route: "POST /api/v1/list-rows/{id}/review", at: "/api/v1/list-rows/${sentrow}/review", body: `{"accept":true}`, about: unit},
	{route: "POST /api/v1/list-rows/{id}/choose", at: "/api/v1/list-rows/${twicerow}/choose", body: "{" + because + "}", about: unit},
	{route: "GET /open/v1/lists", about: anybody},
	{route: "GET /open/v1/lists/{id}", at: "/open/v1/lists/${listedition}", about: anybody},
	{route: "GET /open/v1/lists/{id}/csv", at: "/open/v1/lists/${listedition}/csv", about: anybody},

	{route: "GET /api/v1/use-lists/{org}", at: "/api/v1/use-lists/${org}", about: unit},
	{route: "POST /api/v1/use-lists/{org}", at: "/api/v1/use-lists/${org}", body: `{"uses":[{"kind":"` + stageKind + `"}],` + because + `}`, about: unit, also: []int{409}},
	{route: "POST /api/v1/use-lists/{org}/decide", at: "/api/v1/use-lists/${org}/decide", body: `{"state":"withdrawn",` + because + `}`, about: unit, needs: []string{"list.report"}, also: []int{409}},
	{route: "POST /api/v1/use-lists/{org}/decide #agree", at: "/api/v1/use-lists/${org}/decide", body: `{"state":"effective",` + because + `}`, about: unit, needs: []string{"list.review"}, also: []int{403, 409}, codes: []string{"auth.permission", "auth.org", "listing.person"}},
	{route: "POST /api/v1/use-lists/{org}/check", at: "/api/v1/use-lists/${org}/check", body: `{"kind":"` + stageKind + `"}`, about: unit, also: []int{403}},

	{route: "GET /api/v1/scenes", at: "/api/v1/scenes?org=${org}", about: unit},
	{route: "POST /api/v1/scenes", body: `{"org":"${org}","name":"样例场景${number}","kinds":["` + stageKind + `"],"guide":"出示电子证照，不收复印件。"}`, about: unit},
	{route: "POST /api/v1/scenes/{id}", at: "/api/v1/scenes/${scene}", body: `{"name":"样例场景改${number}","kinds":["` + stageKind + `"],"guide":"出示电子证照，不收复印件。"}`, about: unit},
	{route: "POST /api/v1/scenes/{id}/withdraw", at: "/api/v1/scenes/${scene}/withdraw", body: "{" + because + "}", about: unit},
	{route: "GET /open/v1/scenes", about: anybody},

	{route: "POST /api/v1/norms", body: `{"unit":"${org}","kind":"` + stageKind + `","title":"样例规范","edition":"V${number}","issued":"2026-01-01","link":"https://example.invalid/a.pdf"}`, about: unit},
	{route: "POST /api/v1/norms/{id}/withdraw", at: "/api/v1/norms/${norm}/withdraw", body: "{" + because + "}", about: unit},
	{route: "GET /open/v1/norms", about: anybody},
	{route: "GET /open/v1/norms/{id}/document", at: "/open/v1/norms/${norm}/document", about: anybody},

	{route: "GET /api/v1/kind-batches", at: "/api/v1/kind-batches?org=${org}", about: unit},
	{route: "POST /api/v1/kind-batches", body: `{"org":"${org}","title":"样例批次","kinds":["` + stageKind + `"],` + because + `}`, about: unit, also: []int{422}},
	{route: "POST /api/v1/kind-maturity", body: `{"org":"${org}","kind":"` + stageKind + `","mature":false,` + because + `}`, about: unit},
	{route: "GET /open/v1/kind-batches", about: anybody},

	{route: "POST /api/v1/exempts", body: `{"org":"${org}","kind":"` + stageKind + `","basis":"样例"}`, about: unit, also: []int{409}},
	{route: "POST /api/v1/exempts/{id}/end", at: "/api/v1/exempts/${exempt}/end", body: "{" + because + "}", about: unit},
	{route: "GET /open/v1/exempts", about: anybody},
	{route: "GET /open/v1/exempts.csv", about: anybody},

	{route: "GET /api/v1/list-staleness", about: door},
	{route: "GET /api/v1/list-staleness #org", at: "/api/v1/list-staleness?org=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /api/v1/list-periods", about: door},
	{route: "POST /api/v1/list-periods", body: `{"org":"${org}","topic":"norm","months":12,"starts":"2099-01-01","basis":"样例"}`, about: unit, also: []int{409}},
}

var listPages = []line{
	{route: "GET /console/lists", about: door},
	{route: "POST /console/lists", body: "list=material&org=${org}&title=样例目录&report_by=2099-01-01&review_by=2099-02-01", about: unit, also: []int{409}},
	{route: "GET /console/lists/report", about: door},
	{route: "GET /console/lists/report #org", at: "/console/lists/report?org=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /console/lists/rounds/{id}", at: roundPage, about: unit},
	{route: "POST /console/lists/rounds/{id}/{act}", at: roundPage + "/abandon", body: why, about: unit},
	{route: "POST /console/lists/rounds/{id}/{act} #publish", at: "/console/lists/rounds/${readyround}/publish", body: why, about: unit},
	{route: "GET /console/lists/rounds/{id}/units/{org}", at: roundPage + "/units/${org}", about: unit},
	{route: "POST /console/lists/rounds/{id}/units/{org}/{act}", at: roundPage + "/units/${org}/add", body: "name=样例证书", about: unit, needs: []string{"list.report"}},
	{route: "POST /console/lists/rounds/{id}/units/{org}/{act} #accept", at: "/console/lists/rounds/${sentround}/units/${org}/accept", body: "x=1", about: unit, needs: []string{"list.review"}, codes: []string{"listing.person"}},
	{route: "POST /console/lists/report", body: "org=${org}&topic=review&months=12&starts=2099-01-01&basis=样例", about: unit, also: []int{409}},
	{route: "GET /console/lists/uses", about: door},
	{route: "GET /console/lists/use-template", about: door},
	{route: "GET /console/lists/uses/{org}", at: usePath, about: unit},
	{route: "POST /console/lists/uses/{org}", at: usePath, body: "state=withdrawn&" + why, about: unit, needs: []string{"list.report"}, also: []int{409}},
	{route: "GET /console/lists/uses/{org}/change", at: usePath + "/change", about: unit},
	{route: "POST /console/lists/uses/{org}/change", at: usePath + "/change", body: "as=add&kind=" + stageKind, about: unit},
	{route: "POST /console/lists/uses/{org}/table", at: usePath + "/table", body: "${uselist}", about: unit},
	{route: "GET /console/lists/scenes", about: door},
	{route: "GET /console/lists/scenes/new", about: door},
	{route: "POST /console/lists/scenes/new", body: "org=${org}&name=样例场景${number}&kinds=" + stageKind + "&guide=出示电子证照，不收复印件。", about: unit},
	{route: "GET /console/lists/scenes/{id}", at: "/console/lists/scenes/${scene}", about: unit},
	{route: "POST /console/lists/scenes/{id}", at: "/console/lists/scenes/${scene}", body: "name=样例场景改${number}&kinds=" + stageKind + "&guide=出示电子证照，不收复印件。", about: unit},
	{route: "POST /console/lists/scenes/{id}/withdraw", at: "/console/lists/scenes/${scene}/withdraw", body: why, about: unit},
	{route: "GET /console/lists/norms", about: door},
	{route: "POST /console/lists/norms", body: "org=${org}&kind=" + stageKind + "&title=样例规范&edition=P${number}&issued=2026-01-01&link=https%3A%2F%2Fexample.invalid%2Fa.pdf", about: unit},
	{route: "POST /console/lists/norms/{id}/withdraw", at: "/console/lists/norms/${norm}/withdraw", body: why, about: unit},
	{route: "GET /console/lists/batches", at: "/console/lists/batches?org=${org}", about: unit},
	{route: "POST /console/lists/batches", body: "org=${org}&mature=0&kind=" + stageKind + "&" + why, about: unit},
	{route: "POST /console/lists/batches/launch", body: "org=${org}&title=样例批次&kinds=" + stageKind + "&" + why, about: unit, also: []int{422}},
	{route: "GET /console/lists/exempts", about: door},
	{route: "POST /console/lists/exempts", body: "org=${org}&basis=样例&kind=" + stageKind, about: unit, also: []int{409}},
	{route: "POST /console/lists/exempts/{id}/end", at: "/console/lists/exempts/${exempt}/end", body: why, about: unit},
	{route: "GET /open/exempts", about: anybody},
	{route: "GET /open/norms", about: anybody},
	{route: "GET /open/lists", about: anybody},
	{route: "GET /open/lists/{id}", at: "/open/lists/${listedition}", about: anybody},
	{route: "GET /open/scenes", about: anybody},
}

// listMakers make rounds of the unit, and what units publish by themselves.
func listMakers() map[string]func(t testing.TB, r *record) string {
	made := func(t testing.TB, r *record) string { // one is open at a time
		manager := r.hired(t, "manager")
		p, err := r.s.Listing.Rounds(manager, "", 100)
		must(t, err)
		for i := range p.Items {
			if p.Items[i].State == listing.Open && p.Items[i].Org == r.org() {
				_, err := r.s.Listing.Abandon(manager, p.Items[i].ID, "测试")
				must(t, err)
			}
		}
		v, err := r.s.Listing.OpenRound(manager, listing.Opening{List: listing.Issue, Org: r.org(), Title: "样例清单", ReportBy: "2099-01-01", ReviewBy: "2099-02-01", Units: []string{r.org()}})
		must(t, err)
		return v.ID
	}
	filled := func(t testing.TB, r *record, names ...string) (round, row string) {
		round = made(t, r)
		for _, name := range names {
			p, err := r.s.Listing.AddRow(r.hired(t, "designer"), round, r.org(), listing.Said{Name: name, Code: "X-1"})
			must(t, err)
			row = p.Rows[0].ID
		}
		return round, row
	}
	sent := func(t testing.TB, r *record, names ...string) (round, row string) {
		round, row = filled(t, r, names...)
		_, err := r.s.Listing.Submit(r.hired(t, "designer"), round, r.org(), "")
		must(t, err)
		return round, row
	}
	ready := func(t testing.TB, r *record, names ...string) (round, row string) {
		round, row = sent(t, r, names...)
		_, err := r.s.Listing.AcceptAll(r.hired(t, "manager"), round, r.org())
		must(t, err)
		return round, row
	}
	return map[string]func(t testing.TB, r *record) string{
		"listround":  made,
		"listrow":    func(t testing.TB, r *record) string { _, row := filled(t, r, "样例证书"); return row },
		"sentround":  func(t testing.TB, r *record) string { round, _ := sent(t, r, "样例证书"); return round },
		"sentrow":    func(t testing.TB, r *record) string { _, row := sent(t, r, "样例证书"); return row },
		"readyround": func(t testing.TB, r *record) string { round, _ := ready(t, r, "样例证书"); return round },
		"twicerow": func(t testing.TB, r *record) string {
			_, row := ready(t, r, "样例证书", "样例证明")
			return row
		},
		"listedition": func(t testing.TB, r *record) string {
			round, _ := ready(t, r, "样例证书")
			e, err := r.s.Listing.Publish(r.s.Hire(t, "publisher"+r.value(t, "number"), "manager", r.org()), round, "测试")
			must(t, err)
			return e.ID
		},
		"scene": func(t testing.TB, r *record) string {
			v, err := r.s.Listing.AddScene(r.hired(t, "designer"), r.org(), listing.Scenery{Name: "样例场景" + r.value(t, "number"), Kinds: []string{stageKind}, Guide: "出示电子证照，不收复印件。"})
			must(t, err)
			return v.ID
		},
		"uselist": func(testing.TB, *record) string {
			return parts(nil, "a.csv", []byte("证照类型\n"+stageKind+"\n"))
		},
		"exempt": func(t testing.TB, r *record) string { // one stands at a time
			manager := r.hired(t, "manager")
			all, err := r.s.Listing.Exempts(manager, r.org(), false)
			must(t, err)
			for i := range all.Items {
				_, err := r.s.Listing.EndExempt(manager, all.Items[i].ID, "测试")
				must(t, err)
			}
			v, err := r.s.Listing.AddExempt(manager, listing.Exemption{Org: r.org(), Kind: stageKind, Basis: "测试"})
			must(t, err)
			return v.ID
		},
		"norm": func(t testing.TB, r *record) string {
			v, err := r.s.Listing.AddNorm(r.hired(t, "designer"), listing.Normed{Unit: r.org(), Kind: stageKind, Title: "样例规范", Edition: "文" + r.value(t, "number"), Issued: "2026-01-01", Document: []byte("%PDF-1.7")})
			must(t, err)
			return v.ID
		},
	}
}

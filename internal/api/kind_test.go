package api_test

import (
	"fmt"
	"strconv"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
)

// Paths of an entry of the unit, and of one that was submitted.
const (
	entryPath  = "/api/v1/kind-entries/${kindentry}"
	sentPath   = "/api/v1/kind-entries/${sentkind}"
	entryPage  = "/console/kinds/${kindname}/entries/${kindentry}"
	numberPage = "/console/kinds/" + stageKind + "/numbers/${numbering}"
	sentPage   = "/console/kinds/${sentname}/entries/${sentkind}"
)

// agreeing are the codes of who may agree on entries, and not on this one, or not
// for this side.
var agreeing = []string{"auth.permission", "auth.org", "catalogue.side", "catalogue.own-unit", "catalogue.person"}

var kindLines = []line{
	{route: "GET /api/v1/kind-entries", about: door},
	{route: "POST /api/v1/kind-entries", body: `{"org":"${org}","name":"fresh${number}",` + because + `}`, about: unit, people: true},
	{route: "GET /api/v1/kind-entries/{id}", at: entryPath, about: unit},
	{route: "GET /api/v1/kind-entries/{id}/files", at: entryPath + "/files", about: unit},
	{route: "PUT /api/v1/kind-entries/{id}/files", at: entryPath + "/files", body: `{"version":1,"files":{}}`, about: unit, people: true},
	{route: "GET /api/v1/kind-entries/{id}/diff", at: entryPath + "/diff", about: unit},
	{route: "GET /api/v1/kind-entries/{id}/sample", at: entryPath + "/sample", about: unit},
	{route: "POST /api/v1/kind-entries/{id}/submit", at: entryPath + "/submit", body: `{"version":1,` + because + `}`, about: unit, people: true},
	{route: "POST /api/v1/kind-entries/{id}/agree", at: sentPath + "/agree", body: `{"version":2,` + because + `}`, about: unit, people: true, also: []int{403}, codes: agreeing},
	{route: "POST /api/v1/kind-entries/{id}/return", at: sentPath + "/return", body: `{"version":2,` + because + `}`, about: unit, people: true, also: []int{403}, codes: agreeing},
	{route: "POST /api/v1/kind-entries/{id}/withdraw", at: entryPath + "/withdraw", body: `{"version":1,` + because + `}`, about: unit, people: true},
	{route: "GET /api/v1/kinds/{name}/versions", at: "/api/v1/kinds/" + stageKind + "/versions", about: known},
	{route: "GET /api/v1/kinds/{name}/numberings", at: "/api/v1/kinds/" + stageKind + "/numberings", about: door},
	{route: "POST /api/v1/kinds/{name}/numberings", at: "/api/v1/kinds/" + stageKind + "/numberings", body: `{"org":"${org}","pattern":"甲${number}-{seq:4}",` + because + `}`, about: unit, people: true, also: []int{409}},
	{route: "GET /api/v1/kind-numberings/{id}", at: "/api/v1/kind-numberings/${numbering}", about: unit},
	{route: "POST /api/v1/kind-numberings/{id}/agree", at: "/api/v1/kind-numberings/${numbering}/agree", body: "{" + because + "}", about: unit, people: true, also: []int{403, 409}, codes: agreeing},
	{route: "POST /api/v1/kind-numberings/{id}/return", at: "/api/v1/kind-numberings/${numbering}/return", body: "{" + because + "}", about: unit, people: true, also: []int{403, 409}, codes: agreeing},
	{route: "POST /api/v1/kind-numberings/{id}/withdraw", at: "/api/v1/kind-numberings/${numbering}/withdraw", body: "{" + because + "}", about: unit, people: true, also: []int{409}},
	{route: "POST /api/v1/kinds/{name}/standard", at: "/api/v1/kinds/" + stageKind + "/standard", body: `{"org":"${org}",` + because + `}`, about: unit, people: true, also: []int{409}},
	{route: "GET /api/v1/kind-standards", about: door},
	{route: "POST /api/v1/kind-standards", body: `{"title":"样例${number}证","code":"11100000MB0143028R001","standard":"C0001-2020","since":"2026-01-05",` + because + `}`, about: door, also: []int{409}},
	{route: "GET /open/v1/kinds", about: anybody},
	{route: "GET /open/v1/kinds.csv", about: anybody},
	{route: "GET /open/v1/kinds/{name}", at: "/open/v1/kinds/" + stageKind, about: anybody},
	{route: "GET /open/v1/kinds/{name}/sample", at: "/open/v1/kinds/" + stageKind + "/sample", about: anybody},
}

var kindPages = []line{
	{route: "GET /console/kinds", about: door},
	{route: "GET /console/kinds/entries", about: door},
	{route: "GET /console/kinds/standards", about: door},
	{route: "POST /console/kinds/standards", body: "title=样例${number}证&code=11100000MB0143028R001&standard=C0001-2020&since=2026-01-05&" + why, about: door, also: []int{409}},
	{route: "GET /console/kinds/{name}", at: "/console/kinds/" + stageKind, about: door},
	{route: "POST /console/kinds/{name}", at: "/console/kinds/" + stageKind, body: "org=${org}&" + why, about: unit, people: true, also: []int{409}},
	{route: "POST /console/kinds/{name}/numbers", at: "/console/kinds/" + stageKind + "/numbers", body: "org=${org}&pattern=丙${number}-{seq:4}&" + why, about: unit, people: true, also: []int{409}},
	{route: "POST /console/kinds/{name}/standard", at: "/console/kinds/" + stageKind + "/standard", body: "org=${org}&" + why, about: unit, people: true, also: []int{409}},
	{route: "GET /console/kinds/{name}/numbers/{id}", at: numberPage, about: unit},
	{route: "POST /console/kinds/{name}/numbers/{id}/{act}", at: numberPage + "/withdraw", body: why, about: unit, needs: []string{"kind.manage"}, people: true, also: []int{403, 409}},
	{route: "POST /console/kinds/{name}/numbers/{id}/{act} #agree", at: numberPage + "/agree", body: why, about: unit, needs: []string{"catalogue.agree"}, people: true, also: []int{403, 409}, codes: agreeing},
	{route: "GET /console/kinds/{name}/entries/{id}", at: entryPage, about: unit},
	{route: "GET /console/kinds/{name}/entries/{id}/sample", at: entryPage + "/sample", about: unit},
	{route: "GET /console/kinds/{name}/entries/{id}/{act}", at: sentPage + "/return", about: unit},
	{route: "POST /console/kinds/{name}/entries/{id}/{act}", at: entryPage + "/withdraw", body: "version=1&" + why, about: unit, needs: []string{"kind.manage"}, people: true, also: []int{403}},
	{route: "POST /console/kinds/{name}/entries/{id}/{act} #agree", at: sentPage + "/agree", body: "version=2&" + why, about: unit, needs: []string{"catalogue.agree"}, people: true, also: []int{403}, codes: agreeing},
	{route: "GET /open/kinds", about: anybody},
	{route: "GET /open/kinds/{name}", at: "/open/kinds/" + stageKind, about: anybody},
}

// kindMakers make entries of the unit, as who designs its kinds.
func kindMakers() map[string]func(t testing.TB, r *record) string {
	made := func(t testing.TB, r *record) *catalogue.Entry {
		number := r.value(t, "number")
		n, err := strconv.Atoi(number)
		must(t, err)
		name := "kind" + number
		e, err := r.s.Catalogue.Propose(r.hired(t, "designer"), catalogue.Proposal{Org: r.org(), Name: name, Reason: "样例", Files: cataloguetest.Folder(t, "food_operation", name,
			"name: 食品经营许可证", "name: 样例证照"+number, "11999999000000000Q001", fmt.Sprintf("11999999000000000Q%03d", 100+n%900))})
		must(t, err)
		r.got["kindname"], r.got["kindentry"] = e.Name, e.ID
		return e
	}
	sent := func(t testing.TB, r *record) *catalogue.Entry {
		e := made(t, r)
		e, err := r.s.Catalogue.Submit(r.hired(t, "designer"), e.ID, e.Version, "", "样例")
		must(t, err)
		r.got["sentname"], r.got["sentkind"] = e.Name, e.ID
		return e
	}
	numbered := func(t testing.TB, r *record) string {
		list, err := r.s.Catalogue.Numberings(r.hired(t, "designer"), stageKind)
		must(t, err)
		for _, n := range list { // a unit has one under way at most
			if n.Org == r.org() && n.State == catalogue.NumberingSubmitted {
				return n.ID
			}
		}
		n, err := r.s.Catalogue.ProposeNumbering(r.hired(t, "designer"), catalogue.NumberingProposal{Kind: stageKind, Org: r.org(), Pattern: "乙" + r.value(t, "number") + "-{seq:4}", Reason: "样例"})
		must(t, err)
		return n.ID
	}
	return map[string]func(t testing.TB, r *record) string{
		"numbering": numbered,
		"kindname":  func(t testing.TB, r *record) string { return made(t, r).Name },
		"kindentry": func(t testing.TB, r *record) string { return made(t, r).ID },
		"sentname":  func(t testing.TB, r *record) string { return sent(t, r).Name },
		"sentkind":  func(t testing.TB, r *record) string { return sent(t, r).ID },
	}
}

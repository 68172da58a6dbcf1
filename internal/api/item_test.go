package api_test

import (
	"testing"

	"sidian/internal/item"
)

// itemPath is an item of the unit.
const itemPath = "/api/v1/items/${item}"

var itemLines = []line{
	{route: "GET /api/v1/items", about: door},
	{route: "GET /api/v1/items #org", at: "/api/v1/items?org=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "POST /api/v1/items", body: `{"org":"${org}","code":"NEW-${number}","name":"样例事项","type":"01","tier":"4"}`, about: unit},
	{route: "GET /api/v1/items/{code}", at: itemPath, about: unit},
	{route: "POST /api/v1/items/{code}/versions", at: itemPath + "/versions", body: `{"name":"样例事项新版","type":"01","tier":"4",` + because + `}`, about: unit},
	{route: "POST /api/v1/items/{code}/bindings", at: itemPath + "/bindings", body: `{"role":"input","kind":"` + stageKind + `",` + because + `}`, about: unit},
	{route: "POST /api/v1/items/{code}/bindings/{id}/end", at: "/api/v1/items/${bounditem}/bindings/${binding}/end", body: "{" + because + "}", about: unit},
	{route: "POST /api/v1/items/{code}/needs", at: itemPath + "/needs", body: `{"name":"样例证明","provider":"${branch}"}`, about: unit},
	{route: "GET /api/v1/item-needs", about: door},
	{route: "POST /api/v1/item-needs/{id}/answer", at: "/api/v1/item-needs/${itemneed}/answer", body: `{"state":"withdrawn",` + because + `}`, about: unit},
	{route: "GET /api/v1/item-coverage", about: door},
	{route: "GET /api/v1/item-coverage #org", at: "/api/v1/item-coverage?org=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /api/v1/item-imports/template", about: door},
	{route: "POST /api/v1/item-imports/check", body: "${itemlist}", about: door},
	{route: "POST /api/v1/item-imports", body: "${itemlist}", about: door},
	{route: "GET /api/v1/item-imports", about: door},
	{route: "GET /api/v1/item-imports/{id}", at: "/api/v1/item-imports/none", about: door, also: []int{404}},
	{route: "GET /api/v1/item-imports/{id}/problems", at: "/api/v1/item-imports/none/problems", about: door, also: []int{404}},
	{route: "POST /api/v1/item-imports/{id}/start", at: "/api/v1/item-imports/none/start", body: "{" + because + "}", about: door, also: []int{404}},
	{route: "POST /api/v1/item-imports/{id}/discard", at: "/api/v1/item-imports/none/discard", about: door, also: []int{404}},
	{route: "GET /open/v1/items", about: anybody},
	{route: "GET /open/v1/items/{code}", at: "/open/v1/items/${item}", about: anybody},
}

var itemPages = []line{
	{route: "GET /console/items", about: door},
	{route: "GET /console/items #org", at: "/console/items?org=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /console/items/new", about: door},
	{route: "POST /console/items/new", body: "org=${org}&code=PAGE-${number}&name=样例事项&type=01&tier=4", about: unit},
	{route: "GET /console/items/needs", about: door},
	{route: "POST /console/items/needs/{id}", at: "/console/items/needs/${itemneed}", body: "state=withdrawn&" + why, about: unit},
	{route: "GET /console/items/coverage", about: door},
	{route: "GET /console/items/import", about: door},
	{route: "POST /console/items/import", body: "${itemlist}", about: door},
	{route: "GET /console/items/import/template", about: door},
	{route: "GET /console/items/import/runs/{id}", at: "/console/items/import/runs/none", about: door, also: []int{404}},
	{route: "POST /console/items/import/runs/{id}/start", at: "/console/items/import/runs/none/start", body: why, about: door, also: []int{404, 422}},
	{route: "POST /console/items/import/runs/{id}/discard", at: "/console/items/import/runs/none/discard", body: "x=1", about: door, also: []int{404, 422}},
	{route: "GET /console/items/of/{code}", at: "/console/items/of/${item}", about: unit},
	{route: "GET /console/items/of/{code}/edit", at: "/console/items/of/${item}/edit", about: unit, codes: []string{"item.foreign"}},
	{route: "POST /console/items/of/{code}/edit", at: "/console/items/of/${item}/edit", body: "name=样例事项新版&type=01&tier=4&" + why, about: unit},
	{route: "GET /console/items/of/{code}/bind", at: "/console/items/of/${item}/bind", about: unit, codes: []string{"item.foreign"}},
	{route: "POST /console/items/of/{code}/bind", at: "/console/items/of/${item}/bind", body: "role=input&kind=" + stageKind + "&" + why, about: unit},
	{route: "GET /console/items/of/{code}/unbind/{id}", at: "/console/items/of/${bounditem}/unbind/${binding}", about: unit, codes: []string{"item.foreign"}},
	{route: "POST /console/items/of/{code}/unbind/{id}", at: "/console/items/of/${bounditem}/unbind/${binding}", body: why, about: unit},
	{route: "GET /console/items/of/{code}/need", at: "/console/items/of/${item}/need", about: unit, codes: []string{"item.foreign"}},
	{route: "POST /console/items/of/{code}/need", at: "/console/items/of/${item}/need", body: "name=样例证明&provider=${branch}", about: unit},
	{route: "GET /open/items", about: anybody},
	{route: "GET /open/items/{code}", at: "/open/items/${item}", about: anybody},
}

// itemMakers make items of the unit, as who manages them.
func itemMakers() map[string]func(t testing.TB, r *record) string {
	made := func(t testing.TB, r *record) *item.Item {
		i, err := r.s.Item.Create(r.hired(t, "designer"), r.org(), "ITEM-"+r.value(t, "number"), item.Content{Name: "样例事项", Type: "01", Tier: "4", Starts: "2026-01-01"})
		must(t, err)
		return i
	}
	bound := func(t testing.TB, r *record) *item.Item {
		i, err := r.s.Item.Bind(r.hired(t, "designer"), made(t, r).Code, item.Bound{Role: item.Input, Kind: stageKind, Reason: "目录"})
		must(t, err)
		r.got["binding"] = i.Bindings[0].ID
		return i
	}
	return map[string]func(t testing.TB, r *record) string{
		"item":      func(t testing.TB, r *record) string { return made(t, r).Code },
		"bounditem": func(t testing.TB, r *record) string { return bound(t, r).Code },
		"binding":   func(t testing.TB, r *record) string { return bound(t, r).Bindings[0].ID },
		"itemneed": func(t testing.TB, r *record) string {
			i, err := r.s.Item.Need(r.hired(t, "designer"), made(t, r).Code, item.Want{Name: "样例证明", Provider: r.value(t, "branch")})
			must(t, err)
			return i.Needs[0].ID
		},
		"itemlist": func(_ testing.TB, _ *record) string {
			return parts(nil, "a.csv", []byte("实施编码,事项名称\nLOCAL-1,样例事项\n"))
		},
	}
}

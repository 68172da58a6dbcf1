package api_test

import "sidian/internal/web/designer"

// designPath is the design of an entry of the unit.
const designPath = designer.Home + "/${kindentry}"

var designerPages = []line{
	{route: "GET /console/designer", about: door},
	{route: "GET /console/designer/new", about: door},
	{route: "POST /console/designer/new", body: "org=${org}&name=page${number}&title=样例页面证&size=a4p&" + why, about: unit, people: true},
	{route: "GET /console/designer/{id}", at: designPath, about: unit},
	{route: "POST /console/designer/{id}/layout", at: designPath + "/layout", body: "version=1&pages=1&width=210&height=297", about: unit, people: true},
	{route: "POST /console/designer/{id}/preview", at: designPath + "/preview", body: "pages=1&width=210&height=297", about: unit},
	{route: "POST /console/designer/{id}/image", at: designPath + "/image", body: "x=1", about: unit, also: []int{413, 422}},
	{route: "POST /console/designer/{id}/drop-image", at: designPath + "/drop-image", body: "version=1&name=none.png", about: unit, also: []int{422}},
	{route: "GET /console/designer/{id}/styles", at: designPath + "/styles", about: unit},
	{route: "POST /console/designer/{id}/styles", at: designPath + "/styles", body: "version=1&t0.name=value&t0.size=12", about: unit, people: true},
	{route: "GET /console/designer/{id}/fields", at: designPath + "/fields", about: unit},
	{route: "POST /console/designer/{id}/fields", at: designPath + "/fields", body: "version=1&f0.key=a&f0.label=样例&f0.type=text", about: unit, people: true},
	{route: "GET /console/designer/{id}/elements", at: designPath + "/elements", about: unit},
	{route: "POST /console/designer/{id}/elements", at: designPath + "/elements", body: "version=1&name=样例页面证", about: unit, people: true},
	{route: "GET /console/designer/{id}/sample", at: designPath + "/sample", about: unit},
	{route: "POST /console/designer/{id}/sample", at: designPath + "/sample", body: "x=1", about: unit, also: []int{422}},
	{route: "GET /console/designer/{id}/check", at: designPath + "/check", about: unit},
	{route: "POST /console/designer/{id}/submit", at: designPath + "/submit", body: "version=1&" + why, about: unit, people: true},
	{route: "GET /console/designer/{id}/folder", at: designPath + "/folder", about: unit},
	{route: "POST /console/designer/{id}/folder", at: designPath + "/folder", body: "x=1", about: unit, also: []int{413, 422}},
}

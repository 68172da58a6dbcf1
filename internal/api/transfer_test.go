package api_test

// transferPages are the requests of the pages on which the authority to issue is
// handed over.
var transferPages = []line{
	{route: "GET /console/transfers", about: door},
	{route: "GET /console/transfers/new", about: door},
	{route: "POST /console/transfers/new", body: "issuer=${org}&successor=none&from=x&basis=依测试方案&" + why, about: unit, also: wanting, needs: []string{"cert.issue", "catalogue.agree"}, people: true},
	{route: "GET /console/transfers/{id}", at: "/console/transfers/none", about: door, also: []int{404}},
	{route: "POST /console/transfers/{id}/decision", at: "/console/transfers/none/decision", body: "decision=agree&" + why, about: door, also: []int{403, 404}},
	{route: "POST /console/transfers/{id}/withdrawal", at: "/console/transfers/none/withdrawal", body: "why=依测试方案", about: door, also: []int{403, 404}},
}

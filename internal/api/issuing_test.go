package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/issuing"
)

var (
	// working are the needs of who has a part in issuing.
	working    = []string{"cert.draft", "cert.review", "cert.issue"}
	overseeing = append([]string{"supervise.read"}, working...)
)

const draftPath, incidentPath = "/api/v1/issuing/drafts/", "/api/v1/issuing/incidents/"

// issuingLines are the requests of issuing step by step.
var issuingLines = []line{
	{route: "POST /api/v1/issuing/drafts", body: `{"kind":"` + stageKind + `","unit":"${org}"}`, about: unit, codes: []string{"auth.org"}},
	{route: "GET /api/v1/issuing/drafts", about: door},
	{route: "GET /api/v1/issuing/drafts/{id}", at: draftPath + "${collected}", about: unit, needs: working},
	{route: "PUT /api/v1/issuing/drafts/{id}", at: draftPath + "${collected}", body: `{"version":1,"case_no":"BJ-${number}"}`, about: unit},
	{route: "POST /api/v1/issuing/drafts/{id}/submit", at: draftPath + "${collected}/submit", body: `{"version":1}`, about: unit},
	{route: "POST /api/v1/issuing/drafts/{id}/pass", at: draftPath + "${toreview}/pass", body: `{"version":1}`, about: unit},
	{route: "POST /api/v1/issuing/drafts/{id}/return", at: draftPath + "${toreview}/return", body: `{"version":1,` + because + `}`, about: unit, needs: []string{"cert.review"}},
	{route: "POST /api/v1/issuing/drafts/{id}/issue", at: draftPath + "${toseal}/issue", body: `{"version":1}`, about: unit},
	{route: "POST /api/v1/issuing/drafts/{id}/drop", at: draftPath + "${collected}/drop", body: `{"version":1,` + because + `}`, about: unit},
	{route: "POST /api/v1/issuing/drafts/{id}/reveal", at: draftPath + "${correcting}/reveal", body: `{"purpose":"${purpose}",` + because + `}`, about: unit, needs: []string{"cert.reveal"}, class: "敏感", means: true},
	{route: "POST /api/v1/issuing/corrections", body: `{"certificate":"${cert}","action":"replace","basis":"样例规定第 1 条",` + because + `}`, about: unit, also: []int{409}},
	{route: "GET /api/v1/issuing/batches", about: door},
	{route: "GET /api/v1/issuing/batches/{id}", at: "/api/v1/issuing/batches/${offlinebatch}", about: unit, needs: working},
	{route: "GET /api/v1/issuing/offers", about: door},
	{route: "GET /api/v1/issuing/slots", at: "/api/v1/issuing/slots?kind=" + stageKind + "&unit=${org}", about: unit},
	{route: "POST /api/v1/issuing/batches", body: "${offline}", about: unit},
	{route: "POST /api/v1/issuing/incidents", body: `{"unit":"${org}","what":"线路中断","measures":"先发实物证照","began_at":"${began}"}`, about: unit, also: []int{409}},
	{route: "GET /api/v1/issuing/incidents", about: door},
	{route: "GET /api/v1/issuing/incidents/{id}", at: incidentPath + "${incident}", about: unit, needs: overseeing},
	{route: "POST /api/v1/issuing/incidents/{id}/owed", at: incidentPath + "${incident}/owed", body: `{"operation":"update","about":"BJ-${number}"}`, about: unit},
	{route: "POST /api/v1/issuing/incidents/{id}/clear", at: incidentPath + "${incident}/clear", body: "{}", about: unit},
	{route: "POST /api/v1/issuing/incidents/{id}/owed/{owed}/done", at: incidentPath + "${owing}/owed/${owed}/done", body: `{"note":"已补办"}`, about: unit},
	{route: "POST /api/v1/issuing/applications", body: `{"kind":"` + stageKind + `","unit":"${org}","holders":[]}`, about: door, also: []int{403, 422}, people: true},
	{route: "GET /api/v1/issuing/applications", about: door},
	{route: "GET /api/v1/issuing/applications/{id}", at: "/api/v1/issuing/applications/none", about: door, also: []int{404}},
	{route: "POST /api/v1/issuing/applications/{id}/withdraw", at: "/api/v1/issuing/applications/none/withdraw", about: door, also: []int{404}},
}

// drafting is the form of a draft, with nothing but its version.
const drafting = "--b\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n1\r\n--b--\r\n"

var issuingPageLines = []line{
	{route: "GET /console/issuing", about: door},
	{route: "GET /console/issuing/new", about: door},
	{route: "POST /console/issuing/new", at: "/console/issuing/new?kind=" + stageKind, body: issuingForm, about: unit, also: wanting},
	{route: "POST /console/issuing/preview", at: "/console/issuing/preview?kind=" + stageKind, body: issuingForm, about: door, also: wanting},
	{route: "GET /console/issuing/{id}", at: "/console/issuing/${collected}", about: unit, needs: working},
	{route: "POST /console/issuing/{id}/save", at: "/console/issuing/${collected}/save", body: drafting, about: unit, also: wanting},
	{route: "POST /console/issuing/{id}/pass", at: "/console/issuing/${toreview}/pass", body: "version=1", about: unit},
	{route: "POST /console/issuing/{id}/return", at: "/console/issuing/${toreview}/return", body: "version=1&" + why, about: unit, needs: []string{"cert.review"}},
	{route: "POST /console/issuing/{id}/issue", at: "/console/issuing/${toseal}/issue", body: "version=1", about: unit},
	{route: "POST /console/issuing/{id}/reveal", at: "/console/issuing/${correcting}/reveal", body: why, about: unit, needs: []string{"cert.reveal"}, class: "敏感", means: true},
	{route: "GET /console/corrections/new", at: "/console/corrections/new?certificate=${cert}", about: unit, needs: []string{"cert.read"}},
	{route: "POST /console/corrections/new", at: "/console/corrections/new?certificate=${cert}", body: "action=replace&basis=rule&" + why, about: unit, also: []int{409}},
	{route: "GET /console/incidents", about: door},
	{route: "GET /console/incidents/new", about: door},
	{route: "POST /console/incidents/new", body: "unit=${org}&what=a&measures=b&" + why, about: unit, also: wanting},
	{route: "GET /console/incidents/{id}", at: "/console/incidents/${incident}", about: unit, needs: overseeing},
	{route: "POST /console/incidents/{id}/owed", at: "/console/incidents/${incident}/owed", body: "operation=update&about=BJ-${number}", about: unit},
	{route: "POST /console/incidents/{id}/done", at: "/console/incidents/${owing}/done", body: "owed=${owed}&note=done", about: unit},
	{route: "POST /console/incidents/{id}/clear", at: "/console/incidents/${incident}/clear", body: why, about: unit},
	{route: "GET /console/offline", about: door},
	{route: "GET /console/offline/new", about: door},
	{route: "POST /console/offline/new", at: "/console/offline/new?kind=" + stageKind, body: issuingForm, about: door, also: wanting},
	{route: "GET /console/offline/template", at: "/console/offline/template?kind=" + stageKind, about: door},
	{route: "GET /console/offline/{id}", at: "/console/offline/${offlinebatch}", about: unit, needs: working},
	{route: "GET /wallet/applications", about: door},
	{route: "GET /wallet/applications/new", about: door},
	{route: "POST /wallet/applications/new", at: "/wallet/applications/new?kind=none", body: issuingForm, about: door, also: []int{404}},
	{route: "GET /wallet/applications/{id}", at: "/wallet/applications/none", about: door, also: []int{404}},
	{route: "POST /wallet/applications/{id}/withdraw", at: "/wallet/applications/none/withdraw", body: why, about: door, also: []int{404}},
	{route: "POST /console/issuing/{id}/drop", at: "/console/issuing/${collected}/drop", body: "version=1&" + why, about: unit},
}

// issuingMakers make drafts of the unit, by people who only do that.
func issuingMakers() map[string]func(t testing.TB, r *record) string {
	drafted := func(t testing.TB, r *record) string {
		q := exampleRequest(t)
		d, err := r.s.Issuing.Create(r.hired(t, "clerk"), issuing.CreateRequest{Kind: stageKind, Unit: r.org(), CaseNo: "BJ-" + r.value(t, "number"),
			Content: issuing.Content{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo}})
		must(t, err)
		return d.ID
	}
	step := func(before func(testing.TB, *record) string, role string, do func(*issuing.Service, context.Context, issuing.Decision) (*issuing.Draft, error)) func(testing.TB, *record) string {
		return func(t testing.TB, r *record) string {
			id := before(t, r)
			_, err := do(r.s.Issuing, r.hired(t, role), issuing.Decision{ID: id, Version: 1})
			must(t, err)
			return id
		}
	}
	submitted := step(drafted, "clerk", (*issuing.Service).Submit)
	incident := func(t testing.TB, r *record) string { // a unit has one at a time
		ctx := r.hired(t, "clerk")
		x, err := r.s.Issuing.Declare(ctx, issuing.DeclareRequest{Unit: r.org(), What: "线路中断", Measures: "先发实物证照", BeganAt: r.s.DB.Now()})
		if errors.Is(err, fault.Conflict) {
			list, err := r.s.Issuing.Incidents(ctx, 100, "")
			must(t, err)
			i := slices.IndexFunc(list.Items, func(x *issuing.Incident) bool { return x.Unit == r.org() && x.State == "open" })
			return list.Items[i].ID
		}
		must(t, err)
		return x.ID
	}
	return map[string]func(t testing.TB, r *record) string{
		"collected": drafted, "toreview": submitted, "toseal": step(submitted, "reviewer", (*issuing.Service).Pass), "incident": incident,
		"correcting": func(t testing.TB, r *record) string { // a certificate has one at a time
			ctx, id := r.hired(t, "clerk"), r.certificate(t).ID
			d, err := r.s.Issuing.Correct(ctx, issuing.CorrectRequest{Certificate: id, Action: "replace", Reason: "样例换证", Basis: "样例规定第 1 条"})
			if !errors.Is(err, fault.Conflict) {
				must(t, err)
				return d.ID
			}
			list, err := r.s.Issuing.List(ctx, issuing.Query{View: issuing.ViewCollect, Limit: 100})
			must(t, err)
			for _, d := range list.Items {
				if d.Correction != nil && d.Correction.Certificate == id {
					return d.ID
				}
			}
			t.Fatal("the correction that is under way is not in the queue")
			return ""
		},
		"offlinebatch": func(t testing.TB, r *record) string {
			q := exampleRequest(t)
			b, err := r.s.Issuing.Push(r.hired(t, "clerk"), issuing.BatchRequest{Kind: stageKind, Unit: r.org(), Items: []issuing.BatchItem{{Ref: r.value(t, "number"), FinishedAt: r.s.DB.Now(),
				Content: issuing.Content{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo}}}})
			must(t, err)
			return b.Batch
		},
		"began": func(_ testing.TB, r *record) string { return r.s.DB.Now().Format(time.RFC3339) },
		"owing": incident,
		"owed": func(t testing.TB, r *record) string {
			x, err := r.s.Issuing.Owe(r.hired(t, "clerk"), issuing.OweRequest{ID: r.value(t, "owing"), Operation: "update", About: "BJ-" + r.value(t, "number")})
			must(t, err)
			return x.Owed[len(x.Owed)-1].ID
		},
		"offline": func(t testing.TB, r *record) string {
			q := exampleRequest(t)
			item := struct {
				Holders    []catalogue.Holder         `json:"holders"`
				Fields     map[string]json.RawMessage `json:"fields"`
				ValidFrom  string                     `json:"valid_from"`
				Ref        string                     `json:"ref"`
				FinishedAt time.Time                  `json:"finished_at"`
			}{q.Holders, q.Fields, q.ValidFrom, r.value(t, "number"), r.s.DB.Now()}
			b, err := json.Marshal(map[string]any{"kind": stageKind, "unit": r.org(), "items": []any{item}})
			must(t, err)
			return string(b)
		},
	}
}

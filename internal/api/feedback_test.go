package api_test

import (
	"testing"

	"sidian/internal/api"
	"sidian/internal/feedback"
)

// onFeedback are the needs of whom a feedback concerns.
var onFeedback = []string{"inspect.record", "cert.status", "cert.read"}

const told = "/api/v1/feedback/${told}"

var feedbackLines = []line{
	{route: "POST /api/v1/feedback", body: `{"certificate":"${certcode}","action":"suspend","on":"${today}","basis":"依测试方案","document_no":"测〔2026〕${number}号"}`, about: door},
	{route: "POST /api/v1/feedback/with-document", body: "${toldform}", about: door},
	{route: "GET /api/v1/feedback", about: door},
	{route: "GET /api/v1/feedback/{id}", at: told, about: unit, needs: onFeedback},
	{route: "GET /api/v1/feedback/{id}/document", at: told + "/document", about: unit, needs: onFeedback},
	{route: "POST /api/v1/feedback/{id}/decision", at: told + "/decision", body: `{"accept":false,"reason":"依测试方案不予采纳"}`, about: unit},
	{route: "POST /api/v1/feedback/{id}/withdraw", at: told + "/withdraw", body: `{"reason":"依测试方案撤回"}`, about: unit},
	{route: "GET /api/v1/feedback-report", about: door},
}

var feedbackPages = []line{
	{route: "GET /console/feedback", about: door},
	{route: "GET /console/feedback/new", about: door},
	{route: "POST /console/feedback/new", body: "${toldform}", about: door},
	{route: "GET /console/feedback/{id}", at: "/console/feedback/${told}", about: unit, needs: onFeedback},
	{route: "GET /console/feedback/{id}/document", at: "/console/feedback/${told}/document", about: unit, needs: onFeedback},
	{route: "POST /console/feedback/{id}/decision", at: "/console/feedback/${told}/decision", body: "decision=refuse&reason=依测试方案不予采纳", about: unit},
	{route: "POST /console/feedback/{id}/withdraw", at: "/console/feedback/${told}/withdraw", body: "reason=依测试方案撤回", about: unit},
	{route: "GET /console/feedback/report", about: door},
}

// feedbackMakers make what an officer of the unit tells of its certificate.
func feedbackMakers() map[string]func(t testing.TB, r *record) string {
	filing := func(t testing.TB, r *record) feedback.Filing {
		return feedback.Filing{Certificate: r.value(t, "certcode"), Action: "suspend", On: r.value(t, "today"), Basis: "依测试方案", DocumentNo: "测〔2026〕" + r.value(t, "number") + "号", Document: []byte("%PDF-1.7 decision")}
	}
	return map[string]func(t testing.TB, r *record) string{
		"told": func(t testing.TB, r *record) string {
			f, err := r.s.Feedback.Tell(r.hired(t, "officer"), filing(t, r))
			must(t, err)
			return f.ID
		},
		"toldform": func(t testing.TB, r *record) string {
			f := filing(t, r)
			return documentParts(map[string]string{"certificate": f.Certificate, "action": f.Action, "on": f.On, "basis": f.Basis, "document_no": f.DocumentNo}, f.Document)
		},
	}
}

// feedbacks makes what takes feedback of officers.
func (s *server) feedbacks(t testing.TB, v *api.Services) {
	t.Helper()
	var err error
	s.Feedback, err = feedback.New(t.Context(), feedback.Parts{DB: s.DB, Keys: s.Keys, IAM: s.IAM, Cert: s.Cert, Blobs: s.Blob, Notices: s.Notice, Due: s.Seal.Due, Outbox: s.Outbox})
	must(t, err)
	v.Feedback = s.Feedback
}

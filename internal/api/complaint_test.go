package api_test

import (
	"archive/zip"
	"bytes"
	"testing"

	"sidian/internal/complaint"
)

// onComplaint are the needs of who works on a complaint.
var onComplaint = []string{"complaint.reply", "complaint.handle"}

var complaintLines = []line{
	{route: "POST /api/v1/complaints", body: `{"org":"${branch}","what":"refused","way":"window","happened":"${today}","text":"窗口不收加盖电子印章的文件"}`, about: door},
	{route: "POST /api/v1/complaints/with-document", body: "${complaintform}", about: door},
	{route: "GET /api/v1/complaints", about: door},
	{route: "GET /api/v1/complaints/{id}", at: "/api/v1/complaints/${complained}", about: unit, needs: onComplaint},
	{route: "GET /api/v1/complaints/{id}/document", at: "/api/v1/complaints/${complained}/document", about: unit, needs: onComplaint},
	{route: "POST /api/v1/complaints/{id}/explanation", at: "/api/v1/complaints/${complained}/explanation", body: `{"text":"情况说明"}`, about: unit},
	{route: "POST /api/v1/complaints/{id}/decision", at: "/api/v1/complaints/${todecide}/decision", body: `{"outcome":"upheld","opinion":"属实"}`, about: unit},
	{route: "POST /api/v1/complaints/{id}/rectification", at: "/api/v1/complaints/${tomend}/rectification", body: `{"text":"已改正"}`, about: unit},
	{route: "POST /api/v1/complaints/{id}/confirmation", at: "/api/v1/complaints/${toconfirm}/confirmation", body: `{"accepted":true}`, about: unit},
	{route: "POST /api/v1/complaints/{id}/withdraw", at: "/api/v1/complaints/${mycomplaint}/withdraw", body: `{}`, about: own},
	{route: "GET /api/v1/complaint-units", about: door},
	{route: "GET /api/v1/complaint-report", about: door},
	{route: "GET /api/v1/complaint-report #unit", at: "/api/v1/complaint-report?unit=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /api/v1/complaint-report/file", at: "/api/v1/complaint-report/file?unit=${org}", about: unit, codes: []string{"auth.org"}},
}

var complaintPages = []line{
	{route: "GET /wallet/complaints", about: door},
	{route: "GET /wallet/complaints/new", about: door},
	{route: "POST /wallet/complaints/new", body: "${complaintform}", about: door},
	{route: "GET /wallet/complaints/{id}", at: "/wallet/complaints/${mycomplaint}", about: own},
	{route: "GET /wallet/complaints/{id}/document", at: "/wallet/complaints/${mycomplaint}/document", about: own},
	{route: "POST /wallet/complaints/{id}/withdraw", at: "/wallet/complaints/${mycomplaint}/withdraw", body: "x=1", about: own},
	{route: "GET /console/complaints", about: door},
	{route: "GET /console/complaints #unit", at: "/console/complaints?unit=${org}", about: unit, codes: []string{"auth.org"}},
	{route: "GET /console/complaints/{id}", at: "/console/complaints/${complained}", about: unit},
	{route: "GET /console/complaints/{id}/document", at: "/console/complaints/${complained}/document", about: unit},
	{route: "POST /console/complaints/{id}/explanation", at: "/console/complaints/${complained}/explanation", body: "text=情况说明", about: unit},
	{route: "POST /console/complaints/{id}/decision", at: "/console/complaints/${todecide}/decision", body: "outcome=dismissed&opinion=不属实", about: unit},
	{route: "POST /console/complaints/{id}/rectification", at: "/console/complaints/${tomend}/rectification", body: "text=已改正", about: unit},
	{route: "POST /console/complaints/{id}/confirmation", at: "/console/complaints/${toconfirm}/confirmation", body: "decision=return&reason=继续改正", about: unit},
	{route: "GET /console/complaints/report", about: door},
	{route: "GET /console/complaints/report/file", at: "/console/complaints/report/file?format=csv&unit=${org}", about: unit, codes: []string{"auth.org"}},
}

// complaintMakers make complaints about a branch of the unit: its own people do
// not decide about the unit itself.
func complaintMakers() map[string]func(t testing.TB, r *record) string {
	filed := func(t testing.TB, r *record) string { return r.complains(t, r.s.holder(t, r.value(t, "number"))) }
	explained := func(t testing.TB, r *record) string {
		id := filed(t, r)
		_, err := r.s.Complaint.Explain(r.hired(t, "clerk"), id, "情况说明")
		must(t, err)
		return id
	}
	upheld := func(t testing.TB, r *record) string {
		id := explained(t, r)
		_, err := r.s.Complaint.Decide(r.hired(t, "sealadmin"), id, complaint.Decision{Outcome: complaint.Upheld, Opinion: "属实"})
		must(t, err)
		return id
	}
	return map[string]func(t testing.TB, r *record) string{
		"today":      func(_ testing.TB, r *record) string { return r.s.DB.Now().UTC().Format("2006-01-02") },
		"complained": filed, "todecide": explained, "tomend": upheld,
		"toconfirm": func(t testing.TB, r *record) string {
			id := upheld(t, r)
			_, err := r.s.Complaint.Rectify(r.hired(t, "clerk"), id, "已改正")
			must(t, err)
			return id
		},
		"complaintform": func(t testing.TB, r *record) string {
			f := r.filing(t)
			return documentParts(map[string]string{"org": f.Org, "what": f.What, "way": f.Way, "happened": f.Happened, "text": f.Text, "named": "true"}, f.Document)
		},
	}
}

// complains files a complaint of a holder.
func (r *record) complains(t testing.TB, holder string) string {
	t.Helper()
	ctx, err := r.s.IAM.As(t.Context(), holder)
	must(t, err)
	c, err := r.s.Complaint.File(ctx, r.filing(t))
	must(t, err)
	return c.ID
}

func (r *record) filing(t testing.TB) complaint.Filing {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	_, err := z.Create("OFD.xml")
	must(t, err)
	must(t, z.Close())
	return complaint.Filing{Org: r.value(t, "branch"), What: complaint.Refused, Way: complaint.Window, Happened: r.value(t, "today"), Text: "窗口不收加盖电子印章的文件", Named: true, Document: b.Bytes()}
}

// documentParts is a form with a document.
func documentParts(fields map[string]string, data []byte) string {
	form := parts(fields, "a.ofd", data)
	return string(bytes.Replace([]byte(form), []byte(`name="file"; filename`), []byte(`name="document"; filename`), 1))
}

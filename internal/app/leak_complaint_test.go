package app

import (
	"bytes"
	"maps"
	"net/url"
	"testing"
	"time"

	"sidian/internal/complaint/complainttest"
)

// complain is a complaint about a refused seal, with all that people write into
// one, and what each side makes of it.
func (s *story) complain(t *testing.T) {
	t.Helper()
	holder, unit, authority := s.user(t, "zhang"), s.user(t, "clerk"), s.user(t, "seals")
	var zhang string
	for _, u := range s.w.creds.Users {
		if u.Username == "zhang" {
			zhang = u.Name
		}
	}
	day := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	filing := map[string]string{"org": "market", "what": "refused", "way": "window", "happened": day, "item": s.data["what was to be done"], "number": s.data["a number in a complaint"],
		"text": s.data["the words of a complaint"] + "，我是" + zhang + "，" + s.data["the father's citizen ID"] + "，电话 " + s.data["the account holder's phone"]}
	document := complainttest.OFD(t, s.data["a refused document"])
	made := holder.upload(t, 201, "/api/v1/complaints/with-document", "document", s.data["the father"]+".ofd", document, filing)
	id := idOf(t, made, "id")
	own, at, record := "/wallet/complaints/"+id, "/console/complaints/"+id, "/api/v1/complaints/"+id
	for _, wrong := range []map[string]string{{"what": s.data["the father"]}, {"org": s.data["the father's citizen ID"]}, {"happened": s.data["the account holder's phone"]}, {"text": s.data["the words of a complaint"] + "\u202e"}} {
		f := maps.Clone(filing)
		maps.Copy(f, wrong)
		holder.upload(t, 422, "/api/v1/complaints/with-document", "document", "a.ofd", document, f)
		holder.upload(t, 422, "/wallet/complaints/new", "document", s.data["the father"]+".ofd", document, f)
	}
	holder.upload(t, 422, "/api/v1/complaints/with-document", "document", s.data["the father"]+".ofd", []byte(s.data["a refused document"]), filing)
	holder.get(t, 200, own)
	if b := holder.get(t, 200, own+"/document"); !bytes.Equal(b, document) {
		t.Error("the document is another")
	}
	for path, want := range map[string]int{record: 200, at: 200, "/api/v1/complaints": 200, "/console/complaints": 200, record + "/document": 404, at + "/document": 404} {
		b := unit.get(t, want, path)
		for _, what := range []string{"the father's citizen ID", "the account holder's phone", "a number in a complaint", "a refused document"} {
			if bytes.Contains(b, []byte(s.data[what])) {
				t.Errorf("the unit learns %s at %s", what, path)
			}
		}
		if bytes.Contains(bytes.ReplaceAll(b, []byte("某某"), nil), []byte(zhang)) {
			t.Errorf("the unit learns who complained at %s", path)
		}
	}
	for _, u := range []string{"land", "system", "audit", "li"} {
		s.user(t, u).get(t, 0, record)
		s.user(t, u).get(t, 0, at)
		s.user(t, u).get(t, 0, own)
	}
	unit.post(t, 422, record+"/explanation", map[string]any{"text": "投诉人 " + s.data["the father's citizen ID"] + s.data["the words of a unit"]})
	kept := s.left["refusal"]
	unit.form(t, 422, at+"/explanation", url.Values{"text": {"电话 " + s.data["the account holder's phone"]}})
	s.left["refusal"] = kept // this one shows the complaint, to who may read it
	unit.post(t, 200, record+"/explanation", map[string]any{"text": s.data["the words of a unit"]})
	authority.get(t, 200, at)
	authority.get(t, 200, record+"/document")
	authority.post(t, 422, record+"/decision", map[string]any{"outcome": "exempt", "opinion": s.data["the words of an authority"]})
	authority.post(t, 200, record+"/decision", map[string]any{"outcome": "upheld", "opinion": s.data["the words of an authority"]})
	unit.post(t, 409, record+"/explanation", map[string]any{"text": s.data["the words of a unit"]})
	authority.get(t, 0, "/api/v1/complaints?unit="+id)
	s.left.add("complaint report", authority.get(t, 200, "/api/v1/complaint-report"))
	for _, format := range []string{"csv", "xlsx"} {
		s.left.add("complaint report "+format, authority.get(t, 200, "/api/v1/complaint-report/file?format="+format))
	}
	for who, d := range map[string]*desk{"unit": unit, "authority": authority, "complainant": holder} {
		s.left.add("notices of the "+who, d.get(t, 200, "/api/v1/notices"))
	}
}

package signing

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
	"sidian/internal/web/page/pagetest"
)

var must = pagetest.Must

// site is the pages over an instance in which people sign.
type site struct {
	*signaturetest.World
	*pagetest.Site
	t      *testing.T
	people map[string]context.Context
	pages  *Service
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	s := &site{World: signaturetest.New(t, d), t: t, people: map[string]context.Context{}}
	kit := pagetest.Kit(t)
	s.pages = &Service{Signature: s.Signature, IAM: s.IAM, Kit: kit, Demo: true, Find: s.find}
	s.people["clerk"] = s.Clerk
	s.people["land"] = s.Hire(t, "landclerk", "clerk", sealtest.Land)
	s.people["keeper"] = s.Keeper
	s.Site = pagetest.Serve(t, kit, pagetest.People{Service: s.IAM, By: s.people}, s.pages, s.Signature.Routes)
	return s
}

// find knows one colleague.
func (s *site) find(_ context.Context, username string) (string, error) {
	if username == "signclerk" {
		return sealtest.Account(s.Clerk), nil
	}
	return "", fault.NotFound.New("没有这个用户名的工作人员").WithCode("account.unknown")
}

// person lets a holder come to the pages, by the name given.
func (s *site) person(as, name string) signaturetest.Person {
	s.t.Helper()
	p := s.Enrolled(s.t, name)
	s.people[as] = p.Ctx
	return p
}

// upload sends the form to begin a task with a document.
func (s *site) upload(who, path string, data []byte, fields map[string]string) pagetest.Answer {
	s.t.Helper()
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	var files []pagetest.File
	if data != nil {
		files = append(files, pagetest.Chosen("file", "协议.ofd", data))
	}
	return s.Upload(who, path, form, files...)
}

// twoSign is a form for two people behind the words of the document.
func twoSign(a, b signaturetest.Person) map[string]string {
	return map[string]string{
		"org": sealtest.Market, "title": "样例协议", "order": "sequence", "once": "1",
		"signers[0].name": a.Name, "signers[0].citizen": a.Citizen, "signers[0].role": "甲方", "signers[0].way": signature.Handwritten, "signers[0].where": "keyword", "signers[0].keyword": signaturetest.First,
		"signers[1].name": b.Name, "signers[1].citizen": b.Citizen, "signers[1].role": "乙方", "signers[1].way": signature.Handwritten, "signers[1].where": "keyword", "signers[1].keyword": signaturetest.Second,
	}
}

func with(form map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range form {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// begun begins a task by the page, and returns its id.
func (s *site) begun(form map[string]string) string {
	s.t.Helper()
	a := s.upload("clerk", Home+"/new", signaturetest.Document(s.t), form)
	a.Is(http.StatusSeeOther)
	return strings.TrimSuffix(strings.TrimPrefix(a.To(), Home+"/"), "?done=new")
}

// written is a name as the page's script sends it.
func written() string { return string(inktest.Drawing(1).JSON()) }

// scene is what a signer is shown, as the page's script asks for it.
func (s *site) scene(who, id, number string) (out signature.Scene) {
	s.t.Helper()
	a := s.Get(who, "/api/v1/signature-tasks/"+id+"/signers/"+number, "Accept", "application/json").Is(http.StatusOK)
	must(s.t, json.Unmarshal([]byte(a.Body), &out))
	return out
}

// signs goes the whole way by the pages.
func (s *site) signs(who, id, number string) pagetest.Answer {
	s.t.Helper()
	at := Sign + "/" + id + "/" + number
	s.Get(who, at).Is(http.StatusOK, "下一步：手写签名", "拒绝签署")
	s.Post(who, at+"/write", "drawing", written()).Leads(at + "/confirm")
	s.Get(who, at+"/confirm").Is(http.StatusOK, "自愿以本人的电子签名签署", "一次性口令", "/login/dev/codes")
	scene := s.scene(who, id, number)
	s.Post(who, at+"/confirm", "agree", "1", "code", " １２３ 456", "original", scene.Task.Original, "intent", scene.Intent.Version).Leads(at + "/done")
	return s.Get(who, at+"/done").Is(http.StatusOK, "全程未打印", "下载文件")
}

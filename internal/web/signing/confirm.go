package signing

import (
	"context"
	"net/http"

	"sidian/internal/auth"
	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type confirmPage struct {
	*desk
	Faces []*face
	More  int // pages on which the signature shows, too
	Field *page.Field
	Codes bool // tells where the codes of a demo are
	Agree string
}

// mostFaces is how many pages are shown with the signature in its place.
const mostFaces = 3

func (s *Service) confirm(w http.ResponseWriter, r *http.Request) (*confirmPage, bool, error) {
	d, here, err := s.desk(w, r, "确认签署", "签署：确认")
	if err != nil || !here {
		return nil, false, err
	}
	if d.Signer.Way == signature.Handwritten && !d.Written() && !d.Confirmed() {
		return nil, false, page.See(w, r, d.At+"/write")
	}
	if d.Waiting() || d.Confirmed() {
		return nil, false, page.See(w, r, d.At)
	}
	p := &confirmPage{desk: d}
	if p.Field, p.Codes, err = s.confirmField(r); err != nil {
		return nil, false, err
	}
	list := pagesOf(d.Signer)
	if d.Signer.Way == signature.Plain {
		list = []int{d.Task.Pages}
	}
	for i, n := range list {
		if i == mostFaces {
			p.More = len(list) - mostFaces
			break
		}
		f, err := s.face(r.Context(), d.Task, n, dpiRead)
		if err != nil {
			return nil, false, err
		}
		f.ask(d.Scene)
		p.Faces = append(p.Faces, f)
	}
	return p, true, nil
}

// confirmField is what the person proves with that it is they who sit there; nil:
// that they signed in just now.
func (s *Service) confirmField(r *http.Request) (f *page.Field, codes bool, err error) {
	way, err := s.way(r.Context())
	if err != nil {
		return nil, false, err
	}
	switch way {
	case auth.WayRecent:
		return nil, false, nil
	case auth.WayPassword:
		return &page.Field{ID: "code", Name: "code", Label: "登录密码", Type: "password", Autocomplete: "current-password", Required: true, Max: 512, Hint: "再次证明是您本人"}, false, nil
	}
	return &page.Field{
		ID: "code", Name: "code", Label: "一次性口令", Mode: "numeric", Autocomplete: "one-time-code", Code: true, Short: true, Required: true, Max: 12,
		Hint: "打开手机上的身份验证器，填写现在显示的 6 位数字",
	}, s.Demo, nil
}

func (s *Service) way(ctx context.Context) (string, error) {
	if s.Way == nil {
		return auth.WayCode, nil
	}
	return s.Way(ctx)
}

// answer is what the person proves it with.
func (s *Service) answer(r *http.Request) (string, error) {
	way, err := s.way(r.Context())
	if way == auth.WayCode {
		return tidyCode(r.PostFormValue("code")), err
	}
	return r.PostFormValue("code"), err
}

func (s *Service) getConfirm(w http.ResponseWriter, r *http.Request) error {
	p, here, err := s.confirm(w, r)
	if err != nil || !here {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

var confirmLabels = map[string]string{"code": "验证", "agree": "签署意愿"}

func (s *Service) postConfirm(w http.ResponseWriter, r *http.Request) error {
	n, err := numberOf(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	answer, why := s.answer(r)
	if why != nil {
		return why
	}
	if r.PostFormValue("agree") != "1" {
		why = fault.Invalid.New("还没有确认签署意愿").WithCode("signature.agree").WithHint("请读完这段话，同意后勾选").WithField("agree", "required", "请勾选同意")
	} else {
		_, why = s.Signature.Sign(r.Context(), id, n, signature.SignRequest{
			Code: answer, Original: r.PostFormValue("original"), Intent: r.PostFormValue("intent"),
		})
	}
	if why == nil {
		return page.See(w, r, signerAt(id, n)+"/done")
	}
	if e := fault.As(why); e == nil || e.Kind == fault.NotFound || e.Kind == fault.Forbidden && len(e.Fields) == 0 && e.Code != "confirm.needed" {
		return why
	}
	p, here, err := s.confirm(w, r)
	if err != nil || !here {
		return err
	}
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, map[string]string{"code": "code", "agree": "agree"}, confirmLabels); err != nil {
		return err
	}
	if p.Field != nil {
		p.Field.Error = p.Problem.At("code")
	}
	if r.PostFormValue("agree") == "1" {
		p.Agree = "1"
	}
	return s.set.Show(w, status, "confirm", p)
}

type donePage struct {
	*desk
	Face   *face
	Pages  []page.Tab
	Notice page.Notice
	Facts  []page.Fact
	Over   bool // there is evidence
	Signed bool
}

// getDone is what came of it: the document as it stands, to take along.
func (s *Service) getDone(w http.ResponseWriter, r *http.Request) error {
	d, here, err := s.desk(w, r, "", "签署结果")
	if err != nil || !here {
		return err
	}
	if toSign(d.Task, d.Signer) {
		return page.See(w, r, d.At)
	}
	p := &donePage{desk: d, Over: d.Task.State != signature.Open, Signed: d.Signer.State == signature.Signed}
	n := pageOf(r, d.Task)
	if list := pagesOf(d.Signer); r.URL.Query().Get("page") == "" && len(list) > 0 {
		n = list[0]
	}
	if p.Face, err = s.face(r.Context(), d.Task, n, dpiRead); err != nil {
		return err
	}
	p.Pages = tabsOf(d.Task, d.At+"/done", n)
	p.Notice, p.Facts = outcome(d), resultOf(d)
	return s.set.Show(w, http.StatusOK, "done", p)
}

func outcome(d *desk) page.Notice {
	x, t := d.Signer, d.Task
	switch {
	case x.State == signature.Refused:
		return page.Notice{Class: page.Care, Title: "您已拒绝签署", Text: "理由已经告诉" + d.By + "。"}
	case x.State != signature.Signed:
		return page.Notice{Class: page.Care, Title: "签署任务" + signature.Word(t.State), Text: "您没有在这份文件上签名。" + leads[t.State]}
	case t.State == signature.Done:
		return page.Notice{Class: page.Good, Title: "签署完成", Text: "全部签署人已签署，文件有效。全程未打印。"}
	case t.State != signature.Open:
		return page.Notice{Class: page.Care, Title: "您已签署，但任务" + signature.Word(t.State), Text: leads[t.State]}
	}
	return page.Notice{Class: page.Good, Title: "您已签署", Text: "等其他签署人签完，" + d.By + "就会收到文件。全程未打印。"}
}

func resultOf(d *desk) []page.Fact {
	x := d.Signer
	list := []page.Fact{{Label: "文件", Text: d.Task.Title}, {Label: "发起", Text: d.By}, {Label: "已签", Text: count(d.Task)}}
	switch x.State {
	case signature.Signed:
		list = append(list, page.Fact{Label: "签署时间", At: x.SignedAt}, page.Fact{Label: "确认方式", Text: factors[x.Factor]})
	case signature.Refused:
		list = append(list, page.Fact{Label: "拒签时间", At: x.SignedAt}, page.Fact{Label: "理由", Text: x.Reason})
	}
	return append(list, page.Fact{Label: "文件摘要（SM3）", Text: d.Task.Document, Code: true})
}

package feedback

import (
	"net/http"

	"sidian/internal/cert/state"
	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/web/page"
)

type newPage struct {
	page.Frame
	Problem *page.Problem
	Fields  []page.Field
	File    page.Field
}

// form is what an officer fills in; what is on hand is filled in already.
func (s *Service) form(r *http.Request, f feedback.Filing) (*newPage, error) {
	p := &newPage{Frame: s.Kit.Frame(r, "反馈执法决定", "feedback", page.Narrow)}
	var actions []page.Option
	for _, a := range feedback.Actions() {
		actions = append(actions, page.Option{Value: a.Code, Label: a.Name})
	}
	kinds, err := s.Feedback.Cert.Catalogue.Published(r.Context())
	if err != nil {
		return nil, err
	}
	var of []page.Option
	for _, k := range kinds {
		of = append(of, page.Option{Value: k.Name, Label: k.Title})
	}
	until := "只有暂扣可以写；没有期限的留空"
	if a, ok := state.Find(f.Action); ok && a.Until == state.No {
		until = a.Name + "没有期限，请留空"
	}
	p.Fields = []page.Field{
		{ID: "certificate", Name: "certificate", Label: "证照", Value: f.Certificate, Code: true, Max: 300, Hint: "扫描证照上的二维码后粘贴地址，或填写查验码、电子证照标识；都没有的留空，填写下面的类型和编号"},
		{ID: "kind", Name: "kind", Label: "证照类型", Value: f.Kind, Options: of, Any: "上面已写明证照", Hint: "只知道证照编号的，选择类型"},
		{ID: "number", Name: "number", Label: "证照编号", Value: f.Number, Code: true, Max: 200, Hint: "照面上的编号，逐字填写"},
		{ID: "unit", Name: "unit", Label: "签发单位", Value: f.Unit, Max: 100, Hint: "可不填；按编号没有找到唯一一份时，写单位的全称"},
		{ID: "action", Name: "action", Label: "作出了什么决定", Value: f.Action, Required: true, Options: actions},
		{ID: "on", Name: "on", Label: "决定日期", Value: f.On, Type: "date", Required: true, Short: true},
		{ID: "until", Name: "until", Label: "暂扣至", Value: f.Until, Type: "date", Short: true, Hint: until},
		{ID: "basis", Name: "basis", Label: "依据", Value: f.Basis, Required: true, Max: 120, Hint: "法律法规的名称和条款；随证照状态公开"},
		{ID: "document_no", Name: "document_no", Label: "决定文书编号", Value: f.DocumentNo, Required: true, Max: 60, Hint: "同一文书就同一证照只登记一次"},
		{ID: "note", Name: "note", Label: "情况说明", Value: f.Note, Lines: 4, Max: 1000, Hint: "只有双方单位看得到；不要写证件号码、手机号码"},
	}
	p.File = page.Field{ID: "document", Name: "document", Label: "决定文书", Hint: "可不传；PDF、JPG、PNG，至多 10 MB"}
	return p, nil
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	f := feedback.Filing{Certificate: r.URL.Query().Get("certificate"), On: page.Day(s.Feedback.DB.Now())}
	p, err := s.form(r, f)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	var f feedback.Filing
	err := r.ParseMultipartForm(4 << 20)
	if err != nil {
		err = fault.Invalid.Wrap(err, "表单没有传完").WithCode("feedback.form").WithHint("请重新提交；附件至多 10 MB")
	} else {
		f, err = feedback.FilingOf(r.MultipartForm)
	}
	var made *feedback.Feedback
	if err == nil {
		made, err = s.Feedback.Tell(r.Context(), f)
	}
	if err == nil {
		word := "told"
		if made.Already {
			word = "already"
		}
		return page.See(w, r, page.Asking(page.At(Home, made.ID), "done", word))
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.form(r, f)
	if e != nil {
		return e
	}
	file := []page.Field{p.File}
	p.Problem = page.Mark(err, p.Fields, file)
	p.File, p.Title = file[0], "有错误："+p.Title
	return s.set.Show(w, code, "new", p)
}

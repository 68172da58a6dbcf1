package seals

import (
	"io"
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/web/page"
)

// maxAnswer bounds what an authority answers with, as package pki does.
const maxAnswer = 128 << 10

type newPage struct {
	page.Frame
	Crumb   page.Link
	Problem *page.Problem
	Facts   []page.Fact // what will stand in it
	Form    page.Form
}

func (s *Service) newRequest(r *http.Request, v func(string) string) (*newPage, error) {
	ctx, org := r.Context(), v("org")
	if err := iam.Allow(ctx, "pki.manage", org); err != nil {
		return nil, err
	}
	o, err := s.IAM.Org(ctx, org)
	if err != nil {
		return nil, err
	}
	held, err := s.PKI.HeldBy(ctx, org)
	if err != nil {
		return nil, err
	}
	back := page.Asking(Held, "org", org)
	p := &newPage{Frame: s.Kit.Frame(r, "向外部机构申请数字证书", "digital-certificates", page.Middle), Crumb: page.Link{Label: o.Name + "的数字证书", Href: back}}
	if r.Method == http.MethodPost {
		p.Path = page.Asking(Held+"/new", "org", org)
	}
	p.Facts = []page.Fact{{Label: "单位名称", Text: o.Name}, {Label: "统一社会信用代码", Text: dash(o.USCC), Code: true}, {Label: "密钥", Text: "新生成，留在本平台，不随请求送出"}}
	p.Form = page.Form{Action: Held + "/new", Button: "生成证书请求", Busy: "正在生成…", Cancel: back, Hidden: []page.Hidden{{Name: "org", Value: org}}, Fields: []page.Field{
		{ID: "authority", Name: "authority", Label: "向哪个机构申请", Value: v("authority"), Required: true, Max: 33, Hint: "电子认证服务机构的名称"},
	}}
	if len(held) > 0 {
		f := page.Field{ID: "replaces", Name: "replaces", Label: "更换哪张数字证书", Value: v("replaces"), Any: "不更换，另外申请"}
		for _, c := range held {
			f.Options = append(f.Options, page.Option{Value: c.ID, Label: c.Certificate.IssuerName() + "，至 " + page.Day(c.Certificate.NotAfter) + "，" + c.Serial[max(0, len(c.Serial)-8):]})
		}
		p.Form.Fields = append(p.Form.Fields, f)
	}
	return p, nil
}

func (s *Service) getNewRequest(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newRequest(r, r.URL.Query().Get)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) postNewRequest(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newRequest(r, r.PostFormValue)
	if err != nil {
		return err
	}
	o, err := s.IAM.Org(r.Context(), r.PostFormValue("org"))
	if err != nil {
		return err
	}
	q := pki.RequestFor{Use: pki.Unit, Org: o.ID, Name: o.Name, Code: o.USCC, Authority: strings.TrimSpace(r.PostFormValue("authority")), Replaces: r.PostFormValue("replaces")}
	if q.Authority == "" {
		err = fault.Invalid.New("证书请求的内容不完整").WithCode("pki.request").WithField("authority", "required", "请填写机构名称")
	} else {
		var made *pki.CertificateRequest
		if made, err = s.PKI.Request(r.Context(), q); err == nil {
			return page.See(w, r, page.Asking(page.At(Held, "requests", made.ID), "done", "requested"))
		}
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p.Problem, p.Title = page.Mark(err, p.Form.Fields), "有错误："+p.Title
	return s.set.Show(w, code, "new", p)
}

type requestPage struct {
	page.Frame
	Crumb   page.Link
	Notice  *page.Notice
	Problem *page.Problem
	Q       *pki.CertificateRequest
	Chip    page.Chip
	Facts   []page.Fact
	Steps   []page.Step
	PEM     string
	At      string
	Waits   bool
	Answer  string
}

func (s *Service) request(r *http.Request) (*requestPage, error) {
	q, err := s.PKI.GetRequest(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o, err := s.IAM.Org(r.Context(), q.Org)
	if err != nil {
		return nil, err
	}
	p := &requestPage{Frame: s.Kit.Frame(r, "证书请求", "digital-certificates", page.Wide), Crumb: page.Link{Label: o.Name + "的数字证书", Href: page.Asking(Held, "org", o.ID)},
		Q: q, Chip: requestChip(q.State), Notice: doneNotice(r), At: page.At(Held, "requests", q.ID), Waits: q.State == pki.Waiting, Answer: r.PostFormValue("answer")}
	if r.Method == http.MethodPost {
		p.Path = p.At
	}
	if q.Request != nil {
		p.PEM = string(q.Request.PEM())
	}
	p.Facts = []page.Fact{{Label: "名称", Text: q.Name}, {Label: "统一社会信用代码", Text: dash(q.Code), Code: true}, {Label: "签发机构", Text: dash(q.Authority)}, {Label: "申请时间", At: q.At}, {Label: "应答截止", Text: page.Day(q.Until)}}
	if !q.EndedAt.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: "结束时间", At: q.EndedAt})
	}
	state := func(done bool) string {
		switch {
		case done:
			return "done"
		case p.Waits:
			return "now"
		}
		return "todo"
	}
	p.Steps = []page.Step{{Title: "生成密钥和请求", State: "done", Text: "密钥留在本平台，不随请求送出"}, {Title: "交给签发机构", State: state(q.State == pki.Installed)}, {Title: "装入应答", State: map[bool]string{true: "done", false: "todo"}[q.State == pki.Installed]}}
	return p, nil
}

func (s *Service) getRequest(w http.ResponseWriter, r *http.Request) error {
	p, err := s.request(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "request", p)
}

func (s *Service) getCSR(w http.ResponseWriter, r *http.Request) error {
	q, err := s.PKI.GetRequest(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if q.Request == nil {
		return fault.Conflict.New("这个证书请求没有生成完成，且已结束").WithCode("pki.request.state").WithHint("请重新申请")
	}
	return page.Send(w, page.File{Name: q.ID + ".csr", Media: "application/pkcs10", Data: q.Request.PEM()})
}

// answerOf is what was pasted, or the file that was chosen.
func answerOf(r *http.Request) ([]byte, error) {
	bad := fault.Invalid.New("没有收到应答").WithCode("pki.answer").WithHint("请选择签发机构给的证书文件，或粘贴其内容").WithField("answer", "required", "请选择文件或粘贴内容")
	if err := r.ParseMultipartForm(maxAnswer + 32<<10); err != nil {
		return nil, bad
	}
	defer r.MultipartForm.RemoveAll()
	if f, _, err := r.FormFile("file"); err == nil {
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxAnswer+1))
		if err != nil {
			return nil, bad
		}
		if len(b) > 0 {
			return b, nil
		}
	}
	if typed := strings.TrimSpace(r.PostFormValue("answer")); typed != "" {
		return []byte(typed), nil
	}
	return nil, bad
}

func (s *Service) postInstall(w http.ResponseWriter, r *http.Request) error {
	answer, err := answerOf(r)
	if err == nil {
		_, err = s.PKI.Install(r.Context(), r.PathValue("id"), answer)
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Held, "requests", r.PathValue("id")), "done", "installed"))
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.request(r)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"answer": "answer"})
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "request", p)
}

func (s *Service) withdraw(r *http.Request) (*confirmPage, error) {
	q, err := s.PKI.GetRequest(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	back := page.At(Held, "requests", q.ID)
	p := &confirmPage{Frame: s.Kit.Frame(r, "撤回证书请求", "digital-certificates", page.Middle), Crumb: page.Link{Label: "证书请求", Href: back}, Heading: "撤回证书请求",
		Lead: "不再等待签发机构的应答。撤回后不能恢复，需要时另行申请。"}
	p.Confirm = page.Confirm{Title: q.Name, Text: "它的密钥随即停用，之后收到的应答不能装入。", Action: back + "/withdraw", Cancel: back, Button: "撤回", Busy: "正在撤回…", Grave: true, Reason: page.Field{Value: r.PostFormValue("reason")}}
	if r.Method == http.MethodPost {
		p.Path = back
	}
	return p, nil
}

func (s *Service) getWithdraw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.withdraw(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	err := errEmpty(r)
	if err == nil {
		err = s.PKI.Withdraw(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Held, "requests", r.PathValue("id")), "done", "withdrawn"))
	}
	p, e := s.withdraw(r)
	if e != nil {
		return e
	}
	return s.again(w, p, err)
}

func errEmpty(r *http.Request) error {
	if strings.TrimSpace(r.PostFormValue("reason")) != "" {
		return nil
	}
	return fault.Invalid.New("须填写理由").WithCode("reason").WithField("reason", "required", "必填")
}

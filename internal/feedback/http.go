package feedback

import (
	"context"
	"io"
	"mime/multipart"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// maxBody bounds a filing: the largest document, and what surrounds it.
const maxBody = MaxDocument + 1<<20

// Routes mounts feedback and the report on it.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/feedback"
	tell, decide, see := iam.Needs(permTell), iam.Needs(permDecide), iam.Needs(permTell, permDecide, "cert.read")
	doc := func(summary string) httpx.Option { return httpx.Doc("执法反馈", summary) }
	httpx.Handle(r, "POST "+base, tell, s.postFeedback, doc("反馈执法结果：暂扣、恢复、收回、吊销、注销；以查验码、电子证照标识或类型加编号指明证照"), httpx.Status(201), httpx.Costly())
	httpx.Handle(r, "POST "+base+"/with-document", tell, s.postWithDocument, doc("反馈执法结果，附决定文书"), httpx.Status(201),
		httpx.MaxBody(maxBody), httpx.NoIdempotency(), httpx.Timeout(2*time.Minute), httpx.Costly())
	httpx.Handle(r, "GET "+base, see, s.listFeedback, doc("查询执法反馈"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getFeedback, doc("执法反馈及证照现在的状态"))
	httpx.Handle(r, "GET "+base+"/{id}/document", see, s.getDocument, doc("决定文书"), httpx.Media("application/pdf", "image/jpeg", "image/png"))
	httpx.Handle(r, "POST "+base+"/{id}/decision", decide, s.postDecision, doc("发证单位答复：确认的，证照状态随即变更；或不予采纳"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", tell, s.postWithdraw, doc("反馈单位撤回"))
	httpx.Handle(r, "GET /api/v1/feedback-report", iam.Needs(permOversee, permDecide), s.getReport, doc("执法反馈统计：各单位各月的件数、超期和平均答复时间"))
}

type filingBody struct {
	Certificate string `json:"certificate,omitempty" maxLength:"300" doc:"查验码、二维码地址或电子证照标识"`
	Kind        string `json:"kind,omitempty" maxLength:"64" doc:"证照类型；与 number 同用"`
	Number      string `json:"number,omitempty" maxLength:"200" doc:"证照编号"`
	Unit        string `json:"unit,omitempty" maxLength:"300" doc:"签发单位的名称、统一社会信用代码或编号；只在不止一个单位签发过该编号时须写"`
	Action      string `json:"action" enum:"suspend,resume,recall,revoke,cancel" doc:"暂扣、恢复、收回、吊销、注销"`
	On          string `json:"on" maxLength:"10" doc:"作出决定的日期，2026-01-31"`
	Until       string `json:"until,omitempty" maxLength:"10" doc:"暂扣至何日"`
	Basis       string `json:"basis" maxLength:"120" doc:"依据：法律条款；随状态公开"`
	DocumentNo  string `json:"document_no" maxLength:"60" doc:"决定文书编号；同一文书就同一证照只受理一次"`
	Note        string `json:"note,omitempty" maxLength:"1000" doc:"情况说明"`
}

func (s *Service) postFeedback(ctx context.Context, b filingBody) (*Feedback, error) {
	return s.Tell(ctx, Filing{Certificate: b.Certificate, Kind: b.Kind, Number: b.Number, Unit: b.Unit, Action: b.Action, On: b.On, Until: b.Until, Basis: b.Basis, DocumentNo: b.DocumentNo, Note: b.Note})
}

type documentForm struct {
	Form *multipart.Form `doc:"document：决定文书，PDF、JPG、PNG，至多 10 MB；其余各项同上"`
}

func (s *Service) postWithDocument(ctx context.Context, r documentForm) (*Feedback, error) {
	f, err := FilingOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Tell(ctx, f)
}

// FilingOf reads a filing from a form, with the document if there is one.
func FilingOf(form *multipart.Form) (f Filing, err error) {
	if form == nil {
		return f, fault.Invalid.New("表单没有传完").WithCode("feedback.form").WithHint("请重新提交")
	}
	value := func(name string) string {
		if v := form.Value[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	f = Filing{Certificate: value("certificate"), Kind: value("kind"), Number: value("number"), Unit: value("unit"), Action: value("action"), On: value("on"), Until: value("until"),
		Basis: value("basis"), DocumentNo: value("document_no"), Note: value("note")}
	files := form.File["document"]
	if len(files) == 0 || files[0].Size == 0 && files[0].Filename == "" {
		return f, nil
	}
	wrong := fault.Invalid.New("附件不能使用").WithCode("feedback.document").WithHint("请重新选择一个文件")
	if len(files) > 1 {
		return f, wrong.WithField("document", "many", "只能选择一个文件")
	}
	in, err := files[0].Open()
	if err != nil {
		return f, err
	}
	defer in.Close()
	if f.Document, err = io.ReadAll(io.LimitReader(in, MaxDocument+1)); err != nil || len(f.Document) == 0 {
		return f, wrong.WithField("document", "file", "文件是空的，或没有传完")
	}
	return f, nil
}

type listQuery struct {
	View   string `query:"view" enum:"mine,unit" doc:"本单位反馈的、关于本单位证照的"`
	State  State  `query:"state" enum:"filed,confirming,done,moot,refused,withdrawn"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listFeedback(ctx context.Context, q listQuery) (*Page, error) {
	return s.List(ctx, Query(q))
}

type byIDRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getFeedback(ctx context.Context, r byIDRequest) (*Feedback, error) {
	return s.Get(ctx, r.ID)
}

func (s *Service) getDocument(ctx context.Context, r byIDRequest) (httpx.File, error) {
	c, err := s.Document(ctx, r.ID)
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: c.Name, MediaType: c.Media, Data: c.Data}, nil
}

type decisionBody struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Accept bool   `json:"accept" doc:"确认；否则不予采纳"`
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"不予采纳的必填"`
}

func (s *Service) postDecision(ctx context.Context, b decisionBody) (*Feedback, error) {
	return s.Decide(ctx, b.ID, Decision{Accept: b.Accept, Reason: b.Reason})
}

type withdrawBody struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Reason string `json:"reason" maxLength:"500"`
}

func (s *Service) postWithdraw(ctx context.Context, b withdrawBody) (*Feedback, error) {
	return s.Withdraw(ctx, b.ID, b.Reason)
}

type reportQuery struct {
	From string `query:"from" maxLength:"7" doc:"起始月份，2026-06"`
	To   string `query:"to" maxLength:"7" doc:"截止月份；都不填则为最近六个月"`
}

func (s *Service) getReport(ctx context.Context, q reportQuery) (*Report, error) {
	return s.Report(ctx, ReportQuery(q))
}

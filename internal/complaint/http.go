package complaint

import (
	"context"
	"io"
	"mime/multipart"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// maxBody bounds the body of a filing: the largest document, and what surrounds
// it.
const maxBody = MaxDocument + 1<<20

// Routes mounts complaints and the report on them.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/complaints"
	file, reply, handle := httpx.Needs(permFile), httpx.Needs(permReply), httpx.Needs(permHandle)
	see, read := httpx.Needs(permFile, permReply, permHandle), httpx.Needs(permRead)
	doc := func(summary string) httpx.Option { return httpx.Doc("拒收投诉", summary) }
	httpx.Handle(r, "POST "+base, file, s.postComplaint, doc("投诉拒收电子印章"), httpx.Status(201))
	httpx.Handle(r, "POST "+base+"/with-document", file, s.postWithDocument, doc("投诉拒收电子印章，附被拒收的文件"), httpx.Status(201),
		httpx.MaxBody(maxBody), httpx.NoIdempotency(), httpx.Timeout(2*time.Minute))
	httpx.Handle(r, "GET "+base, see, s.listComplaints, doc("查询投诉"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getComplaint, doc("投诉"))
	httpx.Handle(r, "GET "+base+"/{id}/document", see, s.getDocument, doc("被拒收的文件"), httpx.Media("application/ofd"))
	httpx.Handle(r, "POST "+base+"/{id}/explanation", reply, s.postExplanation, doc("单位说明情况"))
	httpx.Handle(r, "POST "+base+"/{id}/decision", handle, s.postDecision, doc("处理：属实、不属实、法定不适用情形"))
	httpx.Handle(r, "POST "+base+"/{id}/rectification", reply, s.postRectification, doc("单位报告改正情况"))
	httpx.Handle(r, "POST "+base+"/{id}/confirmation", handle, s.postConfirmation, doc("确认改正情况，或退回继续改正"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", file, s.postWithdraw, doc("投诉人撤回"))
	httpx.Handle(r, "GET /api/v1/complaint-units", file, s.getUnits, doc("查找可以投诉的单位"))
	httpx.Handle(r, "GET /api/v1/complaint-report", read, s.getReport, doc("拒收电子印章统计"))
	httpx.Handle(r, "GET /api/v1/complaint-report/file", read, s.getExport, doc("导出拒收电子印章统计"), httpx.Media("text/csv", MediaXLSX))
}

type filingBody struct {
	Org      string `json:"org" minLength:"1" maxLength:"64" doc:"被投诉单位"`
	What     string `json:"what" enum:"refused,paper,reseal" doc:"拒收、要求重复提交纸质材料、要求打印后重新盖章"`
	Way      string `json:"way" enum:"window,online,other" doc:"办事窗口、网上办事、其他方式"`
	Happened string `json:"happened" minLength:"10" maxLength:"10" doc:"发生日期，2026-01-31"`
	Item     string `json:"item,omitempty" maxLength:"100" doc:"办理事项"`
	Number   string `json:"number,omitempty" maxLength:"100" doc:"文件或证照编号"`
	Text     string `json:"text" minLength:"5" maxLength:"1000" doc:"经过"`
	Named    bool   `json:"named,omitempty" doc:"同意向被投诉单位公开身份"`
}

func (b *filingBody) filing() Filing {
	return Filing{Org: b.Org, What: b.What, Way: b.Way, Happened: b.Happened, Item: b.Item, Number: b.Number, Text: b.Text, Named: b.Named}
}

func (s *Service) postComplaint(ctx context.Context, b filingBody) (*Complaint, error) {
	return s.File(ctx, b.filing())
}

type documentForm struct {
	Form *multipart.Form `doc:"document：OFD 文件，至多 20 MB；org、what、way、happened、item、number、text、named（true）同上"`
}

func (s *Service) postWithDocument(ctx context.Context, r documentForm) (*Complaint, error) {
	f, err := FilingOf(r.Form)
	if err != nil {
		return nil, err
	}
	if len(f.Document) == 0 {
		return nil, fault.Invalid.New("请上传被拒收的文件").WithCode("complaint.invalid").WithHint("以 multipart/form-data 上传，字段名 document；没有文件的用 /complaints").
			WithField("document", "required", "请选择文件")
	}
	return s.File(ctx, f)
}

// FilingOf reads a filing from a form, with the document if there is one.
func FilingOf(form *multipart.Form) (f Filing, err error) {
	if form == nil {
		return f, fault.Invalid.New("表单没有传完").WithCode("complaint.form").WithHint("请重新提交")
	}
	value := func(name string) string {
		if v := form.Value[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	f = Filing{Org: value("org"), What: value("what"), Way: value("way"), Happened: value("happened"), Item: value("item"), Number: value("number"), Text: value("text"), Named: value("named") == "true"}
	files := form.File["document"]
	if len(files) == 0 || files[0].Size == 0 && files[0].Filename == "" {
		return f, nil
	}
	if len(files) > 1 {
		return f, fault.Invalid.New("一件投诉至多附一个文件").WithCode("complaint.document").WithHint("请只选择一个文件").WithField("document", "many", "只能选择一个文件")
	}
	in, err := files[0].Open()
	if err != nil {
		return f, err
	}
	defer in.Close()
	if f.Document, err = io.ReadAll(io.LimitReader(in, MaxDocument+1)); err != nil {
		return f, fault.Invalid.Wrap(err, "文件没有传完").WithCode("complaint.document").WithHint("请重新上传").WithField("document", "file", "请重新选择文件")
	}
	if len(f.Document) == 0 {
		return f, fault.Invalid.New("文件是空的").WithCode("complaint.document").WithHint("请重新选择文件").WithField("document", "empty", "文件是空的")
	}
	return f, nil
}

type listQuery struct {
	View    string `query:"view" enum:"mine,unit,authority" doc:"本人提交的、待本单位说明的、本处理单位的"`
	State   State  `query:"state" enum:"filed,explained,upheld,rectified,closed,dismissed,exempt,withdrawn"`
	Unit    string `query:"unit" maxLength:"64" doc:"被投诉单位"`
	Waiting bool   `query:"waiting" doc:"等待办理的"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor  string `query:"cursor" maxLength:"200"`
}

func (s *Service) listComplaints(ctx context.Context, q listQuery) (*Page, error) {
	return s.List(ctx, Query(q))
}

type byIDRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getComplaint(ctx context.Context, r byIDRequest) (*Complaint, error) {
	return s.Get(ctx, r.ID)
}

func (s *Service) getDocument(ctx context.Context, r byIDRequest) (httpx.File, error) {
	return fileOf(s.Document(ctx, r.ID))
}

func fileOf(c *Copy, err error) (httpx.File, error) {
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: c.Name, MediaType: c.Media, Data: c.Data, ETag: c.Digest}, nil
}

type textBody struct {
	ID   string `path:"id" maxLength:"64"`
	Text string `json:"text" minLength:"1" maxLength:"1000"`
}

func (s *Service) postExplanation(ctx context.Context, b textBody) (*Complaint, error) {
	return s.Explain(ctx, b.ID, b.Text)
}

type decisionBody struct {
	ID      string `path:"id" maxLength:"64"`
	Outcome State  `json:"outcome" enum:"upheld,dismissed,exempt" doc:"属实、不属实、法定不适用情形"`
	Opinion string `json:"opinion" minLength:"1" maxLength:"1000" doc:"处理意见，各方可见"`
	Basis   string `json:"basis,omitempty" maxLength:"300" doc:"法定不适用情形：法律法规的名称和条款"`
}

func (s *Service) postDecision(ctx context.Context, b decisionBody) (*Complaint, error) {
	return s.Decide(ctx, b.ID, Decision{b.Outcome, b.Opinion, b.Basis})
}

func (s *Service) postRectification(ctx context.Context, b textBody) (*Complaint, error) {
	return s.Rectify(ctx, b.ID, b.Text)
}

type confirmationBody struct {
	ID       string `path:"id" maxLength:"64"`
	Accepted bool   `json:"accepted" doc:"已改正；否则退回继续改正"`
	Reason   string `json:"reason,omitempty" maxLength:"1000" doc:"退回的必填"`
}

func (s *Service) postConfirmation(ctx context.Context, b confirmationBody) (*Complaint, error) {
	return s.Confirm(ctx, b.ID, b.Accepted, b.Reason)
}

type withdrawBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason,omitempty" maxLength:"1000"`
}

func (s *Service) postWithdraw(ctx context.Context, b withdrawBody) (*Complaint, error) {
	return s.Withdraw(ctx, b.ID, b.Reason)
}

type unitsQuery struct {
	Text string `query:"q" maxLength:"100" doc:"单位名称的一部分"`
}

type unitsAnswer struct {
	Items []UnitItem `json:"items"`
	More  bool       `json:"more" doc:"还有更多，请把名称写得更全"`
}

func (s *Service) getUnits(ctx context.Context, q unitsQuery) (*unitsAnswer, error) {
	list, more, err := s.Units(ctx, q.Text)
	return &unitsAnswer{list, more}, err
}

type reportQuery struct {
	From string `query:"from" maxLength:"7" doc:"起始月份，2026-06"`
	To   string `query:"to" maxLength:"7" doc:"截止月份，2026-11；都不填则为最近六个月"`
	Unit string `query:"unit" maxLength:"64" doc:"某一单位；不填则为可以查看的全部单位"`
}

func (s *Service) getReport(ctx context.Context, q reportQuery) (*Report, error) {
	return s.Report(ctx, ReportQuery(q))
}

type exportQuery struct {
	From   string `query:"from" maxLength:"7"`
	To     string `query:"to" maxLength:"7"`
	Unit   string `query:"unit" maxLength:"64"`
	Format string `query:"format" enum:"csv,xlsx" default:"csv"`
}

func (s *Service) getExport(ctx context.Context, q exportQuery) (httpx.File, error) {
	return fileOf(s.Export(ctx, ReportQuery{q.From, q.To, q.Unit}, q.Format))
}

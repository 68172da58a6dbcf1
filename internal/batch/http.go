package batch

import (
	"context"
	"mime/multipart"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// The needs of routes and pages.
var (
	NeedWork   = iam.Needs(permUpload, permApprove, permStart)
	NeedUpload = iam.Needs(permUpload)
)

// Slow is how long checking a table of 20,000 rows may take.
const Slow = 5 * time.Minute

// Routes mounts what belongs to this context.
func (s *Service) Routes(r *httpx.Router) {
	const tag, base = "批量签发", "/api/v1/batches"
	doc := func(summary string) httpx.Option { return httpx.Doc(tag, summary) }
	httpx.Handle(r, "GET "+base+"/template", NeedUpload, s.getTemplate, doc("下载一个证照种类的模板"), httpx.Media(table.Media))
	httpx.Handle(r, "GET "+base, NeedWork, s.getBatches, doc("批次"))
	httpx.Handle(r, "POST "+base, NeedUpload, s.postBatch, doc("上传并逐行检查，不签发"), httpx.Status(201),
		httpx.MaxBody(table.MaxFile+1<<20), httpx.Costly(), httpx.NoIdempotency(), httpx.Timeout(Slow))
	httpx.Handle(r, "GET "+base+"/{id}", NeedWork, s.getBatch, doc("批次和进度"))
	httpx.Handle(r, "GET "+base+"/{id}/problems", NeedWork, s.getProblems, doc("没有通过的行"))
	httpx.Handle(r, "GET "+base+"/{id}/samples", NeedWork, s.getSamples, doc("待签发的样例行，已遮蔽"))
	httpx.Handle(r, "GET "+base+"/{id}/report", NeedWork, s.getReport, doc("逐行结果"), httpx.Media(table.Media), httpx.Timeout(time.Minute))
	httpx.Handle(r, "POST "+base+"/{id}/actions/{action}", NeedWork, s.Act, doc("送审、放弃、通过、退回、开始、暂停、继续、取消"), httpx.NoIdempotency())
}

type templateQuery struct {
	Kind string `query:"kind" maxLength:"64" doc:"证照种类的名称或类型代码"`
	Unit string `query:"unit" maxLength:"64" doc:"签发单位；省略为本人所在单位"`
}

func (s *Service) getTemplate(ctx context.Context, r templateQuery) (httpx.File, error) {
	name, data, err := s.Template(ctx, r.Kind, r.Unit)
	return httpx.File{Name: name, MediaType: table.Media, Data: data}, err
}

type uploaded struct {
	Form *multipart.Form `doc:"kind：证照种类；unit：签发单位，省略为本人所在单位；corrects：更正哪一批；file：XLSX 或 CSV"`
}

// UploadOf reads the table of a form.
func UploadOf(form *multipart.Form) (u Upload, err error) {
	u = Upload{Kind: table.FormValue(form, "kind"), Unit: table.FormValue(form, "unit"), Corrects: table.FormValue(form, "corrects")}
	u.Data, err = Reader.FormFile(form)
	return u, err
}

func (s *Service) postBatch(ctx context.Context, r uploaded) (*Batch, error) {
	u, err := UploadOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Upload(ctx, u)
}

type listQuery struct {
	Cursor string `query:"cursor" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"0" maximum:"100"`
}

func (s *Service) getBatches(ctx context.Context, r listQuery) (*Page, error) {
	return s.List(ctx, r.Cursor, r.Limit)
}

type byID struct {
	ID string `path:"id"`
}

func (s *Service) getBatch(ctx context.Context, r byID) (*Batch, error) { return s.Get(ctx, r.ID) }

// Samples is a list in an object, so that more may stand beside it.
type samplesAnswer struct {
	Items []Sample `json:"items"`
}

func (s *Service) getSamples(ctx context.Context, r byID) (*samplesAnswer, error) {
	list, err := s.Samples(ctx, r.ID)
	return &samplesAnswer{list}, err
}

type afterLine struct {
	ID    string `path:"id"`
	After int    `query:"after" minimum:"0" maximum:"1048576" doc:"从这一行之后继续"`
	Limit int    `query:"limit" minimum:"0" maximum:"1000"`
}

func (s *Service) getProblems(ctx context.Context, r afterLine) (*ProblemPage, error) {
	return s.Problems(ctx, r.ID, r.After, r.Limit)
}

type reportQuery struct {
	ID     string `path:"id"`
	Format string `query:"format" enum:"xlsx,csv" doc:"省略为 xlsx"`
}

func (s *Service) getReport(ctx context.Context, r reportQuery) (httpx.File, error) {
	if r.Format == "" {
		r.Format = XLSX
	}
	name, media, data, err := s.Report(ctx, r.ID, r.Format)
	return httpx.File{Name: name, MediaType: media, Data: data}, err
}

package item

import (
	"context"
	"io"
	"mime/multipart"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// Routes mounts items, their bindings, lists, and the guides that anybody reads.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/items"
	see, manage, open := iam.Needs(permRead, permManage), iam.Needs(permManage), httpx.Public()
	doc := func(summary string) httpx.Option { return httpx.Doc("事项", summary) }
	httpx.Handle(r, "GET "+base, see, s.listItems, doc("查询事项"))
	httpx.Handle(r, "POST "+base, manage, s.postItem, doc("新增事项"), httpx.Status(201))
	httpx.Handle(r, "GET "+base+"/{code}", see, s.getItem, doc("事项、关联和历史版本"))
	httpx.Handle(r, "POST "+base+"/{code}/versions", manage, s.postVersion, doc("登记新版本"))
	httpx.Handle(r, "POST "+base+"/{code}/bindings", manage, s.postBinding, doc("关联证照类型"))
	httpx.Handle(r, "POST "+base+"/{code}/bindings/{id}/end", manage, s.postUnbind, doc("解除关联"))
	httpx.Handle(r, "POST "+base+"/{code}/needs", manage, s.postNeed, doc("提出需其他部门提供的材料"))
	httpx.Handle(r, "GET /api/v1/item-needs", see, s.listNeeds, doc("需其他部门提供的材料"))
	httpx.Handle(r, "POST /api/v1/item-needs/{id}/answer", manage, s.postAnswer, doc("答复：匹配、不能提供、撤回"))
	httpx.Handle(r, "GET /api/v1/item-coverage", see, s.getCoverage, doc("事项与证照关联的覆盖情况"))

	const runs = "/api/v1/item-imports"
	whole := []httpx.Option{httpx.MaxBody(table.MaxFile + 1<<20), httpx.NoIdempotency(), httpx.Timeout(2 * time.Minute)}
	httpx.Handle(r, "GET "+runs+"/template", manage, s.getTemplate, doc("事项清单模板"), httpx.Media(table.Media))
	httpx.Handle(r, "POST "+runs+"/check", manage, s.postCheck, append(whole, doc("预检事项清单，不写入"))...)
	httpx.Handle(r, "POST "+runs, manage, s.postRun, append(whole, doc("上传事项清单"), httpx.Status(201))...)
	httpx.Handle(r, "GET "+runs, manage, s.listRuns, doc("本人的导入记录"))
	httpx.Handle(r, "GET "+runs+"/{id}", manage, s.getRun, doc("一次导入"))
	httpx.Handle(r, "GET "+runs+"/{id}/problems", manage, s.getProblems, doc("未导入的行"))
	httpx.Handle(r, "POST "+runs+"/{id}/start", manage, s.postStart, doc("开始导入，或从中断处继续"), httpx.Timeout(2*time.Minute))
	httpx.Handle(r, "POST "+runs+"/{id}/discard", manage, s.postDiscard, doc("放弃"))

	httpx.Handle(r, "GET /open/v1/items", open, s.listGuides, doc("现行事项"))
	httpx.Handle(r, "GET /open/v1/items/{code}", open, s.getGuide, doc("办事指南"))
}

type listQuery struct {
	Text    string `query:"q" maxLength:"100" doc:"事项名称或实施编码的一部分"`
	Org     string `query:"org" maxLength:"64" doc:"实施机构"`
	Type    string `query:"type" maxLength:"2" doc:"事项类型代码"`
	Kind    string `query:"kind" maxLength:"64" doc:"关联的证照类型的目录名"`
	Role    string `query:"role" enum:"input,result,inspect"`
	Unbound bool   `query:"unbound" doc:"没有关联结果证照的"`
	Now     bool   `query:"now" doc:"今天有效的"`
	Cursor  string `query:"cursor" maxLength:"64"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listItems(ctx context.Context, q listQuery) (*Page, error) {
	return s.List(ctx, Query(q))
}

type itemBody struct {
	Org  string `json:"org" minLength:"1" maxLength:"64" doc:"实施机构"`
	Code string `json:"code" minLength:"4" maxLength:"64" doc:"实施编码"`
	Content
}

func (s *Service) postItem(ctx context.Context, b itemBody) (*Item, error) {
	return s.Create(ctx, b.Org, b.Code, b.Content)
}

type byCodeRequest struct {
	Code string `path:"code" maxLength:"64" doc:"实施编码"`
}

func (s *Service) getItem(ctx context.Context, r byCodeRequest) (*Item, error) {
	return s.Get(ctx, r.Code)
}

type versionBody struct {
	Of     string `path:"code" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
	Content
}

func (s *Service) postVersion(ctx context.Context, b versionBody) (*Item, error) {
	return s.Change(ctx, b.Of, b.Content, b.Reason)
}

type bindingBody struct {
	Code string `path:"code" maxLength:"64"`
	Body Bound
}

func (s *Service) postBinding(ctx context.Context, b bindingBody) (*Item, error) {
	return s.Bind(ctx, b.Code, b.Body)
}

type unbindBody struct {
	Code   string `path:"code" maxLength:"64"`
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postUnbind(ctx context.Context, b unbindBody) (*Item, error) {
	return s.Unbind(ctx, b.Code, b.ID, b.Reason)
}

type needBody struct {
	Code string `path:"code" maxLength:"64"`
	Body Want
}

func (s *Service) postNeed(ctx context.Context, b needBody) (*Item, error) {
	return s.Need(ctx, b.Code, b.Body)
}

type needsQuery struct {
	State  string `query:"state" enum:"open,matched,declined,withdrawn"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listNeeds(ctx context.Context, q needsQuery) (*NeedPage, error) {
	return s.Needs(ctx, q.State, q.Cursor, q.Limit)
}

type answerBody struct {
	ID   string `path:"id" maxLength:"64"`
	Body Answer
}

func (s *Service) postAnswer(ctx context.Context, b answerBody) (*Need, error) {
	return s.Answer(ctx, b.ID, b.Body)
}

type coverageQuery struct {
	Org string `query:"org" maxLength:"64" doc:"某一单位；不填则为可以查看的全部单位"`
}

func (s *Service) getCoverage(ctx context.Context, q coverageQuery) (*Coverage, error) {
	return s.Coverage(ctx, q.Org)
}

func (s *Service) getTemplate(context.Context, struct{}) (httpx.File, error) {
	data, err := s.Template()
	return httpx.File{Name: TemplateName, MediaType: table.Media, Data: data}, err
}

// TemplateName is what the template is saved as.
const TemplateName = "事项清单模板.xlsx"

type fileForm struct {
	Form *multipart.Form `doc:"file：.xlsx 或 .csv 文件，至多 5 MB"`
}

// FileOf reads the list of a form: its field file.
func FileOf(form *multipart.Form) ([]byte, error) {
	if form == nil || len(form.File["file"]) != 1 {
		return nil, fault.Invalid.New("请选择一个文件").WithCode("item.file").WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "请选择一个文件")
	}
	in, err := form.File["file"][0].Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, table.MaxFile+1))
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("item.file").WithHint("请重新上传").WithField("file", "file", "请重新选择文件")
	}
	return data, nil
}

func (s *Service) postCheck(ctx context.Context, r fileForm) (*Report, error) {
	data, err := FileOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Check(ctx, data)
}

func (s *Service) postRun(ctx context.Context, r fileForm) (*Run, error) {
	data, err := FileOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Draft(ctx, data)
}

type runsQuery struct {
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Service) listRuns(ctx context.Context, q runsQuery) (*RunPage, error) {
	return s.Runs(ctx, q.Cursor, q.Limit)
}

type byIDRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getRun(ctx context.Context, r byIDRequest) (*Run, error) { return s.Run(ctx, r.ID) }

type problemsQuery struct {
	ID    string `path:"id" maxLength:"64"`
	After int    `query:"after" minimum:"0" doc:"从这一行之后"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Service) getProblems(ctx context.Context, q problemsQuery) (*LineProblems, error) {
	return s.Problems(ctx, q.ID, q.After, q.Limit)
}

type startBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"依据，如清单的文号"`
}

func (s *Service) postStart(ctx context.Context, b startBody) (*Run, error) {
	return s.Start(ctx, b.ID, b.Reason)
}

func (s *Service) postDiscard(ctx context.Context, r byIDRequest) (httpx.Empty, error) {
	return httpx.Empty{}, s.Discard(ctx, r.ID)
}

type guidesQuery struct {
	Text   string `query:"q" maxLength:"100" doc:"事项名称或实施编码的一部分"`
	Kind   string `query:"kind" maxLength:"64" doc:"关联的证照类型的目录名"`
	Cursor string `query:"cursor" maxLength:"64"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listGuides(ctx context.Context, q guidesQuery) (*Page, error) {
	return s.Guides(ctx, q.Text, q.Kind, q.Cursor, q.Limit)
}

func (s *Service) getGuide(ctx context.Context, r byCodeRequest) (*Guide, error) {
	return s.Guide(ctx, r.Code)
}

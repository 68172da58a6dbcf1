package catalogue

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// maxBody holds a folder in base64.
const maxBody = maxFolder*3/2 + 64<<10

const svgMedia = "image/svg+xml"

// entryRoutes mounts the entries of the directory.
func (s *Service) entryRoutes(r *httpx.Router) {
	const base = "/api/v1/kind-entries"
	const one = base + "/{id}"
	see, manage, agree := iam.Needs(permRead, permManage, permAgree), iam.Needs(permManage), iam.Needs(permAgree)
	doc := func(summary string) httpx.Option { return httpx.Doc("目录", summary) }
	httpx.Handle(r, "GET "+base, see, s.listEntries, doc("证照目录条目"))
	httpx.Handle(r, "POST "+base, manage, s.Propose, doc("起草条目：新的证照类型，或已有类型的新版本"), httpx.Status(201), httpx.MaxBody(maxBody))
	httpx.Handle(r, "GET "+one, see, s.getEntry, doc("一个条目：组成部分、经过、可以做什么"))
	httpx.Handle(r, "GET "+one+"/files", see, s.getFiles, doc("条目的文件"))
	httpx.Handle(r, "PUT "+one+"/files", manage, s.putFiles, doc("保存草稿：以所给文件替换全部文件"), httpx.MaxBody(maxBody))
	httpx.Handle(r, "GET "+one+"/diff", see, s.getDiff, doc("与所改版本的差异"))
	httpx.Handle(r, "GET "+one+"/sample", see, s.getEntrySample, doc("样例的照面，标明样例"), httpx.Media(svgMedia))
	httpx.Handle(r, "POST "+one+"/submit", manage, s.postSubmit, doc("提交会签"))
	httpx.Handle(r, "POST "+one+"/agree", agree, s.postAgree, doc("同意：签发单位和管理单位各一人，后一人同意即发布"))
	httpx.Handle(r, "POST "+one+"/return", agree, s.postReturn, doc("退回修改"))
	httpx.Handle(r, "POST "+one+"/withdraw", manage, s.postWithdraw, doc("撤回条目"))
	httpx.Handle(r, "GET /api/v1/kinds/{name}/versions", httpx.SignedIn(), s.getVersions, doc("证照类型的各版本"))
	httpx.Handle(r, "POST /api/v1/kinds/{name}/standard", manage, s.MoveToStandard, doc("起草换用国家标准的新版本：只换类型代码和标准，差异见条目"), httpx.Status(201))
	httpx.Handle(r, "GET /api/v1/kind-standards", see, s.getStandards, doc("国家证照标准与目录的对照"))
	httpx.Handle(r, "POST /api/v1/kind-standards", agree, s.RegisterStandard, doc("登记国家公布的类型代码和标准"), httpx.Status(201))
}

type entriesQuery struct {
	State  string `query:"state" enum:"draft,submitted,published,withdrawn"`
	Org    string `query:"org" maxLength:"64" doc:"签发单位"`
	Name   string `query:"name" maxLength:"64" doc:"证照类型的目录名"`
	Cursor string `query:"cursor" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listEntries(ctx context.Context, q entriesQuery) (*EntryPage, error) {
	return s.Entries(ctx, EntryQuery{State: EntryState(q.State), Org: q.Org, Name: q.Name, Cursor: q.Cursor, Limit: q.Limit})
}

type byIDRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getEntry(ctx context.Context, r byIDRequest) (*Entry, error) {
	return s.Entry(ctx, r.ID)
}

type filesResponse struct {
	Version int               `json:"version" doc:"保存时带回"`
	Files   map[string][]byte `json:"files" doc:"文件名到内容（base64）"`
}

func (s *Service) getFiles(ctx context.Context, r byIDRequest) (*filesResponse, error) {
	files, version, err := s.DraftFiles(ctx, r.ID)
	return &filesResponse{version, files}, err
}

type filesBody struct {
	ID      string            `path:"id" maxLength:"64"`
	Version int               `json:"version" minimum:"1"`
	Files   map[string][]byte `json:"files" doc:"文件名到内容（base64）；没有给的文件即删去"`
}

func (s *Service) putFiles(ctx context.Context, b filesBody) (*Entry, error) {
	return s.SaveDraft(ctx, b.ID, b.Version, b.Files)
}

type diffResponse struct {
	Items []Change `json:"items"`
}

func (s *Service) getDiff(ctx context.Context, r byIDRequest) (*diffResponse, error) {
	list, err := s.Diff(ctx, r.ID)
	if list == nil {
		list = []Change{}
	}
	return &diffResponse{list}, err
}

type sampleRequest struct {
	ID   string `path:"id" maxLength:"64"`
	Page int    `query:"page" minimum:"0" maximum:"9" doc:"第几页，从 0 起"`
}

func (s *Service) getEntrySample(ctx context.Context, r sampleRequest) (httpx.File, error) {
	data, err := s.EntrySample(ctx, r.ID, r.Page)
	return httpx.File{MediaType: svgMedia, Data: data}, err
}

type submitBody struct {
	ID      string `path:"id" maxLength:"64"`
	Version int    `json:"version" minimum:"1"`
	Starts  string `json:"starts,omitempty" maxLength:"10" doc:"生效日期，形如 2026-01-02；不填则发布当天"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postSubmit(ctx context.Context, b submitBody) (*Entry, error) {
	return s.Submit(ctx, b.ID, b.Version, b.Starts, b.Reason)
}

type decisionBody struct {
	ID      string `path:"id" maxLength:"64"`
	Version int    `json:"version" minimum:"1" doc:"看到的是条目的第几次修改"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postAgree(ctx context.Context, b decisionBody) (*Entry, error) {
	return s.Agree(ctx, b.ID, b.Version, b.Reason)
}

func (s *Service) postReturn(ctx context.Context, b decisionBody) (*Entry, error) {
	return s.SendBack(ctx, b.ID, b.Version, b.Reason)
}

func (s *Service) postWithdraw(ctx context.Context, b decisionBody) (*Entry, error) {
	return s.Withdraw(ctx, b.ID, b.Version, b.Reason)
}

type versionsResponse struct {
	Items []Record `json:"items" doc:"新的在前"`
}

func (s *Service) getVersions(ctx context.Context, r getRequest) (*versionsResponse, error) {
	k, err := s.Get(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	list, err := s.History(ctx, k.Name)
	return &versionsResponse{list}, err
}

type standardsResponse struct {
	Items []Standing `json:"items"`
}

func (s *Service) getStandards(ctx context.Context, _ struct{}) (*standardsResponse, error) {
	list, err := s.Standings(ctx)
	return &standardsResponse{list}, err
}

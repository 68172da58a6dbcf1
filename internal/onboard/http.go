package onboard

import (
	"context"
	"mime/multipart"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// Routes mounts what belongs to this context.
func (s *Service) Routes(r *httpx.Router) {
	const tag, base = "批量导入", "/api/v1/onboarding"
	need, decide := iam.Needs(Permission), iam.Needs("grant.approve")
	doc := func(summary string) httpx.Option { return httpx.Doc(tag, summary) }
	upload := []httpx.Option{httpx.MaxBody(table.MaxFile + 1<<20), httpx.Costly(), httpx.NoIdempotency(), httpx.Timeout(5 * time.Minute)}
	httpx.Handle(r, "GET "+base+"/template", need, s.getTemplate, doc("下载模板"), httpx.Media(table.Media))
	httpx.Handle(r, "POST "+base+"/checks", need, s.postCheck, append(upload, doc("预检，不导入"))...)
	httpx.Handle(r, "GET "+base+"/runs", need, s.getRuns, doc("导入记录"))
	httpx.Handle(r, "POST "+base+"/runs", need, s.postRun, append(upload, doc("导入"), httpx.Status(202))...)
	httpx.Handle(r, "GET "+base+"/runs/{id}", need, s.getRun, doc("导入进度"))
	httpx.Handle(r, "GET "+base+"/runs/{id}/problems", need, s.getProblems, doc("未导入的行"))
	httpx.Handle(r, "GET "+base+"/runs/{id}/report", need, s.getReport, doc("下载错误报告"), httpx.Media(table.Media), httpx.Timeout(time.Minute))
	httpx.Handle(r, "POST "+base+"/runs/{id}/links", need, s.postLinks, doc("生成并下载一次性链接"), httpx.Media(table.Media), httpx.NoIdempotency(), httpx.Timeout(5*time.Minute))
	httpx.Handle(r, "POST "+base+"/runs/{id}/actions/{action}", need, s.postAction, doc("暂停、继续或放弃导入"), httpx.NoIdempotency())
	httpx.Handle(r, "GET "+base+"/runs/{id}/grants", decide, s.getGrants, doc("导入时提出的角色授权"))
	httpx.Handle(r, "POST "+base+"/runs/{id}/grants/decisions", decide, s.postDecisions, doc("逐项批准或不批准列出的授权"), httpx.NoIdempotency(), httpx.Timeout(5*time.Minute))
}

func fileOf(s *Sheet, err error) (httpx.File, error) {
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: s.Name, MediaType: table.Media, Data: s.Data}, nil
}

type byKind struct {
	Kind Kind `query:"kind" enum:"units,people" doc:"单位或人员"`
}

func (s *Service) getTemplate(ctx context.Context, r byKind) (httpx.File, error) {
	return fileOf(s.Template(ctx, r.Kind))
}

type uploaded struct {
	Form *multipart.Form `doc:"kind：units 或 people；file：XLSX 或 CSV；reason：理由，导入时必填"`
}

// FileOf reads the table of a form: its fields kind and file.
func FileOf(form *multipart.Form) (f File, err error) {
	if form == nil || len(form.File["file"]) != 1 {
		_, err = reader("").FormFile(form)
		return f, err
	}
	f.Kind = Kind(table.FormValue(form, "kind"))
	if err := f.Kind.check(); err != nil {
		return f, err
	}
	f.Data, err = reader(f.Kind).FormFile(form)
	return f, err
}

func (s *Service) postCheck(ctx context.Context, r uploaded) (*Report, error) {
	f, err := FileOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Check(ctx, f)
}

func (s *Service) postRun(ctx context.Context, r uploaded) (*Run, error) {
	f, err := FileOf(r.Form)
	if err != nil {
		return nil, err
	}
	reason := table.FormValue(r.Form, "reason")
	if err := needReason(reason); err != nil {
		return nil, err
	}
	run, err := s.Draft(ctx, f)
	if err != nil || run.State != Draft {
		return run, err
	}
	return s.Start(ctx, run.ID, reason)
}

type runQuery struct {
	Cursor string `query:"cursor" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"0" maximum:"100"`
}

func (s *Service) getRuns(ctx context.Context, r runQuery) (*RunPage, error) {
	return s.Runs(ctx, r.Cursor, r.Limit)
}

type byID struct {
	ID string `path:"id"`
}

func (s *Service) getRun(ctx context.Context, r byID) (*Run, error) { return s.Run(ctx, r.ID) }

func (s *Service) getReport(ctx context.Context, r byID) (httpx.File, error) {
	return fileOf(s.Report(ctx, r.ID))
}

type afterLine struct {
	ID    string `path:"id"`
	After int    `query:"after" minimum:"0" maximum:"1048576" doc:"从这一行之后继续"`
	Limit int    `query:"limit" minimum:"0" maximum:"1000"`
}

func (s *Service) getProblems(ctx context.Context, r afterLine) (*ProblemPage, error) {
	return s.Problems(ctx, r.ID, r.After, r.Limit)
}

func (s *Service) getGrants(ctx context.Context, r afterLine) (*GrantPage, error) {
	return s.Grants(ctx, r.ID, r.After, r.Limit)
}

type linksRequest struct {
	ID    string `path:"id"`
	After int    `query:"after" minimum:"0" maximum:"1048576" doc:"从这一行之后继续；每次至多 1000 人"`
}

func (s *Service) postLinks(ctx context.Context, r linksRequest) (httpx.File, error) {
	sheet, _, err := s.Links(ctx, r.ID, s.BaseURL, r.After)
	return fileOf(sheet, err)
}

type actionRequest struct {
	ID     string `path:"id"`
	Action string `path:"action" enum:"pause,resume,discard"`
}

func (s *Service) postAction(ctx context.Context, r actionRequest) (*Run, error) {
	switch r.Action {
	case "pause":
		return s.Pause(ctx, r.ID)
	case "resume":
		return s.Resume(ctx, r.ID)
	case "discard":
		if err := s.Discard(ctx, r.ID); err != nil {
			return nil, err
		}
		return s.Run(ctx, r.ID)
	}
	return nil, fault.NotFound.New("没有这个操作").WithCode("onboard.action").WithHint("可用 pause、resume、discard")
}

type decideRequest struct {
	ID      string   `path:"id"`
	Grants  []string `json:"grants" minItems:"1" maxItems:"1000"`
	Approve bool     `json:"approve"`
	Reason  string   `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postDecisions(ctx context.Context, r decideRequest) (*Decided, error) {
	return s.Decide(ctx, r.ID, r.Grants, r.Approve, r.Reason)
}

package listing

import (
	"context"
	"strconv"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts lists, and what anybody reads of them.
func (s *Service) Routes(r *httpx.Router) {
	see, report, review, open := iam.Needs(permReport, permReview), iam.Needs(permReport), iam.Needs(permReview), httpx.Public()
	doc := func(summary string) httpx.Option { return httpx.Doc("清单", summary) }
	const rounds, part, row = "/api/v1/list-rounds", "/api/v1/list-rounds/{id}/units/{org}", "/api/v1/list-rows/{id}"
	httpx.Handle(r, "GET "+rounds, see, s.listRounds, doc("清单编制的各轮"))
	httpx.Handle(r, "POST "+rounds, review, s.OpenRound, doc("开始一轮编制"), httpx.Status(201))
	httpx.Handle(r, "GET "+rounds+"/{id}", see, s.getRound, doc("一轮编制的概况"))
	httpx.Handle(r, "POST "+rounds+"/{id}/publish", review, s.postPublish, doc("统一编制：公布新版本"))
	httpx.Handle(r, "POST "+rounds+"/{id}/abandon", review, s.postAbandon, doc("中止一轮"))
	httpx.Handle(r, "GET "+part, see, s.getPart, doc("一个单位报送的内容"))
	httpx.Handle(r, "POST "+part+"/prefill", report, s.postPrefill, doc("梳理：按事项办出的证照预填"))
	httpx.Handle(r, "POST "+part+"/rows", report, s.postRow, doc("梳理：增加一行"))
	httpx.Handle(r, "POST "+part+"/submit", report, s.postSubmit, doc("梳理：报送"))
	httpx.Handle(r, "POST "+part+"/accept", review, s.postAccept, doc("审核：其余全部通过"))
	httpx.Handle(r, "POST "+part+"/excuse", review, s.postExcuse, doc("统一编制：不再等待未报送的单位"))
	httpx.Handle(r, "POST "+row, report, s.postChange, doc("梳理：修改一行"))
	httpx.Handle(r, "POST "+row+"/drop", report, s.postDrop, doc("梳理：删除一行"))
	httpx.Handle(r, "POST "+row+"/review", review, s.postReview, doc("审核：通过或退回一行"))
	httpx.Handle(r, "POST "+row+"/choose", review, s.postChoose, doc("统一编制：重复的以这一行为准"))
	httpx.Handle(r, "GET /open/v1/lists", open, s.openLists, doc("公布的清单"))
	httpx.Handle(r, "GET /open/v1/lists/{id}", open, s.openList, doc("一个版本的清单"))
	httpx.Handle(r, "GET /open/v1/lists/{id}/csv", open, s.openCSV, doc("一个版本的清单，CSV"), httpx.Media(mediaCSV))

	const uses = "/api/v1/use-lists/{org}"
	httpx.Handle(r, "GET "+uses, see, s.getUses, doc("用证清单和各版本"))
	httpx.Handle(r, "POST "+uses, report, s.ProposeUse, doc("提出调整用证清单"))
	httpx.Handle(r, "POST "+uses+"/decide", see, s.DecideUse, doc("同意、不同意或撤回调整"))
	httpx.Handle(r, "POST "+uses+"/check", see, s.CheckUse, doc("一次用证是否在清单内"))

	httpx.Handle(r, "GET /api/v1/scenes", see, s.listScenes, doc("单位的应用场景"))
	httpx.Handle(r, "POST /api/v1/scenes", report, s.postScene, doc("公布应用场景和指南"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/scenes/{id}", report, s.postSceneChange, doc("修改应用场景"))
	httpx.Handle(r, "POST /api/v1/scenes/{id}/withdraw", report, s.postSceneOver, doc("撤下应用场景"))
	httpx.Handle(r, "GET /open/v1/scenes", open, s.openScenes, doc("现行应用场景和指南"))

	httpx.Handle(r, "POST /api/v1/norms", report, s.AddNorm, doc("公布技术和使用规范"), httpx.Status(201), httpx.MaxBody(MaxDocument*3/2))
	httpx.Handle(r, "POST /api/v1/norms/{id}/withdraw", report, s.postNormOver, doc("撤下技术和使用规范"))
	httpx.Handle(r, "GET /open/v1/norms", open, s.openNorms, doc("技术和使用规范目录"))
	httpx.Handle(r, "GET /open/v1/norms/{id}/document", open, s.openDocument, doc("技术和使用规范的文件"), httpx.Media("application/pdf", "application/ofd"), httpx.Costly())

	httpx.Handle(r, "GET /api/v1/kind-batches", see, s.getBatches, doc("成熟的证照类型和推广批次"))
	httpx.Handle(r, "POST /api/v1/kind-batches", review, s.LaunchBatch, doc("公布一批成熟的证照类型"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/kind-maturity", review, s.Mark, doc("标为成熟，或取消"))
	httpx.Handle(r, "GET /open/v1/kind-batches", open, s.openBatches, doc("公布的推广批次"))

	httpx.Handle(r, "POST /api/v1/exempts", review, s.AddExempt, doc("免提交证照清单：列入一种证照"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/exempts/{id}/end", review, s.postExemptOver, doc("免提交证照清单：移出一种证照"))
	httpx.Handle(r, "GET /open/v1/exempts", open, s.openExempts, doc("免提交证照清单"))
	httpx.Handle(r, "GET /open/v1/exempts.csv", open, s.openExemptsCSV, doc("免提交证照清单，CSV"), httpx.Media(mediaCSV))

	httpx.Handle(r, "GET /api/v1/list-staleness", see, s.getStale, doc("各单位逾期和失修的清单、规范"))
	httpx.Handle(r, "GET /api/v1/list-periods", see, s.getPeriods, doc("更新和复核的期限"))
	httpx.Handle(r, "POST /api/v1/list-periods", review, s.PutPeriod, doc("登记更新和复核的期限"))
}

const mediaCSV = "text/csv; charset=utf-8"

type pageQuery struct {
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listRounds(ctx context.Context, q pageQuery) (*RoundPage, error) {
	return s.Rounds(ctx, q.Cursor, q.Limit)
}

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getRound(ctx context.Context, r byID) (*Round, error) { return s.Round(ctx, r.ID) }

type reasoned struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postPublish(ctx context.Context, r reasoned) (*Edition, error) {
	return s.Publish(ctx, r.ID, r.Reason)
}

func (s *Service) postAbandon(ctx context.Context, r reasoned) (*Round, error) {
	return s.Abandon(ctx, r.ID, r.Reason)
}

type byPart struct {
	ID  string `path:"id" maxLength:"64"`
	Org string `path:"org" maxLength:"64"`
}

func (s *Service) getPart(ctx context.Context, r byPart) (*Part, error) {
	return s.Part(ctx, r.ID, r.Org)
}

func (s *Service) postPrefill(ctx context.Context, r byPart) (*Part, error) {
	return s.Prefill(ctx, r.ID, r.Org)
}

type partRowBody struct {
	ID   string `path:"id" maxLength:"64"`
	Org  string `path:"org" maxLength:"64"`
	Body Said
}

func (s *Service) postRow(ctx context.Context, r partRowBody) (*Part, error) {
	return s.AddRow(ctx, r.ID, r.Org, r.Body)
}

type submitBody struct {
	ID   string `path:"id" maxLength:"64"`
	Org  string `path:"org" maxLength:"64"`
	Note string `json:"note,omitempty" maxLength:"500" doc:"没有内容的须说明"`
}

func (s *Service) postSubmit(ctx context.Context, r submitBody) (*Part, error) {
	return s.Submit(ctx, r.ID, r.Org, r.Note)
}

func (s *Service) postAccept(ctx context.Context, r byPart) (*Part, error) {
	return s.AcceptAll(ctx, r.ID, r.Org)
}

type excuseBody struct {
	ID     string `path:"id" maxLength:"64"`
	Org    string `path:"org" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"随清单公布"`
}

func (s *Service) postExcuse(ctx context.Context, r excuseBody) (*Round, error) {
	return s.Excuse(ctx, r.ID, r.Org, r.Reason)
}

type rowBody struct {
	ID   string `path:"id" maxLength:"64"`
	Body Said
}

func (s *Service) postChange(ctx context.Context, r rowBody) (*Part, error) {
	return s.ChangeRow(ctx, r.ID, r.Body)
}

func (s *Service) postDrop(ctx context.Context, r byID) (*Part, error) { return s.DropRow(ctx, r.ID) }

type verdictBody struct {
	ID   string `path:"id" maxLength:"64"`
	Body Verdict
}

func (s *Service) postReview(ctx context.Context, r verdictBody) (*Part, error) {
	return s.Review(ctx, r.ID, r.Body)
}

func (s *Service) postChoose(ctx context.Context, r reasoned) (*Round, error) {
	return s.Choose(ctx, r.ID, r.Reason)
}

func (s *Service) openLists(ctx context.Context, _ struct{}) (*Editions, error) {
	return s.Published(ctx)
}

func (s *Service) openList(ctx context.Context, r byID) (*Edition, error) {
	return s.Edition(ctx, r.ID)
}

func (s *Service) openCSV(ctx context.Context, r byID) (httpx.File, error) {
	e, err := s.Edition(ctx, r.ID)
	if err != nil {
		return httpx.File{}, err
	}
	data, err := e.CSV()
	return httpx.File{Name: e.ListName + "第" + strconv.Itoa(e.Version) + "版.csv", MediaType: mediaCSV, Data: data}, err
}

type byOrg struct {
	Org string `path:"org" maxLength:"64"`
}

func (s *Service) getUses(ctx context.Context, r byOrg) (*UseList, error) {
	return s.UseList(ctx, r.Org)
}

type scenesQuery struct {
	Org    string `query:"org" required:"true" maxLength:"64"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) listScenes(ctx context.Context, q scenesQuery) (*ScenePage, error) {
	return s.Scenes(ctx, q.Org, false, q.Cursor, q.Limit)
}

func (s *Service) openScenes(ctx context.Context, q pageQuery) (*ScenePage, error) {
	return s.Scenes(ctx, "", true, q.Cursor, q.Limit)
}

type sceneBody struct {
	Org string `json:"org" minLength:"1" maxLength:"64" doc:"用证单位"`
	Scenery
}

func (s *Service) postScene(ctx context.Context, b sceneBody) (*Scene, error) {
	return s.AddScene(ctx, b.Org, b.Scenery)
}

type sceneChange struct {
	ID   string `path:"id" maxLength:"64"`
	Body Scenery
}

func (s *Service) postSceneChange(ctx context.Context, b sceneChange) (*Scene, error) {
	return s.ChangeScene(ctx, b.ID, b.Body)
}

func (s *Service) postSceneOver(ctx context.Context, r reasoned) (*Scene, error) {
	return s.WithdrawScene(ctx, r.ID, r.Reason)
}

func (s *Service) postNormOver(ctx context.Context, r reasoned) (httpx.Empty, error) {
	return httpx.Empty{}, s.WithdrawNorm(ctx, r.ID, r.Reason)
}

type normsQuery struct {
	Kind   string `query:"kind" maxLength:"64" doc:"证照类型的目录名"`
	Unit   string `query:"unit" maxLength:"64" doc:"发证单位"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Service) openNorms(ctx context.Context, q normsQuery) (*NormPage, error) {
	return s.Norms(ctx, q.Kind, q.Unit, q.Cursor, q.Limit)
}

func (s *Service) openDocument(ctx context.Context, r byID) (httpx.File, error) {
	data, media, name, err := s.Document(ctx, r.ID)
	return httpx.File{Name: name, MediaType: media, Data: data}, err
}

type orgQuery struct {
	Org string `query:"org" maxLength:"64"`
}

func (s *Service) getBatches(ctx context.Context, q orgQuery) (*Batches, error) {
	return s.Batches(ctx, q.Org)
}

func (s *Service) openBatches(ctx context.Context, _ struct{}) (*Batches, error) {
	return s.Launched(ctx)
}

func (s *Service) getStale(ctx context.Context, q orgQuery) (*Report, error) {
	return s.Stale(ctx, q.Org)
}

func (s *Service) getPeriods(ctx context.Context, _ struct{}) (*Periods, error) {
	return s.Periods(ctx)
}

func (s *Service) postExemptOver(ctx context.Context, r reasoned) (*Exempt, error) {
	return s.EndExempt(ctx, r.ID, r.Reason)
}

type exemptQuery struct {
	Org   string `query:"org" maxLength:"64" doc:"只看这个公布单位的"`
	Ended bool   `query:"ended" doc:"含已移出的"`
}

func (s *Service) openExempts(ctx context.Context, q exemptQuery) (*Exempts, error) {
	return s.Exempts(ctx, q.Org, q.Ended)
}

func (s *Service) openExemptsCSV(ctx context.Context, q exemptQuery) (httpx.File, error) {
	v, err := s.Exempts(ctx, q.Org, false)
	if err != nil {
		return httpx.File{}, err
	}
	data, err := v.CSV()
	return httpx.File{Name: "免提交证照清单.csv", MediaType: mediaCSV, Data: data}, err
}

package bound

import (
	"context"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Needs of routes and pages: holders, and staff of enterprises; staff who see what
// was offered; and each by what they do.
var (
	NeedOwn      = iam.Needs(permOwn, permApply)
	NeedStaff    = iam.Needs(staffPerms...)
	NeedAny      = iam.Needs(append([]string{permOwn, permApply}, staffPerms...)...)
	NeedWish     = iam.Needs(permDraft, permOwn)
	NeedHolder   = iam.Needs(permOwn)
	NeedDraft    = iam.Needs(permDraft)
	NeedRegister = iam.Needs(permRegister)
	NeedManage   = iam.Needs(permManage)
	NeedDesign   = iam.Needs(permDesign)
	NeedKinds    = iam.Needs(permKinds)
)

// Routes mounts rules, offers and wishes.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/bound"
	doc := func(summary string) httpx.Option { return httpx.Doc("同步发放", summary) }
	httpx.Handle(r, "GET "+base+"/rules", NeedKinds, s.getRules, doc("哪些证照同步发放印章"))
	httpx.Handle(r, "POST "+base+"/rules", NeedDesign, s.PutRule, doc("登记绑定规则"), httpx.Status(201))
	httpx.Handle(r, "GET "+base+"/offers", NeedStaff, s.List, doc("同步发放：单位的"))
	httpx.Handle(r, "GET "+base+"/offers/mine", NeedOwn, s.getMine, doc("同步发放：本人和所经办企业的"))
	httpx.Handle(r, "GET "+base+"/report", NeedStaff, s.getReport, doc("同步发放统计"))
	at := base + "/offers/{id}"
	httpx.Handle(r, "GET "+at, NeedAny, s.getOffer, doc("一项同步发放：证照和印章的进度"))
	httpx.Handle(r, "GET "+at+"/filled", NeedOwn, s.getFilled, doc("按证照填好的申请内容"))
	httpx.Handle(r, "POST "+at+"/take", NeedOwn, s.Take, doc("申领：按证照建立印章申请（草稿），再上传材料、印模并提交"))
	httpx.Handle(r, "POST "+at+"/decline", NeedOwn, s.Decline, doc("谢绝"))
	httpx.Handle(r, "POST "+at+"/later", NeedOwn, s.Later, doc("以后再说：七天后再提醒"))
	httpx.Handle(r, "POST "+at+"/agent", NeedDraft, s.NameAgent, doc("登记企业的经办人"))
	httpx.Handle(r, "POST "+at+"/organisation", NeedRegister, s.postOrganisation, doc("按证照把企业登记为用章单位"))
	httpx.Handle(r, "POST "+at+"/thaw", NeedManage, s.Thaw, doc("证照恢复有效后恢复印章"))
	httpx.Handle(r, "POST "+at+"/cancel", NeedManage, s.Cancel, doc("证照失效后注销印章"))
	wish := base + "/wishes/{draft}"
	httpx.Handle(r, "GET "+wish, NeedWish, s.getWish, doc("经办中的证照是否同时申领印章"))
	httpx.Handle(r, "PUT "+wish, NeedWish, s.PutWish, doc("选择同时申领印章"))
	httpx.Handle(r, "DELETE "+wish, NeedWish, s.deleteWish, doc("取消同时申领"))
}

type nothing struct{}

func (s *Service) getRules(ctx context.Context, _ nothing) (*RuleList, error) { return s.Rules(ctx) }

func (s *Service) getMine(ctx context.Context, _ nothing) (*Page, error) { return s.Mine(ctx) }

func (s *Service) getReport(ctx context.Context, _ nothing) (*Report, error) { return s.Report(ctx) }

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getOffer(ctx context.Context, r byID) (*Offer, error) { return s.Get(ctx, r.ID) }

func (s *Service) getFilled(ctx context.Context, r byID) (*Filled, error) { return s.Fill(ctx, r.ID) }

func (s *Service) postOrganisation(ctx context.Context, r byID) (*Offer, error) {
	return s.Register(ctx, r.ID)
}

type byDraft struct {
	Draft string `path:"draft" maxLength:"64"`
}

func (s *Service) getWish(ctx context.Context, r byDraft) (*Wish, error) { return s.Wish(ctx, r.Draft) }

func (s *Service) deleteWish(ctx context.Context, r byDraft) (*Wish, error) {
	return s.EndWish(ctx, r.Draft)
}

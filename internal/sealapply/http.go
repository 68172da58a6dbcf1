package sealapply

import (
	"context"
	"io"
	"mime/multipart"
	"strconv"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

const tag = "印章申请"

// maxUpload bounds the body of an upload: the largest attachment that a form may
// allow, and what surrounds it.
const maxUpload = maxMiB<<20 + 1<<20

// Routes mounts applications, forms, campaigns and bonds.
func (s *Service) Routes(r *httpx.Router) {
	const base = "/api/v1/seal-applications"
	apply := httpx.Needs(permissions[Applicant], ownPermission)
	see := httpx.Needs(permissions[Applicant], ownPermission, permissions[Reviewer], permissions[Maker], permissions[Filer], permissions[Manager])
	doc := func(summary string) httpx.Option { return httpx.Doc(tag, summary) }
	upload := []httpx.Option{httpx.MaxBody(maxUpload), httpx.NoIdempotency(), httpx.Timeout(5 * time.Minute)}
	httpx.Handle(r, "POST "+base, apply, s.postApplication, doc("新建印章申请（草稿）"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, see, s.listApplications, doc("查询印章申请"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getApplication, doc("印章申请"))
	httpx.Handle(r, "PUT "+base+"/{id}", apply, s.putApplication, doc("填写印章申请"))
	httpx.Handle(r, "GET "+base+"/{id}/checks", see, s.getChecks, doc("自动核验结果"))
	httpx.Handle(r, "POST "+base+"/{id}/attachments", apply, s.postAttachment, append(upload, doc("上传材料"))...)
	httpx.Handle(r, "GET "+base+"/{id}/attachments/{file}", see, s.getAttachment, doc("下载材料"), httpx.Media("application/pdf", "image/png", "image/jpeg", "application/ofd"))
	httpx.Handle(r, "DELETE "+base+"/{id}/attachments/{file}", apply, s.deleteAttachment, doc("删除材料"))
	httpx.Handle(r, "POST "+base+"/{id}/imprint", apply, s.postImprint, append(upload, doc("上传印模图像"))...)
	httpx.Handle(r, "GET "+base+"/{id}/imprint", see, s.getImprint, doc("印模图像"), httpx.Media("image/png"))
	httpx.Handle(r, "POST "+base+"/{id}/statement", apply, s.postStatement, doc("签署印模真实性声明"))
	httpx.Handle(r, "GET "+base+"/{id}/certificates", apply, s.getCertificates, doc("可以使用的已持有数字证书"))
	httpx.Handle(r, "PUT "+base+"/{id}/certificate", apply, s.putCertificate, doc("选择数字证书"))
	httpx.Handle(r, "POST "+base+"/{id}/certificate/request", httpx.Needs("pki.manage"), s.postCertificateRequest, doc("向外部机构申请数字证书：生成证书请求"))
	httpx.Handle(r, "POST "+base+"/{id}/certificate/answer", httpx.Needs("pki.manage"), s.postCertificateAnswer, doc("安装外部机构签发的数字证书"))
	httpx.Handle(r, "POST "+base+"/{id}/submit", apply, s.postSubmit, doc("提交审核"))
	httpx.Handle(r, "POST "+base+"/{id}/withdraw", apply, s.postWithdraw, doc("撤回申请"))
	httpx.Handle(r, "POST "+base+"/{id}/review", httpx.Needs(permissions[Reviewer], permissions[Maker], permissions[Manager]), s.postReview, doc("审核：通过或不通过"))
	httpx.Handle(r, "POST "+base+"/{id}/make", httpx.Needs(permissions[Maker], permissions[Manager]), s.postMake, doc("制作印章；注销申请为办理注销"))
	httpx.Handle(r, "POST "+base+"/{id}/file", httpx.Needs(permissions[Filer]), s.postFile, doc("备案"))
	httpx.Handle(r, "POST /api/v1/seal-losses", apply, s.postLoss, doc("挂失印章：立即冻结，随后注销或补办"), httpx.Status(201))
	s.formRoutes(r)
	s.campaignRoutes(r)
}

func (s *Service) formRoutes(r *httpx.Router) {
	doc := func(summary string) httpx.Option { return httpx.Doc(tag, summary) }
	review := httpx.Needs(permissions[Reviewer])
	httpx.Handle(r, "GET /api/v1/seal-forms", httpx.SignedIn(), s.getForms, doc("各地区的印章申请表"))
	httpx.Handle(r, "GET /api/v1/seal-forms/current", httpx.SignedIn(), s.getFormFor, doc("某单位某种申请现用的申请表"))
	httpx.Handle(r, "POST /api/v1/seal-forms", httpx.Needs(permissions[Manager]), s.postForm, doc("导入地区申请表（YAML）"), httpx.Status(201), httpx.MaxBody(4*maxForm))
	httpx.Handle(r, "GET /api/v1/seal-bonds", review, s.getBonds, doc("企业的印章经办人"))
	httpx.Handle(r, "POST /api/v1/seal-bonds", review, s.postBond, doc("登记企业的印章经办人"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/seal-bonds/{id}/end", review, s.postBondEnd, doc("终止经办登记"))
}

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

type createBody struct {
	Kind      Kind              `json:"kind" enum:"apply,renew,change,remake,cancel" doc:"申请、续期、变更、补办、注销"`
	Org       string            `json:"org,omitempty" maxLength:"64" doc:"用章单位；个人印章不填"`
	SealKind  string            `json:"seal_kind,omitempty" maxLength:"40" doc:"印章种类；续期等不填"`
	SealName  string            `json:"seal_name,omitempty" maxLength:"200" doc:"印模上的名称"`
	Seal      string            `json:"seal,omitempty" maxLength:"64" doc:"续期、变更、补办、注销的印章编号"`
	Person    string            `json:"person,omitempty" maxLength:"64" doc:"电子名章：本人账号"`
	Custodian string            `json:"custodian,omitempty" maxLength:"64" doc:"印章保管人账号"`
	Authority string            `json:"authority,omitempty" maxLength:"64" doc:"个人印章：受理的印章管理单位"`
	Reason    string            `json:"reason,omitempty" maxLength:"2000" doc:"事由；续期、变更、补办、注销必填"`
	Fields    map[string]string `json:"fields,omitempty" doc:"申请表各项"`
}

func (s *Service) postApplication(ctx context.Context, b createBody) (*Application, error) {
	return s.Create(ctx, CreateRequest(b))
}

type listQuery struct {
	State   State  `query:"state" enum:"draft,submitted,approved,making,made,filing,filed,cancelling,done,refused,withdrawn"`
	Kind    Kind   `query:"kind" enum:"apply,renew,change,remake,cancel"`
	Tier    string `query:"tier" enum:"county,city,province" doc:"正由哪一层级审核"`
	Unit    string `query:"unit" maxLength:"64"`
	Mine    bool   `query:"mine" doc:"本人发起的"`
	Waiting bool   `query:"waiting" doc:"等待本人审核的"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor  string `query:"cursor" maxLength:"200"`
}

func (s *Service) listApplications(ctx context.Context, q listQuery) (*Page, error) {
	return s.List(ctx, Query{State: q.State, Kind: q.Kind, Tier: q.Tier, Unit: q.Unit, Mine: q.Mine, Waiting: q.Waiting, Limit: q.Limit, Cursor: q.Cursor})
}

func (s *Service) getApplication(ctx context.Context, r byID) (*Application, error) {
	return s.Get(ctx, r.ID)
}

type editBody struct {
	ID        string            `path:"id" maxLength:"64"`
	SealName  *string           `json:"seal_name,omitempty" maxLength:"200"`
	Person    *string           `json:"person,omitempty" maxLength:"64"`
	Custodian *string           `json:"custodian,omitempty" maxLength:"64"`
	Reason    *string           `json:"reason,omitempty" maxLength:"2000"`
	Fields    map[string]string `json:"fields,omitempty" doc:"只改列出的项；脱敏的值原样返回即不变，空值为清除"`
}

func (s *Service) putApplication(ctx context.Context, b editBody) (*Application, error) {
	return s.Edit(ctx, b.ID, Edit{SealName: b.SealName, Person: b.Person, Custodian: b.Custodian, Reason: b.Reason, Fields: b.Fields})
}

// checksAnswer is the list that people see, and whether it lets the application
// go on.
type checksAnswer struct {
	Items []Check `json:"items"`
	Good  bool    `json:"good" doc:"全部通过"`
}

func (s *Service) getChecks(ctx context.Context, r byID) (*checksAnswer, error) {
	list, err := s.Checks(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &checksAnswer{Items: list, Good: blocking(list, true) == nil}, nil
}

type uploadForm struct {
	ID   string          `path:"id" maxLength:"64"`
	Form *multipart.Form `doc:"file：文件；code：哪一份材料；印模另有 width、height（毫米）"`
}

// UploadOf reads the one file of a form.
func UploadOf(form *multipart.Form) (Upload, error) { return uploadOf(form, maxUpload) }

func uploadOf(form *multipart.Form, most int64) (u Upload, err error) {
	if form == nil || len(form.File["file"]) != 1 {
		return u, fault.Invalid.New("请上传一个文件").WithCode("sealapply.file").WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "请选择文件")
	}
	h := form.File["file"][0]
	u.Code, u.Name = formValue(form, "code"), h.Filename
	in, err := h.Open()
	if err != nil {
		return u, err
	}
	defer in.Close()
	if u.Data, err = io.ReadAll(io.LimitReader(in, most+1)); err != nil {
		return u, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealapply.file").WithHint("请重新上传")
	}
	return u, nil
}

func formValue(form *multipart.Form, name string) string {
	if v := form.Value[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// SizeOf reads the size of an imprint in a form, in millimetres; what is no
// number is 0.
func SizeOf(form *multipart.Form) (width, height int) {
	width, _ = strconv.Atoi(formValue(form, "width"))
	height, _ = strconv.Atoi(formValue(form, "height"))
	return width, height
}

func (s *Service) postAttachment(ctx context.Context, r uploadForm) (*Application, error) {
	u, err := UploadOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Attach(ctx, r.ID, u)
}

type fileRequest struct {
	ID   string `path:"id" maxLength:"64"`
	File string `path:"file" maxLength:"64"`
}

func (s *Service) getAttachment(ctx context.Context, r fileRequest) (httpx.File, error) {
	return fileOf(s.Attachment(ctx, r.ID, r.File))
}

func fileOf(d *Document, err error) (httpx.File, error) {
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: d.Name, MediaType: d.Media, Data: d.Data, ETag: d.Digest}, nil
}

func (s *Service) deleteAttachment(ctx context.Context, r fileRequest) (*Application, error) {
	return s.Detach(ctx, r.ID, r.File)
}

func (s *Service) postImprint(ctx context.Context, r uploadForm) (*Application, error) {
	u, err := UploadOf(r.Form)
	if err != nil {
		return nil, err
	}
	width, height := SizeOf(r.Form)
	return s.SetImprint(ctx, r.ID, u.Data, width, height)
}

func (s *Service) getImprint(ctx context.Context, r byID) (httpx.File, error) {
	data, err := s.Imprint(ctx, r.ID)
	return httpx.File{MediaType: "image/png", Data: data}, err
}

type statementBody struct {
	ID      string `path:"id" maxLength:"64"`
	Version string `json:"version" minLength:"1" maxLength:"40" doc:"所阅读的声明文本的版本"`
	Imprint string `json:"imprint" minLength:"64" maxLength:"64" doc:"所声明的印模图像的 SM3 摘要"`
}

func (s *Service) postStatement(ctx context.Context, b statementBody) (*Application, error) {
	return s.Declare(ctx, b.ID, b.Version, b.Imprint)
}

type choices struct {
	Items []CertificateChoice `json:"items"`
}

func (s *Service) getCertificates(ctx context.Context, r byID) (*choices, error) {
	list, err := s.Certificates(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return &choices{list}, nil
}

type certificateBody struct {
	ID     string `path:"id" maxLength:"64"`
	Mode   string `json:"mode" enum:"held,built-in,outside"`
	Serial string `json:"serial,omitempty" maxLength:"128" doc:"held：哪一张"`
}

func (s *Service) putCertificate(ctx context.Context, b certificateBody) (*Application, error) {
	return s.ChooseCertificate(ctx, b.ID, b.Mode, b.Serial)
}

type requestBody struct {
	ID        string `path:"id" maxLength:"64"`
	Authority string `json:"authority,omitempty" maxLength:"200" doc:"向哪个机构申请"`
}

type requestAnswer struct {
	ID      string    `json:"id"`
	Request []byte    `json:"request" doc:"证书请求（PKCS#10，DER，base64）"`
	Until   time.Time `json:"until" doc:"在此之前安装签发的证书"`
}

func (s *Service) postCertificateRequest(ctx context.Context, b requestBody) (*requestAnswer, error) {
	q, err := s.RequestCertificate(ctx, b.ID, b.Authority)
	if err != nil {
		return nil, err
	}
	return &requestAnswer{ID: q.ID, Request: q.Request.Raw, Until: q.Until}, nil
}

type answerBody struct {
	ID     string `path:"id" maxLength:"64"`
	Answer []byte `json:"answer" doc:"签发机构的答复（PEM 或 DER，base64）"`
}

func (s *Service) postCertificateAnswer(ctx context.Context, b answerBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.InstallCertificate(ctx, b.ID, b.Answer)
}

func (s *Service) postSubmit(ctx context.Context, r byID) (*Application, error) {
	return s.Submit(ctx, r.ID)
}

type reasonBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

func (s *Service) postWithdraw(ctx context.Context, b reasonBody) (*Application, error) {
	return s.Withdraw(ctx, b.ID, b.Reason)
}

type reviewBody struct {
	ID      string `path:"id" maxLength:"64"`
	Tier    string `json:"tier,omitempty" maxLength:"20" doc:"以哪一层级审核；已审核通过、制作前退回的不填"`
	Round   int64  `json:"round,omitempty" doc:"所看到的是第几次提交"`
	Approve bool   `json:"approve"`
	Opinion string `json:"opinion,omitempty" maxLength:"2000" doc:"意见；不通过的必填"`
}

func (s *Service) postReview(ctx context.Context, b reviewBody) (*Application, error) {
	return s.Review(ctx, b.ID, ReviewRequest{Tier: b.Tier, Round: b.Round, Approve: b.Approve, Opinion: b.Opinion})
}

func (s *Service) postMake(ctx context.Context, r byID) (*Application, error) {
	a, err := s.Get(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if a.Kind == Cancel {
		return s.CancelSeal(ctx, r.ID)
	}
	return s.Make(ctx, r.ID)
}

type fileBody struct {
	ID     string `path:"id" maxLength:"64"`
	Number string `json:"number,omitempty" maxLength:"64" doc:"备案号；不填则由平台编号"`
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

func (s *Service) postFile(ctx context.Context, b fileBody) (*Application, error) {
	return s.File(ctx, b.ID, FileRequest{Number: b.Number, Reason: b.Reason})
}

type lossBody struct {
	Seal   string `json:"seal" minLength:"1" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	Then   Kind   `json:"then" enum:"cancel,remake" doc:"挂失后注销，还是补办"`
}

func (s *Service) postLoss(ctx context.Context, b lossBody) (*Application, error) {
	return s.Lost(ctx, b.Seal, b.Reason, b.Then)
}

type noQuery struct{}

type formList struct {
	Items []*Form `json:"items"`
}

func (s *Service) getForms(ctx context.Context, _ noQuery) (*formList, error) {
	list, err := s.Forms(ctx)
	if err != nil {
		return nil, err
	}
	return &formList{list}, nil
}

type formQuery struct {
	Org      string `query:"org" required:"true" maxLength:"64"`
	Kind     Kind   `query:"kind" enum:"apply,renew,change,remake,cancel" default:"apply"`
	SealKind string `query:"seal_kind" maxLength:"40" default:"legal-name"`
}

type formAnswer struct {
	Form        *Form            `json:"form"`
	Fields      []FormField      `json:"fields" doc:"这种申请要填写的"`
	Attachments []FormAttachment `json:"attachments" doc:"这种申请要上传的"`
}

func (s *Service) getFormFor(ctx context.Context, q formQuery) (*formAnswer, error) {
	form, fields, files, err := s.FormFor(ctx, q.Org, q.Kind, q.SealKind)
	if err != nil {
		return nil, err
	}
	return &formAnswer{form, fields, files}, nil
}

type formBody struct {
	YAML   string `json:"yaml" minLength:"1" maxLength:"65536" doc:"申请表"`
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

func (s *Service) postForm(ctx context.Context, b formBody) (*Form, error) {
	return s.ImportForm(ctx, []byte(b.YAML), b.Reason)
}

type bondQuery struct {
	Org string `query:"org" required:"true" maxLength:"64"`
}

type bondList struct {
	Items []Bond `json:"items"`
}

func (s *Service) getBonds(ctx context.Context, q bondQuery) (*bondList, error) {
	list, err := s.Bonds(ctx, q.Org)
	if err != nil {
		return nil, err
	}
	return &bondList{list}, nil
}

type bondBody struct {
	Account string `json:"account" minLength:"1" maxLength:"64" doc:"持证人账号"`
	Org     string `json:"org" minLength:"1" maxLength:"64"`
	Basis   string `json:"basis" minLength:"1" maxLength:"2000" doc:"核验了什么"`
}

func (s *Service) postBond(ctx context.Context, b bondBody) (*Bond, error) {
	return s.Bind(ctx, b.Account, b.Org, b.Basis)
}

func (s *Service) postBondEnd(ctx context.Context, b reasonBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.Unbind(ctx, b.ID, b.Reason)
}

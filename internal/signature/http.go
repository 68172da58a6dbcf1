package signature

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime/multipart"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/signature/ink"
)

const (
	tag    = "电子签名"
	tagPad = "签署链接"
	// signWait is how long signing may take: the maker, the time stamp authority and
	// the key are asked, and others may be faster.
	signWait = 45 * time.Second
)

// Routes mounts personal signatures.
func (s *Service) Routes(r *httpx.Router) {
	s.routesOfPeople(r)
	s.routesOfTasks(r)
	s.routesOfSigners(r)
	public := httpx.Public()
	once := httpx.NoIdempotency()
	httpx.Handle(r, "GET /s/sign/{token}/task", public, s.getOpened, httpx.Doc(tagPad, "签署链接指向的任务；不含文件和完整姓名"), httpx.Costly())
	httpx.Handle(r, "POST /s/pad/{token}/open", public, s.postPadOpen, httpx.Doc(tagPad, "在本设备上打开手写页；只能由一台设备打开"), httpx.Costly(), once, httpx.MaxBody(1<<10))
	httpx.Handle(r, "POST /s/pad/{token}/drawing", public, s.postPadDrawing, httpx.Doc(tagPad, "提交手写签名；一次有效"), httpx.Costly(), once,
		httpx.MaxBody(ink.MaxBytes), httpx.Status(204))
}

func (s *Service) routesOfPeople(r *httpx.Router) {
	sign := httpx.Needs("signature.sign", "signature.sign.own")
	httpx.Handle(r, "GET /api/v1/signature", sign, s.getMine, httpx.Doc(tag, "本人的签名身份（个人数字证书）"))
	httpx.Handle(r, "POST /api/v1/signature", sign, s.postEnrol, httpx.Doc(tag, "申请个人数字证书"), httpx.Status(201))
	httpx.Handle(r, "POST /api/v1/signature/renew", sign, s.postRenew, httpx.Doc(tag, "续期个人数字证书"))
	httpx.Handle(r, "POST /api/v1/signature/cancel", sign, s.postCancel, httpx.Doc(tag, "注销个人数字证书；不可恢复"))
	httpx.Handle(r, "GET /api/v1/signature/to-sign", sign, s.getToSign, httpx.Doc(tag, "待本人签署和本人已签署的任务"))
	httpx.Handle(r, "GET /api/v1/signature/records/{digest}", httpx.SignedIn(), s.getRecord, httpx.Doc(tag, "按文件摘要查询签署记录"))
	httpx.Handle(r, "POST /api/v1/signature/verify", httpx.SignedIn(), s.postVerify, httpx.Doc(tag, "验签：文件自身的证明和本平台的签署记录"),
		httpx.MaxBody(MaxFile+1<<20), httpx.NoIdempotency())
}

func (s *Service) routesOfTasks(r *httpx.Router) {
	ask := httpx.Needs("signature.ask", "signature.sign", "signature.sign.own")
	see := httpx.Needs("signature.read", "signature.ask", "signature.sign", "signature.sign.own")
	const at = "/api/v1/signature-tasks"
	httpx.Handle(r, "POST "+at, ask, s.postTask, httpx.Doc(tag, "发起签署"), httpx.Status(201), httpx.MaxBody(MaxFile+1<<20), httpx.Timeout(signWait))
	httpx.Handle(r, "GET "+at, see, s.getTasks, httpx.Doc(tag, "查询签署任务"))
	httpx.Handle(r, "GET "+at+"/{id}", see, s.getTask, httpx.Doc(tag, "签署任务"))
	httpx.Handle(r, "GET "+at+"/{id}/file", see, s.getFile, httpx.Doc(tag, "当前文件"), httpx.Media("application/ofd"))
	httpx.Handle(r, "GET "+at+"/{id}/pages/{page}", see, s.getPicture, httpx.Doc(tag, "当前文件的一页"), httpx.Media("image/png"))
	httpx.Handle(r, "GET "+at+"/{id}/events", see, s.getEvents, httpx.Doc(tag, "签署过程"))
	httpx.Handle(r, "GET "+at+"/{id}/evidence", see, s.getEvidence, httpx.Doc(tag, "签署证据"), httpx.Media("application/ofd", "application/json"), httpx.Timeout(signWait))
	httpx.Handle(r, "POST "+at+"/{id}/remind", ask, s.postRemind, httpx.Doc(tag, "催办"))
	httpx.Handle(r, "POST "+at+"/{id}/withdraw", ask, s.postWithdraw, httpx.Doc(tag, "撤回"))
}

func (s *Service) routesOfSigners(r *httpx.Router) {
	ask := httpx.Needs("signature.ask", "signature.sign", "signature.sign.own")
	sign := httpx.Needs("signature.sign", "signature.sign.own")
	const at = "/api/v1/signature-tasks/{id}/signers/{number}"
	once := httpx.NoIdempotency()
	httpx.Handle(r, "POST "+at+"/link", ask, s.postLink, httpx.Doc(tag, "生成签署链接，先前的失效"), once)
	httpx.Handle(r, "GET "+at, sign, s.getScene, httpx.Doc(tag, "签署页内容；手机手写后可由此看到笔迹"))
	httpx.Handle(r, "POST "+at+"/view", sign, s.postView, httpx.Doc(tag, "查看待签文件"), once)
	httpx.Handle(r, "POST "+at+"/drawing", sign, s.postDrawing, httpx.Doc(tag, "提交手写签名"), once, httpx.MaxBody(ink.MaxBytes))
	httpx.Handle(r, "POST "+at+"/pad", sign, s.postPad, httpx.Doc(tag, "生成手机手写的二维码地址，先前的失效"), once)
	httpx.Handle(r, "POST "+at+"/sign", sign, s.postSign, httpx.Doc(tag, "确认意愿并签署"), once, httpx.Timeout(signWait))
	httpx.Handle(r, "POST "+at+"/refuse", sign, s.postRefuse, httpx.Doc(tag, "拒签"), once)
}

type none struct{}

func (s *Service) getMine(ctx context.Context, _ none) (*Identity, error)   { return s.Mine(ctx) }
func (s *Service) postEnrol(ctx context.Context, _ none) (*Identity, error) { return s.Enrol(ctx) }
func (s *Service) postRenew(ctx context.Context, _ none) (*Identity, error) { return s.Renew(ctx) }

type reasonBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postCancel(ctx context.Context, b reasonBody) (httpx.Empty, error) {
	return httpx.Empty{}, s.Cancel(ctx, b.Reason)
}

type listRequest struct {
	State  string `query:"state" enum:"open,done,refused,withdrawn,expired" doc:"状态；不填：全部"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getTasks(ctx context.Context, r listRequest) (*Page, error) {
	return s.List(ctx, r.State, r.Limit, r.Cursor)
}

type pageRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getToSign(ctx context.Context, r pageRequest) (*Page, error) {
	return s.ToSign(ctx, r.Limit, r.Cursor)
}

type digestRequest struct {
	Digest string `path:"digest" minLength:"64" maxLength:"64" pattern:"^[0-9a-fA-F]{64}$" doc:"文件的 SM3 摘要"`
}

func (s *Service) getRecord(ctx context.Context, r digestRequest) (*DocumentRecord, error) {
	b, err := hex.DecodeString(r.Digest)
	if err != nil {
		return nil, fault.Invalid.New("摘要应为 64 位十六进制数").WithCode("signature.digest").WithHint("请核对 SM3 摘要")
	}
	return s.RecordOf(ctx, digestOf(b))
}

type uploaded struct {
	Form *multipart.Form `doc:"file：文件"`
}

func (s *Service) postVerify(ctx context.Context, r uploaded) (*Verified, error) {
	name, data, err := fileOf(r.Form)
	if err != nil {
		return nil, err
	}
	return s.Verify(ctx, name, data)
}

// fileOf reads the one file of a form.
func fileOf(form *multipart.Form) (string, []byte, error) {
	if form == nil || len(form.File["file"]) != 1 {
		return "", nil, fault.Invalid.New("请上传一个文件").WithCode("signature.file").WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "必填")
	}
	h := form.File["file"][0]
	if h.Size > MaxFile {
		return "", nil, fault.TooLarge.New("文件超过 %d MB", MaxFile>>20).WithCode("signature.size").WithHint("请压缩图片或拆分后重试")
	}
	f, err := h.Open()
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, h.Size))
	if err != nil {
		return "", nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("signature.file").WithHint("请重新上传")
	}
	return h.Filename, data, nil
}

type taskForm struct {
	Form *multipart.Form `doc:"task：任务的 JSON（org、title、item、message、until、signers）；file：OFD 或 PDF 文件"`
}

// created is a task that was just begun: the answer says where it is.
type created Task

// Location is the address of the task.
func (t *created) Location() string { return "/api/v1/signature-tasks/" + t.ID }

func (s *Service) postTask(ctx context.Context, r taskForm) (*created, error) {
	name, data, err := fileOf(r.Form)
	if err != nil {
		return nil, err
	}
	q, err := TaskOf(r.Form)
	if err != nil {
		return nil, err
	}
	t, err := s.Create(ctx, q, name, data)
	return (*created)(t), err
}

// maxTask bounds the JSON of a task.
const maxTask = 256 << 10

// TaskOf reads the request for a task from the field task of a form.
func TaskOf(form *multipart.Form) (r TaskRequest, err error) {
	bad := fault.Invalid.New("签署任务的 JSON 不正确").WithCode("signature.request").WithHint("字段 task 应为 JSON，见接口文档").WithField("task", "json", "不是正确的 JSON")
	if form == nil || len(form.Value["task"]) != 1 || len(form.Value["task"][0]) > maxTask {
		return r, bad
	}
	if err := json.Unmarshal([]byte(form.Value["task"][0]), &r); err != nil {
		return r, bad
	}
	return r, nil
}

type taskID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getTask(ctx context.Context, r taskID) (*Task, error) { return s.Get(ctx, r.ID) }

func (s *Service) getFile(ctx context.Context, r taskID) (httpx.File, error) {
	name, data, err := s.File(ctx, r.ID)
	return httpx.File{Name: name, MediaType: "application/ofd", Data: data}, err
}

type pictureRequest struct {
	ID   string  `path:"id" maxLength:"64"`
	Page int     `path:"page" minimum:"1" maximum:"10000"`
	DPI  float64 `query:"dpi" minimum:"36" maximum:"200" default:"110"`
}

func (s *Service) getPicture(ctx context.Context, r pictureRequest) (httpx.File, error) {
	data, err := s.Picture(ctx, r.ID, r.Page, r.DPI)
	return httpx.File{MediaType: "image/png", Data: data}, err
}

// events is how a task came about so far.
type events struct {
	Items []EvidenceEvent `json:"items"`
}

func (s *Service) getEvents(ctx context.Context, r taskID) (*events, error) {
	list, err := s.Events(ctx, r.ID)
	return &events{Items: list}, err
}

type evidenceRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Format string `query:"format" enum:"ofd,json" default:"ofd"`
}

func (s *Service) getEvidence(ctx context.Context, r evidenceRequest) (httpx.File, error) {
	if r.Format == "json" {
		e, err := s.Evidence(ctx, r.ID)
		if err != nil {
			return httpx.File{}, err
		}
		data, err := e.json()
		return httpx.File{Name: "evidence.json", MediaType: "application/json", Data: data}, err
	}
	name, data, err := s.EvidenceFile(ctx, r.ID)
	return httpx.File{Name: name, MediaType: "application/ofd", Data: data}, err
}

func (s *Service) postRemind(ctx context.Context, r taskID) (httpx.Empty, error) {
	return httpx.Empty{}, s.Remind(ctx, r.ID)
}

type withdrawBody struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postWithdraw(ctx context.Context, b withdrawBody) (*Task, error) {
	if err := s.Withdraw(ctx, b.ID, b.Reason); err != nil {
		return nil, err
	}
	return s.Get(ctx, b.ID)
}

package sealing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// mediaOFD is what sealed documents are.
const mediaOFD = "application/ofd"

// Routes mounts requests to seal documents, batches, and stamping at once.
func (s *Service) Routes(r *httpx.Router) {
	const tag, base = "用印", "/api/v1/sealing-requests"
	ask, use := iam.Needs("seal.ask"), iam.Needs("seal.use")
	see := iam.Needs("seal.ask", "seal.use", "seal.read")
	upload := func(summary string, more ...httpx.Option) []httpx.Option {
		return append([]httpx.Option{httpx.Doc(tag, summary), httpx.MaxBody(MaxFile + 1<<20), httpx.Timeout(2 * time.Minute)}, more...)
	}
	httpx.Handle(r, "POST "+base, ask, s.postRequest, upload("申请用印：file 为 OFD 或 PDF，steps 为 JSON", httpx.Status(201))...)
	httpx.Handle(r, "POST "+base+"/check", ask, s.postCheck, upload("试算用印申请：查规则、限额和盖章位置，不提出申请", httpx.NoIdempotency())...)
	httpx.Handle(r, "GET "+base, see, s.listRequests, httpx.Doc(tag, "用印申请：本人的、待我审批的、本单位的"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getRequest, httpx.Doc(tag, "用印申请"))
	httpx.Handle(r, "GET "+base+"/{id}/pages/{page}", see, s.getPage, httpx.Doc(tag, "文件的一页，未盖的章显示在其位置上"), httpx.Media("image/svg+xml", "image/png"))
	httpx.Handle(r, "GET "+base+"/{id}/file", see, s.getFile, httpx.Doc(tag, "盖章后的文件；original 为上传的文件"), httpx.Media(mediaOFD))
	httpx.Handle(r, "POST "+base+"/{id}/withdrawal", ask, s.postWithdraw, httpx.Doc(tag, "撤回用印申请"))
	httpx.Handle(r, "POST "+base+"/{id}/stamps", ask, s.postStamps, httpx.Doc(tag, "加盖已批准的印章"))
	httpx.Handle(r, "POST /api/v1/sealing-steps/{id}/approval", use, s.postApproval, httpx.Doc(tag, "批准用印，须再次验证身份"), httpx.NoIdempotency())
	httpx.Handle(r, "POST /api/v1/sealing-steps/{id}/refusal", use, s.postRefusal, httpx.Doc(tag, "不予用印，须说明理由"))
	httpx.Handle(r, "GET /api/v1/seal-uses/{use}/evidence", iam.Needs("seal.ask", "seal.use", "seal.read", "audit.read"), s.getEvidence, httpx.Doc(tag, "一次用印的证据"))
	httpx.Handle(r, "POST /api/v1/stamp", ask, s.postStamp, upload("在常备用印授权之内立即盖章", httpx.Media(mediaOFD), httpx.NoIdempotency())...)
	httpx.Handle(r, "POST /api/v1/annotate", ask, s.postAnnotate, upload("在常备用印授权之内制作加注件", httpx.Media(mediaOFD), httpx.NoIdempotency())...)
	s.batchRoutes(r)
}

// A form is what came as multipart/form-data.
type form struct{ *multipart.Form }

func (f form) value(name string) string {
	if f.Form != nil && len(f.Value[name]) == 1 {
		return f.Value[name][0]
	}
	return ""
}

// file reads the one file of the form.
func (f form) file() (name string, data []byte, err error) {
	h, err := f.header()
	if err != nil {
		return "", nil, err
	}
	if h.Size > MaxFile {
		return "", nil, fault.TooLarge.New("文件超过 %d MB", MaxFile>>20).WithCode("sealing.size").WithHint("请压缩图片或拆分文件")
	}
	in, err := h.Open()
	if err != nil {
		return "", nil, err
	}
	defer in.Close()
	data, err = io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err != nil {
		return "", nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealing.file").WithHint("请重新上传")
	}
	return h.Filename, data, nil
}

func (f form) header() (*multipart.FileHeader, error) {
	if f.Form == nil || len(f.File["file"]) != 1 {
		return nil, fault.Invalid.New("请上传一个文件").WithCode("sealing.file").WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "请选择文件")
	}
	return f.File["file"][0], nil
}

// list reads a JSON list out of a field, and nothing that it does not know.
func (f form) list(name string, to any) error {
	d := json.NewDecoder(strings.NewReader(f.value(name)))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("sealing: more than one value")
		}
	}
	if err != nil {
		return fault.Invalid.New("%s 不是正确的 JSON", name).WithCode("sealing.request").WithHint("请按接口文档填写").WithField(name, "malformed", "应为 JSON 数组")
	}
	return nil
}

// only refuses fields that the form does not have.
func (f form) only(names ...string) error {
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	if f.Form == nil {
		return nil
	}
	for n := range f.Value {
		if !known[n] {
			return fault.Invalid.New("表单有不认识的字段").WithCode("sealing.request").WithHint("请按接口文档填写").WithField("form", "unknown", "有不认识的字段")
		}
	}
	for n := range f.File {
		if n != "file" {
			return fault.Invalid.New("表单有不认识的文件字段").WithCode("sealing.request").WithHint("文件字段名为 file").WithField("form", "unknown", "有不认识的字段")
		}
	}
	return nil
}

// asked is a request that was made: the answer says where it is.
type asked Request

// Location is the address of the record.
func (r *asked) Location() string { return "/api/v1/sealing-requests/" + r.ID }

type requestForm struct {
	Form *multipart.Form `doc:"file：OFD 或 PDF；title、purpose、reason、org、manual（true/false）；steps：JSON 数组，每项 seal、order、places"`
}

func (s *Service) postRequest(ctx context.Context, q requestForm) (*asked, error) {
	a, err := q.ask()
	if err != nil {
		return nil, err
	}
	r, err := s.Ask(ctx, a)
	return (*asked)(r), err
}

func (s *Service) postCheck(ctx context.Context, q requestForm) (*Trial, error) {
	a, err := q.ask()
	if err != nil {
		return nil, err
	}
	return s.Try(ctx, a)
}

// ask reads the form of a request.
func (q requestForm) ask() (a Ask, err error) {
	f := form{q.Form}
	if err := f.only("title", "purpose", "reason", "org", "manual", "steps"); err != nil {
		return a, err
	}
	a = Ask{Title: f.value("title"), Purpose: f.value("purpose"), Reason: f.value("reason"), Org: f.value("org"), Manual: f.value("manual") == "true"}
	if err = f.list("steps", &a.Steps); err == nil {
		_, a.Data, err = f.file()
	}
	return a, err
}

type listRequest struct {
	Whose  string `query:"whose" enum:"mine,approve,unit" default:"mine" doc:"本人的、待我审批的、本单位的"`
	State  string `query:"state" enum:"open,done,refused,withdrawn"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listRequests(ctx context.Context, q listRequest) (*RequestPage, error) {
	return s.List(ctx, ListQuery(q))
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getRequest(ctx context.Context, q idRequest) (*Request, error) {
	return s.Get(ctx, q.ID)
}

type pageRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Page   int    `path:"page" minimum:"1" maximum:"2000"`
	Format string `query:"format" enum:"svg,png" default:"svg"`
}

func (s *Service) getPage(ctx context.Context, q pageRequest) (httpx.File, error) {
	data, media, err := s.Preview(ctx, q.ID, q.Page, q.Format)
	return httpx.File{MediaType: media, Data: data}, err
}

type fileRequest struct {
	ID    string `path:"id" maxLength:"64"`
	Which string `query:"which" enum:"sealed,original" default:"sealed"`
}

func (s *Service) getFile(ctx context.Context, q fileRequest) (httpx.File, error) {
	if q.Which == "original" {
		data, r, err := s.Upload(ctx, q.ID)
		if err != nil {
			return httpx.File{}, err
		}
		name, media := r.ID+"-original.ofd", mediaOFD
		if r.Converted {
			name, media = r.ID+"-original.pdf", "application/pdf"
		}
		return httpx.File{Name: name, MediaType: media, Data: data, ETag: r.Original}, nil
	}
	data, r, err := s.File(ctx, q.ID)
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: r.ID + ".ofd", MediaType: mediaOFD, Data: data, ETag: r.Document}, nil
}

type reasonRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postWithdraw(ctx context.Context, q reasonRequest) (*Request, error) {
	return s.Withdraw(ctx, q.ID, q.Reason)
}

func (s *Service) postStamps(ctx context.Context, q idRequest) (*Request, error) {
	return s.Stamp(ctx, q.ID)
}

type approvalRequest struct {
	ID   string `path:"id" maxLength:"64"`
	Seen string `json:"seen" minLength:"64" maxLength:"64" doc:"所看文件的摘要：申请的 base"`
	Code string `json:"code,omitempty" maxLength:"200" doc:"一次性口令或登录密码"`
	Note string `json:"note,omitempty" maxLength:"500" doc:"意见"`
}

func (s *Service) postApproval(ctx context.Context, q approvalRequest) (*Request, error) {
	return s.Approve(ctx, ApproveRequest{Step: q.ID, Seen: q.Seen, Answer: q.Code, Note: q.Note})
}

func (s *Service) postRefusal(ctx context.Context, q reasonRequest) (*Request, error) {
	return s.Refuse(ctx, q.ID, q.Reason)
}

type useRequest struct {
	Use string `path:"use" maxLength:"64"`
}

func (s *Service) getEvidence(ctx context.Context, q useRequest) (*Evidence, error) {
	return s.Evidence(ctx, q.Use)
}

type stampForm struct {
	Form *multipart.Form `doc:"file：OFD 或 PDF；seal、title、purpose、reason、org；places：JSON 数组"`
}

func (s *Service) postStamp(ctx context.Context, q stampForm) (httpx.File, error) {
	f := form{q.Form}
	if err := f.only("seal", "title", "purpose", "reason", "org", "places"); err != nil {
		return httpx.File{}, err
	}
	a := NowAsk{BatchAsk: BatchAsk{Title: f.value("title"), Purpose: f.value("purpose"), Reason: f.value("reason"), Org: f.value("org"), Seal: f.value("seal")}}
	err := f.list("places", &a.Places)
	if err == nil {
		a.Name, a.Data, err = f.file()
	}
	if err != nil {
		return httpx.File{}, err
	}
	return stampedFile(s.StampNow(ctx, a))
}

func stampedFile(data []byte, it *Item, err error) (httpx.File, error) {
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: "sealed-" + it.Document[:16] + ".ofd", MediaType: mediaOFD, Data: data, ETag: it.Document}, nil
}

type annotateForm struct {
	Form *multipart.Form `doc:"file：OFD；seal、title、use（用途）、recipient、matter、number、until（日期，可不填）、reason、org"`
}

func (s *Service) postAnnotate(ctx context.Context, q annotateForm) (httpx.File, error) {
	f := form{q.Form}
	if err := f.only("seal", "title", "use", "recipient", "matter", "number", "until", "reason", "org"); err != nil {
		return httpx.File{}, err
	}
	a := AnnotateRequest{
		Annotation: Annotation{Title: f.value("title"), Purpose: f.value("use"), Recipient: f.value("recipient"), Matter: f.value("matter"), Number: f.value("number")},
		Seal:       f.value("seal"), Reason: f.value("reason"), Org: f.value("org"),
	}
	if v := f.value("until"); v != "" {
		until, err := time.ParseInLocation(time.DateOnly, v, beijing)
		if err != nil {
			return httpx.File{}, fault.Invalid.New("使用期限不是日期").WithCode("sealing.annotation").WithHint("应为 2026-01-02 的形式").WithField("until", "format.date", "应为日期")
		}
		a.Until = until
	}
	var err error
	if _, a.Original, err = f.file(); err != nil {
		return httpx.File{}, err
	}
	return stampedFile(s.Annotate(ctx, a))
}

// reader gives a part of a form as what a batch reads.
func (f form) reader() (name string, in multipart.File, size int64, err error) {
	h, err := f.header()
	if err != nil {
		return "", nil, 0, err
	}
	if in, err = h.Open(); err != nil {
		return "", nil, 0, err
	}
	return h.Filename, in, h.Size, nil
}

// report is a batch's list of documents as a table that people open.
func report(items []*Item) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff序号,文件名,状态,原因,上传文件摘要,盖章后摘要,用印记录\r\n")
	for _, it := range items {
		for i, v := range []string{itoa(it.Line), it.Name, it.StateName, it.Trouble, it.Original, it.Document, it.Use} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(cell(v))
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

package verify

import (
	"context"
	"io"
	"mime/multipart"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// Routes mounts verification, open to anyone. The page and the JSON behind
// GET /v/{code} share one address and are mounted by package web.
func (s *Service) Routes(r *httpx.Router) {
	httpx.Handle(r, "POST /api/v1/verify", httpx.Public(), s.postVerify, httpx.Doc("核验", "核验文件"),
		httpx.MaxBody(MaxDocument+1<<20), httpx.Costly(), httpx.NoIdempotency())
}

type verifyRequest struct {
	Form *multipart.Form `doc:"file：待核验的文件"`
}

func (s *Service) postVerify(ctx context.Context, r verifyRequest) (*Verdict, error) {
	if r.Form == nil || len(r.Form.File["file"]) != 1 {
		return nil, fault.Invalid.New("请上传一个文件").WithCode("verify.file").WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "以 multipart/form-data 的 file 字段上传")
	}
	h := r.Form.File["file"][0]
	if h.Size > MaxDocument {
		return nil, fault.TooLarge.New("文件超过 20 MB").WithCode("verify.size").WithHint("电子证照通常不到 1 MB，请核对文件").WithField("file", "too-large", "请上传不超过 20 MB 的文件")
	}
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, h.Size))
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完").WithHint("请重新上传")
	}
	return s.Document(ctx, h.Filename, data)
}

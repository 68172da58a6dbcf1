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

// minNonce makes a guess of what is asked next vain.
const minNonce = 16

type verifyRequest struct {
	Signed string          `query:"signed" enum:"1" doc:"其他平台询问时：只以本平台的结论作答，并签名；须同时给出 nonce"`
	Nonce  string          `query:"nonce" maxLength:"128" doc:"signed=1 时：至少 16 个字符的随机数，答复中原样带回"`
	Form   *multipart.Form `doc:"file：待核验的文件"`
}

func (s *Service) postVerify(ctx context.Context, r verifyRequest) (*Verdict, error) {
	if r.Signed != "" && len(r.Nonce) < minNonce {
		return nil, fault.Invalid.New("要求签名的答复须带随机数").WithCode("verify.nonce").WithHint("请以参数 nonce 给出至少 16 个字符、每次不同的随机数").WithField("nonce", "required", "至少 16 个字符")
	}
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
	if r.Signed != "" {
		return s.Answer(ctx, h.Filename, data, r.Nonce)
	}
	return s.Document(ctx, h.Filename, data)
}

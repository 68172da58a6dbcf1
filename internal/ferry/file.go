package ferry

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

// Limits of a file.
const (
	MaxFile    = 32 << 20
	maxRecords = 5000
	maxBody    = 256 << 10
)

// content is what is signed.
type content struct {
	V        int       `json:"v"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Seq      int64     `json:"seq"`
	Previous string    `json:"previous"` // SM3 of the file before, hex; empty for the first
	MadeAt   time.Time `json:"made_at"`
	Records  []Record  `json:"records"`
}

// Name is what a file is called.
func Name(from string, seq int64) string { return fmt.Sprintf("sidian-ferry-%s-%010d.p7", from, seq) }

// open checks a file by its signature and form, before anything it says counts.
func (s *Service) open(file []byte) (*content, gm.Digest, error) {
	digest := gm.Sum(file)
	if len(file) > MaxFile {
		return nil, digest, fault.TooLarge.New("摆渡文件超过 %d MB", MaxFile>>20).WithCode("ferry.size")
	}
	sd, err := gm.ParseSignedData(file)
	if err != nil || sd.Content == nil {
		return nil, digest, fault.Invalid.Wrap(err, "这不是摆渡文件，或者已经损坏").WithCode("ferry.format").WithHint("请重新从另一区导出")
	}
	r, err := sd.Verify(sd.Content)
	if err != nil {
		return nil, digest, fault.Forbidden.Wrap(err, "摆渡文件的签名不对，内容可能被改动").WithCode("ferry.signature").WithHint("请重新从另一区导出，并查明原因")
	}
	signer := r.Certificate
	if signer == nil || !slices.ContainsFunc(s.Trust, func(c *gm.Certificate) bool { return c.Digest() == signer.Digest() }) {
		return nil, digest, fault.Forbidden.New("摆渡文件不是另一区的平台签发的").WithCode("ferry.signer").
			WithHint("请系统管理员核对配置 ferry.peer_cert_file 与另一区的证书")
	}
	c := &content{}
	if err := json.Unmarshal(sd.Content, c); err != nil || c.V != 1 || len(c.Records) > maxRecords {
		return nil, digest, fault.Invalid.Wrap(err, "摆渡文件的内容不是本版本认识的").WithCode("ferry.format").WithHint("请核对两区的平台版本")
	}
	if c.From != s.Peer || c.To != s.Zone {
		return nil, digest, fault.Invalid.New("摆渡文件是从 %s 到 %s 的，本区不收", c.From, c.To).WithCode("ferry.direction").WithHint("请核对摆渡的方向")
	}
	for _, r := range c.Records {
		if r.Kind == "" || r.Object == "" || len(r.Body) > maxBody || !json.Valid(r.Body) {
			return nil, digest, fault.Invalid.New("摆渡文件中有不完整的记录").WithCode("ferry.record").WithHint("请重新从另一区导出")
		}
	}
	return c, digest, nil
}

func hexOf(d gm.Digest) string { return hex.EncodeToString(d[:]) }

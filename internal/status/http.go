package status

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// Routes mounts the lists, for strangers.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "状态列表"
	httpx.Handle(r, "GET /status/v1/keys", httpx.Public(), s.getKeys, httpx.Doc(tag, "签署状态列表的公钥（JWK）"), httpx.Media("application/jwk-set+json"))
	httpx.Handle(r, "GET /status/v1/{list}", httpx.Public(), s.getIndex, httpx.Doc(tag, "状态列表有哪些页"))
	httpx.Handle(r, "GET /status/v1/{list}/{page}", httpx.Public(), s.getPage, httpx.Doc(tag, "一页已签名的状态列表"), httpx.Media(MediaType))
}

func (s *Service) getKeys(ctx context.Context, _ struct{}) (httpx.File, error) {
	all, err := s.PublicKeys(ctx)
	if err != nil {
		return httpx.File{}, err
	}
	b, err := EncodeKeys(all)
	sum := gm.Sum(b)
	return httpx.File{MediaType: "application/jwk-set+json", Data: b, ETag: hex.EncodeToString(sum[:16]), MaxAge: time.Minute, Public: true}, err
}

type indexRequest struct {
	List string `path:"list" maxLength:"64" doc:"seals 或 certificates"`
}

func (s *Service) getIndex(ctx context.Context, r indexRequest) (*Index, error) {
	return s.Index(ctx, r.List)
}

type pageRequest struct {
	List string `path:"list" maxLength:"64" doc:"seals 或 certificates"`
	Page string `path:"page" maxLength:"20" doc:"页号，从 0 起"`
	Alg  string `query:"alg" enum:"es256,sm2" default:"es256" doc:"签名算法；sm2 为 SGD_SM3_SM2"`
	Time string `query:"time" maxLength:"20" doc:"不支持查询以往的状态"`
}

var algs = map[string]string{"": ES256, "es256": ES256, "sm2": SM2}

func (s *Service) getPage(ctx context.Context, r pageRequest) (httpx.File, error) {
	if r.Time != "" { // draft-ietf-oauth-status-list §8.4: 404 where the time is not supported
		return httpx.File{}, fault.NotFound.New("不提供以往的状态列表").WithCode("status.time").WithHint("请去掉 time 参数查询当前状态")
	}
	page, err := strconv.ParseInt(r.Page, 10, 64)
	if err != nil || page < 0 || strings.TrimLeft(r.Page, "0123456789") != "" || strconv.FormatInt(page, 10) != r.Page {
		return httpx.File{}, noPage()
	}
	p, err := s.Page(ctx, r.List, page, algs[r.Alg])
	return httpx.File{MediaType: MediaType, Data: p.Data, ETag: p.ETag, MaxAge: keepFor, Public: true}, err
}

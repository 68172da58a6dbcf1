package batch

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/batch/batchtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/web/page/pagetest"
)

// site is the pages over an instance.
type site struct {
	*batchtest.World
	*pagetest.Site
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := batchtest.New(t, d), pagetest.Kit(t)
	s := &Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Batch: w.Batch}
	people := pagetest.People{Service: w.IAM, By: map[string]context.Context{"clerk": w.Clerk, "second": w.Second, "reviewer": w.Reviewer, "issuer": w.Issuer, "whole": w.Whole, "stranger": w.Stranger, "system": w.System}}
	return &site{World: w, Site: pagetest.Serve(t, kit, people, s, w.Batch.Routes), t: t}
}

const kind = batchtest.Kind + "/" + batchtest.Market

func (s *site) send(who, path, kind string, rows ...[]string) pagetest.Answer {
	s.t.Helper()
	return s.Site.Upload(who, path, pagetest.Form("kind", kind), pagetest.Chosen("file", "batch.csv", batchtest.CSV(s.t, rows...)))
}

// TestPages goes the whole way, at the desks of three people.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("clerk", Home).Is(200, "批量签发", "还没有批次", "道路运输经营许可证（青禾县市场监督管理局）模板")
		got := s.Get("clerk", Home+"/template?kind="+batchtest.Kind+"&unit="+batchtest.Market).Is(200)
		if !strings.HasPrefix(got.Body, "PK") {
			t.Error("no template")
		}
		s.send("clerk", Home, "", batchtest.Rows(1)...).Is(422, "请选择证照种类")
		s.Site.Upload("clerk", Home, pagetest.Form("kind", kind), pagetest.Chosen("file", "a.csv", []byte("a,b\n1,2\n"))).Is(422, "标题行与模板不一致")
		rows := append(batchtest.Rows(3), batchtest.Row(4, map[string]string{"经营范围": ""}))
		at := s.send("clerk", Home, kind, rows...).Is(303).To()
		s.Get("clerk", at).Is(200, "待送审", "第 5 行", "必填", "送审 3 件", "上传更正表")
		s.Get("reviewer", at).Is(200, "待送审").Lacks("送审 3 件")
		s.Post("reviewer", at+"/approve").Is(409)
		s.Post("clerk", at+"/submit").Is(303)
		s.Post("clerk", at+"/approve").Is(403)
		s.Get("clerk", at).Is(200, "待审核").Lacks("样例行")
		s.Get("reviewer", at).Is(200, "样例行", "整批通过", "退回", "青禾县第1运输有限公司")
		s.Post("reviewer", at+"/return").Is(422, "须填写理由")
		s.Post("reviewer", at+"/approve").Is(303)
		s.Post("issuer", at+"/start").Is(422, "须填写理由")
		s.Post("issuer", at+"/start", "reason", "青交〔2026〕1号").Is(303)
		s.Get("issuer", at).Is(200, "签发中", "data-follow", "follow.", "暂停")
		s.Post("issuer", at+"/pause").Is(303)
		s.Get("issuer", at).Is(200, "已暂停", "继续签发", "取消剩下的行")
		s.Post("issuer", at+"/resume").Is(303)
		pagetest.Must(t, s.Batch.Work(context.Background()))
		s.Get("clerk", at).Is(200, "已结束", "已处理 100%", "没有通过的行")
		if csv := s.Get("clerk", at+"/report?format=csv").Is(200); !strings.Contains(csv.Body, "已签发") {
			t.Error("no report")
		}
		s.Get("clerk", Home).Is(200, "已结束", "已签发 3 件，未通过 1 行")
		s.Get("clerk", Home+"?kind="+url.QueryEscape(kind)+"&corrects="+strings.TrimPrefix(at, Home+"/")).Is(200, `name="corrects"`, "selected")
	})
}

// TestRefused lets everybody else try every page and every route.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		at := s.send("clerk", Home, kind, batchtest.Rows(2)...).Is(303).To()
		id := strings.TrimPrefix(at, Home+"/")
		api := "/api/v1/batches/" + id
		for _, path := range []string{at, at + "/report", api, api + "/problems", api + "/samples", api + "/report"} {
			s.Get("stranger", path).Is(404)
			s.Get("system", path).Is(403)
		}
		for _, path := range []string{at + "/submit", at + "/discard", at + "/approve"} {
			s.Post("stranger", path, "reason", "越权").Is(404)
			s.Post("system", path, "reason", "越权").Is(403)
		}
		s.Get("stranger", Home).Is(200, "还没有批次").Lacks(`id="upload"`)
		s.send("stranger", Home, kind, batchtest.Rows(2)...).Is(403)
		s.send("reviewer", Home, kind, batchtest.Rows(2)...).Is(403)
		s.Get("clerk", Home+"/none").Is(404)
		s.Post("clerk", at+"/explode").Is(404)
		s.Site.Do("clerk", "POST", at+"/discard", "application/x-www-form-urlencoded", nil, "Sec-Fetch-Site", "cross-site").Is(403)
		s.Post("second", at+"/discard").Is(403)
		s.Get("clerk", at).Is(200, "待送审")
		s.Post("clerk", at+"/discard").Is(303)
		s.Get("clerk", at).Is(200, "已终止")
		s.Get("clerk", "/api/v1/batches").Is(200, `"state":"over"`)
	})
}

// TestRoutes goes the way of programs that act for a person.
func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	s := newSite(t, d)
	const base = "/api/v1/batches"
	up := func(who string) pagetest.Answer {
		return s.Site.Upload(who, base, pagetest.Form("kind", batchtest.Kind), pagetest.Chosen("file", "b.csv", batchtest.CSV(t, batchtest.Row(1, nil), batchtest.Row(2, map[string]string{"地址": ""}))))
	}
	up("stranger").Is(403, "batch.issuer")
	id := up("clerk").Is(201, `"state":"checked"`, `"refused":1`).Between(`"id":"`, `"`)
	s.Get("clerk", base+"/"+id+"/problems").Is(200, `"cell":"E3"`, `"code":"required"`)
	s.Get("clerk", base+"/template?kind="+batchtest.Kind).Is(200)
	act := func(who, action, body string) pagetest.Answer {
		return s.Site.Do(who, "POST", base+"/"+id+"/actions/"+action, "application/json", strings.NewReader(body))
	}
	act("stranger", "submit", "{}").Is(404)
	act("clerk", "submit", "{}").Is(200, `"state":"submitted"`)
	s.Get("reviewer", base+"/"+id+"/samples").Is(200, `"row":2`)
	act("reviewer", "approve", "{}").Is(200, `"state":"approved"`)
	act("issuer", "start", "{}").Is(422, "reason.required")
	act("issuer", "start", `{"reason":"依批准文件"}`).Is(200, `"state":"running"`)
	pagetest.Must(t, s.Batch.Work(context.Background()))
	s.Get("issuer", base+"/"+id).Is(200, `"state":"done"`, `"issued":1`)
	s.Get("issuer", base+"/"+id+"/report?format=csv").Is(200, "已签发")
}

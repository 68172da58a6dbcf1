package onboard_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/onboard"
)

// world is the county with a service that brings in more.
type world struct {
	*iamtest.County
	*onboard.Service
	t testing.TB
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	c := iamtest.New(t, d)
	a, err := auth.New(t.Context(), c.Service, c.Keys, auth.Options{Hash: auth.HashCost{Time: 1, MemoryKiB: 8, Threads: 1}})
	must(t, err)
	s, err := onboard.New(t.Context(), c.Service, a, c.Keys)
	must(t, err)
	return &world{County: c, Service: s, t: t}
}

func (w *world) system() context.Context { w.t.Helper(); return w.Ctx(w.t, "system") }

// bring drafts, starts and brings in a table.
func (w *world) bring(kind onboard.Kind, data []byte) *onboard.Run {
	w.t.Helper()
	run, err := w.Draft(w.system(), onboard.File{Kind: kind, Data: data})
	must(w.t, err)
	_, err = w.Start(w.system(), run.ID, "测试导入")
	must(w.t, err)
	must(w.t, w.Work(w.t.Context()))
	run, err = w.Run(w.system(), run.ID)
	must(w.t, err)
	return run
}

func (w *world) problems(run *onboard.Run) []onboard.Problem {
	w.t.Helper()
	page, err := w.Problems(w.system(), run.ID, 0, 0)
	must(w.t, err)
	return page.Items
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" && len(e.Fields) == 0 {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

// csvOf is a table in CSV: a heading, and lines of cells that | parts.
func csvOf(head string, lines ...string) []byte {
	all := append([]string{head}, lines...)
	return []byte(strings.ReplaceAll(strings.Join(all, "\r\n"), "|", ",") + "\r\n")
}

// xlsxOf is a table in XLSX.
func xlsxOf(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		name, err := excelize.CoordinatesToCellName(1, i+1)
		must(t, err)
		must(t, f.SetSheetRow("Sheet1", name, &row))
	}
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	must(t, err)
	return b.Bytes()
}

const (
	unitHead   = "单位编号|上级单位|单位全称|层级|单位类别|统一社会信用代码|行政区划代码|排序|联系人用户名|印章保管人用户名|审核人用户名"
	peopleHead = "用户名|姓名|所属单位|手机号码|公民身份号码|角色|角色范围|角色到期日|依据|岗位"
)

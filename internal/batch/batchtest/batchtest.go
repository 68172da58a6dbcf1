// Package batchtest gives tests an instance with people for each part that is
// played in bulk issue.
package batchtest

import (
	"context"
	"fmt"
	"testing"

	"sidian/internal/batch"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/table"
)

// Kind is what is issued.
const Kind = "road_transport"

// Market is the unit that issues it.
const Market = sealtest.Market

// A World is an instance, with people as contexts in which they act.
type World struct {
	*certtest.World
	Batch *batch.Service

	Clerk, Second    context.Context // clerks of the market
	Reviewer, Issuer context.Context // of the market
	Whole, Other     context.Context // hold all three roles for the market
	Stranger         context.Context // holds all three roles for the land authority
}

// New makes an instance in d.
func New(t testing.TB, d *db.DB, kinds ...string) *World {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{Kind}
	}
	c := certtest.New(t, d, kinds...)
	for _, x := range c.Seals {
		_, err := c.Seal.Grant(c.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: d.Now().AddDate(3, 0, 0), Reason: "本平台工作人员签发"})
		must(t, err)
	}
	w := &World{World: c}
	w.Batch = w.Again(t)
	w.Clerk, w.Second = w.Hire(t, "batchclerk", "clerk", Market), w.Hire(t, "batchsecond", "clerk", Market)
	w.Reviewer, w.Issuer = w.Hire(t, "batchreviewer", "reviewer", Market), w.Hire(t, "batchissuer", "issuer", Market)
	w.Whole, w.Other = w.all(t, "batchwhole", Market), w.all(t, "batchother", Market)
	w.Stranger = w.all(t, "batchstranger", sealtest.Land)
	return w
}

// Again is the service as another process has it.
func (w *World) Again(t testing.TB) *batch.Service {
	t.Helper()
	s, err := batch.New(t.Context(), batch.Parts{DB: w.DB, Keys: w.Keys, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Notices: w.Notice, Outbox: w.Outbox})
	must(t, err)
	return s
}

func (w *World) all(t testing.TB, name, org string) context.Context {
	t.Helper()
	return w.Grant(t, w.Grant(t, w.Hire(t, name, "clerk", org), "reviewer", org), "issuer", org)
}

// Head is the heading of a table of Kind.
var Head = []string{"持证主体类别", "持证主体名称", "持证主体代码类型", "持证主体代码", "地址", "经济类型", "经营范围", "有效期起始日期"}

// Row is the nth row of a table; from changes cells of it by their heading.
func Row(n int, from map[string]string) []string {
	row := []string{"法人", fmt.Sprintf("青禾县第%d运输有限公司", n), "统一社会信用代码", "91999999MA000X023G", fmt.Sprintf("青禾县幸福路%d号", n), "私营", "道路普通货物运输", "2026-01-02"}
	for i, title := range Head {
		if v, ok := from[title]; ok {
			row[i] = v
		}
	}
	return row
}

// Rows are n rows that are right.
func Rows(n int) (rows [][]string) {
	for i := range n {
		rows = append(rows, Row(i+1, nil))
	}
	return rows
}

// CSV is a table of Kind.
func CSV(t testing.TB, rows ...[]string) []byte {
	t.Helper()
	var columns []table.Column
	for _, title := range Head {
		columns = append(columns, table.Column{Title: title})
	}
	b, err := table.WriteCSV(columns, rows)
	must(t, err)
	return b
}

// Upload sends rows as the clerk.
func (w *World) Upload(t testing.TB, rows ...[]string) *batch.Batch {
	t.Helper()
	b, err := w.Batch.Upload(w.Clerk, batch.Upload{Kind: Kind, Unit: Market, Data: CSV(t, rows...)})
	must(t, err)
	return b
}

// Do does something with a batch.
func (w *World) Do(t testing.TB, who context.Context, id, action string) *batch.Batch {
	t.Helper()
	b, err := w.Batch.Act(who, batch.Decision{ID: id, Action: action, Reason: "测试办理"})
	must(t, err)
	return b
}

// Started is a batch of n rows that was approved and started, and of which
// nothing is issued yet.
func (w *World) Started(t testing.TB, n int) *batch.Batch {
	t.Helper()
	b := w.Upload(t, Rows(n)...)
	w.Do(t, w.Clerk, b.ID, batch.ActSubmit)
	w.Do(t, w.Reviewer, b.ID, batch.ActApprove)
	return w.Do(t, w.Issuer, b.ID, batch.ActStart)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package item_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/item"
	"sidian/internal/item/itemtest"
	"sidian/internal/table"
)

const heading = "实施编码,事项名称,实施机构,事项类型,行使层级,申请材料,结果证照,所需证照,免提交证照,生效日期\n"

func list(lines ...string) []byte { return []byte(heading + strings.Join(lines, "\n") + "\n") }

const market = "青禾县市场监督管理局"

// start brings a list in.
func start(t testing.TB, w *itemtest.World, data []byte) *item.Run {
	t.Helper()
	r, err := w.Items.Draft(w.Market, data)
	must(t, err)
	r, err = w.Items.Start(w.Market, r.ID, "依市政务办〔2026〕8号")
	must(t, err)
	return r
}

// A list with what is right and what is not, and the same again.
func TestImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		data := list(
			itemtest.Food+",食品经营许可,"+market+",,,申请书、营业执照,食品经营许可证,营业执照,营业执照,2026-01-01",
			"LOCAL-2,没有类型,"+market+",,县级,,,,,",
			"LOCAL-3,别的单位的,青禾县自然资源局,行政许可,县级,,,,,",
			"LOCAL-4,没有的证照,"+market+",行政许可,县级,,宇航员证,,,",
			"LOCAL-5,没有的类型,"+market+",行政复议,县级,,,,,",
			"LOCAL-6,没有的单位,某某局,行政许可,县级,,,,,",
			"LOCAL-7,是公式,"+market+",=A1,县级,,,,,",
			itemtest.Food+",重复的编码,"+market+",行政许可,县级,,,,,",
			"LOCAL-8,行政处罚,"+market+",02,4,,无,,,2026-02-30",
		)
		before, err := w.Items.Check(w.Market, data)
		must(t, err)
		want := map[int]string{3: "item.required", 4: "item.foreign", 5: "item.kind", 6: "item.type", 7: "item.org", 8: "item.formula", 9: "item.twice", 10: "item.date"}
		for _, p := range before.Problems {
			if want[p.Line] == p.Code {
				delete(want, p.Line)
			}
			if p.Cell == "" && p.Column == "" || p.Rule == "" {
				t.Errorf("a problem without its place or rule: %+v", p)
			}
		}
		if before.Good != 1 || before.Bad != 8 || len(want) != 0 {
			t.Fatalf("missed %v: %+v", want, before)
		}
		if p, err := w.Items.List(w.Market, item.Query{}); err != nil || len(p.Items) != 0 {
			t.Fatalf("a look wrote %+v, %v", p, err)
		}
		r := start(t, w, data)
		if r.State != item.Finished || r.Done != 1 || r.Refused != 8 || r.Pending != 0 {
			t.Fatalf("%+v", r)
		}
		g, err := w.Items.Guide(t.Context(), itemtest.Food)
		if err != nil || len(g.Results) != 1 || len(g.Materials) != 2 {
			t.Fatalf("%+v, %v", g, err)
		}
		if r = start(t, w, data); r.Done != 0 || r.Repeated != 1 {
			t.Fatalf("the same again: %+v", r)
		}
		// Less is said: nothing is cleared; a new name is a version.
		r = start(t, w, []byte("实施编码,事项名称,实施机构\n"+itemtest.Food+",食品经营许可（新）,"+market+"\n"))
		i, err := w.Items.Get(w.Market, itemtest.Food)
		if err != nil || r.Done != 1 || i.Version != 2 || len(i.Content.Materials) != 2 || len(i.Bindings) != 2 {
			t.Fatalf("%+v, %+v, %v", r, i, err)
		}
		_, err = w.Items.Start(w.Market, r.ID, "再来一次")
		wantCode(t, err, "item.run-ended")
		_, err = w.Items.Run(w.Land, r.ID)
		wantCode(t, err, "item.run")
		_, err = w.Items.Start(w.Land, r.ID, "别人的")
		wantCode(t, err, "item.run")
		if _, err = w.Items.Draft(w.Clerk, data); err == nil {
			t.Fatal("a clerk sent a list")
		}
		bad, err := w.Items.Problems(w.Market, start(t, w, list("LOCAL-2,没有类型,"+market+",,县级,,,,,")).ID, 0, 10)
		if err != nil || len(bad.Items) != 1 || bad.Items[0].Column != "事项类型" {
			t.Fatalf("%+v, %v", bad, err)
		}
	})
}

// Ten thousand lines, stopped half way and gone on with: none is lost or in twice.
func TestManyLines(t *testing.T) {
	t.Parallel()
	w := itemtest.New(t, dbtest.New(t, "sqlite"))
	const n = 10_000
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("BULK-%05d,事项 %05d,%s,行政许可,县级,申请书,,,,2026-01-01", i, i, market)
	}
	r, err := w.Items.Draft(w.Market, list(lines...))
	must(t, err)
	ctx, stop := context.WithCancel(w.Market)
	stop()
	if _, err = w.Items.Start(ctx, r.ID, "中断"); err == nil {
		t.Fatal("a run went on after its caller had gone")
	}
	ctx, stop = context.WithCancel(w.Market)
	w.Items.Batch = 1000
	batches := 0
	w.Items.Step = func() {
		if batches++; batches == 3 {
			stop()
		}
	}
	if _, err = w.Items.Start(ctx, r.ID, "再次中断"); err == nil {
		t.Fatal("a run went on after its caller had gone")
	}
	if r, err = w.Items.Run(w.Market, r.ID); err != nil || r.Done != 3000 || r.Pending != n-3000 || r.State != item.Running {
		t.Fatalf("half way: %+v, %v", r, err)
	}
	r, err = w.Items.Start(w.Market, r.ID, "继续")
	must(t, err)
	if r.Done != n || r.Pending != 0 || r.State != item.Finished || r.Reason != "再次中断" {
		t.Fatalf("%+v", r)
	}
	if c, err := w.Items.Coverage(w.Clerk, iamtest.Market); err != nil || c.Items != n || c.Missing != n || len(c.Without) != 100 {
		t.Fatalf("%d items, %d missing, %v", c.Items, c.Missing, err)
	}
	seen, q := 0, item.Query{Limit: 100}
	for p := (&item.Page{Next: "0"}); p.Next != ""; {
		q.Cursor = p.Next
		p, err = w.Items.List(w.Clerk, q)
		must(t, err)
		seen += len(p.Items)
	}
	if seen != n {
		t.Fatalf("pages hold %d items", seen)
	}
}

// Two people bring in the same list at once, and one of them from two windows.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := itemtest.New(t, d)
		w.Items.Batch = 10
		w.People["second"] = w.Hire(t, "second", "designer", iamtest.Market)
		second := w.Ctx(t, "second")
		var lines []string
		for i := range 60 {
			lines = append(lines, fmt.Sprintf("BOTH-%03d,事项 %03d,%s,行政许可,县级,,营业执照,,,2026-01-01", i, i, market))
		}
		a, err := w.Items.Draft(w.Market, list(lines...))
		must(t, err)
		if again, err := w.Items.Draft(w.Market, list(lines...)); err != nil || again.ID != a.ID {
			t.Fatalf("the same list is another run: %v", err)
		}
		b, err := w.Items.Draft(second, list(lines...))
		must(t, err)
		var all sync.WaitGroup
		for _, one := range []struct {
			ctx context.Context
			id  string
		}{{w.Market, a.ID}, {w.Market, a.ID}, {second, b.ID}} {
			all.Go(func() {
				_, err := w.Items.Start(one.ctx, one.id, "同时导入")
				if f := fault.As(err); err != nil && (f == nil || f.Code != "item.run-ended") { // the other window was done first
					t.Error(err)
				}
			})
		}
		all.Wait()
		a, err = w.Items.Run(w.Market, a.ID)
		must(t, err)
		b, err = w.Items.Run(second, b.ID)
		must(t, err)
		if a.Done+b.Done != 60 || a.Repeated+b.Repeated != 60 || a.Refused+b.Refused != 0 {
			t.Fatalf("%+v\n%+v", a, b)
		}
		i, err := w.Items.Get(w.Market, "BOTH-007")
		if err != nil || len(i.Versions) != 1 || len(i.Bindings) != 1 {
			t.Fatalf("%+v, %v", i, err)
		}
	})
}

// Lists that bind a loop are refused as a whole; the order of lines is no matter.
func TestImportCycles(t *testing.T) {
	t.Parallel()
	w := itemtest.New(t, dbtest.New(t, "sqlite"))
	renew := "RENEW-1,延续," + market + ",行政许可,县级,,食品经营许可证,食品经营许可证,,"
	r, err := w.Items.Check(w.Market, list(renew))
	if err != nil || r.Good != 0 || r.Problems[0].Code != "item.cycle" {
		t.Fatalf("%+v, %v", r, err)
	}
	got := start(t, w, list(renew, "FIRST-1,首次,"+market+",行政许可,县级,,食品经营许可证,,,"))
	if got.Done != 2 {
		t.Fatalf("%+v", got)
	}
	r, err = w.Items.Check(w.Market, list("FIRST-1,首次,"+market+",行政许可,县级,,,食品经营许可证,,"))
	if err != nil || r.Good != 0 || r.Problems[0].Code != "item.cycle" {
		t.Fatalf("an item that was there: %+v, %v", r, err)
	}
}

// Files that are no lists, or worse.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	w := itemtest.New(t, dbtest.New(t, "sqlite"))
	book := func(parts map[string]string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range parts {
			f, err := z.Create(name)
			must(t, err)
			_, err = f.Write([]byte(text))
			must(t, err)
		}
		must(t, z.Close())
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":            {nil, "table.empty"},
		"no lines":         {[]byte(heading), "table.empty"},
		"another heading":  {[]byte("a,b\n1,2\n"), "table.heading"},
		"a column twice":   {[]byte("实施编码,实施编码,事项名称\n1,2,3\n"), "table.heading"},
		"beyond headings":  {list("LOCAL-1,名称,局,01,4,,,,,,多出来的"), "table.heading"},
		"old format":       {[]byte("\xd0\xcf\x11\xe0xxxx"), "table.format"},
		"a program":        {[]byte("MZ\x00\x00"), "table.format"},
		"UTF-16":           {[]byte("\xff\xfea\x00"), "table.encoding"},
		"a broken quote":   {[]byte(heading + "\"LOCAL-1,x\n"), "table.format"},
		"too large":        {make([]byte, table.MaxFile+1), "table.size"},
		"too many lines":   {[]byte(heading + strings.Repeat("A,b\n", 20_001)), "table.lines"},
		"a broken zip":     {[]byte("PK\x03\x04xxxx"), "table.format"},
		"macros":           {book(map[string]string{"xl/vbaProject.bin": "x"}), "table.active"},
		"links":            {book(map[string]string{"xl/externalLinks/externalLink1.xml": "x"}), "table.active"},
		"entities":         {book(map[string]string{"xl/workbook.xml": `<!DOCTYPE x [<!ENTITY a "b">]><workbook/>`}), "table.format"},
		"a bomb":           {book(map[string]string{"xl/workbook.xml": strings.Repeat(" ", 61<<20)}), "table.unpacked"},
		"a book of no use": {book(map[string]string{"xl/workbook.xml": `<workbook/>`, "xl/_rels/workbook.xml.rels": `<Relationships/>`}), "table.format"},
	} {
		_, err := w.Items.Check(w.Market, c.data)
		t.Log(name)
		wantCode(t, err, c.want)
	}
	// What a spreadsheet of a Chinese desk writes is read, and the template too.
	data, err := simplifiedchinese.GB18030.NewEncoder().Bytes(list("LOCAL-1,食品经营许可," + market + ",行政许可,县级,,,,,"))
	must(t, err)
	if r, err := w.Items.Check(w.Market, data); err != nil || r.Good != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if data, err = w.Items.Template(); err != nil {
		t.Fatal(err)
	}
	if r, err := w.Items.Check(w.Market, data); err != nil || r.Bad != 1 || r.Problems[0].Code != "item.example" {
		t.Fatalf("the template: %+v, %v", r, err)
	}
}

package onboard_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/onboard"
	"sidian/internal/table"
)

// sqlite runs a test on one engine: what it looks at is no matter of engines.
func sqlite(t *testing.T) *world {
	t.Helper()
	return newWorld(t, dbtest.New(t, "sqlite"))
}

// TestTemplate fills the template in: what is in it is understood, and its
// example is refused.
func TestTemplate(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for kind, c := range map[onboard.Kind]struct {
		line    map[string]string
		choices []string
	}{
		onboard.Units:  {map[string]string{"上级单位 *": "青禾县人民政府", "单位全称 *": "教育局", "层级 *": "县级", "单位类别": "部门"}, []string{"层级", "单位类别"}},
		onboard.People: {map[string]string{"用户名 *": "li", "姓名 *": "李四", "所属单位 *": "market", "角色": "经办人", "手机号码": "13800138001"}, []string{"角色", "岗位"}},
	} {
		sheet, err := w.Template(w.system(), kind)
		must(t, err)
		r, err := w.Check(w.system(), onboard.File{Kind: kind, Data: sheet.Data})
		if err != nil || r.Total != 1 || len(r.Problems) == 0 || r.Problems[0].Code != "onboard.example" || r.Good != 0 {
			t.Errorf("%s: the example line: %+v, %v", kind, r, err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(sheet.Data))
		must(t, err)
		rows, err := f.GetRows(kind.Title())
		must(t, err)
		for i, title := range rows[0] {
			name, _ := excelize.CoordinatesToCellName(i+1, 2)
			must(t, f.SetCellStr(kind.Title(), name, c.line[title]))
		}
		rules, err := f.GetDataValidations(kind.Title())
		if err != nil || len(rules) != len(c.choices) {
			t.Errorf("%s: %d drop-downs, want %v: %v", kind, len(rules), c.choices, err)
		}
		if explained, _ := f.GetRows("说明"); len(explained) < len(rows[0]) {
			t.Errorf("%s: columns are not explained", kind)
		}
		var b bytes.Buffer
		_, err = f.WriteTo(&b)
		must(t, err)
		must(t, f.Close())
		r, err = w.Check(w.system(), onboard.File{Kind: kind, Data: b.Bytes()})
		if err != nil || r.Good != 1 || r.Total != 1 {
			t.Errorf("%s: filled in: %+v, %v", kind, r, err)
		}
	}
	_, err := w.Template(w.system(), "cats")
	wantCode(t, err, "onboard.kind")
}

// TestEncodings brings in names that few encodings know.
func TestEncodings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const names = "㐂㛃𠮷𡈽䶮𫖯"
		table := func(user string) string {
			return string(csvOf(peopleHead, user+"|"+names+"|market"))
		}
		inGB, err := simplifiedchinese.GB18030.NewEncoder().String(table("gb"))
		must(t, err)
		for user, data := range map[string][]byte{
			"plain": []byte(table("plain")), "marked": []byte("\ufeff" + table("marked")), "gb": []byte(inGB),
			"tab":  []byte(strings.ReplaceAll(table("tab"), ",", "\t")),
			"xlsx": xlsxOf(t, []any{"用户名", "姓名", "所属单位"}, []any{"xlsx", names, "market"}),
		} {
			run := w.bring(onboard.People, data)
			if run.Done != 1 {
				t.Errorf("%s: %+v %+v", user, run, w.problems(run))
				continue
			}
			found, err := w.FindAccounts(w.system(), iam.AccountQuery{Username: user, Name: names})
			if err != nil || len(found.Items) != 1 || found.Items[0].Name != names {
				t.Errorf("%s: %+v, %v", user, found, err)
			}
		}
	})
}

// TestNumbers reads what spreadsheets make of numbers and dates.
func TestNumbers(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	head := []any{"用户名", "姓名", "所属单位", "手机号码", "公民身份号码", "角色", "角色到期日"}
	r, err := w.Check(w.system(), onboard.File{Kind: onboard.People, Data: xlsxOf(t, head,
		[]any{"a1", "甲", "market", 13800138001, "", "经办人", 73050}, // 2099-12-31
		[]any{"a2", "乙", "market", "", 110105194912310021, "", ""},
		[]any{"a3", "丙", "market", "", "", "经办人", 12})})
	must(t, err)
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.Cell+" "+p.Code)
	}
	if want := []string{"E3 onboard.number", "G4 format.date"}; !slices.Equal(got, want) || r.Good != 1 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestFormula refuses what is computed, in a workbook as in CSV, and hands out
// nothing that a spreadsheet would compute.
func TestFormula(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	f := excelize.NewFile()
	must(t, f.SetSheetRow("Sheet1", "A1", &[]any{"上级单位", "单位全称", "层级"}))
	must(t, f.SetSheetRow("Sheet1", "A2", &[]any{"county", "", "县级"}))
	must(t, f.SetCellFormula("Sheet1", "B2", `HYPERLINK("http://evil.example/","教育局")`))
	must(t, f.SetSheetRow("Sheet1", "A3", &[]any{"@SUM(1)", "+教育局", "-1"}))
	var b bytes.Buffer
	_, err := f.WriteTo(&b)
	must(t, err)
	must(t, f.Close())
	run := w.bring(onboard.Units, b.Bytes())
	if p := w.problems(run); len(p) == 0 || p[0].Cell != "B2" || p[0].Code != "onboard.formula" || run.Refused != 2 {
		t.Fatalf("%+v %+v", run, p)
	}
	sheet, err := w.Report(w.system(), run.ID)
	must(t, err)
	out, err := excelize.OpenReader(bytes.NewReader(sheet.Data))
	must(t, err)
	defer out.Close()
	rows, err := out.GetRows("错误报告")
	if err != nil || len(rows) != 3 || rows[1][0] != "2" || rows[2][0] != "3" {
		t.Fatalf("one row for each refused line: %v, %v", rows, err)
	}
	for _, row := range rows[1:] {
		for _, c := range row {
			if c != table.Inert(c) {
				t.Errorf("a cell begins like a formula: %q", c)
			}
		}
	}
}

// TestLinks hands out one-time links: each works once, and taking them again
// ends those before.
func TestLinks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		run := w.bring(onboard.People, csvOf(peopleHead, "li|李四|market", "wang|王五|market", "zhao|赵六|没有的局"))
		links := func() (list []string) {
			t.Helper()
			sheet, next, err := w.Links(w.system(), run.ID, "https://example.gov.cn/", 0)
			if err != nil || next != 0 {
				t.Fatal(next, err)
			}
			f, err := excelize.OpenReader(bytes.NewReader(sheet.Data))
			must(t, err)
			defer f.Close()
			rows, err := f.GetRows("一次性链接")
			must(t, err)
			for _, r := range rows[1:] {
				list = append(list, strings.TrimPrefix(r[4], "https://example.gov.cn/s/"))
			}
			return list
		}
		if parts, err := w.LinkParts(w.system(), run.ID); err != nil || !slices.Equal(parts, []int{1}) {
			t.Fatalf("parts: %v, %v", parts, err)
		}
		first := links()
		if len(first) != 2 || len(first[0]) < 40 {
			t.Fatalf("links: %v", first)
		}
		welcome, err := w.Auth.Redeem(t.Context(), first[0])
		if err != nil || welcome.Username != "li" {
			t.Fatalf("%+v, %v", welcome, err)
		}
		second := links()
		_, err = w.Auth.Redeem(t.Context(), first[0])
		wantCode(t, err, "link.over")
		_, err = w.Auth.Redeem(t.Context(), second[0])
		must(t, err)

		units := w.bring(onboard.Units, csvOf(unitHead, "|county|教育局|县级"))
		_, _, err = w.Links(w.system(), units.ID, "", 0)
		wantCode(t, err, "onboard.kind")
		draft, err := w.Draft(w.system(), onboard.File{Kind: onboard.People, Data: csvOf(peopleHead, "sun|孙七|market")})
		must(t, err)
		_, _, err = w.Links(w.system(), draft.ID, "", 0)
		wantCode(t, err, "onboard.state")
	})
}

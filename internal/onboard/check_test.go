package onboard_test

import (
	"fmt"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/onboard"
	"sidian/internal/table"
)

// TestCheckUnits looks at tables of one or more units: what is wrong is told at
// its cell, and nothing is written.
func TestCheckUnits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		closed, err := w.CreateOrg(w.system(), iam.OrgRequest{ID: "gone", Parent: iamtest.Root, Name: "撤销单位", Tier: "county"})
		must(t, err)
		must(t, w.CloseOrg(w.system(), closed.ID, "撤销"))
		for _, c := range []struct {
			name  string
			lines []string
			want  string // "2 层级 enum", one for each problem
		}{
			{"good", []string{"|青禾县人民政府|青禾县教育局|县级|部门|||10|||"}, ""},
			{"in any order", []string{"|教育局|第一小学|县级", "|county|教育局|县级"}, ""},
			{"codes are names too", []string{"edu|county|教育局|county|department"}, ""},
			{"missing", []string{"|||"}, ""}, // an empty line is none
			{"required", []string{"x|||"}, "2 上级单位 required; 2 单位全称 required; 2 层级 required"},
			{"no such parent", []string{"|不存在|教育局|县级"}, "2 上级单位 org.unknown"},
			{"closed parent", []string{"|gone|教育局|县级"}, "2 上级单位 org.closed"},
			{"tier", []string{"|county|教育局|大"}, "2 层级 enum"},
			{"higher than its parent", []string{"|county|教育局|市级"}, "2 层级 org.tier"},
			{"higher than its parent in the table", []string{"t|county|某镇|乡镇级", "|t|某局|县级"}, "3 层级 org.tier"},
			{"type", []string{"|county|教育局|县级|公司"}, "2 单位类别 enum"},
			{"id", []string{"Edu_1|county|教育局|县级"}, "2 单位编号 org.id"},
			{"taken id", []string{"market|county|教育局|县级"}, "2 单位编号 org.exists"},
			{"credit code", []string{"|county|教育局|县级||123"}, "2 统一社会信用代码 org.uscc"},
			{"region", []string{"|county|教育局|县级|||99"}, "2 行政区划代码 org.region"},
			{"sort", []string{"|county|教育局|县级||||-1"}, "2 排序 type.integer"},
			{"same line twice", []string{"|county|教育局|县级", "|county|教育局|县级"}, "3  onboard.twice; 3 单位全称 org.twin"},
			{"same id twice", []string{"e|county|教育局|县级", "e|county|文化局|县级"}, "3 单位编号 org.exists"},
			{"same name under the same parent", []string{"|county|青禾县市场监督管理局|县级"}, "2 单位全称 org.twin"},
			{"its own parent", []string{"e|e|教育局|县级"}, "2 上级单位 org.loop"},
			{"circle", []string{"a|b|甲局|县级", "b|a|乙局|县级"}, "2 上级单位 org.depth; 3 上级单位 onboard.parent"},
			{"below a bad line", []string{"a|county|甲局|大", "b|a|乙局|县级"}, "2 层级 enum; 3 上级单位 onboard.parent"},
			{"formula", []string{"|county|=1+1|县级"}, "2 单位全称 onboard.formula"},
			{"example", []string{"|county|教育局|县级||||||||"}, ""},
			{"posts", []string{"|county|教育局|县级|||||system|security|audit"}, ""},
			{"one person in two posts", []string{"|county|教育局|县级|||||system|SYSTEM|audit"}, "2 印章保管人用户名 post.separation"},
			{"unknown person", []string{"|county|教育局|县级|||||nobody||"}, "2 联系人用户名 account.unknown"},
			{"person of another unit", []string{"|county|教育局|县级|||||outsider||"}, "2 联系人用户名 post.org"},
			{"holder", []string{"|county|教育局|县级|||||holder||"}, "2 联系人用户名 post.kind"},
			{"too long", []string{"|county|" + strings.Repeat("长", 101) + "|县级"}, "2 单位全称 required"},
			{"hidden characters", []string{"|county|教育\u202e局|县级"}, "2 单位全称 onboard.characters"},
		} {
			lines := c.lines
			if c.name == "missing" {
				lines = append(lines, "|county|教育局|县级")
			}
			r, err := w.Check(w.system(), onboard.File{Kind: onboard.Units, Data: csvOf(unitHead, lines...)})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			var got []string
			for _, p := range r.Problems {
				got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Code))
				if p.Rule == "" || p.Fix == "" {
					t.Errorf("%s: a problem without its rule or the way out: %+v", c.name, p)
				}
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
			}
		}
		if list, err := w.Organisations(w.system()); err != nil || len(list) != 4 {
			t.Fatalf("a look wrote something: %d organisations, %v", len(list), err)
		}
	})
}

func TestCheckPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, c := range []struct{ name, lines, want string }{
			{"good", "li.si|李四|market|13800138001|11010519491231002X|经办人、审核人||2099-12-31|任职文件|联系人", ""},
			{"by the unit's name", "li.si|李四|青禾县市场监督管理局", ""},
			{"required", "|李四|market\nli||market\nli2|李四|", "2 用户名 required; 3 姓名 required; 4 所属单位 required"},
			{"username", "李四|李四|market", "2 用户名 account.username"},
			{"taken", "CLERK|李四|market", "2 用户名 account.exists"},
			{"twice", "li|李四|market\nLI|李五|market", "3 用户名 onboard.duplicate"},
			{"same citizen", "li|李四|market||11010519491231002x\nwang|王五|market||11010519491231002X", "3 公民身份号码 onboard.duplicate"},
			{"unit", "li|李四|没有的局", "2 所属单位 org.unknown"},
			{"phone", "li|李四|market|1380013800", "2 手机号码 account.phone"},
			{"citizen", "li|李四|market||110105194912310021", "2 公民身份号码 account.citizen"},
			{"role", "li|李四|market|||局长", "2 角色 role.unknown"},
			{"role of holders", "li|李四|market|||持证人", "2 角色 role.unknown"},
			{"temporary role", "li|李四|market|||应急查阅", "2 角色 role.unknown"},
			{"two administrators", "li|李四|market|||系统管理员、审计管理员", "2 角色 grant.separation"},
			{"administrator and business", "li|李四|market|||安全管理员、经办人", "2 角色 grant.separation"},
			{"scope", "li|李四|market|||经办人|没有的局", "2 角色范围 org.unknown"},
			{"scope alone", "li|李四|market||||land", "2 角色范围 onboard.scope-alone"},
			{"date", "li|李四|market|||经办人||明年", "2 角色到期日 format.date"},
			{"past", "li|李四|market|||经办人||2001-01-01", "2 角色到期日 grant.until"},
			{"post", "li|李四|market|||||||局长", "2 岗位 post.unknown"},
			{"post twice", "li|李四|market|||||||联系人\nwang|王五|青禾县市场监督管理局|||||||联系人", "3 岗位 onboard.duplicate"},
		} {
			r, err := w.Check(w.system(), onboard.File{Kind: onboard.People, Data: csvOf(peopleHead, strings.Split(c.lines, "\n")...)})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			var got []string
			for _, p := range r.Problems {
				got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Code))
				if strings.Contains(p.Value, "1380013800") || strings.Contains(p.Value, "19491231") || p.Column == "姓名" && p.Value == "李四" {
					t.Errorf("%s: personal data is shown: %+v", c.name, p)
				}
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
			}
		}
	})
}

// TestCheckHeading refuses tables that are not of the template.
func TestCheckHeading(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		many := make([]string, 20_001)
		for i := range many {
			many[i] = fmt.Sprintf("u%d|county|第%d单位|县级", i, i)
		}
		for name, c := range map[string]struct {
			data []byte
			code string
		}{
			"nothing":         {nil, "onboard.empty"},
			"heading alone":   {csvOf(unitHead), "onboard.empty"},
			"another column":  {csvOf(unitHead+"|工资", "|county|甲|县级"), "onboard.heading"},
			"a column twice":  {csvOf("上级单位|单位全称|层级|层级", "county|甲|县级|县级"), "onboard.heading"},
			"a column less":   {csvOf("上级单位|单位全称", "county|甲"), "onboard.heading"},
			"the other kind":  {csvOf(peopleHead, "li|李四|market"), "onboard.heading"},
			"beside headings": {csvOf("上级单位|单位全称|层级||", "county|甲|县级||写在外面"), "onboard.heading"},
			"many columns":    {csvOf(strings.Repeat("列|", 31), "a"), "onboard.columns"},
			"many lines":      {csvOf("单位编号|上级单位|单位全称|层级", many...), "onboard.lines"},
			"a picture":       {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "onboard.format"},
			"old format":      {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"), "onboard.format"},
			"UTF-16":          {[]byte("\xff\xfea\x00"), "onboard.encoding"},
			"too large":       {make([]byte, table.MaxFile+1), "onboard.size"},
			"open quotes":     {[]byte("上级单位,单位全称,层级\r\n\"county,甲,县级"), "onboard.format"},
		} {
			_, err := w.Check(w.system(), onboard.File{Kind: onboard.Units, Data: c.data})
			t.Run(name, func(t *testing.T) { wantCode(t, err, c.code) })
		}
		_, err := w.Check(w.system(), onboard.File{Kind: "cats", Data: csvOf(unitHead, "|county|甲|县级")})
		wantCode(t, err, "onboard.kind")
	})
}

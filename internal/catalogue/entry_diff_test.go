package catalogue_test

import (
	"fmt"
	"strings"
	"testing"

	"sidian/internal/catalogue"
)

// What a draft changes is told thing by thing, in the words of who agrees to it.
func TestDiffFiles(t *testing.T) {
	t.Parallel()
	old := load(t, "approval")
	type edit struct{ file, from, to string }
	for name, c := range map[string]struct {
		edits []edit
		want  string
	}{
		"nothing": {nil, ""},
		"moved": {[]edit{{"template.yaml", "{ row: slh, at: [28, 127, 154, 9]", "{ row: slh, at: [30.5, 127, 154, 9]"}},
			"照面第 1 页 照面项 “受理号”|changed|位置：左 28、上 127 毫米|位置：左 30.5、上 127 毫米"},
		"larger and in another style": {[]edit{{"template.yaml", "at: [28, 171, 154, 40], style: body", "at: [28, 171, 154, 44], style: line"}},
			"照面第 1 页 照面项 “许可内容”|changed|大小：宽 154、高 40 毫米；文字样式：body|大小：宽 154、高 44 毫米；文字样式：line"},
		"other words": {[]edit{{"template.yaml", "text: 准予行政许可决定书", "text: 行政许可决定书"}},
			"照面第 1 页 固定文字 “准予行政许可决定书”|changed|文字：准予行政许可决定书|文字：行政许可决定书"},
		"one line of two": {[]edit{{"template.yaml", "line: [28, 268, 182, 268]", "line: [28, 266, 182, 266]"}},
			"照面第 1 页 线条|changed|位置：起点左 28、上 268 毫米，终点左 182、上 268 毫米|位置：起点左 28、上 266 毫米，终点左 182、上 266 毫米"},
		"added and removed": {[]edit{{"template.yaml", "      - { row: slrq, at: [28, 137, 154, 9], label_width: 33, label: 受理日期： }\n", "      - { text: 样例, at: [1, 2, 30, 4], style: scan }\n"}},
			"照面第 1 页 照面项 “受理日期”|removed|左 28、上 137 毫米，宽 154、高 9 毫米；照面项：slrq；标签：受理日期：；标签宽：33 毫米|\n照面第 1 页 固定文字 “样例”|added||左 1、上 2 毫米，宽 30、高 4 毫米；文字：样例；文字样式：scan"},
		"a style": {[]edit{{"template.yaml", "title:  { font: serif, size: 22", "title:  { font: sans, size: 24"}}, "文字样式 title|changed|字体：宋体；字号：22 磅|字体：黑体；字号：24 磅"},
		"on top": {[]edit{{"template.yaml", "      - { field: fzjg, at: [32, 34, 146, 18], style: red }\n", ""},
			{"template.yaml", "      - { line: [28, 268, 182, 268]", "      - { field: fzjg, at: [32, 34, 146, 18], style: red }\n      - { line: [28, 268, 182, 268]"}}, "照面第 1 页的上下叠放|changed||移到上面：照面项 “许可机关”"},
		"a seal":       {[]edit{{"kind.yaml", "at: [128, 221, 42, 42]", "at: [120, 221, 42, 42]"}}, "印章 颁发机构|changed|位置：左 128、上 221 毫米|位置：左 120、上 221 毫米"},
		"paper":        {[]edit{{"template.yaml", "height: 297", "height: 300"}}, "照面的版面|changed|宽 210、高 297 毫米|宽 210、高 300 毫米"},
		"only written": {[]edit{{"template.yaml", "width: 210\n", "width: 210 # A4\n"}}, "照面模板|changed||只有注释或书写方式不同，照面不变"},
		"another page": {[]edit{{"template.yaml", "      - { line: [28, 268, 182, 268]", "  - items:\n      - { line: [28, 268, 182, 268]"}},
			"照面的页数|changed|1|2\n照面第 1 页 线条|changed|第 1 页|第 2 页\n照面第 1 页 固定文字 “不服本决定的，可以自收到之日起六十日内申…”|changed|第 1 页|第 2 页"},
		"unreadable": {[]edit{{"template.yaml", "width: 210\n", "width: [\n"}}, "照面模板|changed|width: 210|width: ["},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{}
			for file, f := range folder(t, "approval") {
				if file, ok := strings.CutPrefix(file, "approval/"); ok {
					files[file] = f.Data
				}
			}
			for _, e := range c.edits {
				if strings.Count(string(files[e.file]), e.from) != 1 {
					t.Fatalf("%s does not hold %q once", e.file, e.from)
				}
				files[e.file] = []byte(strings.Replace(string(files[e.file]), e.from, e.to, 1))
			}
			var got []string
			for _, x := range catalogue.DiffFiles(old, files) {
				got = append(got, fmt.Sprintf("%s|%s|%s|%s", x.Where, x.What, x.Before, x.After))
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

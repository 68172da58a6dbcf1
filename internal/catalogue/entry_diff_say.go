package catalogue

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A word is what people call one thing that a folder says of an element.
type word struct {
	key, label, unit string
	values           map[string]string // what people call its values
}

var (
	fieldWords = []word{{key: "label", label: "名称"}, {key: "key", label: "键"}, {key: "type", label: "类型", values: typeWords}, {key: "required", label: "必填"}, {key: "max", label: "最长"},
		{key: "decimals", label: "小数位"}, {key: "unit", label: "单位"}, {key: "match", label: "格式"}, {key: "check", label: "校验"}, {key: "values", label: "可选的值"}, {key: "columns", label: "列"},
		{key: "source", label: "由平台生成"}, {key: "default", label: "默认"}, {key: "class", label: "数据分级"}, {key: "mask", label: "遮盖"}, {key: "hint", label: "填写提示"}, {key: "hidden", label: "不印在照面上"}}
	sealWords = []word{{key: "page", label: "页（从 0 起）"}, {key: "at", label: "位置"}, {key: "role", label: "由谁盖章", values: roleWords}, {key: "kind", label: "用哪种章", values: sealKindWords}, {key: "order", label: "用印次序"}}
	itemWords = []word{{key: "at", label: "位置"}, {key: "rect", label: "位置"}, {key: "line", label: "位置"}, {key: "text", label: "文字"}, {key: "row", label: "照面项"}, {key: "field", label: "照面项"},
		{key: "picture", label: "照片"}, {key: "table", label: "表格"}, {key: "frame", label: "花边"}, {key: "ground", label: "底纹"}, {key: "image", label: "底图"}, {key: "rosette", label: "半径", unit: " 毫米"},
		{key: "style", label: "文字样式"}, {key: "label", label: "标签"}, {key: "label_width", label: "标签宽", unit: " 毫米"}, {key: "label_style", label: "标签样式"}, {key: "format", label: "写法", values: formatWords},
		{key: "prefix", label: "前面加"}, {key: "suffix", label: "后面加"}, {key: "empty", label: "没有内容时印"}, {key: "columns", label: "列"}, {key: "row_height", label: "行高", unit: " 毫米"},
		{key: "color", label: "颜色"}, {key: "fill", label: "填充颜色"}, {key: "weight", label: "线粗", unit: " 毫米"}, {key: "dash", label: "虚线"}, {key: "alpha", label: "不透明度"}}
	styleWords = []word{{key: "base", label: "以哪个样式为底"}, {key: "font", label: "字体", values: map[string]string{"serif": "宋体", "sans": "黑体"}}, {key: "size", label: "字号", unit: " 磅"}, {key: "min", label: "最小字号", unit: " 磅"},
		{key: "align", label: "对齐", values: map[string]string{"left": "左", "center": "中", "right": "右", "justify": "两端", "distribute": "分散"}},
		{key: "valign", label: "上下", values: map[string]string{"top": "上", "middle": "中", "bottom": "下"}}, {key: "color", label: "颜色"}, {key: "bold", label: "加粗"}, {key: "spacing", label: "字距", unit: " 字"},
		{key: "line", label: "行距", unit: " 倍"}, {key: "indent", label: "缩进", unit: " 字"}, {key: "lines", label: "最多行数"}, {key: "vertical", label: "竖排"}}

	typeWords = map[string]string{string(Text): "单行文字", string(Multiline): "多行文字", string(DateType): "日期", string(DateTime): "日期和时刻", string(NumberT): "数字", string(Money): "金额（元）",
		string(CodeType): "编号", string(USCC): "统一社会信用代码", string(CitizenID): "公民身份号码", string(Enum): "代码表", string(Pict): "图片", string(Table): "表格"}
	roleWords     = map[string]string{"issuer": "颁发机构", "superior": "上级单位"}
	sealKindWords = map[string]string{string(LegalName): "法定名称章", string(Special): "业务专用章"}
	formatWords   = map[string]string{"date": "2026年01月02日", "date-dots": "2026.01.02", "date-iso": "2026-01-02", "date-upper": "二〇二六年一月二日", "year": "年份", "month": "月份", "day": "日",
		"datetime": "年月日时分", "rmb": "人民币大写", "thousands": "千分位", "groups": "四位一组"}
)

// saidOf are the things that a folder says of an element; nil says nothing.
func saidOf(v any) map[string]any {
	out := map[string]any{}
	raw, err := yaml.Marshal(v)
	if err == nil {
		err = yaml.Unmarshal(raw, &out)
	}
	if err != nil {
		return map[string]any{} // these are plain structures: they marshal
	}
	return out
}

// sayAll says all that a folder says of an element.
func sayAll(words []word, v any) string {
	said, list := saidOf(v), []string(nil)
	for _, w := range words {
		if x := said[w.key]; !nothing(x) {
			list = append(list, w.say(x))
		}
	}
	return strings.Join(list, "；")
}

// sayDiff says what two elements differ in, and nothing else.
func sayDiff(words []word, a, b any) (before, after string) {
	was, is := saidOf(a), saidOf(b)
	var old, now []string
	for _, w := range words {
		x, y := was[w.key], is[w.key]
		if fmt.Sprint(x) == fmt.Sprint(y) {
			continue
		}
		o, n := w.say(x), w.say(y)
		if at, to := numbersOf(x), numbersOf(y); len(at) == 4 && len(to) == 4 && w.key != "dash" {
			o, n = moved(w.key, at, to)
		}
		old, now = append(old, o), append(now, n)
	}
	return strings.Join(old, "；"), strings.Join(now, "；")
}

func (w word) say(v any) string {
	if at := numbersOf(v); len(at) == 4 && w.key != "dash" {
		return placeWords(w.key, at)
	}
	text := ""
	switch x := v.(type) {
	case nil:
	case bool:
		text = map[bool]string{true: "是", false: "否"}[x]
	case string:
		text = cmp.Or(w.values[x], x)
	case []any:
		text = textOf(x)
	default:
		text = trimmed(fmt.Sprint(x)) + w.unit
	}
	return w.label + "：" + cmp.Or(text, "无")
}

// textOf is what is said of several things in one line.
func textOf(list []any) string {
	var out []string
	for _, x := range list {
		m, ok := x.(map[string]any)
		if !ok {
			out = append(out, fmt.Sprint(x))
			continue
		}
		out = append(out, sayAll([]word{{key: "label", label: "名称"}, {key: "value", label: "值"}, {key: "code", label: "代码"}, {key: "key", label: "键"}, {key: "required", label: "必填"}, {key: "max", label: "最长"},
			{key: "width", label: "宽", unit: " 毫米"}}, m))
	}
	return strings.Join(out, "、")
}

func nothing(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case bool:
		return !x
	case int:
		return x == 0
	case float64:
		return x == 0
	case []any:
		return len(x) == 0 || len(x) == 4 && !slices.ContainsFunc(numbersOf(v), func(f float64) bool { return f != 0 })
	}
	return false
}

func numbersOf(v any) (out []float64) {
	list, _ := v.([]any)
	for _, x := range list {
		switch n := x.(type) {
		case int:
			out = append(out, float64(n))
		case float64:
			out = append(out, n)
		}
	}
	return out
}

func trimmed(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return millimetres(f)
	}
	return s
}

func millimetres(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// placeWords is where something stands, and how large it is.
func placeWords(key string, at []float64) string {
	if key == "line" {
		return fmt.Sprintf("起点左 %s、上 %s 毫米，终点左 %s、上 %s 毫米", millimetres(at[0]), millimetres(at[1]), millimetres(at[2]), millimetres(at[3]))
	}
	return cornerWords(at) + "，" + sizeWords(at)
}

func cornerWords(at []float64) string {
	return fmt.Sprintf("左 %s、上 %s 毫米", millimetres(at[0]), millimetres(at[1]))
}

func sizeWords(at []float64) string {
	return fmt.Sprintf("宽 %s、高 %s 毫米", millimetres(at[2]), millimetres(at[3]))
}

// moved says of a place what changed of it: where it is, how large it is, or both.
func moved(key string, from, to []float64) (before, after string) {
	switch {
	case key == "line":
	case slices.Equal(from[2:], to[2:]):
		return "位置：" + cornerWords(from), "位置：" + cornerWords(to)
	case slices.Equal(from[:2], to[:2]):
		return "大小：" + sizeWords(from), "大小：" + sizeWords(to)
	}
	return "位置：" + placeWords(key, from), "位置：" + placeWords(key, to)
}

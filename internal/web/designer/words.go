package designer

import (
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/web/page"
)

// The things that stand on a page, in the order in which they are offered.
const (
	whatRow     = "row"
	whatField   = "field"
	whatText    = "text"
	whatPicture = "picture"
	whatTable   = "table"
	whatQR      = "qr"
	whatLine    = "line"
	whatRect    = "rect"
	whatFrame   = "frame"
	whatGround  = "ground"
	whatRosette = "rosette"
	whatImage   = "image"
)

var whats = []page.Option{
	{Value: whatRow, Label: "带标签的照面项"}, {Value: whatField, Label: "照面项"}, {Value: whatText, Label: "固定文字"},
	{Value: whatPicture, Label: "照片"}, {Value: whatTable, Label: "表格"}, {Value: whatQR, Label: "二维码"},
	{Value: whatLine, Label: "线条"}, {Value: whatRect, Label: "方框"}, {Value: whatFrame, Label: "花边"},
	{Value: whatGround, Label: "底纹"}, {Value: whatRosette, Label: "团花"}, {Value: whatImage, Label: "底图"},
}

func wordOf(list []page.Option, value string) string {
	for _, o := range list {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// sources are what a face may print beside the fields, as people call them.
var sources = []page.Option{
	{Value: "kind", Label: "证照名称"}, {Value: "number", Label: "证照编号"}, {Value: "serial", Label: "流水号"}, {Value: "sequence", Label: "顺序号（7 位）"},
	{Value: "identifier", Label: "电子证照标识"}, {Value: "year", Label: "颁发年份"}, {Value: "issued", Label: "颁发日期"}, {Value: "issuer", Label: "颁发机构"},
	{Value: "issuer.code", Label: "颁发机构代码"}, {Value: "issuer.region", Label: "颁发机构行政区划"}, {Value: "valid_from", Label: "有效期起"},
	{Value: "valid_to", Label: "有效期止"}, {Value: "validity", Label: "有效期限（起止）"}, {Value: "holder.names", Label: "全体持证主体"},
	{Value: "holder.ids", Label: "全体证件号码"}, {Value: "holder.idtypes", Label: "全体证件种类"}, {Value: "holder.name", Label: "持证主体"},
	{Value: "holder.id", Label: "证件号码"}, {Value: "holder.id_type", Label: "证件种类"}, {Value: "holder.sex", Label: "性别"}, {Value: "holder.birth", Label: "出生日期"},
	{Value: "holder2.name", Label: "第二持证主体"}, {Value: "holder2.id", Label: "第二主体证件号码"}, {Value: "holder2.id_type", Label: "第二主体证件种类"},
	{Value: "holder2.sex", Label: "第二主体性别"}, {Value: "holder2.birth", Label: "第二主体出生日期"},
}

var formats = []page.Option{
	{Value: "date", Label: "2026年01月02日"}, {Value: "date-dots", Label: "2026.01.02"}, {Value: "date-iso", Label: "2026-01-02"},
	{Value: "date-upper", Label: "二〇二六年一月二日"}, {Value: "year", Label: "年份"}, {Value: "month", Label: "月份"}, {Value: "day", Label: "日"},
	{Value: "datetime", Label: "年月日时分"}, {Value: "rmb", Label: "人民币大写"}, {Value: "thousands", Label: "千分位 1,234.5"}, {Value: "groups", Label: "四位一组"},
}

var fieldTypes = []page.Option{
	{Value: string(catalogue.Text), Label: "单行文字"}, {Value: string(catalogue.Multiline), Label: "多行文字"}, {Value: string(catalogue.DateType), Label: "日期"},
	{Value: string(catalogue.DateTime), Label: "日期和时刻"}, {Value: string(catalogue.NumberT), Label: "数字"}, {Value: string(catalogue.Money), Label: "金额（元）"},
	{Value: string(catalogue.CodeType), Label: "编号（字母数字）"}, {Value: string(catalogue.USCC), Label: "统一社会信用代码"}, {Value: string(catalogue.CitizenID), Label: "公民身份号码"},
	{Value: string(catalogue.Enum), Label: "代码表（选一个）"}, {Value: string(catalogue.Pict), Label: "图片"}, {Value: string(catalogue.Table), Label: "表格"},
}

var (
	classes = options(catalogue.Public, catalogue.Internal, catalogue.Sensitive)
	levels  = options("国家级", "省级", "地市级", "区县级", "乡镇级", "其他")
	masks   = []page.Option{{Value: "name", Label: "姓名"}, {Value: "id", Label: "证件号码"}, {Value: "phone", Label: "电话"}, {Value: "passport", Label: "护照"},
		{Value: "bank", Label: "银行卡"}, {Value: "code", Label: "编号"}, {Value: "address", Label: "地址"}, {Value: "all", Label: "全部遮盖"}}
	origins   = []page.Option{{Value: string(catalogue.National), Label: "国家代码（定义机构已公布）"}, {Value: string(catalogue.Local), Label: "本级代编（尚无国家代码）"}}
	rules     = []page.Option{{Value: "years", Label: "固定年数"}, {Value: "given", Label: "签发时写明截止日期"}, {Value: "open", Label: "可写截止日期，不写为长期"}, {Value: "none", Label: "长期有效"}}
	sealKinds = []page.Option{{Value: string(catalogue.LegalName), Label: "法定名称章"}, {Value: string(catalogue.Special), Label: "业务专用章"}}
	aligns    = []page.Option{{Value: "left", Label: "左"}, {Value: "center", Label: "中"}, {Value: "right", Label: "右"}, {Value: "justify", Label: "两端对齐"}, {Value: "distribute", Label: "分散"}}
	valigns   = []page.Option{{Value: "top", Label: "上"}, {Value: "middle", Label: "中"}, {Value: "bottom", Label: "下"}}
	fonts     = []page.Option{{Value: "serif", Label: "宋体"}, {Value: "sans", Label: "黑体"}}
	holders   = []page.Option{{Value: "person", Label: "自然人"}, {Value: "legal", Label: "法人"}, {Value: "unincorporated", Label: "非法人组织"}}
	shares    = options(string(catalogue.ShareFree), string(catalogue.ShareConditional), string(catalogue.ShareNone))
	scopes    = []page.Option{{Value: "region", Label: "每个行政区划"}, {Value: "year", Label: "每年"}, {Value: "date", Label: "每天"}}
	idTypes   = []string{"001", "099", "111", "114", "115", "118", "119", "120", "122", "411", "412", "413", "414", "511", "516", "999"}
	frames    = map[string]string{"braid": "绳纹", "double": "双线", "meander": "回纹", "plain": "单线"}
	grounds   = map[string]string{"waves": "波纹", "tint": "满铺颜色"}
)

func options(words ...string) (out []page.Option) {
	for _, w := range words {
		out = append(out, page.Option{Value: w, Label: w})
	}
	return out
}

func named(names []string, words map[string]string) (out []page.Option) {
	for _, n := range names {
		label := words[n]
		if label == "" {
			label = n
		}
		out = append(out, page.Option{Value: n, Label: label})
	}
	return out
}

// with makes sure that a value that stands in the folder can be chosen.
func with(list []page.Option, value string) []page.Option {
	if value == "" || slices.ContainsFunc(list, func(o page.Option) bool { return o.Value == value }) {
		return list
	}
	return append(slices.Clone(list), page.Option{Value: value, Label: value})
}

// refsFor are what a thing of a sort may print.
func refsFor(k *catalogue.Kind, what string) (out []page.Option) {
	for i := range k.Fields {
		f := &k.Fields[i]
		fits := f.Type != catalogue.Pict && f.Type != catalogue.Table
		switch what {
		case whatPicture:
			fits = f.Type == catalogue.Pict
		case whatTable:
			fits = f.Type == catalogue.Table
		}
		if fits {
			out = append(out, page.Option{Value: f.Key, Label: f.Label + "（" + f.Key + "）"})
		}
	}
	if what == whatRow || what == whatField {
		for _, s := range sources {
			out = append(out, page.Option{Value: "@" + s.Value, Label: "系统生成：" + s.Label})
		}
	}
	return out
}

// whatOf says what an item is.
func whatOf(it *face.Item) string {
	switch {
	case it.Text != "":
		return whatText
	case it.Row != "":
		return whatRow
	case it.Field != "":
		return whatField
	case it.Picture != "":
		return whatPicture
	case it.Table != "":
		return whatTable
	case it.QR:
		return whatQR
	case it.Line != nil:
		return whatLine
	case it.Rect != nil:
		return whatRect
	case it.Frame != "":
		return whatFrame
	case it.Ground != "":
		return whatGround
	case it.Rosette != 0:
		return whatRosette
	case it.Image != "":
		return whatImage
	}
	return whatText
}

// refOf is what an item prints.
func refOf(it *face.Item) string {
	return it.Row + it.Field + it.Picture + it.Table + it.Frame + it.Ground + it.Image
}

// titleOf is what an item is called in lists and by screen readers.
func titleOf(k *catalogue.Kind, it *face.Item) string {
	what := wordOf(whats, whatOf(it))
	ref := refOf(it)
	switch whatOf(it) {
	case whatText:
		ref = strings.ReplaceAll(it.Text, "\n", " ")
	case whatRow, whatField, whatPicture, whatTable:
		if name, ok := strings.CutPrefix(ref, "@"); ok {
			ref = wordOf(sources, name)
		} else if i := slices.IndexFunc(k.Fields, func(f catalogue.Field) bool { return f.Key == ref }); i >= 0 {
			ref = k.Fields[i].Label
		}
	case whatFrame:
		ref = frames[ref]
	case whatGround:
		ref = grounds[ref]
	}
	if r := []rune(ref); len(r) > 16 {
		ref = string(r[:16]) + "…"
	}
	if ref == "" {
		return what
	}
	return what + "：" + ref
}

func text(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// mm is a length as a form shows it, 0 too.
func mm(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

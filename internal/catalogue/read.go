package catalogue

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sidian/gbcode"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
	"sidian/ofd/draw"
)

func nameIs(name string) func(fault.Field) bool {
	return func(f fault.Field) bool { return f.Name == name }
}

// read reads and checks the value that a request gives.
func (f *Field) read(p *problems, where string, raw json.RawMessage) Value {
	switch f.Type {
	case Pict:
		return f.readPicture(p, where, raw)
	case Table:
		return f.readRows(p, where, raw)
	}
	var s string
	if f.Type == NumberT || f.Type == Money {
		var n json.Number // a number, or a text that holds one
		if json.Unmarshal(raw, &n) == nil {
			s = n.String()
		} else if json.Unmarshal(raw, &s) != nil {
			p.add(where, "type", "“%s”应是数字", f.Label)
			return Value{}
		}
	} else if json.Unmarshal(raw, &s) != nil {
		p.add(where, "type", "“%s”应是文字", f.Label)
		return Value{}
	}
	if s == "" {
		return Value{}
	}
	validText(p, where, f.Label, s, f.limit(), f.Type == Multiline)
	f.checkValue(p, where, s)
	return Value{Text: s}
}

func (f *Field) checkValue(p *problems, where, s string) {
	switch f.Type {
	case DateType:
		if _, ok := validDate("2006-01-02", s); !ok {
			p.add(where, "date", "“%s”应是存在的日期，形如 2026-01-02", f.Label)
		}
	case DateTime:
		if _, ok := validDate("2006-01-02T15:04", s); !ok {
			p.add(where, "date", "“%s”应是存在的时刻，形如 2026-01-02T15:04", f.Label)
		}
	case NumberT, Money:
		f.checkDecimal(p, where, s)
	case CodeType:
		if !codeText.MatchString(s) {
			p.add(where, "charset", "“%s”只能用字母、数字和 - / . 括号", f.Label)
		}
	case USCC:
		f.checkNamed(p, where, "uscc", s)
	case CitizenID:
		f.checkNamed(p, where, "citizen_id", s)
	case Enum:
		f.checkEnum(p, where, s)
	}
	if f.match != nil && !f.match.MatchString(s) {
		p.add(where, "match", "“%s”的格式不对%s", f.Label, hint(f.Hint))
	}
	if f.Check != "" {
		f.checkNamed(p, where, f.Check, s)
	}
}

func hint(s string) string {
	if s == "" {
		return ""
	}
	return "：" + s
}

func (f *Field) checkNamed(p *problems, where, name, s string) {
	if err := checks[name](s); err != nil {
		code, message := why(err)
		p.add(where, code, "“%s”%s", f.Label, message)
	}
}

func (f *Field) checkDecimal(p *problems, where, s string) {
	m := decimal.FindStringSubmatch(s)
	switch {
	case m == nil || strings.HasPrefix(s, "-"):
		p.add(where, "number", "“%s”应是不带千分号的非负数，整数部分至多 15 位", f.Label)
	case len(m[3]) > f.Decimals:
		p.add(where, "decimals", "“%s”最多 %d 位小数", f.Label, f.Decimals)
	}
}

func (f *Field) checkEnum(p *problems, where, s string) {
	words := make([]string, len(f.Values))
	for i, v := range f.Values {
		if v.Value == s {
			return
		}
		words[i] = v.Value
	}
	p.add(where, "value", "“%s”只能是：%s", f.Label, strings.Join(words, "、"))
}

func (f *Field) readPicture(p *problems, where string, raw json.RawMessage) Value {
	var pic face.Picture
	if json.Unmarshal(raw, &pic) != nil {
		p.add(where, "type", "“%s”应是 {media_type, data}，data 为图片的 base64", f.Label)
		return Value{}
	}
	if len(pic.Data) > f.limit()<<10 {
		p.add(where, "length", "“%s”最大 %d KiB", f.Label, f.limit())
		return Value{}
	}
	img, err := draw.ParseImage(pic.Data)
	if err != nil {
		p.add(where, "picture", "“%s”不是完好的 PNG 或 JPEG 图片，或像素过多", f.Label)
		return Value{}
	}
	if want := map[string]string{"PNG": "image/png", "JPEG": "image/jpeg"}[img.Format()]; pic.MediaType != want {
		p.add(where+".media_type", "conflict", "“%s”实际是 %s，media_type 应写 %s", f.Label, img.Format(), want)
	}
	return Value{Picture: &pic}
}

func (f *Field) readRows(p *problems, where string, raw json.RawMessage) Value {
	var rows []map[string]string
	if json.Unmarshal(raw, &rows) != nil {
		p.add(where, "type", "“%s”应是一组行，每行是 {列: 文字}", f.Label)
		return Value{}
	}
	if len(rows) > f.limit() {
		p.add(where, "length", "“%s”最多 %d 行", f.Label, f.limit())
		return Value{}
	}
	for i, row := range rows {
		f.checkRow(p, at(where, i), row)
	}
	return Value{Rows: rows}
}

func (f *Field) checkRow(p *problems, where string, row map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(row)) {
		if !slices.ContainsFunc(f.Columns, func(c Column) bool { return c.Key == key }) {
			p.add(where+"."+key, "unknown", "“%s”没有这一列", f.Label)
		}
	}
	for _, c := range f.Columns {
		most := c.Max
		if most == 0 {
			most = 200
		}
		validText(p, where+"."+c.Key, c.Label, row[c.Key], most, false)
		if c.Required && row[c.Key] == "" {
			p.add(where+"."+c.Key, "required", "“%s”必填", c.Label)
		}
	}
}

// sexAndBirth reads what a citizen's number tells.
func sexAndBirth(h Holder) (sex, birth string) {
	if h.IDType != "111" {
		return "", ""
	}
	id, err := gbcode.ParseCitizenID(h.ID)
	if err != nil {
		return "", ""
	}
	return id.Sex(), id.Birth().Format("2006-01-02")
}

package item

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/workday"
)

// A Content is what one version of an item says.
type Content struct {
	Name      string     `json:"name" minLength:"2" maxLength:"200" doc:"事项名称"`
	Base      string     `json:"base,omitempty" maxLength:"12" doc:"基本编码，12 位；31 位的实施编码中已有，可不填"`
	Type      string     `json:"type,omitempty" doc:"事项类型代码；基本编码中已有，可不填"`
	Tier      string     `json:"tier,omitempty" doc:"行使层级：1 国家，2 省，3 市，4 县，5 乡镇，6 村；31 位的实施编码中已有，可不填"`
	Audience  string     `json:"audience,omitempty" doc:"服务对象：自然人、法人、都有"`
	Way       string     `json:"way,omitempty" doc:"办件类型：即办件、承诺件"`
	Days      int        `json:"days,omitempty" minimum:"0" maximum:"365" doc:"承诺时限，工作日"`
	Basis     string     `json:"basis,omitempty" maxLength:"1000" doc:"设定依据"`
	Note      string     `json:"note,omitempty" maxLength:"1000" doc:"办事说明，公开"`
	NoResult  bool       `json:"no_result,omitempty" doc:"办理结果不是证照，不计入没有关联结果证照的事项"`
	Materials []Material `json:"materials,omitempty" maxItems:"50" doc:"申请材料"`
	Starts    string     `json:"starts,omitempty" maxLength:"10" doc:"生效日期，2026-01-31；不填则为当天"`
	Ends      string     `json:"ends,omitempty" maxLength:"10" doc:"失效日期，当天仍有效；不填则长期"`
}

// A Material is what an applicant hands in.
type Material struct {
	Name   string `json:"name" minLength:"1" maxLength:"200"`
	Spared bool   `json:"spared,omitempty" doc:"可容缺"`
}

// A Word is a code with what it means.
type Word struct{ Code, Name string }

// Types are the sorts of items (事项类型).
func Types() []Word {
	return []Word{{"01", "行政许可"}, {"02", "行政处罚"}, {"03", "行政强制"}, {"04", "行政征收"}, {"05", "行政给付"}, {"06", "行政检查"},
		{"07", "行政确认"}, {"08", "行政奖励"}, {"09", "行政裁决"}, {"10", "其他行政权力"}, {"20", "公共服务"}}
}

// Inspection is the type of items by which officers inspect.
const Inspection = "06"

// Tiers are the tiers that exercise items (行使层级).
func Tiers() []Word {
	return []Word{{"1", "国家级"}, {"2", "省级"}, {"3", "市级"}, {"4", "县级"}, {"5", "乡镇级"}, {"6", "村级"}}
}

// Audiences are whom items serve (服务对象).
func Audiences() []Word {
	return []Word{{"person", "自然人"}, {"legal", "法人"}, {"both", "自然人和法人"}}
}

// Ways are how fast cases are done (办件类型).
func Ways() []Word { return []Word{{"instant", "即办件"}, {"promise", "承诺件"}} }

// NameOf is the name of a code, or the code itself.
func NameOf(words []Word, code string) string {
	for _, w := range words {
		if w.Code == code {
			return w.Name
		}
	}
	return code
}

// codeOf is the code of what a table says: the code or the name.
func codeOf(words []Word, text string) (string, bool) {
	for _, w := range words {
		if w.Code == text || w.Name == text || len(w.Code) == 2 && w.Code == "0"+text {
			return w.Code, true
		}
	}
	return text, text == ""
}

// A wrong is what is wrong with one part of a content.
type wrong struct{ field, code, message string }

// check completes a content by what its code says, and tells what is wrong with
// it. The day is that on which it is written.
func (c *Content) check(code string, day string) (list []wrong) {
	bad := func(field, code, message string) { list = append(list, wrong{field, code, message}) }
	c.tidy()
	c.complete(code)
	if n := utf8.RuneCountInString(c.Name); n < 2 || n > 200 || !legible(c.Name) {
		bad("name", "item.name", "须写事项名称，2 至 200 个字")
	}
	if c.Base != "" && !digits(c.Base, 12) {
		bad("base", "item.base", "基本编码是 12 位数字")
	}
	for _, one := range []struct {
		field, value, message string
		words                 []Word
		must                  bool
	}{
		{"type", c.Type, "没有这个事项类型", Types(), true}, {"tier", c.Tier, "没有这个行使层级", Tiers(), true},
		{"audience", c.Audience, "服务对象不正确", Audiences(), false}, {"way", c.Way, "办件类型不正确", Ways(), false},
	} {
		known := slices.ContainsFunc(one.words, func(w Word) bool { return w.Code == one.value })
		switch {
		case one.value == "" && one.must:
			bad(one.field, "item.required", map[string]string{"type": "请选择事项类型", "tier": "请选择行使层级"}[one.field])
		case one.value != "" && !known:
			bad(one.field, "item."+one.field, one.message)
		}
	}
	if c.Days < 0 || c.Days > 365 {
		bad("days", "item.days", "承诺时限是 0 至 365 个工作日")
	}
	for field, text := range map[string]string{"basis": c.Basis, "note": c.Note} {
		if utf8.RuneCountInString(text) > 1000 || !legible(text) {
			bad(field, "item.text", "至多 1000 个字")
		}
		if audit.Personal(text) {
			bad(field, "item.personal", "这是公开的内容，不得写证件号码、手机号码")
		}
	}
	list = append(list, c.checkMaterials()...)
	return append(list, c.checkDays(day)...)
}

func (c *Content) checkMaterials() (list []wrong) {
	if len(c.Materials) > 50 {
		return []wrong{{"materials", "item.materials", "申请材料至多 50 种"}}
	}
	seen := map[string]bool{}
	for _, m := range c.Materials {
		switch n := utf8.RuneCountInString(m.Name); {
		case n == 0 || n > 200 || !legible(m.Name) || audit.Personal(m.Name):
			list = append(list, wrong{"materials", "item.material", "材料名称是 1 至 200 个字，不含个人信息"})
		case seen[m.Name]:
			list = append(list, wrong{"materials", "item.material", "申请材料重复：" + m.Name})
		}
		seen[m.Name] = true
	}
	return list
}

func (c *Content) checkDays(day string) (list []wrong) {
	if c.Starts == "" {
		c.Starts = day
	}
	starts, first := dateOf(c.Starts)
	if !first {
		list = append(list, wrong{"starts", "item.date", "日期写作 2026-01-31"})
	}
	if c.Ends == "" {
		return list
	}
	ends, last := dateOf(c.Ends)
	switch {
	case !last:
		list = append(list, wrong{"ends", "item.date", "日期写作 2026-01-31"})
	case first && ends.Before(starts):
		list = append(list, wrong{"ends", "item.ends", "失效日期不早于生效日期"})
	}
	return list
}

// dateOf reads a day; years beyond what a calendar of offices has are mistakes.
func dateOf(s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return t, err == nil && t.Year() >= 1949 && t.Year() < 2200
}

// today is the day in Beijing.
func today(now time.Time) string { return workday.DateOf(now).String() }

func (c *Content) tidy() {
	for _, s := range []*string{&c.Name, &c.Base, &c.Type, &c.Tier, &c.Audience, &c.Way, &c.Basis, &c.Note, &c.Starts, &c.Ends} {
		*s = strings.TrimSpace(*s)
	}
	for i := range c.Materials {
		c.Materials[i].Name = strings.TrimSpace(c.Materials[i].Name)
	}
	if len(c.Materials) == 0 {
		c.Materials = nil
	}
}

// complete takes from the code what was left out.
func (c *Content) complete(code string) {
	if base, tier, ok := partsOf(code); ok {
		if c.Base == "" {
			c.Base = base
		}
		if c.Tier == "" {
			c.Tier = tier
		}
	}
	if c.Type == "" && digits(c.Base, 12) {
		c.Type = c.Base[2:4]
	}
}

// state tells how a version stands on a day: Upcoming, InForce or Ended.
func (c *Content) state(day string) string {
	switch {
	case day < c.Starts:
		return Upcoming
	case c.Ends != "" && day > c.Ends:
		return Ended
	}
	return InForce
}

// States of a version on a day.
const (
	Upcoming = "upcoming"
	InForce  = "effective"
	Ended    = "ended"
)

// legible tells whether a text has nothing that people do not see.
func legible(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\r' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	})
}

func digits(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// errOf is what is wrong as a refusal; nil where nothing is.
func errOf(list []wrong) error {
	if len(list) == 0 {
		return nil
	}
	e := fault.Invalid.New("事项有 %s 处不正确", strconv.Itoa(len(list))).WithCode("item.invalid").WithHint("请按提示改正")
	for _, w := range list {
		e = e.WithField(w.field, w.code, w.message)
	}
	return e
}

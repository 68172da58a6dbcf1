package catalogue

import (
	"regexp"
	"slices"
	"strconv"
)

var fieldTypes = []FieldType{Text, Multiline, DateType, DateTime, NumberT, Money, CodeType, USCC, CitizenID, Enum, Pict, Table}

func itoa(i int) string { return strconv.Itoa(i) }

func (k *Kind) checkFields(p *problems) {
	if len(k.Fields) == 0 {
		p.add("fields", "missing", "至少要有一个照面项")
	}
	seen := map[string]bool{}
	for i := range k.Fields {
		f := &k.Fields[i]
		where := "fields." + f.Key
		if !keyRule.MatchString(f.Key) {
			where = at("fields", i)
			p.add(where+".key", "charset", "照面项的键应为 KZ_ 加大写字母、数字（已公布的），或小写字母开头的英文（自定的）")
		}
		if seen[f.Key] {
			p.add(where, "twice", "同一个键写了两次")
		}
		seen[f.Key] = true
		k.checkField(p, where, f)
	}
}

func (k *Kind) checkField(p *problems, where string, f *Field) {
	filled(p, where+".label", f.Label, 64)
	oneOf(p, where+".type", f.Type, fieldTypes...)
	oneOf(p, where+".mask", f.Mask, masks...)
	oneOf(p, where+".class", f.Class, classes...)
	if most := f.most(); f.Max < 0 || f.Max > most {
		p.add(where+".max", "range", "max 应在 1 到 %d 之间", most)
	}
	if (f.Type == Enum) != (len(f.Values) > 0) {
		p.add(where+".values", "value", "enum 才有 values，且至少一个")
	}
	if (f.Type == Table) != (len(f.Columns) > 0) {
		p.add(where+".columns", "value", "table 才有 columns，且至少一列")
	}
	for i, c := range f.Columns {
		if !keyRule.MatchString(c.Key) {
			p.add(at(where+".columns", i)+".key", "charset", "列的键应为小写字母开头的英文")
		}
		filled(p, at(where+".columns", i)+".label", c.Label, 64)
	}
	if f.Decimals < 0 || f.Decimals > 6 || f.Decimals > 0 && f.Type != NumberT && f.Type != Money {
		p.add(where+".decimals", "range", "只有 number、money 可有 0 到 6 位小数")
	}
	if f.Check != "" && !slices.Contains(Checks(), f.Check) {
		p.add(where+".check", "value", "没有这个校验：%s", f.Check)
	}
	f.compileMatch(p, where)
	k.checkSources(p, where, f)
}

func (f *Field) compileMatch(p *problems, where string) {
	if f.Match == "" {
		return
	}
	var err error
	if f.match, err = regexp.Compile(`^(?:` + f.Match + `)$`); err != nil {
		p.add(where+".match", "regexp", "正则表达式写法不对")
	}
}

func (k *Kind) checkSources(p *problems, where string, f *Field) {
	if f.Source != "" && (f.Default != "" || f.Type == Pict || f.Type == Table) {
		p.add(where+".source", "conflict", "source 与 default 只能写一个，图片和表格不能由系统生成")
	}
	for name, source := range map[string]string{"source": f.Source, "default": f.Default} {
		if source != "" && !k.knownSource(source) {
			p.add(where+"."+name, "source", "没有这个来源：%s", source)
		}
	}
}

// most is the largest allowed Max of a type: characters, rows, KiB.
func (f *Field) most() int {
	switch f.Type {
	case Pict:
		return 1024
	case Table:
		return 200
	}
	return 4000
}

// limit is the Max that holds.
func (f *Field) limit() int {
	if f.Max > 0 {
		return f.Max
	}
	switch f.Type {
	case Pict:
		return 200
	case Table:
		return 50
	case Multiline:
		return 1000
	}
	return 200
}

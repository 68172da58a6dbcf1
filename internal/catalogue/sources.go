package catalogue

import (
	"fmt"
	"regexp"
	"strings"

	"sidian/workday"
)

// A source computes text out of what issuing knows. Kinds name sources in
// fields (source, default) and in metadata; templates print them as "@name".
type source struct {
	label string // printed as the label of a row
	tag   string // GB/T 36903 short name that the printed text shows, or ""
	date  bool   // the text is 2006-01-02
	value func(*facts) string
}

// facts are what sources read.
type facts struct {
	kind    *Kind
	holders []Holder
	from    workday.Date
	to      workday.Date
	iss     Issuance
	number  string
	serial  string
	ident   string
	fields  map[string]Value
}

var sources = map[string]source{
	"kind":           {label: "证照名称", tag: "ZZMC", value: func(f *facts) string { return f.kind.Title }},
	"number":         {label: "编号", tag: "ZZBH", value: func(f *facts) string { return f.number }},
	"serial":         {label: "流水号", value: func(f *facts) string { return f.serial }},
	"sequence":       {label: "流水号", value: func(f *facts) string { return fmt.Sprintf("%07d", f.iss.Sequence) }},
	"identifier":     {label: "电子证照标识", tag: "ZZBS", value: func(f *facts) string { return f.ident }},
	"year":           {label: "年份", value: func(f *facts) string { return fmt.Sprintf("%04d", f.iss.Issued.Year) }},
	"issued":         {label: "发证日期", tag: "ZZBFRQ", date: true, value: func(f *facts) string { return day(f.iss.Issued) }},
	"issuer":         {label: "发证机关", tag: "ZZBFJG", value: func(f *facts) string { return f.iss.Issuer.Name }},
	"issuer.code":    {label: "发证机关代码", tag: "ZZBFJGDM", value: func(f *facts) string { return f.iss.Issuer.Code.String() }},
	"issuer.region":  {label: "行政区划代码", value: func(f *facts) string { return f.iss.Issuer.Region.String() }},
	"valid_from":     {label: "有效期起", tag: "ZZYXQQSRQ", date: true, value: func(f *facts) string { return day(f.from) }},
	"valid_to":       {label: "有效期至", tag: "ZZYXQJZRQ", date: true, value: func(f *facts) string { return day(f.to) }},
	"validity":       {label: "有效期限", value: validityText},
	"holder.names":   {label: "持证主体", tag: "CZZT", value: func(f *facts) string { return f.join("、", func(h Holder) string { return h.Name }) }},
	"holder.ids":     {label: "证件号码", tag: "CZZTDM", value: func(f *facts) string { return f.join("、", func(h Holder) string { return h.ID }) }},
	"holder.idtypes": {label: "证件种类", tag: "CZZTDMLX", value: func(f *facts) string { return f.join("、", idTypeOnce(f)) }},
}

// holderSource is holder.name, holder2.birth …: one fact of one holder.
var holderSource = regexp.MustCompile(`^holder([2-9]?)\.(name|id|id_type|sex|birth)$`)

// lookup finds a source by name; false when there is none.
func lookup(name string) (source, bool) {
	if s, ok := sources[name]; ok {
		return s, true
	}
	m := holderSource.FindStringSubmatch(name)
	if m == nil {
		return source{}, false
	}
	i := 0
	if m[1] != "" {
		i = int(m[1][0] - '1')
	}
	s := holderFact(m[2])
	get := s.value
	if i > 0 {
		s.tag = ""
	}
	s.value = func(f *facts) string {
		if i >= len(f.holders) {
			return ""
		}
		return get(&facts{holders: f.holders[i : i+1]})
	}
	return s, true
}

func holderFact(name string) source {
	switch name {
	case "id":
		return source{label: "证件号码", tag: "CZZTDM", value: func(f *facts) string { return f.holders[0].ID }}
	case "id_type":
		return source{label: "证件种类", tag: "CZZTDMLX", value: func(f *facts) string { return IDTypeName(f.holders[0].IDType) }}
	case "sex":
		return source{label: "性别", value: func(f *facts) string { sex, _ := sexAndBirth(f.holders[0]); return sex }}
	case "birth":
		return source{label: "出生日期", date: true, value: func(f *facts) string { _, birth := sexAndBirth(f.holders[0]); return birth }}
	}
	return source{label: "持证主体", tag: "CZZT", value: func(f *facts) string { return f.holders[0].Name }}
}

// knownSource tells whether a name is a source or, after "field.", a field.
func (k *Kind) knownSource(name string) bool {
	if key, ok := strings.CutPrefix(name, "field."); ok {
		return k.byKey[key] != nil
	}
	_, ok := lookup(name)
	return ok
}

func (f *facts) get(name string) string {
	if key, ok := strings.CutPrefix(name, "field."); ok {
		return f.fields[key].Text
	}
	s, ok := lookup(name)
	if !ok {
		return ""
	}
	return s.value(f)
}

func (f *facts) join(sep string, of func(Holder) string) string {
	parts := make([]string, 0, len(f.holders))
	for _, h := range f.holders {
		if s := of(h); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

// idTypeOnce names each id type once.
func idTypeOnce(*facts) func(Holder) string {
	seen := map[string]bool{}
	return func(h Holder) string {
		if seen[h.IDType] {
			return ""
		}
		seen[h.IDType] = true
		return IDTypeName(h.IDType)
	}
}

func day(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func validityText(f *facts) string {
	if f.to.IsZero() {
		return "长期"
	}
	cn := func(d workday.Date) string { return fmt.Sprintf("%04d年%02d月%02d日", d.Year, d.Month, d.Day) }
	return cn(f.from) + "至" + cn(f.to)
}

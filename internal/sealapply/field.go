package sealapply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/internal/fault"
	"sidian/workday"
)

// Codes of fields that the checks look at, whatever form has them.
const (
	fieldOrgName = "org_name"
	fieldUSCC    = "uscc"
)

type fieldType struct {
	personal bool
	max      int // characters
	// check says what is wrong with a value, or nothing.
	check func(v string) string
	mask  func(v string) string
}

var (
	phoneForm  = regexp.MustCompile(`^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$`)
	numberForm = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,6})?$`)
)

func anything(string) string { return "" }

// fieldTypes are what fields of forms may hold.
var fieldTypes = map[FieldType]fieldType{
	"text":   {max: 200, check: oneLine},
	"long":   {max: 2000, check: anything},
	"choice": {max: 200, check: oneLine},
	"uscc": {max: 18, check: func(v string) string {
		if _, err := gbcode.ParseCreditCode(v); err != nil {
			return "不是有效的统一社会信用代码（GB 32100-2015）"
		}
		return ""
	}},
	"name": {personal: true, max: 100, check: oneLine, mask: gbcode.MaskName},
	"phone": {personal: true, max: 20, mask: func(v string) string { return gbcode.Mask(v, 3, 4) }, check: func(v string) string {
		if !phoneForm.MatchString(v) {
			return "应为 11 位手机号码，或带区号的电话号码"
		}
		return ""
	}},
	"citizen": {personal: true, max: 18, mask: func(v string) string { return gbcode.Mask(v, 3, 2) }, check: func(v string) string {
		if _, err := gbcode.ParseCitizenID(strings.ToUpper(v)); err != nil {
			return "不是有效的公民身份号码（GB 11643-1999）"
		}
		return ""
	}},
	"date": {max: 10, check: func(v string) string {
		if _, err := workday.ParseDate(v); err != nil {
			return "应写作 2026-01-31"
		}
		return ""
	}},
	"number": {max: 24, check: func(v string) string {
		if !numberForm.MatchString(v) {
			return "应为数字"
		}
		return ""
	}},
}

func oneLine(v string) string {
	if strings.ContainsFunc(v, unicode.IsControl) {
		return "不能换行"
	}
	return ""
}

// shown is a value as people see it.
func (f *FormField) shown(v string) string {
	if !f.Personal || v == "" {
		return v
	}
	if mask := fieldTypes[f.Type].mask; mask != nil {
		return mask(v)
	}
	return gbcode.Mask(v, 1, 0)
}

// wrong says what is wrong with a value that was filled in.
func (f *FormField) wrong(v string) string {
	t := fieldTypes[f.Type]
	switch {
	case utf8.RuneCountInString(v) > t.max:
		return fmt.Sprintf("至多 %d 个字", t.max)
	case f.Type == "choice" && !slices.Contains(f.Choices, v):
		return "请从列出的值中选择"
	}
	return t.check(v)
}

// merge puts new values into what is there. What comes back as it was shown,
// masked, stays; unknown codes and wrong values are refused. That something is
// missing is told by the checks, so that a draft may be kept half filled in.
func (f *Form) merge(k Kind, sealKind string, old, new map[string]string) (map[string]string, error) {
	fields, _ := f.For(k, sealKind)
	bad := fault.Invalid.New("申请表填写不符合规则").WithCode("sealapply.fields").WithHint("请按每一项的说明更正")
	out := map[string]string{}
	for code, v := range old {
		out[code] = v
	}
	codes := make([]string, 0, len(new))
	for code := range new {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		i := slices.IndexFunc(fields, func(x FormField) bool { return x.Code == code })
		if i < 0 {
			bad = bad.WithField("fields."+clip(code, 40), "unknown", "申请表没有这一项")
			continue
		}
		x, v := &fields[i], strings.TrimSpace(new[code])
		if x.Personal && v != "" && v == x.shown(old[code]) {
			continue
		}
		if v == "" {
			delete(out, code)
			continue
		}
		if why := x.wrong(v); why != "" {
			bad = bad.WithField("fields."+code, string(x.Type), why)
			continue
		}
		out[code] = v
	}
	return out, bad.OrNil()
}

// missing are the labels of what must be filled in and is not.
func (f *Form) missing(k Kind, sealKind string, values map[string]string) (labels []string) {
	fields, _ := f.For(k, sealKind)
	for _, x := range fields {
		if x.Required && values[x.Code] == "" {
			labels = append(labels, x.Label)
		}
	}
	return labels
}

// masked are the values as people see them. What the form does not know is
// masked whole.
func (f *Form) masked(values map[string]string) map[string]string {
	out := map[string]string{}
	for code, v := range values {
		i := slices.IndexFunc(f.Fields, func(x FormField) bool { return x.Code == code })
		if i < 0 {
			out[code] = "***"
			continue
		}
		out[code] = f.Fields[i].shown(v)
	}
	return out
}

func clip(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "?"))
	if len(r) > n {
		return string(r[:n])
	}
	return string(r)
}

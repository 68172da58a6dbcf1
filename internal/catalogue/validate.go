package catalogue

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/workday"
)

// keyShape is what somebody may have meant as a key.
var keyShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

func (k *Kind) validate(r Request) (*Content, error) {
	p := problems{}
	c := &Content{Fields: map[string]Value{}}
	c.Holders = k.validHolders(&p, r.Holders)
	c.ValidFrom, c.ValidTo = k.validPeriod(&p, r.ValidFrom, r.ValidTo)
	for _, key := range slices.Sorted(maps.Keys(r.Fields)) {
		if k.byKey[key] == nil {
			where := "fields"
			if keyShape.MatchString(key) { // what cannot be a key may be what belongs in a value
				where += "." + key
			}
			p.add(where, "unknown", "“%s”没有这个照面项；有：%s", k.Title, k.keys())
		}
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		raw, given := r.Fields[f.Key]
		if given && string(raw) == "null" {
			given = false
		}
		k.validField(&p, c, f, raw, given)
	}
	k.exclude(&p, r)
	return c, p.err("填写的内容不符合“" + k.Title + "”的要求")
}

// keys lists what a request may fill in.
func (k *Kind) keys() string {
	var keys []string
	for i := range k.Fields {
		if k.Fields[i].Source == "" {
			keys = append(keys, k.Fields[i].Key)
		}
	}
	return strings.Join(keys, "、")
}

func (k *Kind) validField(p *problems, c *Content, f *Field, raw json.RawMessage, given bool) {
	where := "fields." + f.Key
	if f.Source != "" {
		if given {
			p.add(where, "computed", "“%s”由系统生成，请勿填写", f.Label)
		}
		return
	}
	if !given {
		if f.Required && f.Default == "" {
			p.add(where, "required", "“%s”必填", f.Label)
		}
		return
	}
	v := f.read(p, where, raw)
	if v.IsZero() {
		if f.Required && f.Default == "" && !slices.ContainsFunc(*p, nameIs(where)) {
			p.add(where, "required", "“%s”必填，不能为空", f.Label)
		}
		return
	}
	c.Fields[f.Key] = v
}

func (k *Kind) validHolders(p *problems, holders []Holder) []Holder {
	least := max(len(k.Holders.Roles), 1)
	if len(holders) < least || len(holders) > least && !k.Holders.More || len(holders) > 50 {
		switch {
		case k.Holders.More:
			p.add("holders", "count", "持证主体应有 %d 到 50 个", least)
		case len(k.Holders.Roles) > 1:
			p.add("holders", "count", "持证主体应有 %d 个，依次为%s", least, strings.Join(k.Holders.Roles, "、"))
		default:
			p.add("holders", "count", "持证主体应有 %d 个", least)
		}
		return nil
	}
	seen := map[string]bool{}
	for i, h := range holders {
		where := at("holders", i)
		k.validHolder(p, where, h)
		if id := h.IDType + h.ID; h.ID != "" && seen[id] {
			p.add(where+".id", "twice", "同一个持证主体写了两次")
		} else {
			seen[id] = true
		}
	}
	return slices.Clone(holders)
}

func (k *Kind) validHolder(p *problems, where string, h Holder) {
	oneOf(p, where+".type", h.Type, k.Holders.Types...)
	validText(p, where+".name", "持证主体名称", h.Name, 200, false)
	if h.Name == "" {
		p.add(where+".name", "required", "持证主体名称必填")
	}
	if !slices.Contains(k.Holders.IDTypes, h.IDType) {
		p.add(where+".id_type", "value", "“%s”的持证主体代码类型只能是：%s", k.Title, idTypeWords(k.Holders.IDTypes))
		return
	}
	if forPersons(h.IDType) != (h.Type == "person") {
		p.add(where+".id_type", "conflict", "代码类型“%s”与持证主体类别不符", IDTypeName(h.IDType))
		return
	}
	if h.ID == "" {
		if !k.Holders.OptionalID && !(k.Holders.MintID && h.IDType == "001") {
			p.add(where+".id", "required", "持证主体代码（%s）必填", IDTypeName(h.IDType))
		}
		return
	}
	validID(p, where+".id", h)
}

func validID(p *problems, where string, h Holder) {
	var err error
	switch h.IDType {
	case "001":
		_, err = gbcode.ParseCreditCode(h.ID)
	case "111":
		_, err = gbcode.ParseCitizenID(h.ID)
	default:
		if len(h.ID) > 64 || strings.ContainsFunc(h.ID, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
			err = gbcode.ErrShape
		}
	}
	if err != nil {
		code, message := why(err)
		p.add(where, "id."+code, "%s%s", IDTypeName(h.IDType), message)
	}
}

func idTypeWords(codes []string) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = c + " " + IDTypeName(c)
	}
	return strings.Join(words, "、")
}

func (k *Kind) validPeriod(p *problems, from, to string) (start, end workday.Date) {
	start, ok := validDay(p, "valid_from", "有效期起始日期", from)
	if !ok {
		return start, end
	}
	if to == "" {
		switch k.Validity.Rule {
		case "years":
			end = start.AddYears(k.Validity.Years).AddDays(-1)
		case "given":
			p.add("valid_to", "required", "“%s”必须写明有效期截止日期", k.Title)
		}
		return start, end
	}
	if k.Validity.Rule == "none" {
		p.add("valid_to", "none", "“%s”长期有效，不填有效期截止日期", k.Title)
		return start, end
	}
	if end, ok = validDay(p, "valid_to", "有效期截止日期", to); !ok {
		return start, end
	}
	if end.Before(start) {
		p.add("valid_to", "order", "有效期截止日期早于起始日期")
	}
	if last := start.AddYears(k.Validity.Years).AddDays(-1); k.Validity.Rule == "years" && last.Before(end) {
		p.add("valid_to", "years", "“%s”有效期最长 %d 年，截止日期不得晚于 %s", k.Title, k.Validity.Years, last)
	}
	return start, end
}

func validDay(p *problems, where, label, s string) (workday.Date, bool) {
	if s == "" {
		p.add(where, "required", "%s必填，形如 2026-01-02", label)
		return workday.Date{}, false
	}
	d, err := workday.ParseDate(s)
	if _, plausible := validDate("2006-01-02", s); err != nil || !plausible {
		p.add(where, "date", "%s应是存在的日期，形如 2026-01-02", label)
		return workday.Date{}, false
	}
	return d, true
}

// validText refuses what would print wrongly or not at all.
func validText(p *problems, where, label, s string, most int, lines bool) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError):
		p.add(where, "encoding", "“%s”不是合法的 UTF-8 文字", label)
	case SecretMarked(s):
		p.add(where, "secret", secretMarked, label)
	case utf8.RuneCountInString(s) > most:
		p.add(where, "length", "“%s”最多 %d 个字", label, most)
	case strings.TrimSpace(s) != s:
		p.add(where, "space", "“%s”首尾不能有空白", label)
	case strings.ContainsFunc(s, func(r rune) bool { return unprintable(r) && !(lines && r == '\n') }):
		p.add(where, "control", "“%s”含有换行或不可见的控制字符", label)
	}
}

// unprintable holds for control and format characters: what is invisible on
// the face must not hide in the data.
func unprintable(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)
}

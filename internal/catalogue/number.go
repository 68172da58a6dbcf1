package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sidian/gbcode"
	"sidian/internal/fault"
)

// Number says how a certificate is numbered (证照编号).
type Number struct {
	// Pattern is the number with tokens: {region} six digits of the issuer's
	// division, {province} {city} two and four of them, {year} {month} {date}
	// of issue, {yy} the last two digits of the year, {seq:N} the sequence with at
	// least N digits, {check:1110} the MOD 11,10 check digit over the digits since
	// the last other character, {code:KEY} the code of an enum field's value, {KEY}
	// the text of a field.
	Pattern string `yaml:"pattern"`
	// Holder takes the first holder's id as the number.
	Holder bool `yaml:"holder"`
	// Scope is what the sequence starts anew for: region, year, date.
	Scope []string `yaml:"scope"`
	Check string   `yaml:"check"` // name of a check that the number must pass
}

// A token is a piece of a number pattern.
type token struct{ kind, arg string }

var (
	tokenRule   = regexp.MustCompile(`\{[^{}]*\}|[^{}]+|[{}]`)
	plainTokens = []string{"region", "province", "city", "year", "yy", "month", "date"}
)

func (k *Kind) checkNumber(p *problems) {
	n := &k.Number
	if (n.Pattern == "") == !n.Holder {
		p.add("number", "conflict", "pattern（按规则编号）与 holder: true（以持证主体代码为编号）须写且只写一个")
		return
	}
	for i, s := range n.Scope {
		oneOf(p, at("number.scope", i), s, "region", "year", "date")
	}
	if n.Check != "" && !slices.Contains(Checks(), n.Check) {
		p.add("number.check", "value", "没有这个校验：%s", n.Check)
	}
	if n.Holder {
		return
	}
	k.numbers = k.tokens(p, "number.pattern", n.Pattern)
}

// tokens reads a pattern; where names it in what is wrong with it.
func (k *Kind) tokens(p *problems, where, pattern string) (list []token) {
	sequence := false
	for _, raw := range tokenRule.FindAllString(pattern, -1) {
		t, ok := k.token(raw)
		if !ok {
			p.add(where, "token", "不认识 %s", raw)
		}
		sequence = sequence || t.kind == "seq"
		list = append(list, t)
	}
	if !sequence {
		p.add(where, "sequence", "须含 {seq:位数}，否则编号会重复")
	}
	return list
}

func (k *Kind) token(raw string) (token, bool) {
	if !strings.HasPrefix(raw, "{") || !strings.HasSuffix(raw, "}") {
		return token{"text", raw}, raw != "{" && raw != "}"
	}
	name, arg, has := strings.Cut(raw[1:len(raw)-1], ":")
	switch {
	case slices.Contains(plainTokens, name) && !has:
		return token{name, ""}, true
	case name == "seq":
		n, err := strconv.Atoi(arg)
		return token{name, arg}, err == nil && n >= 1 && n <= 18
	case name == "check":
		return token{name, arg}, arg == "1110"
	case name == "code":
		f := k.byKey[arg]
		return token{name, arg}, f != nil && f.Type == Enum && f.Required &&
			!slices.ContainsFunc(f.Values, func(v EnumValue) bool { return v.Code == "" })
	}
	f := k.byKey[name]
	ok := f != nil && !has && f.Type != Pict && f.Type != Table && f.Required && f.Source == ""
	return token{"field", name}, ok
}

func (k *Kind) sequenceName(i Issuance) string {
	parts, scope := []string{"catalogue", k.Name}, k.Number.Scope
	if i.Rule != nil {
		parts, scope = append(parts, "of", i.Rule.Org), i.Rule.Scope
	}
	for _, s := range scope {
		switch s {
		case "region":
			parts = append(parts, i.Issuer.Region.String())
		case "year":
			parts = append(parts, fmt.Sprintf("%04d", i.Issued.Year))
		case "date":
			parts = append(parts, i.Issued.String())
		}
	}
	return strings.Join(parts, "/")
}

// numberOf fills the pattern.
func (k *Kind) numberOf(f *facts) (string, error) {
	list, own, err := k.rule(&f.iss)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, t := range list {
		s, err := k.expand(t, f, b.String())
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	number := b.String()
	if k.Number.Check != "" && checks[k.Number.Check](number) != nil {
		if own {
			return "", fault.Conflict.New("按本单位的编号规则生成的编号未通过“%s”的校验，格式不对或序号已用完", k.Title).WithCode("catalogue.number").
				WithHint("请模板设计员在证照目录里修改编号规则")
		}
		return "", fault.Conflict.New("按“%s”的编号规则生成的编号未通过校验，序号可能已用完", k.Title).WithCode("catalogue.number").
			WithHint("请联系目录管理人员检查编号规则")
	}
	return number, nil
}

func (k *Kind) expand(t token, f *facts, before string) (string, error) {
	region := f.iss.Issuer.Region.String()
	switch t.kind {
	case "text":
		return t.arg, nil
	case "region", "province", "city":
		if len(region) < 6 {
			return "", fault.Conflict.New("颁发机构没有登记行政区划代码，无法编号").WithCode("catalogue.region").
				WithHint("请联系系统管理员在机构信息中补充六位行政区划代码")
		}
		return region[:map[string]int{"region": 6, "city": 4, "province": 2}[t.kind]], nil
	case "year":
		return fmt.Sprintf("%04d", f.iss.Issued.Year), nil
	case "yy":
		return fmt.Sprintf("%02d", f.iss.Issued.Year%100), nil
	case "month":
		return fmt.Sprintf("%02d", f.iss.Issued.Month), nil
	case "date":
		return strings.ReplaceAll(f.iss.Issued.String(), "-", ""), nil
	case "seq":
		width, err := strconv.Atoi(t.arg)
		return fmt.Sprintf("%0*d", width, f.iss.Sequence), err
	case "check":
		digits := before[strings.LastIndexFunc(before, func(r rune) bool { return r < '0' || r > '9' })+1:]
		c, ok := gbcode.CheckDigit1110(digits)
		if !ok {
			return "", fault.Conflict.New("“%s”的编号规则在校验位之前没有数字", k.Title).WithCode("catalogue.number")
		}
		return string(c), nil
	case "code":
		field := k.byKey[t.arg]
		for _, v := range field.Values {
			if v.Value == f.fields[t.arg].Text {
				return v.Code, nil
			}
		}
		return "", nil
	}
	return f.fields[t.arg].Text, nil
}

// creditDigits is the alphabet of GB 32100, for minted organisation codes.
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// mintCode makes the credit code that a registering body gives to a new body:
// 9 (market regulation), 1 (enterprise), the division, and an organisation
// code of the MA series numbered by the sequence.
func mintCode(i Issuance) (gbcode.CreditCode, error) {
	body := []byte("MA000000")
	for n, at := i.Sequence, 7; n > 0; n, at = n/31, at-1 {
		if at < 2 {
			return gbcode.CreditCode{}, fault.Conflict.New("统一社会信用代码的序号已用完").WithCode("catalogue.number")
		}
		body[at] = creditDigits[n%31]
	}
	org, err := gbcode.NewOrgCode(string(body))
	if err != nil {
		return gbcode.CreditCode{}, err
	}
	code, err := gbcode.NewCreditCode('9', '1', i.Issuer.Region, org)
	if err != nil {
		return code, fault.Conflict.Wrap(err, "颁发机构没有登记六位行政区划代码，无法赋码").WithCode("catalogue.region").
			WithHint("请联系系统管理员在机构信息中补充行政区划代码")
	}
	return code, nil
}

package httpx

import (
	"errors"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"sidian/internal/fault"
)

// A rule of the schema: huma's text is replaced by ours before any schema is
// made, and the code is found again by the text. Texts that would repeat the
// value print it with %.0v, which is nothing.
var rules = []struct {
	text *string
	zh   string
	code string
}{
	{&validation.MsgUnexpectedProperty, "不认识这个字段", "unknown"},
	{&validation.MsgExpectedRFC3339DateTime, "应为日期时间，例如 2026-01-02T15:04:05+08:00", "format.date-time"},
	{&validation.MsgExpectedRFC1123DateTime, "应为 HTTP 日期时间", "format.date-time-http"},
	{&validation.MsgExpectedRFC3339Date, "应为日期，例如 2026-01-02", "format.date"},
	{&validation.MsgExpectedRFC3339Time, "应为时间，例如 15:04:05", "format.time"},
	{&validation.MsgExpectedRFC5322Email, "应为电子邮箱地址%.0v", "format.email"},
	{&validation.MsgExpectedRFC5890Hostname, "应为主机名", "format.hostname"},
	{&validation.MsgExpectedRFC2673IPv4, "应为 IPv4 地址", "format.ipv4"},
	{&validation.MsgExpectedRFC2373IPv6, "应为 IPv6 地址", "format.ipv6"},
	{&validation.MsgExpectedRFCIPAddr, "应为 IP 地址", "format.ip"},
	{&validation.MsgExpectedRFC3986URI, "应为网址%.0v", "format.uri"},
	{&validation.MsgExpectedRFC4122UUID, "应为 UUID%.0v", "format.uuid"},
	{&validation.MsgExpectedRFC6570URITemplate, "应为 URI 模板", "format.uri-template"},
	{&validation.MsgExpectedRFC6901JSONPointer, "应为 JSON Pointer", "format.json-pointer"},
	{&validation.MsgExpectedRFC6901RelativeJSONPointer, "应为相对 JSON Pointer", "format.relative-json-pointer"},
	{&validation.MsgExpectedRegexp, "应为正则表达式%.0v", "format.regex"},
	{&validation.MsgExpectedMatchAtLeastOneSchema, "不符合任何一种允许的形式", "any-of"},
	{&validation.MsgExpectedMatchExactlyOneSchema, "应恰好符合一种允许的形式", "one-of"},
	{&validation.MsgExpectedNotMatchSchema, "属于不允许的形式", "not"},
	{&validation.MsgExpectedPropertyNameInObject, "缺少用来区分类型的字段", "discriminator"},
	{&validation.MsgExpectedBoolean, "应为 true 或 false", "type.boolean"},
	{&validation.MsgExpectedDuration, "应为时长%.0v", "format.duration"},
	{&validation.MsgExpectedNumber, "应为数字", "type.number"},
	{&validation.MsgExpectedInteger, "应为整数", "type.integer"},
	{&validation.MsgExpectedString, "应为文本", "type.string"},
	{&validation.MsgExpectedBase64String, "应为 base64 编码", "format.base64"},
	{&validation.MsgExpectedArray, "应为数组", "type.array"},
	{&validation.MsgExpectedObject, "应为对象", "type.object"},
	{&validation.MsgExpectedArrayItemsUnique, "数组各项不得重复", "unique"},
	{&validation.MsgExpectedOneOf, "应为下列之一：%s", "enum"},
	{&validation.MsgExpectedMinimumNumber, "不得小于 %v", "minimum"},
	{&validation.MsgExpectedExclusiveMinimumNumber, "应大于 %v", "exclusive-minimum"},
	{&validation.MsgExpectedMaximumNumber, "不得大于 %v", "maximum"},
	{&validation.MsgExpectedExclusiveMaximumNumber, "应小于 %v", "exclusive-maximum"},
	{&validation.MsgExpectedNumberBeMultipleOf, "应为下数的倍数：%v", "multiple-of"},
	{&validation.MsgExpectedMinLength, "长度至少为 %d", "min-length"},
	{&validation.MsgExpectedMaxLength, "长度至多为 %d", "max-length"},
	{&validation.MsgExpectedBePattern, "应为%s", "pattern"},
	{&validation.MsgExpectedMatchPattern, "应符合格式 %s", "pattern"},
	{&validation.MsgExpectedMinItems, "至少应有项数：%d", "min-items"},
	{&validation.MsgExpectedMaxItems, "至多可有项数：%d", "max-items"},
	{&validation.MsgExpectedMinProperties, "至少应有成员数：%d", "min-properties"},
	{&validation.MsgExpectedMaxProperties, "至多可有成员数：%d", "max-properties"},
	{&validation.MsgExpectedRequiredProperty, missing + "%s", "required"},
	{&validation.MsgExpectedDependentRequiredProperty, "缺少与其他项一同必填的项：%s（已填 %s）", "dependent-required"},
}

// missing precedes the name of a member that is required.
const missing = "缺少必填项："

// translateOnce sets the texts of huma, which are process-wide. It runs before
// the first schema is made, because schemas keep their texts.
var translateOnce = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true // "Kind" is not "kind"
	for i := range rules {
		*rules[i].text = rules[i].zh
	}
})

// codeOf finds the rule of a message; the longest text that fits wins.
func codeOf(message string) string {
	best, code := -1, "invalid"
	for _, r := range rules {
		prefix, _, _ := strings.Cut(r.zh, "%")
		if len(prefix) > best && strings.HasPrefix(message, prefix) {
			best, code = len(prefix), r.code
		}
	}
	return code
}

// fieldOf turns what huma found into what we tell: where, which rule, a stable
// code, and never the value.
func fieldOf(err error, schema *huma.Schema, reg huma.Registry) fault.Field {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return fault.Field{Code: "invalid", Message: "不符合规则"}
	}
	f := fault.Field{Name: trimLocation(d.Location), Message: d.Message, Code: codeOf(d.Message)}
	switch f.Code {
	case "required":
		f.Name = join(f.Name, strings.TrimPrefix(d.Message, missing))
		f.Message = "必填"
	case "unknown":
		if near := nearMember(schema, reg, f.Name); near != "" {
			f.Message += "；是否想写 " + near + "？"
		}
	}
	return f
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// trimLocation drops where huma says a value was sent: "body.a.b" is "a.b".
func trimLocation(loc string) string {
	if head, rest, ok := strings.Cut(loc, "."); ok {
		switch head {
		case "body", "query", "path", "header":
			return rest
		}
	}
	if loc == "body" {
		return ""
	}
	return strings.TrimPrefix(loc, "body")
}

package item

import (
	"regexp"
	"strings"

	"sidian/gbcode"
	"sidian/internal/fault"
)

var codeShape = regexp.MustCompile(`^[0-9A-Z][0-9A-Z_.-]{3,49}$`)

// Code is the one form in which the code of an item is kept and looked up: capital
// letters, without the strokes and blanks with which lists set its parts apart.
// Legacy codes are taken as they are, to 50 characters.
func Code(s string) (string, error) {
	c := strings.ToUpper(strings.NewReplacer("|", "", " ", "", "\u00a0", "", "\u3000", "").Replace(s))
	if !codeShape.MatchString(c) {
		return "", fault.Invalid.New("实施编码不正确").WithCode("item.code").WithHint("31 位的实施编码，或 4 至 50 位的数字和字母").
			WithField("code", "item.code", "4 至 50 位的数字、大写字母")
	}
	return c, nil
}

// partsOf are the base code and the tier in a code of the national shape
// (GB/T 39554.1-2020): 18 of the unit's credit code, one of the tier, 12 of the
// base code, and two more of a variant.
func partsOf(code string) (base, tier string, ok bool) {
	if len(code) != 31 && len(code) != 33 || !digits(code[18:], len(code)-18) {
		return "", "", false
	}
	return code[19:31], code[18:19], true
}

// oddities are what a code has that codes of the national shape do not have, or
// that does not agree with what else the item says. They hold nothing up: local
// codes are older than the standard.
func oddities(code, uscc string, c *Content) (list []string) {
	base, tier, ok := partsOf(code)
	if !ok {
		return []string{"实施编码不是 31 位的国家编码"}
	}
	if _, err := gbcode.ParseCreditCode(code[:18]); err != nil {
		list = append(list, "实施编码前 18 位不是正确的统一社会信用代码")
	} else if uscc != "" && uscc != code[:18] {
		list = append(list, "实施编码前 18 位不是实施机构的统一社会信用代码")
	}
	if c.Tier != tier {
		list = append(list, "行使层级与实施编码第 19 位不一致")
	}
	if c.Base != base {
		list = append(list, "基本编码与实施编码第 20 至 31 位不一致")
	}
	if digits(c.Base, 12) && c.Base[2:4] != c.Type {
		list = append(list, "事项类型与基本编码第 3、4 位不一致")
	}
	return list
}

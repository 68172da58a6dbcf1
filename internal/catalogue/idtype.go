package catalogue

// idTypes is GB/T 36903-2018 appendix A, 持证主体代码类型.
var idTypes = []struct{ code, name string }{
	{"001", "统一社会信用代码"},
	{"099", "其他法人或其他组织有效证件代码"},
	{"111", "公民身份号码"},
	{"114", "中国人民解放军军官证"},
	{"115", "中国人民武装警察部队警官证"},
	{"118", "解放军士兵证"},
	{"119", "武警士兵证"},
	{"120", "解放军文职人员证"},
	{"122", "武警文职人员证"},
	{"411", "外交护照"},
	{"412", "公务护照"},
	{"413", "公务普通护照"},
	{"414", "普通护照"},
	{"511", "台湾居民来往大陆通行证"},
	{"516", "港澳居民来往内地通行证"},
	{"999", "其他自然人有效证件代码"},
}

// IDTypeName is the name of a code of GB/T 36903 appendix A, or "".
func IDTypeName(code string) string {
	for _, t := range idTypes {
		if t.code == code {
			return t.name
		}
	}
	return ""
}

// forPersons tells whether an id type belongs to natural persons.
func forPersons(code string) bool { return code >= "1" }

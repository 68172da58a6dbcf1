package onboard

import (
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/table"
)

// A Kind is what a table brings in.
type Kind string

// The kinds of table.
const (
	Units  Kind = "units"
	People Kind = "people"
)

// Kinds lists them, in the order in which they are brought in.
func Kinds() []Kind { return []Kind{Units, People} }

// Title is the kind in Chinese.
func (k Kind) Title() string {
	switch k {
	case Units:
		return "单位"
	case People:
		return "人员"
	}
	return string(k)
}

func (k Kind) check() error {
	if k == Units || k == People {
		return nil
	}
	return fault.Invalid.New("请说明导入单位还是人员").WithCode("onboard.kind").WithField("kind", "enum", "应为 units 或 people")
}

// A Column is a column of a table.
type Column = table.Column

// exampleMark begins the remark of the example line, which is never imported.
const exampleMark = "样例"

// remark is the column that the platform does not read, but for the mark.
const remark = "remark"

// Columns are the columns of a kind, as the policy in force has roles.
func (s *Service) Columns(k Kind) []Column {
	if k == Units {
		return unitColumns()
	}
	return peopleColumns(s.IAM.InForce())
}

func unitColumns() []Column {
	return []Column{
		{Key: remark, Title: "备注", Note: "平台不读取。“样例”开头的行不会导入，请删除", Example: "样例，请删除此行"},
		{Key: "id", Title: "单位编号", Note: "小写字母、数字和连字符，至多 40 个字符；不填则自动编号。下级单位、人员可以用它指明单位", Example: "qh-edu"},
		{Key: "parent", Title: "上级单位", Must: true, Note: "上级单位的编号、统一社会信用代码或全称；可以是本表中的单位", Example: "青禾县人民政府"},
		{Key: "name", Title: "单位全称", Must: true, Note: "1 至 100 个字", Example: "青禾县教育局"},
		{Key: "tier", Title: "层级", Must: true, Note: "不能高于上级单位", Allowed: labels(tiers), Example: "县级"},
		{Key: "type", Title: "单位类别", Note: "不填则为其他", Allowed: typeNames(), Example: "部门"},
		{Key: "uscc", Title: "统一社会信用代码", Note: "18 位（GB 32100-2015）；没有的不填"},
		{Key: "region", Title: "行政区划代码", Note: "6 位或 12 位（GB/T 2260）；没有的不填"},
		{Key: "sort", Title: "排序", Note: "0 或正整数，小的在前；不填为 0"},
		{Key: iam.PostContact, Title: "联系人用户名", Note: "上级单位现有人员的用户名。本单位的人员在人员表的“岗位”列填写"},
		{Key: iam.PostCustodian, Title: "印章保管人用户名", Note: "同上。联系人、印章保管人、审核人须为三个不同的人"},
		{Key: iam.PostReviewer, Title: "审核人用户名", Note: "同上"},
	}
}

func peopleColumns(set *policy.Set) []Column {
	return []Column{
		{Key: remark, Title: "备注", Note: "平台不读取。“样例”开头的行不会导入，请删除", Example: "样例，请删除此行"},
		{Key: "username", Title: "用户名", Must: true, Note: "字母、数字和 . _ - ，2 至 40 个字符，不分大小写，全平台不重复", Example: "zhang.yangli"},
		{Key: "name", Title: "姓名", Must: true, Personal: true, Note: "1 至 100 个字", Example: "张样例"},
		{Key: "org", Title: "所属单位", Must: true, Note: "单位编号、统一社会信用代码或全称；单位须已在平台中，请先导入单位表", Example: "青禾县教育局"},
		{Key: "phone", Title: "手机号码", Personal: true, Note: "11 位"},
		{Key: "citizen", Title: "公民身份号码", Personal: true, Note: "18 位（GB 11643-1999）；不需要的不填"},
		{Key: "roles", Title: "角色", Note: "可以填多个，用顿号隔开。角色为申请，由安全管理员批准后生效；三员角色不得与其他角色兼任", Allowed: roleNames(set), Several: true, Example: "经办人"},
		{Key: "scope", Title: "角色范围", Note: "角色在哪个单位及其下级有效，写法同所属单位；不填则为所属单位"},
		{Key: "until", Title: "角色到期日", Note: "如 2027-12-31，到当日止；不填则长期"},
		{Key: "basis", Title: "依据", Note: "任职文件等，至多 200 个字"},
		{Key: "post", Title: "岗位", Note: "在所属单位的岗位，每个单位每个岗位一人", Allowed: labels(posts)},
	}
}

// A label is a code with its Chinese name.
type label struct{ code, name string }

// tiers are the tiers of government, highest first, as iam has them.
var tiers = []label{{"province", "省级"}, {"city", "市级"}, {"county", "县级"}, {"town", "乡镇级"}, {"village", "村级"}}

// posts are the posts of a unit (OPS-02).
var posts = []label{{iam.PostContact, "联系人"}, {iam.PostCustodian, "印章保管人"}, {iam.PostReviewer, "审核人"}}

func labels(list []label) []string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.name
	}
	return names
}

// codeOf is the code of what people chose by name, or wrote as a code.
func codeOf(list []label, typed string) (string, bool) {
	i := slices.IndexFunc(list, func(l label) bool { return l.name == typed || l.code == typed })
	if i < 0 {
		return "", false
	}
	return list[i].code, true
}

func nameOf(list []label, code string) string {
	if i := slices.IndexFunc(list, func(l label) bool { return l.code == code }); i >= 0 {
		return list[i].name
	}
	return code
}

func types() []label {
	var list []label
	for _, t := range iam.OrgTypes() {
		list = append(list, label{t.Code, t.Name})
	}
	return list
}

func typeNames() []string { return labels(types()) }

// grantable are the roles that somebody may be given.
func grantable(set *policy.Set) []policy.Role {
	return slices.DeleteFunc(slices.Clone(set.Roles()), func(r policy.Role) bool { return r.Holder || r.Temporary })
}

func roleNames(set *policy.Set) (names []string) {
	for _, r := range grantable(set) {
		names = append(names, r.Name)
	}
	return names
}

// split reads several values from a cell.
func split(s string) (list []string) {
	for _, v := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、,，;；", r) }) {
		if v = table.Trim(v); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

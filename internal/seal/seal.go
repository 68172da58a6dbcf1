package seal

import (
	"slices"
	"time"
)

// What a seal is for (电子印章管理办法: 法定名称章, 内设或分支机构章, 业务专用章, 电子名章,
// 企业印章, 个人印章).
const (
	LegalName  = "legal-name"
	Internal   = "internal" // of a department within the unit
	Branch     = "branch"   // of a branch of the unit
	Special    = "special"
	NameSeal   = "name" // of the person who heads the unit
	Enterprise = "enterprise"
	Personal   = "personal"
)

// labels are the Chinese words for the kinds of seal.
var labels = map[string]string{
	LegalName: "法定名称章", Internal: "内设机构章", Branch: "分支机构章", Special: "业务专用章",
	NameSeal: "电子名章", Enterprise: "企业印章", Personal: "个人印章",
}

// Label is the Chinese word for a kind of seal.
func Label(kind string) string { return labels[kind] }

// Kinds lists the kinds of seal, in the order in which people choose.
func Kinds() []string {
	return []string{LegalName, Internal, Branch, Special, NameSeal, Enterprise, Personal}
}

// OfPerson tells whether seals of a kind carry a person's name: what is public
// about them is masked.
func OfPerson(kind string) bool { return kind == NameSeal || kind == Personal }

// A Seal is what is known of an electronic seal.
type Seal struct {
	ID          string    `json:"id"`
	Org         string    `json:"org"`
	Kind        string    `json:"kind"`
	Name        string    `json:"name"`
	State       string    `json:"state" enum:"made,effective,frozen,cancelled,replaced,expired"`
	Custodian   string    `json:"custodian,omitempty" doc:"保管人账号"`
	Person      string    `json:"person,omitempty" doc:"电子名章、个人印章：本人账号"`
	ValidFrom   time.Time `json:"valid_from"`
	ValidTo     time.Time `json:"valid_to"`
	RenewFrom   time.Time `json:"renew_from,omitzero" doc:"可以申请续期的第一天"`
	Certificate string    `json:"certificate" doc:"数字证书序列号"`
	Imprint     string    `json:"imprint,omitempty" doc:"印模图像的 SM3 摘要，十六进制"`
	Statement   string    `json:"statement,omitempty" doc:"印模声明的 SM3 摘要，十六进制"`
	Application string    `json:"application,omitempty" doc:"印章申请编号"`
	Replaces    string    `json:"replaces,omitempty" doc:"所代替的印章"`
	ReplacedBy  string    `json:"replaced_by,omitempty" doc:"由哪枚印章代替"`
	Authority   string    `json:"authority,omitempty" doc:"备案机关"`
	Number      string    `json:"number,omitempty" doc:"备案号"`
	FiledAt     time.Time `json:"filed_at,omitzero" doc:"备案时间"`
	LostAt      time.Time `json:"lost_at,omitzero" doc:"报告密钥失控的时间"`
	CreatedAt   time.Time `json:"created_at"`

	path string // of the organisation: "/a/b/"
}

// RenewalOpen tells whether the seal may be renewed: within the days before its
// end that the rule in force when it was filed says (N6), and not after it.
func (s *Seal) RenewalOpen(now time.Time) bool {
	return s.live() && !now.Before(s.RenewFrom) && !now.After(s.ValidTo)
}

// live tells whether the seal is filed and not gone for ever.
func (s *Seal) live() bool { return slices.Contains([]string{Effective, Frozen}, s.State) }

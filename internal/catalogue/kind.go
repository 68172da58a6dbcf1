package catalogue

import (
	"io/fs"

	"sidian/certid"
	"sidian/internal/catalogue/face"
)

// A Kind is a kind of certificate as its folder describes it. A Kind from
// [Load] obeys every rule of this package; it must not be changed afterwards.
type Kind struct {
	Name     string            `yaml:"-"`    // of the folder: [a-z0-9_]+
	Title    string            `yaml:"name"` // 证照类型名称, as people know it
	Code     Code              `yaml:"code"` // 证照类型代码, 21 characters
	Origin   Origin            `yaml:"code_origin"`
	Definer  Definer           `yaml:"definer"`
	Category Category          `yaml:"category"`
	Levels   []string          `yaml:"issuer_levels"` // 证照颁发机构级别
	Items    []ServiceItem     `yaml:"items"`         // 关联事项
	Holders  Holders           `yaml:"holders"`
	Fields   []Field           `yaml:"fields"` // in the order of the face
	Number   Number            `yaml:"number"`
	Validity Validity          `yaml:"validity"`
	Seals    []SealSlot        `yaml:"seals"`
	Sharing  Sharing           `yaml:"sharing"`
	Limit    string            `yaml:"sharing_basis"` // the law that limits sharing
	Standard string            `yaml:"standard"`      // national standard of the kind, with its year: "C0123-2020"
	Use      string            `yaml:"sharing_use"`   // 使用要求: what those who share it may use it for, and how
	Excluded []Exclusion       `yaml:"excluded"`      // what the law keeps out
	Effect   Effect            `yaml:"effect"`        // where the law does not treat it as the original
	Basis    []string          `yaml:"basis"`         // legal basis, a text each
	Secret   bool              `yaml:"state_secret"`
	Metadata map[string]string `yaml:"metadata"` // GB/T 36903 short name -> source, beside the usual ones
	Pattern  string            `yaml:"pattern"`  // the official pattern that the face follows

	Template *face.Template `yaml:"-"`
	Example  []byte         `yaml:"-"` // request body of POST /api/v1/certificates
	Golden   []byte         `yaml:"-"` // text of the example's face

	// Version is that of the catalogue; 0 for a kind that was only loaded.
	Version int `yaml:"-"`

	source  map[string][]byte // the folder's files
	byKey   map[string]*Field
	numbers []token
	sources []string // that the template prints
}

// Code is the code of a kind in YAML and JSON.
type Code = certid.Kind

// Origin tells who assigned the code of a kind.
type Origin string

// A national code is published by the body that defines the certificate; a
// local one is minted under the platform's own credit code until the national
// one is known.
const (
	National Origin = "national"
	Local    Origin = "local"
)

// Definer is the body that defines a kind (GB/T 36902: 证照定义机构).
type Definer struct {
	Name  string `yaml:"name" json:"name"`
	Level string `yaml:"level" json:"level"` // 国家级 省级 地市级 区县级 乡镇级 其他
}

// ServiceItem is a service item that produces the certificate.
type ServiceItem struct {
	Name string `yaml:"name" json:"name"`
	Code string `yaml:"code" json:"code,omitempty"`
}

// Category is what sort of document the certificate is (seed: 证件, 执照, 牌照,
// 批文, 鉴定报告, 证明, 办事结果).
type Category string

// Categories lists the sorts of certificates.
func Categories() []Category {
	return []Category{"证件", "执照", "牌照", "批文", "鉴定报告", "证明", "办事结果"}
}

// Holders says who may hold the certificate.
type Holders struct {
	// Roles are the holders in their order: one role a holder. One nameless
	// holder when left out.
	Roles []string `yaml:"roles"`
	// More lets the request have further holders in the last role (joint owners).
	More    bool     `yaml:"more"`
	Types   []string `yaml:"types"`    // person, legal, unincorporated
	IDTypes []string `yaml:"id_types"` // GB/T 36903 appendix A
	// MintID: a request without the holder's id asks for a new credit code.
	MintID bool `yaml:"mint_id"`
	// OptionalID: the holder may have no id, such as a newborn child.
	OptionalID bool `yaml:"optional_id"`
}

// Validity says how long a certificate holds.
type Validity struct {
	// Rule is years (valid_to is at most that many years after valid_from, and
	// exactly so when it is left out), given (valid_to must be given), open (it
	// may be), or none (长期: it must not).
	Rule  string `yaml:"rule" json:"rule"`
	Years int    `yaml:"years" json:"years,omitempty"`
}

// A SealSlot is a place for a seal.
type SealSlot struct {
	// Role is the unit that seals: issuer, superior (the unit above it), or any
	// other words (规划主管部门), whose unit is named when a certificate is issued.
	Role string   `yaml:"role" json:"role"`
	Kind SealKind `yaml:"kind" json:"kind"`
	Page int      `yaml:"page" json:"page"` // from 0
	At   face.Box `yaml:"at" json:"at"`     // x, y, w, h in mm
	// Order is when, among several seals: the lower first, those of one order in
	// parallel.
	Order int `yaml:"order" json:"order,omitempty"`
}

// SealKind names which of an organisation's seals goes into a slot.
type SealKind string

// The kinds of seals that certificates bear.
const (
	LegalName SealKind = "legal-name" // 法定名称章
	Special   SealKind = "special"    // 业务专用章
)

// Sharing is the class of sharing (政务信息资源共享管理暂行办法).
type Sharing string

// The classes of sharing.
const (
	ShareFree        Sharing = "无条件共享"
	ShareConditional Sharing = "有条件共享"
	ShareNone        Sharing = "不予共享"
)

// Effect is what the law says against the rule that a certificate made to the
// standard has the effect of paper (《河南省政务服务电子证照管理办法》第四条:
// 法律、行政法规另有规定的除外). Nearly no kind has one.
type Effect struct {
	Exception string `yaml:"exception" json:"exception" doc:"电子证照不与原件具有同等效力的情形"`
	Basis     string `yaml:"basis" json:"basis" doc:"所依据的法律、行政法规条款"`
}

// Excepted reports whether the law makes an exception.
func (e Effect) Excepted() bool { return e != Effect{} }

// Field finds a field by its key; nil when there is none.
func (k *Kind) Field(key string) *Field { return k.byKey[key] }

// Files gives the folder's files by name; they must not be changed.
func (k *Kind) Files() map[string][]byte { return k.source }

// Load reads the folder of a kind, named name. Problems are a *fault.Error of
// kind Invalid with one Field a problem, in Chinese.
func Load(name string, folder fs.FS) (*Kind, error) { return load(name, folder) }

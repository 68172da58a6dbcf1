package catalogue

import (
	"regexp"

	"sidian/internal/catalogue/face"
)

// FieldType is the type of a field's value.
type FieldType string

// The types. All but picture and table are text: dates 2006-01-02, datetimes
// 2006-01-02T15:04, numbers and money decimal.
const (
	Text      FieldType = "text"
	Multiline FieldType = "multiline"
	DateType  FieldType = "date"
	DateTime  FieldType = "datetime"
	NumberT   FieldType = "number"
	Money     FieldType = "money"
	CodeType  FieldType = "code" // A–Z, a–z, 0–9 and - / . ( )
	USCC      FieldType = "uscc"
	CitizenID FieldType = "citizen_id"
	Enum      FieldType = "enum"
	Pict      FieldType = "picture"
	Table     FieldType = "table"
)

// A Field is one entry of the face (照面项).
type Field struct {
	Key      string      `yaml:"key" json:"key"` // KZ_… where published
	Label    string      `yaml:"label" json:"label"`
	Type     FieldType   `yaml:"type" json:"type"`
	Required bool        `yaml:"required" json:"required,omitempty"`
	Max      int         `yaml:"max" json:"max,omitempty"`           // characters; rows of a table; KiB of a picture
	Decimals int         `yaml:"decimals" json:"decimals,omitempty"` // of a number, at most
	Unit     string      `yaml:"unit" json:"unit,omitempty"`
	Match    string      `yaml:"match" json:"match,omitempty"` // regular expression for the whole value
	Check    string      `yaml:"check" json:"check,omitempty"` // name of a check, see Checks
	Values   []EnumValue `yaml:"values" json:"values,omitempty"`
	Columns  []Column    `yaml:"columns" json:"columns,omitempty"`
	// Source computes the value, and a request must not give it; Default does
	// so when the request does not give it. See Sources.
	Source  string `yaml:"source" json:"source,omitempty"`
	Default string `yaml:"default" json:"default,omitempty"`
	Class   string `yaml:"class" json:"class,omitempty"`   // 公开, 内部 (the usual), 敏感
	Mask    string `yaml:"mask" json:"mask,omitempty"`     // see Mask; "" = by class and type
	Hint    string `yaml:"hint" json:"hint,omitempty"`     // for who fills it in
	Hidden  bool   `yaml:"hidden" json:"hidden,omitempty"` // kept in the metadata, not printed on the face

	match *regexp.Regexp
}

// An EnumValue is one allowed value, with its code where number rules need one.
type EnumValue struct {
	Value string `yaml:"value" json:"value"`
	Code  string `yaml:"code" json:"code,omitempty"`
}

// A Column is a column of a table.
type Column struct {
	Key      string `yaml:"key" json:"key"`
	Label    string `yaml:"label" json:"label"`
	Required bool   `yaml:"required" json:"required,omitempty"`
	Max      int    `yaml:"max" json:"max,omitempty"`
}

// A Value is the value of a field: text, a picture, or rows.
type Value struct {
	Text    string
	Picture *face.Picture
	Rows    []map[string]string
}

package sealapply

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/workday"
)

//go:embed forms/*.yaml
var formFiles embed.FS

// A Form is what a region asks of applicants, as data (SEAL-04). Versions are
// dated: the latest whose day has come counts, and an application keeps the one
// that it was made with.
type Form struct {
	Region      string           `yaml:"region" json:"region" doc:"区划代码；空为全国"`
	Version     workday.Date     `yaml:"version" json:"version" doc:"启用日期"`
	Title       string           `yaml:"title" json:"title"`
	Basis       string           `yaml:"basis" json:"basis"`
	Statement   StatementText    `yaml:"statement" json:"statement"`
	Fields      []FormField      `yaml:"fields" json:"fields"`
	Attachments []FormAttachment `yaml:"attachments" json:"attachments"`

	Digest string `yaml:"-" json:"digest" doc:"SM3 摘要"`
}

// StatementText is what the applicant signs about the imprint.
type StatementText struct {
	Version string `yaml:"version" json:"version"`
	Text    string `yaml:"text" json:"text"`
}

// A FormField is one thing that the applicant fills in.
type FormField struct {
	Code     string    `yaml:"code" json:"code"`
	Label    string    `yaml:"label" json:"label"`
	Type     FieldType `yaml:"type" json:"type" enum:"text,long,uscc,name,phone,citizen,date,number,choice"`
	Required bool      `yaml:"required" json:"required"`
	Help     string    `yaml:"help" json:"help,omitempty"`
	Choices  []string  `yaml:"choices" json:"choices,omitempty"`
	Personal bool      `yaml:"personal" json:"personal" doc:"个人信息：加密保存，脱敏显示"`
	scope    `yaml:",inline"`
}

// A FieldType says what a field holds. Names, phones and citizen numbers are
// personal whatever the form says.
type FieldType string

// A FormAttachment is a file that the applicant adds.
type FormAttachment struct {
	Code     string   `yaml:"code" json:"code"`
	Label    string   `yaml:"label" json:"label"`
	Required bool     `yaml:"required" json:"required"`
	Help     string   `yaml:"help" json:"help,omitempty"`
	Media    []string `yaml:"media" json:"media" doc:"pdf、png、jpg、ofd"`
	Max      int64    `yaml:"max" json:"max" doc:"最大多少 MiB"`
	scope    `yaml:",inline"`
}

// scope says for which applications something is asked; empty: for all.
type scope struct {
	For    []Kind   `yaml:"for" json:"for,omitempty" doc:"用于哪些申请；空为全部"`
	Except []string `yaml:"except" json:"except,omitempty" doc:"不用于哪些种类的印章"`
}

func (s scope) covers(k Kind, sealKind string) bool {
	return (len(s.For) == 0 || slices.Contains(s.For, k)) && !slices.Contains(s.Except, sealKind)
}

// For is what the form asks of an application for a seal of a kind.
func (f *Form) For(k Kind, sealKind string) (fields []FormField, files []FormAttachment) {
	for _, x := range f.Fields {
		if x.covers(k, sealKind) {
			fields = append(fields, x)
		}
	}
	for _, x := range f.Attachments {
		if x.covers(k, sealKind) {
			files = append(files, x)
		}
	}
	return fields, files
}

// The attachments without which no seal is cancelled, whatever a form says
// (电子印章管理暂行办法 第十五条: 书面申请, 合法的身份证明材料).
const (
	WrittenApplication = "application"
	IdentityProof      = "identity"
)

// Limits of a form.
const (
	maxForm      = 64 << 10
	maxFormItems = 60
	maxMiB       = 50
)

// shippedForms reads the forms that come with the program, once.
var shippedForms = sync.OnceValues(func() ([]*Form, error) {
	names, err := fs.Glob(formFiles, "forms/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []*Form
	for _, name := range names {
		b, err := formFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := ParseForm(b)
		if err != nil {
			return nil, fmt.Errorf("sealapply: form %s: %w", name, err)
		}
		all = append(all, f)
	}
	return all, nil
})

// ParseForm reads a form from YAML and checks it whole.
func ParseForm(data []byte) (*Form, error) {
	bad := fault.Invalid.New("申请表不符合规则").WithCode("sealapply.form").WithHint("请对照随平台提供的申请表逐项更正")
	if len(data) > maxForm {
		return nil, fault.TooLarge.New("申请表超过 %d KiB", maxForm>>10).WithCode("sealapply.form").WithHint("请精简内容")
	}
	var f Form
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return nil, fault.Invalid.Wrap(err, "申请表不是有效的 YAML，或有不认识的项").WithCode("sealapply.form").WithHint("请对照随平台提供的申请表更正")
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, bad.WithField("form", "documents", "一个文件只能有一份申请表")
	}
	if err := f.check(bad); err != nil {
		return nil, err
	}
	sum := gm.Sum(data)
	f.Digest = fmt.Sprintf("%x", sum[:])
	return &f, nil
}

var formCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (f *Form) check(bad *fault.Error) error {
	say := func(wrong bool, field, code, message string) {
		if wrong {
			bad = bad.WithField(field, code, message)
		}
	}
	if _, err := gbcode.ParseDivision(f.Region); f.Region != "" {
		say(err != nil, "region", "malformed", "不是有效的行政区划代码")
	}
	say(f.Version.IsZero(), "version", "required", "须写明启用日期")
	say(strings.TrimSpace(f.Title) == "", "title", "required", "须有名称")
	say(strings.TrimSpace(f.Basis) == "", "basis", "required", "须写明依据")
	say(strings.TrimSpace(f.Statement.Version) == "" || strings.TrimSpace(f.Statement.Text) == "", "statement", "required", "须有印模真实性声明及其版本")
	say(len(f.Fields) == 0 || len(f.Fields) > maxFormItems, "fields", "count", fmt.Sprintf("应有 1 至 %d 项", maxFormItems))
	say(len(f.Attachments) > maxFormItems, "attachments", "count", fmt.Sprintf("至多 %d 项", maxFormItems))
	seen := map[string]bool{}
	item := func(where, code, label string, s scope) {
		say(!formCode.MatchString(code), where, "code", "代码由小写字母、数字和下划线组成")
		say(seen[where[:5]+code], where, "twice", "代码重复")
		seen[where[:5]+code] = true
		say(strings.TrimSpace(label) == "", where, "label", "须有名称")
		for _, k := range s.For {
			say(kindLabels[k] == "" || k == Bulk, where, "for", "没有这种申请")
		}
		for _, k := range s.Except {
			say(seal.Label(k) == "", where, "except", "没有这种印章")
		}
	}
	for i := range f.Fields {
		x := &f.Fields[i]
		where := fmt.Sprintf("fields[%d]", i)
		item(where, x.Code, x.Label, x.scope)
		t, known := fieldTypes[x.Type]
		say(!known, where, "type", "没有这种类型")
		say((x.Type == "choice") != (len(x.Choices) > 0), where, "choices", "选择项须列出可选的值，其他类型不列")
		x.Personal = x.Personal || t.personal
	}
	for i, x := range f.Attachments {
		where := fmt.Sprintf("attachments[%d]", i)
		item(where, x.Code, x.Label, x.scope)
		say(x.Max < 1 || x.Max > maxMiB, where, "max", fmt.Sprintf("大小应为 1 至 %d MiB", maxMiB))
		say(len(x.Media) == 0, where, "media", "须列出可用的文件类型")
		for _, m := range x.Media {
			say(mediaTypes[m] == "", where, "media", "可用 pdf、png、jpg、ofd")
		}
	}
	for _, code := range []string{WrittenApplication, IdentityProof} {
		say(!slices.ContainsFunc(f.Attachments, func(x FormAttachment) bool {
			return x.Code == code && x.Required && len(x.Except) == 0 && (len(x.For) == 0 || slices.Contains(x.For, Cancel))
		}), "attachments", "cancel", "注销申请须有书面申请（application）和身份证明（identity）两份必备材料")
	}
	return bad.OrNil()
}

// inForce is the form that counts in a region on a day: of the smallest region
// that has one, the latest whose day has come.
func inForce(all []*Form, region string, day workday.Date) *Form {
	var best *Form
	for _, f := range all {
		if day.Before(f.Version) || !due.Covers(f.Region, region) {
			continue
		}
		if best == nil || narrower(f.Region, best.Region) || f.Region == best.Region && best.Version.Before(f.Version) {
			best = f
		}
	}
	return best
}

// narrower tells whether a lies within b and is not b.
func narrower(a, b string) bool { return a != b && due.Covers(b, a) }

package designer

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
)

// The files of a folder that the designer writes.
const (
	kindFile     = "kind.yaml"
	templateFile = "template.yaml"
	exampleFile  = "example.json"
)

// A design is the folder of a draft, read for changing: unlike a catalogue.Kind it
// need not be complete or right.
type design struct {
	name     string
	files    map[string][]byte
	kind     catalogue.Kind
	template face.Template
}

// read reads a folder. What is not there yet is empty; what is no YAML of a kind is
// refused, since the designer would lose it.
func read(name string, files map[string][]byte) (*design, error) {
	d := &design{name: name, files: files}
	for file, into := range map[string]any{kindFile: &d.kind, templateFile: &d.template} {
		data := files[file]
		if len(bytes.TrimSpace(data)) == 0 {
			continue
		}
		dec := yaml.NewDecoder(bytes.NewReader(data))
		dec.KnownFields(true)
		if err := dec.Decode(into); err != nil {
			return nil, fault.Conflict.Wrap(err, "草稿的 %s 读不懂，不能在这里改", file).WithCode("designer.unreadable").
				WithHint("请下载目录，改正后用“换成上传的目录”传回来；sidian kind check 会说明在第几行")
		}
	}
	if len(d.template.Pages) == 0 {
		d.template.Pages = []face.Page{{}}
	}
	d.kind.Name = name
	return d, nil
}

// copyOf is a design of the same files to change.
func (d *design) again() (*design, error) { return read(d.name, d.files) }

// written are the files with what changed in next, everything else as it is.
func (d *design) written(next *design) (map[string][]byte, error) {
	out := maps.Clone(next.files)
	if out == nil {
		out = map[string][]byte{}
	}
	var err error
	if out[kindFile], err = rewrite(d.files[kindFile], d.kind, next.kind); err != nil {
		return nil, err
	}
	if out[templateFile], err = rewrite(d.files[templateFile], d.template, next.template); err != nil {
		return nil, err
	}
	return out, nil
}

// begin is what a kind that is all new begins with: an empty page of a size, the
// styles that the face needs, and no more than its name.
func begin(title string, width, height float64) map[string][]byte {
	var b strings.Builder
	fmt.Fprintf(&b, "width: %g\nheight: %g\n", width, height)
	b.WriteString(`styles:
  value: { font: sans, size: 12, min: 8, align: left, valign: middle, line: 1.35 }
  label: { font: sans, size: 12, align: distribute, valign: middle, bold: true, lines: 1 }
  title: { font: serif, size: 32, min: 16, align: center, bold: true, spacing: 0.3 }
  small: { font: sans, size: 8, align: left, valign: middle, color: "#3c3c3c" }
pages:
  - items: []
`)
	kind, err := rewrite(nil, catalogue.Kind{}, catalogue.Kind{
		Title: title, Origin: catalogue.Local, Category: "证件", Number: catalogue.Number{Pattern: "{region}{year}{seq:6}", Scope: []string{"region", "year"}},
		Validity: catalogue.Validity{Rule: "given"}, Sharing: catalogue.ShareFree,
		Holders: catalogue.Holders{Types: []string{"person"}, IDTypes: []string{"111"}},
	})
	if err != nil {
		kind = nil // strings always marshal
	}
	return map[string][]byte{kindFile: kind, templateFile: []byte(b.String())}
}

var keyForm = regexp.MustCompile(`^(KZ_[A-Z0-9_]{1,60}|[a-z][A-Za-z0-9]{0,62})$`)

// wrongs gather what a form gave that cannot be kept.
type wrongs []fault.Field

func (w *wrongs) add(name, format string, args ...any) {
	*w = append(*w, fault.Field{Name: name, Code: "value", Message: fmt.Sprintf(format, args...)})
}

func (w wrongs) err() error {
	if len(w) == 0 {
		return nil
	}
	e := fault.Invalid.New("有 %d 处没有填对，还没有保存", len(w)).WithCode("designer.form").WithHint("您填写的内容都还在，请逐项更正后再保存")
	e.Fields = w
	return e
}

// findingsOf is what a refusal of the catalogue names.
func findingsOf(err error) ([]fault.Field, bool) {
	e := fault.As(err)
	if e == nil {
		return nil, false
	}
	if len(e.Fields) == 0 {
		return []fault.Field{{Name: ".", Code: e.Code, Message: e.Msg}}, true
	}
	return e.Fields, true
}

package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"

	"sidian/gbcode"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
	"sidian/ofd/draw"
	"sidian/workday"
)

// A Finding is something wrong with a kind's folder.
type Finding struct {
	Kind    string `json:"kind"`  // folder
	Where   string `json:"where"` // file, key
	Code    string `json:"code"`
	Message string `json:"message"` // Chinese
}

// Check lints the kinds whose folders stand in fsys, or only those named: it
// reads them, compiles their faces with fonts, validates their examples, and
// fills the faces with them. No finding means that the kind can be published.
func Check(fsys fs.FS, fonts *draw.Fonts, names ...string) []Finding {
	if len(names) == 0 {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil {
			return []Finding{{Where: ".", Code: "file.read", Message: "读不到目录"}}
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	var found []Finding
	for _, name := range names {
		folder, err := fs.Sub(fsys, name)
		if err == nil {
			_, err = prepare(name, folder, fonts)
		}
		found = append(found, findings(name, err)...)
	}
	return found
}

func findings(name string, err error) []Finding {
	if err == nil {
		return nil
	}
	e := fault.As(err)
	if e == nil {
		return []Finding{{name, ".", "internal", "检查没有完成：" + err.Error()}}
	}
	if len(e.Fields) == 0 {
		return []Finding{{name, ".", e.Code, e.Msg}}
	}
	var found []Finding
	for _, f := range e.Fields {
		found = append(found, Finding{name, f.Name, f.Code, f.Message})
	}
	return found
}

// prepare loads a kind and does with it all that issuing will do.
func prepare(name string, folder fs.FS, fonts *draw.Fonts) (*Kind, error) {
	k, err := Load(name, folder)
	if err != nil {
		return nil, err
	}
	compiled, err := Compile(k, fonts)
	if err != nil {
		return nil, err
	}
	_, err = k.sample(compiled)
	return k, err
}

// ExampleRequest is the example as a request.
func (k *Kind) ExampleRequest() (Request, error) {
	var body struct {
		Kind   string `json:"kind"`
		Issuer string `json:"issuer"`
		CaseNo string `json:"case_no"`
		Done   string `json:"finished_at"`
		Request
	}
	d := json.NewDecoder(bytes.NewReader(k.Example))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return Request{}, fault.Invalid.New("样例读不懂").WithField(exampleFile, "json", "应是 POST /api/v1/certificates 的请求体")
	}
	if !slices.Contains([]string{k.Name, k.Code.String()}, body.Kind) {
		return Request{}, fault.Invalid.New("样例不是这个类型的").WithField(exampleFile+" kind", "kind", "kind 应写目录名或证照类型代码")
	}
	return body.Request, nil
}

// SampleIssuance is how the example is issued in checks and previews: by an
// invented body of a division that does not exist.
func SampleIssuance() Issuance {
	region, _ := gbcode.ParseDivision("999999")
	org, _ := gbcode.NewOrgCode("00000000")
	code, _ := gbcode.NewCreditCode('1', '1', region, org)
	return Issuance{
		Issuer: Issuer{Name: "青禾县行政审批服务管理局", Code: code, Region: region},
		Issued: workday.Date{Year: 2026, Month: 1, Day: 5}, Sequence: 1, Version: 1,
		DocID: "00000000000000000000000000000001", Code: "https://example.invalid/v/0000000000000000000000", Mark: "样例",
	}
}

// Sample drafts the example as [SampleIssuance] says.
func (k *Kind) Sample() (*Draft, error) {
	r, err := k.ExampleRequest()
	if err != nil {
		return nil, err
	}
	c, err := k.Validate(r)
	if err != nil {
		return nil, within(exampleFile, err)
	}
	d, err := k.Draft(c, SampleIssuance())
	return d, within(exampleFile, err)
}

func (k *Kind) sample(compiled *face.Face) (*Draft, error) {
	d, err := k.Sample()
	if err != nil {
		return nil, err
	}
	if _, err := compiled.Fill(d.Face); err != nil {
		return nil, within(exampleFile, Refusal(err))
	}
	return d, nil
}

// within puts the file's name before the names of the fields.
func within(file string, err error) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	c := *e
	c.Fields = slices.Clone(e.Fields)
	for i := range c.Fields {
		c.Fields[i].Name = file + " " + c.Fields[i].Name
	}
	return &c
}

// Refusal turns what Fill refuses into a *fault.Error that names the field;
// other errors stay as they are.
func Refusal(err error) error {
	var e *face.FieldError
	if !errors.As(err, &e) {
		return err
	}
	return fault.Invalid.New("证照的照面印不出来").WithCode("catalogue.face").WithHint("请按每一项的说明更正后重试").
		WithField("fields."+e.Key, e.Code, e.Msg)
}

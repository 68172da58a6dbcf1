package httpx

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sidian/internal/conf"
	"sidian/internal/fault"
)

// read fills the request value v from hr, and gathers everything that is wrong
// before it refuses.
func (p *plan) read(hr *http.Request, v reflect.Value, reg huma.Registry, maxBody int64) error {
	bad := fault.Invalid.New("请求不符合规则").WithCode("invalid").WithHint("请按 errors 中的提示逐项改正后重试")
	if err := p.readBody(hr, v, reg, maxBody, &bad); err != nil {
		return err
	}
	if err := p.readParams(hr, v, reg, &bad); err != nil {
		return err
	}
	if err := bad.OrNil(); err != nil {
		return err
	}
	if p.check {
		return v.Addr().Interface().(validator).Validate()
	}
	return nil
}

func (p *plan) readBody(hr *http.Request, v reflect.Value, reg huma.Registry, maxBody int64, bad **fault.Error) error {
	switch p.body {
	case bodyJSON:
		if err := wantMedia(hr, "application/json"); err != nil {
			return err
		}
		data, err := readAll(hr)
		if err != nil {
			return err
		}
		return p.readJSON(data, v, reg, bad)
	case bodyRaw:
		if err := wantMedia(hr, p.media); err != nil {
			return err
		}
		data, err := readAll(hr)
		if err != nil {
			return err
		}
		v.FieldByIndex(p.index).SetBytes(data)
	case bodyForm:
		if err := wantMedia(hr, "multipart/form-data"); err != nil {
			return err
		}
		// In memory whole: what is uploaded is personal data, and a spooled file
		// would stand unencrypted on the disk.
		if err := hr.ParseMultipartForm(maxBody); err != nil {
			return bodyError(err, "请求正文不是完整的 multipart/form-data")
		}
		v.FieldByIndex(p.index).Set(reflect.ValueOf(hr.MultipartForm))
	}
	return nil
}

func (p *plan) readJSON(data []byte, v reflect.Value, reg huma.Registry, bad **fault.Error) error {
	tree, err := readTree(data)
	if err != nil {
		return err
	}
	var res huma.ValidateResult
	path := huma.NewPathBuffer(make([]byte, 0, 64), 0)
	path.Push("body")
	huma.Validate(reg, p.schema, path, huma.ModeWriteToServer, tree, &res)
	for _, err := range res.Errors {
		*bad = withField(*bad, fieldOf(err, p.schema, reg))
	}
	if len(res.Errors) > 0 {
		return nil // told together with what is wrong elsewhere
	}
	target := v
	if p.index != nil {
		target = v.FieldByIndex(p.index)
	}
	if err := json.Unmarshal(data, target.Addr().Interface()); err != nil {
		return notFitting(err)
	}
	return nil
}

func withField(e *fault.Error, f fault.Field) *fault.Error {
	return e.WithField(f.Name, f.Code, f.Message)
}

// notJSON never repeats the offending text, as encoding/json would.
func notJSON(err error) error {
	e := &httpError{http.StatusBadRequest, "请求无法读取", fault.Invalid.New("请求正文不是有效的 JSON").WithCode("json.syntax").WithHint("请检查引号、逗号和编码（UTF-8）")}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		e.cause = e.cause.WithHint("第 %d 个字节处有错；请检查引号、逗号和编码（UTF-8）", syntax.Offset)
	}
	return e
}

// notFitting is for what the schema let pass and the Go type did not, such as
// a number beyond its range or a text that its type refuses.
func notFitting(err error) error {
	e := fault.Invalid.New("请求不符合规则").WithCode("invalid")
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		return e.WithField(te.Field, "type", "类型或取值范围不符")
	}
	if f := fault.As(err); f != nil {
		return f
	}
	return e.WithHint("有一个取值不符合其类型的规则")
}

func wantMedia(hr *http.Request, want string) error {
	got := hr.Header.Get("Content-Type")
	if want == "" || got == "" && want != "multipart/form-data" {
		return nil
	}
	media, _, err := mime.ParseMediaType(got)
	if err == nil && media == want {
		return nil
	}
	e := fault.Invalid.New("请求正文的类型应为 %s", want).WithCode("media-type").WithHint("请设置 Content-Type: %s", want)
	return &httpError{http.StatusUnsupportedMediaType, "不支持的类型", e}
}

func readAll(hr *http.Request) ([]byte, error) {
	data, err := io.ReadAll(hr.Body)
	if err != nil {
		return nil, bodyError(err, "请求正文没有完整到达")
	}
	return data, nil
}

func bodyError(err error, otherwise string) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.TooLarge.New("请求正文超过 %d 字节", tooLarge.Limit).WithCode("body.too-large").WithHint("请缩小文件或分次提交")
	}
	return &httpError{http.StatusBadRequest, "请求无法读取", fault.Invalid.New("%s", otherwise).WithCode("body.incomplete")}
}

func (p *plan) readParams(hr *http.Request, v reflect.Value, reg huma.Registry, bad **fault.Error) error {
	query, err := url.ParseQuery(hr.URL.RawQuery)
	if err != nil {
		return &httpError{http.StatusBadRequest, "请求无法读取", fault.Invalid.New("查询参数的编码有误").WithCode("query.syntax")}
	}
	known := make([]string, 0, len(p.params))
	for _, q := range p.params {
		text, sent := q.text(hr, query)
		if q.in == "query" {
			known = append(known, q.name)
			delete(query, q.name)
		}
		if !sent {
			if q.required {
				*bad = (*bad).WithField(q.name, "required", "必填")
			}
			if q.def == "" {
				continue
			}
			text = []string{q.def}
		}
		if f, ok := q.set(v, text, reg); !ok {
			*bad = withField(*bad, f)
		}
	}
	*bad = unknownQuery(*bad, query, known)
	return nil
}

func (q param) text(hr *http.Request, query url.Values) (values []string, sent bool) {
	switch q.in {
	case "path":
		values = []string{hr.PathValue(q.name)}
	case "header":
		values = hr.Header.Values(q.name)
	default:
		values = query[q.name]
	}
	return values, len(values) > 0 && values[0] != ""
}

func unknownQuery(bad *fault.Error, rest url.Values, known []string) *fault.Error {
	names := make([]string, 0, len(rest))
	for name := range rest {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		msg := "不认识这个查询参数"
		if near := conf.Nearest(name, known); near != "" {
			msg += "；是否想写 " + near + "？"
		}
		bad = bad.WithField(strings.ToValidUTF8(clip(name, 64), "?"), "unknown", msg)
	}
	return bad
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

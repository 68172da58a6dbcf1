package httpx

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

func newDocument(o Options) *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: o.Title, Version: o.Version},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":  {Type: "http", Scheme: "bearer", Description: "POST /oauth/token 取得的访问令牌"},
				"session": {Type: "apiKey", In: "cookie", Name: "sidian", Description: "登录后的会话"},
			},
		},
	}
}

// schemaName names a type with its package, so that two contexts may both have
// a Request: "CertIssueRequest".
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if t.Name() == "" || t.PkgPath() == "" {
		return name
	}
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// OpenAPI is the document of all routes mounted so far, as JSON.
func (r *Router) OpenAPI() ([]byte, error) {
	b, err := r.doc.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return b, nil
}

// document makes the plan of a route's request and writes the route into the
// OpenAPI document. huma's schemas panic on types that they cannot describe.
func (r *Router) document(m *mount, in, out reflect.Type) (p *plan, err error) {
	defer func() {
		if v := recover(); v != nil {
			p, err = nil, fmt.Errorf("describing %s and %s: %v", in, out, v)
		}
	}()
	reg := r.doc.Components.Schemas
	op := r.operation(m)
	if p, err = planOf(in, m.method, reg, op.OperationID+"-request"); err != nil {
		return nil, err
	}
	for _, q := range p.params {
		op.Parameters = append(op.Parameters, &huma.Param{Name: q.name, In: q.in, Required: q.required, Schema: q.schema, Description: q.schema.Description})
	}
	op.RequestBody = p.requestBody()
	r.responses(m, op, out)
	if !m.hidden {
		r.doc.AddOperation(op)
	}
	return p, nil
}

func (r *Router) documentHTTP(m *mount) {
	op := r.operation(m)
	for _, name := range pathNames(m.pattern) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	r.responses(m, op, reflect.TypeFor[File]())
	if !m.hidden {
		r.doc.AddOperation(op)
	}
}

func (r *Router) operation(m *mount) *huma.Operation {
	op := &huma.Operation{
		OperationID: operationID(m.method, m.pattern), Method: m.method, Path: docPath(m.pattern), Summary: m.summary,
		Responses: map[string]*huma.Response{}, Extensions: map[string]any{"x-need": m.need.String()},
	}
	if m.tag != "" {
		op.Tags = []string{m.tag}
	}
	if !m.need.IsPublic() {
		op.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
	}
	if m.writes() && !m.noIdempotency && !m.need.IsPublic() && r.opts.Idempotency != nil {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "同一个键、同样的内容得到同一个结果；内容不同则 409"})
	}
	return op
}

func (p *plan) requestBody() *huma.RequestBody {
	switch p.body {
	case bodyJSON:
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: p.schema}}}
	case bodyRaw:
		media := p.media
		if media == "" {
			media = "application/octet-stream"
		}
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{media: {Schema: binary()}}}
	case bodyForm:
		form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": binary()}}
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}}
	default:
		return nil
	}
}

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

func (r *Router) responses(m *mount, op *huma.Operation, out reflect.Type) {
	reg := r.doc.Components.Schemas
	status := http.StatusOK
	content := map[string]*huma.MediaType{}
	for _, media := range m.media {
		content[media] = &huma.MediaType{Schema: binary()}
	}
	switch out {
	case reflect.TypeFor[Empty]():
		status = http.StatusNoContent
	case reflect.TypeFor[File](), reflect.TypeFor[*File]():
		if len(content) == 0 {
			content["application/octet-stream"] = &huma.MediaType{Schema: binary()}
		}
	default:
		content["application/json"] = &huma.MediaType{Schema: reg.Schema(out, true, op.OperationID+"-response")}
	}
	status = or(m.status, status)
	op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: content}
	op.Responses["default"] = &huma.Response{Description: "RFC 9457 problem", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: reg.Schema(reflect.TypeFor[Problem](), true, "")},
	}}
}

// operationID is stable, and readable as the name of a generated function.
func operationID(method, pattern string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, part := range strings.Split(docPath(pattern), "/") {
		if part = strings.Trim(part, "{}"); part != "" {
			b.WriteByte('-')
			b.WriteString(part)
		}
	}
	return b.String()
}

// docPath is a pattern of ServeMux as OpenAPI writes it.
func docPath(pattern string) string {
	return strings.ReplaceAll(strings.ReplaceAll(pattern, "{$}", ""), "...}", "}")
}

func pathNames(pattern string) (names []string) {
	for _, part := range strings.Split(docPath(pattern), "/") {
		if strings.HasPrefix(part, "{") {
			names = append(names, strings.Trim(part, "{}"))
		}
	}
	return names
}

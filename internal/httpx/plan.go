package httpx

import (
	"fmt"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A plan is how a type of request is read, made once when a route is mounted.
type plan struct {
	params []param
	body   bodyKind
	index  []int        // of the field that holds the body; nil: the request itself
	schema *huma.Schema // of a JSON body
	media  string       // of a raw body; empty: any
	check  bool         // *Req has Validate() error
}

type bodyKind int

const (
	bodyNone bodyKind = iota
	bodyJSON
	bodyRaw
	bodyForm
)

type param struct {
	in, name string
	required bool
	index    []int
	schema   *huma.Schema
	def      string
}

var (
	formType  = reflect.TypeFor[*multipart.Form]()
	bytesType = reflect.TypeFor[[]byte]()
)

type validator interface{ Validate() error }

// planOf reads how a request of type t looks for a route of method.
func planOf(t reflect.Type, method string, reg huma.Registry, hint string) (*plan, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("request type %s is not a struct", t)
	}
	p := &plan{check: reflect.PointerTo(t).Implements(reflect.TypeFor[validator]())}
	members, err := p.fields(t, nil, reg)
	if err != nil {
		return nil, err
	}
	switch {
	case p.body != bodyNone:
	case len(members) == 0:
	case method == http.MethodGet || method == http.MethodHead:
		return nil, fmt.Errorf("request type %s: field %s has no path, query or header tag, and a %s has no body", t, members[0], method)
	default:
		p.body = bodyJSON
		p.schema = bodySchema(reg, t, p.params, hint)
	}
	return p, nil
}

// fields gathers parameters and an explicit body, and names the other fields.
func (p *plan) fields(t reflect.Type, at []int, reg huma.Registry) (members []string, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int{}, at...), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("json") == "" {
			inner, err := p.fields(f.Type, index, reg)
			if err != nil {
				return nil, err
			}
			members = append(members, inner...)
			continue
		}
		if !f.IsExported() {
			continue
		}
		if in, name := location(f); in != "" {
			q, err := newParam(reg, f, index, in, name)
			if err != nil {
				return nil, err
			}
			p.params = append(p.params, q)
			continue
		}
		if p.explicit(f, index, reg) || f.Tag.Get("json") == "-" {
			continue
		}
		members = append(members, f.Name)
	}
	if len(members) > 0 && p.body != bodyNone {
		return nil, fmt.Errorf("request type %s has a body field beside members of a body", t)
	}
	return members, nil
}

func (p *plan) explicit(f reflect.StructField, index []int, reg huma.Registry) bool {
	switch {
	case f.Name == "Form" && f.Type == formType:
		p.body, p.index = bodyForm, index
	case f.Name == "RawBody" && f.Type == bytesType:
		p.body, p.index, p.media = bodyRaw, index, f.Tag.Get("contentType")
	case f.Name == "Body" && f.Tag.Get("json") == "":
		p.body, p.index, p.schema = bodyJSON, index, huma.SchemaFromField(reg, f, "")
	default:
		return false
	}
	return true
}

func location(f reflect.StructField) (in, name string) {
	for _, in := range []string{"path", "query", "header"} {
		if v, ok := f.Tag.Lookup(in); ok {
			name, _, _ := strings.Cut(v, ",")
			return in, name
		}
	}
	return "", ""
}

func newParam(reg huma.Registry, f reflect.StructField, index []int, in, name string) (param, error) {
	if !settable(f.Type) {
		return param{}, fmt.Errorf("parameter %s: type %s cannot be read from text", name, f.Type)
	}
	q := param{in: in, name: name, index: index, required: in == "path" || f.Tag.Get("required") == "true", def: f.Tag.Get("default")}
	q.schema = huma.SchemaFromField(reg, f, "")
	return q, nil
}

// bodySchema is the schema of t without the fields that come from elsewhere:
// sent in the body as well, they are unknown.
func bodySchema(reg huma.Registry, t reflect.Type, params []param, hint string) *huma.Schema {
	ref := reg.Schema(t, true, hint)
	s := resolve(ref, reg)
	for _, q := range params {
		name := memberName(t.FieldByIndex(q.index))
		delete(s.Properties, name)
		s.Required = without(s.Required, name)
	}
	s.PrecomputeMessages()
	return ref
}

func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}

func without(list []string, name string) []string {
	var out []string
	for _, s := range list {
		if s != name {
			out = append(out, s)
		}
	}
	return out
}

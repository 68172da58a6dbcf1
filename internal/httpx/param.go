package httpx

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sidian/internal/fault"
)

var (
	timeType = reflect.TypeFor[time.Time]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// settable tells whether a parameter of type t can be read from text.
func settable(t reflect.Type) bool {
	if t == timeType || reflect.PointerTo(t).Implements(textType) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float64, reflect.Int, reflect.Int64, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	default:
		return false
	}
}

// set reads the parameter from text into its field of the request v.
func (q param) set(v reflect.Value, text []string, reg huma.Registry) (fault.Field, bool) {
	f := v.FieldByIndex(q.index)
	value, code, message := parse(f, text)
	if code != "" {
		return fault.Field{Name: q.name, Code: code, Message: message}, false
	}
	var res huma.ValidateResult
	path := huma.NewPathBuffer(make([]byte, 0, 32), 0)
	path.Push(q.in)
	path.Push(q.name)
	huma.Validate(reg, q.schema, path, huma.ModeWriteToServer, value, &res)
	if len(res.Errors) > 0 {
		return fieldOf(res.Errors[0], q.schema, reg), false
	}
	return fault.Field{}, true
}

// parse sets f and returns what the schema is to judge, or what was wrong.
func parse(f reflect.Value, text []string) (value any, code, message string) {
	s := text[0]
	if u, ok := f.Addr().Interface().(encoding.TextUnmarshaler); ok && f.Type() != timeType {
		if err := u.UnmarshalText([]byte(s)); err != nil {
			if e := fault.As(err); e != nil {
				return nil, "invalid", e.Msg
			}
			return nil, "invalid", "取值不符合规则"
		}
		return s, "", ""
	}
	if f.Type() == timeType {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, "format.date-time", "应为日期时间，例如 2026-01-02T15:04:05+08:00"
		}
		f.Set(reflect.ValueOf(t))
		return s, "", ""
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(s)
		return s, "", ""
	case reflect.Slice:
		return parseList(f, text), "", ""
	default:
		return parseScalar(f, s)
	}
}

func parseList(f reflect.Value, text []string) any {
	var list []string
	for _, t := range text {
		list = append(list, strings.Split(t, ",")...)
	}
	out := reflect.MakeSlice(f.Type(), len(list), len(list))
	for i, s := range list {
		out.Index(i).SetString(s)
	}
	f.Set(out)
	return list
}

func parseScalar(f reflect.Value, s string) (value any, code, message string) {
	switch f.Kind() {
	case reflect.Bool:
		if s != "true" && s != "false" {
			return nil, "type.boolean", "应为 true 或 false"
		}
		f.SetBool(s == "true")
		return s == "true", "", ""
	case reflect.Float64:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, "type.number", "应为数字"
		}
		f.SetFloat(n)
		return n, "", ""
	case reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, "type.integer", "应为非负整数"
		}
		f.SetUint(n)
		return n, "", ""
	default:
		n, err := strconv.ParseInt(s, 10, f.Type().Bits())
		if err != nil {
			return nil, "type.integer", "应为整数"
		}
		f.SetInt(n)
		return n, "", ""
	}
}

package conf

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// Keys lists every key in the order of the struct: "database.url".
func Keys() []string {
	var keys []string
	walk(reflect.ValueOf(Default()), "", func(key, _ string, _ reflect.Value) { keys = append(keys, key) })
	return keys
}

// listKeys are those that hold a list: separated by commas in the environment.
func listKeys() []string {
	var keys []string
	walk(reflect.ValueOf(Default()), "", func(key, _ string, v reflect.Value) {
		if v.Kind() == reflect.Slice {
			keys = append(keys, key)
		}
	})
	return keys
}

// walk visits the fields that hold a value, with their keys and their words.
func walk(v reflect.Value, prefix string, visit func(key, doc string, v reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct {
			walk(v.Field(i), key+".", visit)
			continue
		}
		visit(key, f.Tag.Get("doc"), v.Field(i))
	}
}

// Example is a configuration file with every key at its default, each with
// what it means and its environment variable.
func Example() string {
	var b strings.Builder
	b.WriteString("# 四电平台配置。每一项也可用所注的环境变量设置，环境变量优先。\n# 密钥和口令不写在这里，只写存放它们的文件的路径。\n")
	var open []string
	walk(reflect.ValueOf(Default()), "", func(key, doc string, v reflect.Value) {
		parts := strings.Split(key, ".")
		groups, name := parts[:len(parts)-1], parts[len(parts)-1]
		for i, g := range groups {
			if i < len(open) && open[i] == g {
				continue
			}
			fmt.Fprintf(&b, "%s%s%s:\n", map[bool]string{true: "\n"}[i == 0], strings.Repeat("  ", i), g)
			open = append(open[:min(i, len(open))], g)
		}
		open = open[:len(groups)]
		indent := strings.Repeat("  ", len(groups))
		fmt.Fprintf(&b, "%s# %s（%s）\n%s%s: %s\n", indent, doc, EnvName(key), indent, name, literal(v))
	})
	return b.String()
}

func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case string:
		return fmt.Sprintf("%q", x)
	case []string:
		return "[]"
	default:
		return fmt.Sprint(x)
	}
}

// LogValue keeps a configuration out of logs: it tells where things are looked
// for, and nothing else.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("listen", c.Listen), slog.String("data_dir", c.DataDir))
}

// String is what a careless print shows.
func (c Config) String() string { return "conf.Config{…}" }

// GoString is the same for %#v.
func (c Config) GoString() string { return c.String() }

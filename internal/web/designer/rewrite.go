package designer

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rewrite puts what changed between two values into the YAML that the first was
// read from. What did not change stays as it was written, with its comments; when
// nothing changed, so do all bytes.
func rewrite(source []byte, before, after any) ([]byte, error) {
	to := nodeOf(reflect.ValueOf(after), false)
	if same(nodeOf(reflect.ValueOf(before), false), to) {
		return source, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, fmt.Errorf("designer: reading what is rewritten: %w", err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	doc.Content[0] = reconcile(doc.Content[0], to)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, fmt.Errorf("designer: writing YAML: %w", err)
	}
	return b.Bytes(), e.Close()
}

// reconcile is the old node changed as little as makes it say what to says. to
// leaves out what is empty.
func reconcile(old, to *yaml.Node) *yaml.Node {
	switch {
	case same(old, to):
		return old
	case old.Kind == yaml.MappingNode && to.Kind == yaml.MappingNode:
		return reconcileMapping(old, to)
	case old.Kind == yaml.SequenceNode && to.Kind == yaml.SequenceNode:
		return reconcileSequence(old, to)
	case old.Kind == yaml.ScalarNode && to.Kind == yaml.ScalarNode:
		n := *to
		n.HeadComment, n.LineComment, n.FootComment = old.HeadComment, old.LineComment, old.FootComment
		return &n
	}
	return to
}

func reconcileMapping(old, to *yaml.Node) *yaml.Node {
	out := *old
	out.Content = nil
	for i := 0; i+1 < len(old.Content); i += 2 {
		key, was := old.Content[i], old.Content[i+1]
		if v := lookup(to, key.Value); v != nil {
			out.Content = append(out.Content, key, reconcile(was, v))
		} else if empty(was) {
			out.Content = append(out.Content, key, was)
		}
	}
	for i := 0; i+1 < len(to.Content); i += 2 {
		if lookup(old, to.Content[i].Value) == nil {
			out.Content = append(out.Content, to.Content[i], to.Content[i+1])
		}
	}
	return &out
}

// reconcileSequence keeps the elements that are still there, wherever they moved,
// and changes in place what stands where it stood.
func reconcileSequence(old, to *yaml.Node) *yaml.Node {
	out := *old
	out.Content = make([]*yaml.Node, len(to.Content))
	taken := make([]bool, len(old.Content))
	from := 0
	for i, v := range to.Content {
		for n := range old.Content { // the order is mostly that of before
			at := (from + n) % len(old.Content)
			if !taken[at] && same(old.Content[at], v) {
				out.Content[i], taken[at], from = old.Content[at], true, at+1
				break
			}
		}
	}
	for i, v := range to.Content {
		if out.Content[i] != nil {
			continue
		}
		out.Content[i] = v
		if at := partner(old, taken, i, v); at >= 0 {
			out.Content[i], taken[at] = reconcile(old.Content[at], v), true
		}
	}
	return &out
}

// partner is the element of before that v has come of, or -1: the one that stood
// there, unless it is something else by name.
func partner(old *yaml.Node, taken []bool, i int, v *yaml.Node) int {
	if key := lookup(v, "key"); key != nil {
		return slices.IndexFunc(old.Content, func(n *yaml.Node) bool { k := lookup(n, "key"); return k != nil && k.Value == key.Value })
	}
	if i < len(taken) && !taken[i] {
		return i
	}
	return -1
}

func lookup(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// empty tells whether a node says what leaving it out says too.
func empty(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.ShortTag() == "!!null" || slices.Contains([]string{"", "0", "0.0", "false"}, n.Value)
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			if !empty(n.Content[i]) {
				return false
			}
		}
		return true
	case yaml.SequenceNode:
		return len(n.Content) == 0
	}
	return false
}

// same compares what two nodes say; what is empty in a mapping counts as left out.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return a.Value == b.Value || number(a) && number(b) && numeric(a.Value) == numeric(b.Value)
	case yaml.SequenceNode:
		return slices.EqualFunc(a.Content, b.Content, same)
	case yaml.MappingNode:
		return covers(a, b) && covers(b, a)
	}
	return false
}

func covers(a, b *yaml.Node) bool {
	for i := 0; i+1 < len(a.Content); i += 2 {
		v := lookup(b, a.Content[i].Value)
		if v == nil && !empty(a.Content[i+1]) || v != nil && !same(a.Content[i+1], v) {
			return false
		}
	}
	return true
}

func number(n *yaml.Node) bool { return n.ShortTag() == "!!int" || n.ShortTag() == "!!float" }

func numeric(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return v
}

// nodeOf is a value as YAML without what is empty. What stands in a list is
// written on one line, as people write it.
func nodeOf(v reflect.Value, flow bool) *yaml.Node {
	if !v.IsValid() {
		return scalar("")
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			text = nil
		}
		return scalar(string(text))
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		}
		return nodeOf(v.Elem(), flow)
	case reflect.String:
		return scalar(v.String())
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}
	case reflect.Float64:
		return decimal(v.Float())
	case reflect.Slice, reflect.Array:
		return listOf(v, flow)
	case reflect.Map:
		return mapOf(v)
	case reflect.Struct:
		return structOf(v, flow)
	}
	return scalar(fmt.Sprint(v.Interface()))
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.Contains(s, "\n") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func decimal(f float64) *yaml.Node {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if strings.Contains(s, ".") {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: s}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: s}
}

func listOf(v reflect.Value, flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	plain := true
	for i := range v.Len() {
		c := nodeOf(v.Index(i), true)
		plain = plain && (c.Kind == yaml.ScalarNode && len(c.Value) < 32)
		n.Content = append(n.Content, c)
	}
	if flow || plain {
		n.Style = yaml.FlowStyle
	}
	return n
}

func mapOf(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		n.Content = append(n.Content, scalar(k.String()), nodeOf(v.MapIndex(k), true))
	}
	return n
}

// structOf writes the fields that have a name in YAML. A page is the one thing in a
// list that is too long for a line.
func structOf(v reflect.Value, flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	long := false
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "" || name == "-" || v.Field(i).IsZero() {
			continue
		}
		long = long || name == "items" && f.Type.Kind() == reflect.Slice && flow
		n.Content = append(n.Content, scalar(name), nodeOf(v.Field(i), flow && !long))
	}
	if flow && !long {
		n.Style = yaml.FlowStyle
	}
	return n
}

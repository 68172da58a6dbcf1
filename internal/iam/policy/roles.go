package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// file is roles.yaml.
type file struct {
	Version     int          `yaml:"version"`
	Purposes    []Purpose    `yaml:"purposes"`
	Permissions []Permission `yaml:"permissions"`
	Roles       []Role       `yaml:"roles"`
	Clients     clients      `yaml:"clients"`
}

// clients is what any program may be given.
type clients struct {
	May      []string `yaml:"may"`
	Purposes []string `yaml:"purposes"`
}

func inRoles(format string, args ...any) error {
	return &Error{File: "roles.yaml", Say: fmt.Sprintf(format, args...)}
}

// readRoles reads the text and checks that it hangs together; what it may say
// is checked by duties.
func readRoles(data []byte) (file, error) {
	var f file
	if len(data) > maxText {
		return f, inRoles("超过 %d KiB", maxText>>10)
	}
	if !utf8.Valid(data) {
		return f, inRoles("不是 UTF-8 文本")
	}
	if err := plain(data); err != nil {
		return f, err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return f, inRoles("格式不符：%s", short(err.Error()))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, inRoles("只能有一个文档")
	}
	return f, f.check()
}

// plain refuses what YAML has for clever people: anchors, aliases, merges and
// tags of one's own make a text mean something else than it says.
func plain(data []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return inRoles("格式不符：%s", short(err.Error()))
	}
	var walk func(n *yaml.Node, depth int) error
	walk = func(n *yaml.Node, depth int) error {
		switch {
		case depth > maxDepth:
			return inRoles("第 %d 行嵌套过深", n.Line)
		case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge":
			return inRoles("第 %d 行：不得使用锚点和别名", n.Line)
		case n.Style&yaml.TaggedStyle != 0:
			return inRoles("第 %d 行：不得使用标签", n.Line)
		}
		for _, c := range n.Content {
			if err := walk(c, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(&doc, 0)
}

// short keeps somebody else's error to a line.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxSay {
		return string(runes[:maxSay]) + "……"
	}
	return s
}

var (
	codeForm       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	permissionForm = regexp.MustCompile(`^[a-z]{1,20}(\.[a-z]{1,20}){1,3}$`)
)

// check refuses names that are unknown, stand twice, or are no names.
func (f *file) check() error {
	switch {
	case f.Version < 1 || f.Version > maxVersion:
		return inRoles("version 应为 1 至 %d", maxVersion)
	case len(f.Roles) == 0 || len(f.Roles) > maxRoles:
		return inRoles("角色应为 1 至 %d 个", maxRoles)
	case len(f.Permissions) == 0 || len(f.Permissions) > maxPermissions:
		return inRoles("权限应为 1 至 %d 个", maxPermissions)
	case len(f.Purposes) > maxPurposes:
		return inRoles("用途至多 %d 个", maxPurposes)
	}
	permissions, purposes := map[string]bool{}, map[string]bool{}
	for _, p := range f.Purposes {
		if err := declare("用途", purposes, codeForm, p.Code, p.Name); err != nil {
			return err
		}
	}
	for _, p := range f.Permissions {
		if err := declare("权限", permissions, permissionForm, p.Name, p.Label); err != nil {
			return err
		}
		if strings.TrimSpace(p.Group) == "" || utf8.RuneCountInString(p.Group) > maxSay {
			return inRoles("权限 %s 没有分组", p.Name)
		}
	}
	roles := map[string]bool{}
	for _, r := range f.Roles {
		if err := declare("角色", roles, codeForm, r.Code, r.Name); err != nil {
			return err
		}
		if err := known(r.Name, r.May, r.Purposes, permissions, purposes); err != nil {
			return err
		}
	}
	return known("接入应用", f.Clients.May, f.Clients.Purposes, permissions, purposes)
}

func declare(what string, seen map[string]bool, form *regexp.Regexp, code, name string) error {
	switch {
	case !form.MatchString(code):
		return inRoles("%s的代码“%s”不符合规则", what, short(code))
	case seen[code]:
		return inRoles("%s %s 重复", what, code)
	case strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxSay:
		return inRoles("%s %s 没有名称，或名称过长", what, code)
	}
	seen[code] = true
	return nil
}

func known(who string, may, uses []string, permissions, purposes map[string]bool) error {
	seen := map[string]bool{}
	for _, p := range may {
		if !permissions[p] {
			return inRoles("“%s”的权限 %s 没有定义", who, short(p))
		}
		if seen[p] {
			return inRoles("“%s”的权限 %s 重复", who, p)
		}
		seen[p] = true
	}
	for _, p := range uses {
		if !purposes[p] {
			return inRoles("“%s”的用途 %s 没有定义", who, short(p))
		}
		if seen["?"+p] {
			return inRoles("“%s”的用途 %s 重复", who, p)
		}
		seen["?"+p] = true
	}
	return nil
}

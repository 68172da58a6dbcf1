package iam

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"sidian/internal/fault"
)

//go:embed roles.yaml
var shippedRoles []byte

// A Role is a named set of permissions.
type Role struct {
	Code   string   `yaml:"code" json:"code"`
	Name   string   `yaml:"name" json:"name"`
	Admin  string   `yaml:"admin" json:"admin,omitempty"`   // "system", "security", "audit": one of the three
	Holder bool     `yaml:"holder" json:"holder,omitempty"` // every holder has it, for themselves; it is never granted
	May    []string `yaml:"may" json:"may"`
}

// Roles is one version of what roles may do; never changed after reading.
type Roles struct {
	Version     int
	List        []Role
	permissions map[string]string // name -> Chinese
	byCode      map[string]Role
}

// ShippedRoles reads the roles that come with the program.
func ShippedRoles() (*Roles, error) { return ParseRoles(shippedRoles) }

// ParseRoles reads roles, and refuses what it does not know.
func ParseRoles(data []byte) (*Roles, error) {
	var file struct {
		Version     int               `yaml:"version"`
		Permissions map[string]string `yaml:"permissions"`
		Roles       []Role            `yaml:"roles"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("iam: reading roles: %w", err)
	}
	r := &Roles{Version: file.Version, List: file.Roles, permissions: file.Permissions, byCode: map[string]Role{}}
	if r.Version < 1 {
		return nil, fmt.Errorf("iam: roles without a version")
	}
	for _, role := range file.Roles {
		if _, twice := r.byCode[role.Code]; twice || role.Code == "" || role.Name == "" {
			return nil, fmt.Errorf("iam: role %q stands twice or lacks its code or name", role.Code)
		}
		for _, p := range role.May {
			if _, known := file.Permissions[p]; !known {
				return nil, fmt.Errorf("iam: role %s: permission %q is not declared", role.Code, p)
			}
		}
		r.byCode[role.Code] = role
	}
	return r, nil
}

// Find returns the role, or a refusal.
func (r *Roles) Find(code string) (Role, error) {
	role, ok := r.byCode[code]
	if !ok {
		return Role{}, fault.NotFound.New("没有这个角色").WithCode("role.unknown")
	}
	return role, nil
}

// Label is the Chinese name of a permission, or the permission itself.
func (r *Roles) Label(permission string) string {
	if name, ok := r.permissions[permission]; ok {
		return name
	}
	return permission
}

// Known tells whether a permission is declared.
func (r *Roles) Known(permission string) bool { _, ok := r.permissions[permission]; return ok }

// With lists the Chinese names of the roles that grant the permission.
func (r *Roles) With(permission string) (names []string) {
	for _, role := range r.List {
		if slices.Contains(role.May, permission) {
			names = append(names, role.Name)
		}
	}
	return names
}

func (r *Roles) grants(role, permission string) bool {
	if r == nil {
		return false
	}
	return slices.Contains(r.byCode[role].May, permission)
}

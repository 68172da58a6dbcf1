package policy

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"slices"
	"sync"

	"sidian/gm"
)

//go:embed roles.yaml
var shippedRoles []byte

//go:embed rules.cedar
var shippedRules []byte

// A Set is one version of the policies. It does not change and may be used by
// any number of goroutines. The zero Set refuses everything.
type Set struct {
	file                 file
	ruleList             []Rule
	rolesText, rulesText []byte
	digest               gm.Digest
	compiled             *compiled
	labels               map[string]string
	roles                map[string]int
}

// A Role is a named set of permissions.
type Role struct {
	Code      string   `yaml:"code" json:"code"`
	Name      string   `yaml:"name" json:"name"`
	Admin     string   `yaml:"admin" json:"admin,omitempty"`         // "system", "security", "audit": one of the three
	Holder    bool     `yaml:"holder" json:"holder,omitempty"`       // every holder has it, for themselves; it is never granted
	Temporary bool     `yaml:"temporary" json:"temporary,omitempty"` // held for a while by breaking the glass; never granted
	May       []string `yaml:"may" json:"may"`
	Purposes  []string `yaml:"purposes" json:"purposes,omitempty"` // for which the role may see personal data
}

// Glass is the code of the role of whoever broke the glass (应急查阅).
const Glass = "glass"

// A Permission is what a route asks for.
type Permission struct {
	Name  string `yaml:"name" json:"name"`
	Label string `yaml:"label" json:"label"`
	Group string `yaml:"group" json:"group"`
}

// A Purpose is what personal data is looked at for (用途).
type Purpose struct {
	Code string `yaml:"code" json:"code"`
	Name string `yaml:"name" json:"name"`
}

// Shipped returns the policies that come with the program.
func Shipped() (*Set, error) { return shipped() }

var shipped = sync.OnceValues(func() (*Set, error) { return Parse(shippedRoles, shippedRules) })

// vocabulary is the permissions that the program asks for.
var vocabulary = sync.OnceValues(func() (map[string]bool, error) {
	f, err := readRoles(shippedRoles)
	names := map[string]bool{}
	for _, p := range f.Permissions {
		names[p.Name] = true
	}
	return names, err
})

// Parse reads a version of the policies and refuses what it does not know and
// what lies below the floor. What whoever wrote the policy can mend is an
// [*Error], in Chinese.
func Parse(roles, rules []byte) (*Set, error) {
	names, err := vocabulary()
	if err != nil {
		return nil, err
	}
	f, err := readRoles(roles)
	if err != nil {
		return nil, err
	}
	if err := f.duties(names); err != nil {
		return nil, err
	}
	list, err := readRules(rules)
	if err != nil {
		return nil, err
	}
	if err := f.checkRules(list); err != nil {
		return nil, err
	}
	s, err := newSet(f, list)
	if err != nil {
		return nil, err
	}
	s.rolesText, s.rulesText = bytes.Clone(roles), bytes.Clone(rules)
	s.digest = digest(roles, rules)
	if err := s.floor(); err != nil {
		return nil, err
	}
	return s, nil
}

func (f *file) checkRules(list []Rule) error {
	v, err := f.validator()
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := r.check(f); err != nil {
			return err
		}
		if err := valid(v, r.policy); err != nil {
			return inRules("规则 %s：%s", r.ID, short(err.Error()))
		}
	}
	return nil
}

func newSet(f file, rules []Rule) (*Set, error) {
	c, err := compile(&f, rules)
	if err != nil {
		return nil, err
	}
	s := &Set{file: f, ruleList: rules, compiled: c, labels: map[string]string{}, roles: map[string]int{}}
	for _, p := range f.Permissions {
		s.labels[p.Name] = p.Label
	}
	for i, r := range f.Roles {
		s.roles[r.Code] = i
	}
	return s, nil
}

// digest frames the first text by its length, so that nothing can move from one
// text to the other.
func digest(roles, rules []byte) gm.Digest {
	h := gm.NewHash()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(roles)))
	h.Write(n[:])
	h.Write(roles)
	h.Write(rules)
	return gm.Digest(h.Sum(nil))
}

// Version is the version that roles.yaml gives itself.
func (s *Set) Version() int { return s.file.Version }

// Roles lists the roles in the order of the file. Read only.
func (s *Set) Roles() []Role { return s.file.Roles }

// Role returns the role with the code, and whether there is one.
func (s *Set) Role(code string) (Role, bool) {
	i, ok := s.roles[code]
	if !ok {
		return Role{}, false
	}
	return s.file.Roles[i], true
}

// Permissions lists the permissions in the order of the file. Read only.
func (s *Set) Permissions() []Permission { return s.file.Permissions }

// Known tells whether there is such a permission.
func (s *Set) Known(permission string) bool { _, ok := s.labels[permission]; return ok }

// Label is the Chinese name of a permission, or the permission itself.
func (s *Set) Label(permission string) string {
	if label, ok := s.labels[permission]; ok {
		return label
	}
	return permission
}

// With lists the Chinese names of the roles that grant the permission, without
// those that nobody can ask for: the temporary ones.
func (s *Set) With(permission string) (names []string) {
	for _, r := range s.file.Roles {
		if !r.Temporary && slices.Contains(r.May, permission) {
			names = append(names, r.Name)
		}
	}
	return names
}

// ForClients tells whether a program may be given the permission as a scope.
func (s *Set) ForClients(permission string) bool {
	return slices.Contains(s.file.Clients.May, permission)
}

// Purposes lists the purposes in the order of the file. Read only.
func (s *Set) Purposes() []Purpose { return s.file.Purposes }

// KnowsPurpose tells whether code is a purpose of the policy.
func (s *Set) KnowsPurpose(code string) bool {
	return s != nil && slices.ContainsFunc(s.file.Purposes, func(p Purpose) bool { return p.Code == code })
}

// PurposesFor lists the purposes with which the question is allowed: what a
// page offers before it shows personal data.
func (s *Set) PurposesFor(sub Subject, q Question, tree Tree) (list []Purpose) {
	for _, p := range s.file.Purposes {
		q.Purpose = p.Code
		if s.ask(&sub, &q, tree).outcome == allowed {
			list = append(list, p)
		}
	}
	return list
}

// Rules lists the rules in the order of the file. Read only.
func (s *Set) Rules() []Rule { return s.ruleList }

// Digest is SM3 over both texts.
func (s *Set) Digest() gm.Digest { return s.digest }

// Texts returns both texts as they were read.
func (s *Set) Texts() (roles, rules []byte) {
	return bytes.Clone(s.rolesText), bytes.Clone(s.rulesText)
}

package iam

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sidian/gm"
	"sidian/internal/iam/policy"
)

// An Org is an organisation: a government of a region, a department, a unit.
type Org struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty" doc:"上级单位编号；根没有"`
	Name   string `json:"name" doc:"单位全称"`
	USCC   string `json:"uscc,omitempty" doc:"统一社会信用代码 GB 32100"`
	Region string `json:"region,omitempty" doc:"行政区划代码 GB/T 2260"`
	Tier   string `json:"tier" enum:"province,city,county,town,village" doc:"层级"`
	Type   string `json:"type,omitempty" doc:"单位类别"`
	Sort   int64  `json:"sort,omitempty"`
	Closed bool   `json:"closed,omitempty" doc:"已停用"`

	path     string // "/a/b/c/": of the ids from the root down, itself included
	closedAt int64
	mac      string
}

// An OrgType is a sort of unit (单位类别).
type OrgType struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// digest is of what an organisation is, for the audit row.
func (o *Org) digest() gm.Digest {
	return digestOf(append(o.fields(), o.Name, o.USCC, o.Region, o.Type, o.Sort))
}

// tiers are the tiers of government, highest first.
var tiers = []string{"province", "city", "county", "town", "village"}

// orgTypes are the sorts of unit that the documents name (S4 任务8、10; S3A art.31).
var orgTypes = []OrgType{
	{"government", "政府"}, {"authority", "管理单位"}, {"department", "部门"}, {"township", "乡镇街道"}, {"village", "村社区"}, {"utility", "公用事业"},
	{"school", "学校"}, {"medical", "医疗机构"}, {"archive", "档案部门"}, {"enterprise", "企业"}, {"other", "其他"},
}

// OrgTypes lists the sorts of unit, in the order in which people choose.
func OrgTypes() []OrgType { return slices.Clone(orgTypes) }

// TypeName is the Chinese name of a sort of unit, or the code itself.
func TypeName(code string) string {
	for _, t := range orgTypes {
		if t.Code == code {
			return t.Name
		}
	}
	return code
}

// live is what principals ask: the organisations and the policy of now, so that
// who creates an organisation may act for it in the same breath, and a policy
// that was approved counts at once.
type live struct {
	orgs   atomic.Pointer[tree]
	policy atomic.Pointer[standing]
}

func (p *Principal) tree() *tree {
	if p == nil || p.live == nil {
		return nil
	}
	return p.live.orgs.Load()
}

// set is the policy in force; nil refuses everything.
func (p *Principal) set() *policy.Set {
	if p == nil || p.live == nil {
		return nil
	}
	if st := p.live.policy.Load(); st != nil {
		return st.set
	}
	return nil
}

// tree is the organisations at one moment; never changed.
type tree struct {
	at       time.Time // when it was known to be that of now
	read     time.Time // when it was read
	revision int64     // of the table
	altered  []string  // organisations that were edited in the database: they are not in it
	parent   map[string]string
	children map[string][]string
}

func newTree(orgs []Org, at time.Time, revision int64) *tree {
	t := &tree{at: at, read: at, revision: revision, parent: map[string]string{}, children: map[string][]string{}}
	for _, o := range orgs {
		t.parent[o.ID] = o.Parent
		t.children[o.Parent] = append(t.children[o.Parent], o.ID)
	}
	return t
}

// path is the path of an organisation, empty if it leads nowhere.
func (t *tree) path(id string) string {
	var up []string
	for range len(t.parent) + 1 {
		parent, known := t.parent[id]
		if !known {
			return ""
		}
		up = append(up, id)
		if parent == "" {
			slices.Reverse(up)
			return "/" + strings.Join(up, "/") + "/"
		}
		id = parent
	}
	return ""
}

// rootsOf are the organisations above which there is none.
func (t *tree) rootsOf() map[string]bool {
	roots := map[string]bool{}
	if t != nil {
		for _, id := range t.children[""] {
			roots[id] = true
		}
	}
	return roots
}

// spans are the paths of scopes and all below them.
func (t *tree) spans(scopes []string) []span {
	list := []span{}
	if t == nil {
		return list
	}
	for _, s := range scopes {
		if p := t.path(s); p != "" {
			list = append(list, spanOf(p))
		}
	}
	return list
}

// Covers is policy.Tree.
func (t *tree) Covers(scope, org string) bool { return t.covers(scope, org) }

// with is a tree that has one organisation more.
func (t *tree) with(o Org) *tree {
	more := *t
	more.parent, more.children = maps.Clone(t.parent), maps.Clone(t.children)
	more.parent[o.ID] = o.Parent
	more.children[o.Parent] = append(slices.Clone(t.children[o.Parent]), o.ID)
	return &more
}

// covers tells whether org is scope or stands below it. An unknown
// organisation is covered by nothing.
func (t *tree) covers(scope, org string) bool {
	if t == nil || scope == "" {
		return false
	}
	for range len(t.parent) + 1 { // a loop in the data must not loop here
		parent, known := t.parent[org]
		if !known {
			return false
		}
		if org == scope {
			return true
		}
		org = parent
	}
	return false
}

// highest leaves out the scopes that stand below another.
func (t *tree) highest(scopes []string) (roots []string) {
	for _, s := range scopes {
		if !slices.ContainsFunc(scopes, func(other string) bool { return other != s && t.covers(other, s) }) {
			roots = append(roots, s)
		}
	}
	return roots
}

// below lists the scopes and all below them, sorted, each once.
func (t *tree) below(scopes []string) []string {
	if t == nil {
		return nil
	}
	seen := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		if _, known := t.parent[id]; !known || seen[id] {
			return
		}
		seen[id] = true
		for _, c := range t.children[id] {
			walk(c)
		}
	}
	for _, s := range scopes {
		walk(s)
	}
	out := make([]string, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

package iam

import (
	"slices"
	"sync/atomic"
	"time"

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
	Sort   int64  `json:"sort,omitempty"`
	Closed bool   `json:"closed,omitempty" doc:"已停用"`
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
	at       time.Time
	parent   map[string]string
	children map[string][]string
}

func newTree(orgs []Org, at time.Time) *tree {
	t := &tree{at: at, parent: map[string]string{}, children: map[string][]string{}}
	for _, o := range orgs {
		t.parent[o.ID] = o.Parent
		t.children[o.Parent] = append(t.children[o.Parent], o.ID)
	}
	return t
}

// Covers is policy.Tree.
func (t *tree) Covers(scope, org string) bool { return t.covers(scope, org) }

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

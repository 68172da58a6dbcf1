package onboard

import (
	"context"
	"strings"

	"sidian/internal/iam"
)

// units finds organisations by what people call them: their number, their
// credit code, or their whole name.
type units struct {
	byID   map[string]iam.Org
	byUSCC map[string]string
	byName map[string][]string
	below  map[string]map[string]bool // names of children, by the parent's id
}

// known are the organisations of the platform. Who an organisation is, is public.
func (s *Service) known(ctx context.Context) (*units, error) {
	list, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	u := &units{byID: map[string]iam.Org{}, byUSCC: map[string]string{}, byName: map[string][]string{}, below: map[string]map[string]bool{}}
	for _, o := range list {
		u.add(o)
	}
	return u, nil
}

func (u *units) add(o iam.Org) {
	if _, there := u.byID[o.ID]; there {
		return
	}
	u.byID[o.ID] = o
	if o.USCC != "" {
		u.byUSCC[o.USCC] = o.ID
	}
	if o.Closed {
		return // found by its number alone
	}
	u.byName[o.Name] = append(u.byName[o.Name], o.ID)
	if u.below[o.Parent] == nil {
		u.below[o.Parent] = map[string]bool{}
	}
	u.below[o.Parent][o.Name] = true
}

// refusal is a rule that a cell breaks.
type refusal struct{ code, rule, fix string }

var (
	noUnit    = refusal{"org.unknown", "没有这个单位", "请填写单位编号、统一社会信用代码或全称，单位须已在平台中"}
	manyUnits = refusal{"org.many", "有多个单位叫这个名称", "请改填单位编号或统一社会信用代码"}
	overUnit  = refusal{"org.closed", "单位已停用", "请填写未停用的单位"}
)

// find returns the unit that somebody named.
func (u *units) find(typed string) (iam.Org, *refusal) {
	o, ok := u.byID[typed]
	if !ok {
		o, ok = u.byID[u.byUSCC[strings.ToUpper(typed)]]
	}
	if !ok {
		switch ids := u.byName[typed]; len(ids) {
		case 0:
			return iam.Org{}, &noUnit
		case 1:
			o = u.byID[ids[0]]
		default:
			return iam.Org{}, &manyUnits
		}
	}
	if o.Closed {
		return o, &overUnit
	}
	return o, nil
}

// depth is how many organisations stand above one, itself included.
func (u *units) depth(id string) (n int) {
	for range len(u.byID) {
		o, ok := u.byID[id]
		if !ok {
			return n
		}
		n++
		id = o.Parent
	}
	return n
}

// above tells whether an organisation is another, or stands above it.
func (u *units) above(higher, id string) bool {
	for range len(u.byID) {
		o, ok := u.byID[id]
		if !ok {
			return false
		}
		if id == higher {
			return true
		}
		id = o.Parent
	}
	return false
}

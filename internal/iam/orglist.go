package iam

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// An OrgQuery asks for a page of organisations: the children of Parent, or with
// Text those whose name contains it, below Parent if that is not empty.
type OrgQuery struct {
	Parent string
	Text   string
	Type   string
	Closed bool // also those that are closed
	Cursor string
	Limit  int // at most 200; 50
}

// An OrgItem is an organisation as the tree shows it.
type OrgItem struct {
	Org
	Children int64    `json:"children" doc:"下级单位数"`
	People   int64    `json:"people" doc:"工作人员数"`
	Above    []string `json:"above,omitempty" doc:"上级单位名称，自上而下；搜索结果才有"`
}

// An OrgPage is a page of organisations.
type OrgPage struct {
	Items []OrgItem `json:"items"`
	Next  string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
	Total int64     `json:"total" doc:"共有多少，至多数到 10000"`
}

// Limits of a page.
const (
	usualPage = 50
	mostPage  = 200
	countMost = 10_000
)

func pageSize(n int) int {
	if n <= 0 {
		return usualPage
	}
	return min(n, mostPage)
}

// orgCursor is where a page of organisations ended.
func orgCursor(o *Org) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(o.Sort, 10) + " " + o.ID))
}

const lowest = -1 << 62

func parseOrgCursor(c string) (sort int64, id string, err error) {
	if c == "" {
		return lowest, "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(c)
	at, id, _ := strings.Cut(string(b), " ")
	sort, bad := strconv.ParseInt(at, 10, 64)
	if err != nil || bad != nil || !idForm.MatchString(id) {
		return 0, "", fault.Invalid.New("游标不正确").WithCode("cursor").WithHint("请从第一页重新查询").WithField("cursor", "malformed", "请原样使用上一页返回的游标")
	}
	return sort, id, nil
}

// OrgsPage pages through organisations: the roots of what the caller may see
// when Parent and Text are empty. What it needs is org.read or org.manage.
func (s *Service) OrgsPage(ctx context.Context, q OrgQuery) (*OrgPage, error) {
	if q.Parent != "" {
		if err := allowAny(ctx, q.Parent, "org.read", "org.manage"); err != nil {
			return nil, err
		}
	}
	roots, t, err := s.reach(ctx, "org.read", "org.manage")
	if err != nil {
		return nil, err
	}
	f := orgFilter{kind: q.Type, closed: q.Closed, text: fold(q.Text)}
	switch {
	case f.text == "" && q.Parent == "":
		f.roots = append([]string{}, roots...)
	case f.text == "":
		f.parent = &q.Parent
	case q.Parent == "":
		f.in = t.spans(roots)
	default:
		f.in = t.spans([]string{q.Parent})
	}
	return s.orgPage(ctx, &f, t, q.Cursor, q.Limit)
}

// reach are the roots of what the caller may see by one of the permissions, and
// the tree in which they stand.
func (s *Service) reach(ctx context.Context, permissions ...string) ([]string, *tree, error) {
	if err := allowAny(ctx, "", permissions...); err != nil {
		return nil, nil, err
	}
	p, _ := From(ctx)
	var all []string
	for _, name := range permissions {
		all = append(all, ScopeRoots(ctx, name)...)
	}
	slices.Sort(all)
	t := p.tree()
	return t.highest(slices.Compact(all)), t, nil
}

func (s *Service) orgPage(ctx context.Context, f *orgFilter, t *tree, cursor string, limit int) (*OrgPage, error) {
	sort, after, err := parseOrgCursor(cursor)
	if err != nil {
		return nil, err
	}
	limit = pageSize(limit)
	page := &OrgPage{Items: []OrgItem{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = page.Items[:0], ""
		list, err := pageOfOrgs(tx, f, sort, after, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = orgCursor(&list[limit-1])
		}
		if page.Total, err = countOrgs(tx, f, countMost); err != nil {
			return err
		}
		ids := make([]string, len(list))
		for i, o := range list {
			ids[i] = o.ID
		}
		children, people, err := countsOf(tx, ids)
		if err != nil {
			return err
		}
		above := map[string]string{}
		if f.in != nil { // found anywhere: say where
			if above, err = namesAbove(tx, list); err != nil {
				return err
			}
		}
		for _, o := range list {
			page.Items = append(page.Items, OrgItem{Org: o, Children: children[o.ID], People: people[o.ID], Above: o.named(above)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// ids are the organisations on the path, from the root down, itself included.
func (o *Org) ids() []string { return strings.Split(strings.Trim(o.path, "/"), "/") }

func namesAbove(tx *db.Tx, list []Org) (map[string]string, error) {
	seen := map[string]bool{}
	var ids []string
	for _, o := range list {
		for _, id := range o.ids() {
			if !seen[id] && id != o.ID {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return orgNames(tx, ids)
}

func (o *Org) named(names map[string]string) (above []string) {
	if len(names) == 0 {
		return nil
	}
	for _, id := range o.ids() {
		if id != o.ID {
			above = append(above, names[id])
		}
	}
	return above
}

// orgNames are the names of organisations by id.
func orgNames(tx *db.Tx, ids []string) (map[string]string, error) {
	names := map[string]string{}
	for some := range slices.Chunk(distinct(ids), 500) {
		list, err := orgsByID(tx, some)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			names[o.ID] = o.Name
		}
	}
	return names, nil
}

// distinct leaves out what is empty or stands twice.
func distinct(ids []string) []string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(s string) bool { return s == "" })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// UnitsWithout pages through the open units, of those that the caller may read,
// for which nobody holds a post (OPS-02).
func (s *Service) UnitsWithout(ctx context.Context, post, cursor string, limit int) (*OrgPage, error) {
	if _, ok := postNames[post]; !ok {
		return nil, errNoPost()
	}
	roots, t, err := s.reach(ctx, "org.read", "org.manage")
	if err != nil {
		return nil, err
	}
	return s.orgPage(ctx, &orgFilter{in: t.spans(roots), without: post}, t, cursor, limit)
}

package item

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// A Coverage tells how far items and kinds are bound (CAT-04).
type Coverage struct {
	Items    int64     `json:"items" doc:"今天有效的事项"`
	Bound    int64     `json:"bound" doc:"其中：已关联结果证照"`
	Without  []Item    `json:"without" doc:"应有结果证照而没有关联的事项，至多 100 个"`
	Missing  int64     `json:"missing" doc:"应有结果证照而没有关联的事项数"`
	Open     int64     `json:"open_needs" doc:"待匹配的部门间需求"`
	Kinds    int       `json:"kinds" doc:"已发布的证照类型"`
	Unmade   []KindRef `json:"unmade" doc:"没有任何事项办出的证照类型"`
	Stuck    []KindRef `json:"stuck" doc:"没有事项能首次办出的证照类型：办理它又需要它本身"`
	Disabled []KindRef `json:"disabled" doc:"仍有事项关联、目录中已停用的证照类型"`
}

// A KindRef names a kind.
type KindRef struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Items int64  `json:"items,omitempty" doc:"需要它的事项数"`
}

// Coverage reports on the items of a unit, or of all units that whoever acts reads,
// and on the kinds of the platform.
func (s *Service) Coverage(ctx context.Context, org string) (*Coverage, error) {
	if org != "" {
		if err := maySee(ctx, org); err != nil {
			return nil, err
		}
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	var c *Coverage
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c = &Coverage{Kinds: len(kinds)}
		if err := c.itemsTx(ctx, tx, org, names); err != nil {
			return err
		}
		return c.kindsTx(tx, kinds)
	})
	return c, err
}

func (c *Coverage) itemsTx(ctx context.Context, tx *db.Tx, org string, names map[string]string) (err error) {
	day := today(tx.Now())
	f := filter{org: org, day: day}
	if f.paths, err = bothPathsTx(ctx, tx); err != nil {
		return err
	}
	if c.Items, err = count(tx, f); err != nil {
		return err
	}
	f.unbound = true
	unbound, err := count(tx, f)
	if err != nil {
		return err
	}
	c.Bound = c.Items - unbound
	f.due = true
	if c.Missing, err = count(tx, f); err != nil {
		return err
	}
	f.limit = 100
	found, err := list(tx, f)
	if err != nil {
		return err
	}
	c.Without = []Item{}
	for _, r := range found {
		c.Without = append(c.Without, viewOf(r, day, names))
	}
	paths := f.paths
	if org != "" {
		p, err := iam.PathTx(tx, org)
		if err != nil {
			return err
		}
		paths = []string{p}
	}
	c.Open, err = openNeeds(tx, paths)
	return err
}

func (c *Coverage) kindsTx(tx *db.Tx, kinds kindsByName) error {
	made, err := usesOf(tx, Result)
	if err != nil {
		return err
	}
	used, err := usesOf(tx, Input)
	if err != nil {
		return err
	}
	all, err := links(tx, today(tx.Now()))
	if err != nil {
		return err
	}
	blocked := stuck(all)
	c.Unmade, c.Stuck, c.Disabled = []KindRef{}, []KindRef{}, []KindRef{}
	for name, k := range kinds {
		ref := KindRef{name, k.Title, used[name]}
		if made[name] == 0 {
			c.Unmade = append(c.Unmade, ref)
		}
		if blocked[name] {
			c.Stuck = append(c.Stuck, ref)
		}
	}
	for _, uses := range []map[string]int64{made, used} {
		for name := range uses {
			gone := KindRef{name, name, used[name]}
			if kinds[name] == nil && !slices.Contains(c.Disabled, gone) {
				c.Disabled = append(c.Disabled, gone)
			}
		}
	}
	for _, list := range [][]KindRef{c.Unmade, c.Stuck, c.Disabled} {
		slices.SortFunc(list, func(a, b KindRef) int { return strings.Compare(a.Name, b.Name) })
	}
	return nil
}

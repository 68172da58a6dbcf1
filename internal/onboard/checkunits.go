package onboard

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/iam"
)

// maxDepth is how many organisations may stand above each other, as iam says.
const maxDepth = 16

// unitKeys are the columns of iam's fields.
var unitKeys = map[string]string{"id": "id", "parent": "parent", "name": "name", "tier": "tier", "type": "type", "uscc": "uscc", "region": "region", "sort": "sort"}

// unitOf reads a line as the request that iam is given.
func (c *checker) unitOf(l *checked) iam.OrgRequest {
	r := iam.OrgRequest{ID: l.Text("id"), Name: l.Text("name"), USCC: strings.ToUpper(l.Text("uscc")), Region: l.Text("region")}
	if r.ID == "" {
		// The number of a unit that has none follows from its line, so that a line
		// that is tried again makes no second unit.
		r.ID = "u" + hex.EncodeToString(l.digest[:15])
	}
	if v := l.Text("tier"); v != "" {
		code, ok := codeOf(tiers, v)
		if !ok {
			c.add(l, "tier", refusal{"enum", "没有这个层级", "请从下拉列表中选择"})
		}
		r.Tier = code
	}
	if v := l.Text("type"); v != "" {
		code, ok := codeOf(types(), v)
		if !ok {
			c.add(l, "type", refusal{"enum", "没有这种单位类别", "请从下拉列表中选择"})
		}
		r.Type = code
	}
	if v := l.Text("sort"); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			c.add(l, "sort", refusal{"type.integer", "应为 0 或正整数", "请更正或清空"})
		}
		r.Sort = n
	}
	return r
}

func (c *checker) checkUnits() error {
	for _, l := range c.lines {
		if !l.repeated {
			l.unit = c.unitOf(l)
		}
	}
	g := c.gather()
	for _, l := range c.lines {
		if l.repeated {
			continue
		}
		c.faultsOfUnit(l)
		c.duplicateUnit(g, l)
		c.findParent(g, l)
	}
	for _, l := range c.order(g) {
		if l.repeated {
			continue
		}
		c.belowParent(g, l)
		if err := c.unitPosts(g, l); err != nil {
			return err
		}
	}
	return nil
}

// faultsOfUnit are those of iam's own check; of what is missing it was said already.
func (c *checker) faultsOfUnit(l *checked) {
	r := l.unit
	r.Tier, r.Name = cmp.Or(r.Tier, tiers[len(tiers)-1].code), cmp.Or(r.Name, "-")
	if err := r.Validate(); err != nil {
		c.faults(l, err, unitKeys)
	}
}

// gathered are the units of the table, by what others may call them.
type gathered struct {
	byID, byUSCC map[string]*checked
	byName       map[string][]*checked
	parent       map[*checked]*checked // in the table
	siblings     map[string]*checked   // by the parent, as it was found, and the name
}

func (c *checker) gather() *gathered {
	g := &gathered{byID: map[string]*checked{}, byUSCC: map[string]*checked{}, byName: map[string][]*checked{}, parent: map[*checked]*checked{}, siblings: map[string]*checked{}}
	for _, l := range c.lines {
		if l.repeated {
			continue // the platform has it
		}
		if g.byID[l.unit.ID] == nil {
			g.byID[l.unit.ID] = l
		}
		if l.unit.USCC != "" && g.byUSCC[l.unit.USCC] == nil {
			g.byUSCC[l.unit.USCC] = l
		}
		g.byName[l.unit.Name] = append(g.byName[l.unit.Name], l)
	}
	return g
}

// duplicateUnit finds units that are there already, in the table or on the platform.
func (c *checker) duplicateUnit(g *gathered, l *checked) {
	if first := g.byID[l.unit.ID]; first != l && l.Text("id") != "" {
		c.add(l, "id", refusal{"org.exists", "与第 " + strconv.Itoa(first.Number) + " 行的单位编号相同", "请更改其中一个"})
	}
	if first := g.byUSCC[l.unit.USCC]; l.unit.USCC != "" && first != l {
		c.add(l, "uscc", refusal{"org.exists", "与第 " + strconv.Itoa(first.Number) + " 行的统一社会信用代码相同", "请核对两行"})
	}
	if _, there := c.units.byID[l.unit.ID]; there && l.Text("id") != "" {
		c.add(l, "id", refusal{"org.exists", "平台中已有这个单位编号", "请更改编号；如果是同一单位，请删去此行"})
	}
	if _, there := c.units.byUSCC[l.unit.USCC]; l.unit.USCC != "" && there {
		c.add(l, "uscc", refusal{"org.exists", "平台中已有这个统一社会信用代码的单位", "如果是同一单位，请删去此行"})
	}
}

// findParent finds the unit above, on the platform or in the table.
func (c *checker) findParent(g *gathered, l *checked) {
	typed := l.Text("parent")
	if typed == "" {
		return // said already
	}
	o, why := c.units.find(typed)
	var inside []*checked
	for _, p := range []*checked{g.byID[typed], g.byUSCC[strings.ToUpper(typed)]} {
		if p != nil && !slices.Contains(inside, p) {
			inside = append(inside, p)
		}
	}
	if len(inside) == 0 {
		inside = g.byName[typed]
	}
	exact := why == nil && (o.ID == typed || o.USCC != "" && o.USCC == strings.ToUpper(typed))
	switch {
	case exact:
		l.unit.Parent = o.ID
	case why == nil && len(inside) > 0, len(inside) > 1:
		c.add(l, "parent", manyUnits)
	case len(inside) == 1 && inside[0] == l:
		c.add(l, "parent", refusal{"org.loop", "上级单位是它自己", "请填写它的上级单位"})
	case len(inside) == 1:
		l.unit.Parent, g.parent[l] = inside[0].unit.ID, inside[0]
	case why != nil:
		c.add(l, "parent", refusal{why.code, "上级单位：" + why.rule, why.fix})
	default:
		l.unit.Parent = o.ID
	}
}

// order puts parents before their children, and refuses circles and what stands
// too deep.
func (c *checker) order(g *gathered) []*checked {
	depth := map[*checked]int{}
	for _, l := range c.lines {
		n := 0
		for p := g.parent[l]; p != nil && n <= maxDepth; p = g.parent[p] {
			n++
			if d, known := depth[p]; known {
				n += d
				break
			}
		}
		if n > maxDepth {
			c.add(l, "parent", refusal{"org.depth", "单位层次过多，或上级单位连成了环", "单位至多 16 层；请核对这些行的上级单位"})
			delete(g.parent, l)
			n = 0
		}
		depth[l] = n
	}
	sorted := slices.Clone(c.lines)
	slices.SortStableFunc(sorted, func(a, b *checked) int { return depth[a] - depth[b] })
	for i, l := range sorted {
		l.seq = i
	}
	return sorted
}

// belowParent checks what holds between a unit and the one above it.
func (c *checker) belowParent(g *gathered, l *checked) {
	if l.unit.Parent == "" {
		return
	}
	key := l.unit.Parent + "\x1f" + l.unit.Name
	if first := g.siblings[key]; first != nil {
		c.add(l, "name", refusal{"org.twin", "与第 " + strconv.Itoa(first.Number) + " 行同名，上级单位也相同", "请核对两行"})
	} else {
		g.siblings[key] = l
	}
	if c.units.below[l.unit.Parent][l.unit.Name] {
		c.add(l, "name", refusal{"org.twin", "该上级单位下已有同名单位", "如果是同一单位，请删去此行"})
	}
	top, above := l, 1
	for p := g.parent[top]; p != nil; p = g.parent[top] {
		top, above = p, above+1
	}
	anchor := top.unit.Parent
	if p := g.parent[l]; p != nil {
		c.belowTier(l, p.unit.Tier)
		if !p.good() {
			c.add(l, "parent", refusal{"onboard.parent", "上级单位在第 " + strconv.Itoa(p.Number) + " 行，那一行有错误", "请先更正那一行"})
		}
	} else if o, ok := c.units.byID[l.unit.Parent]; ok {
		c.belowTier(l, o.Tier)
	}
	if _, ok := c.units.byID[anchor]; !ok {
		return
	}
	if above+c.units.depth(anchor) > maxDepth+1 {
		c.add(l, "parent", refusal{"org.depth", "单位层次过多", "单位至多 16 层"})
	}
	for _, permission := range []string{Permission, "org.manage"} {
		if err := iam.Allow(c.ctx, permission, anchor); err != nil {
			c.add(l, "parent", refusal{"onboard.scope", "上级单位不在您管理的范围内", "请由管理该单位的系统管理员导入"})
		}
	}
}

func (c *checker) belowTier(l *checked, parent string) {
	rank := func(tier string) int { return slices.IndexFunc(tiers, func(t label) bool { return t.code == tier }) }
	if l.unit.Tier != "" && parent != "" && rank(l.unit.Tier) < rank(parent) {
		c.add(l, "tier", refusal{"org.tier", "下级单位的层级不能高于上级单位（" + nameOf(tiers, parent) + "）", "层级自上而下为省、市、县、乡镇、村"})
	}
}

// unitPosts checks who is to hold the posts of a new unit: three different
// people at work in a unit above it (OPS-02).
func (c *checker) unitPosts(g *gathered, l *checked) error {
	seen := map[string]string{}
	for _, p := range posts {
		username := iam.FoldUsername(l.Text(p.code))
		if username == "" {
			continue
		}
		if other, twice := seen[username]; twice {
			c.add(l, p.code, refusal{"post.separation", "联系人、印章保管人、审核人须为三个不同的人，此人已是" + other, "请另选一人"})
			continue
		}
		seen[username] = p.name
		who, err := c.named(username)
		switch {
		case err != nil:
			return err
		case who == nil:
			c.add(l, p.code, refusal{"account.unknown", "没有这个用户名", "请填写平台中已有人员的用户名；本单位人员请在人员表的“岗位”列填写"})
		case who.Closed:
			c.add(l, p.code, refusal{"account.closed", "账号已停用", "请另选一人"})
		case who.Kind != iam.Staff:
			c.add(l, p.code, refusal{"post.kind", "岗位只能由工作人员担任", "请另选一人"})
		case !c.above(g, l, who.Org):
			c.add(l, p.code, refusal{"post.org", "岗位须由本单位或上级单位的人员担任", "请选择上级单位的人员"})
		}
	}
	return nil
}

// above tells whether an organisation stands above the unit of a line.
func (c *checker) above(g *gathered, l *checked, org string) bool {
	for range maxDepth {
		p := g.parent[l]
		if p == nil {
			break
		}
		l = p
	}
	return c.units.above(org, l.unit.Parent)
}

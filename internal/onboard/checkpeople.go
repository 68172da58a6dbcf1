package onboard

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/table"
)

// person is what a line of people asks for.
type person struct {
	account iam.AccountRequest
	roles   []string
	scope   string
	until   time.Time
	basis   string
	post    string
}

// personKeys are the columns of iam's fields.
var personKeys = map[string]string{"username": "username", "name": "name", "org": "org", "citizen": "citizen", "phone": "phone"}

// beijing is the zone in which a day ends.
var beijing = time.FixedZone("", 8*60*60)

func (c *checker) checkPeople() error {
	seen := map[string]*checked{} // usernames, citizen IDs, posts
	for _, l := range c.lines {
		if l.repeated {
			continue
		}
		if err := c.personOf(l); err != nil {
			return err
		}
		c.once(seen, l, "username", iam.FoldUsername(l.Text("username")))
		c.once(seen, l, "citizen", strings.ToUpper(l.Text("citizen")))
		if l.person.post != "" && l.person.account.Org != "" {
			c.once(seen, l, "post", l.person.account.Org+" "+l.person.post)
		}
	}
	return nil
}

// once finds what may stand in one line of the table only.
func (c *checker) once(seen map[string]*checked, l *checked, key, value string) {
	if value == "" {
		return
	}
	k := key + "\x1f" + value
	if first := seen[k]; first != nil {
		c.add(l, key, refusal{"onboard.duplicate", "与第 " + strconv.Itoa(first.Number) + " 行的" + c.table.Column(key).Title + "相同", "请核对两行"})
		return
	}
	seen[k] = l
}

// personOf reads a line as the requests that iam is given, and checks it as iam
// will.
func (c *checker) personOf(l *checked) error {
	p := &l.person
	p.account = iam.AccountRequest{Username: l.Text("username"), Kind: iam.Staff, Name: l.Text("name"), Citizen: strings.ToUpper(l.Text("citizen")), Phone: l.Text("phone")}
	p.basis = l.Text("basis")
	if utf8.RuneCountInString(p.basis) > 200 {
		c.add(l, "basis", refusal{"maxLength", "超过 200 个字", "请缩短"})
	}
	c.unitOfPerson(l)
	if l.Text("username") != "" && l.Text("name") != "" {
		r := p.account
		r.Org = cmp.Or(r.Org, "-") // what is wrong with it was said already
		if err := r.Validate(); err != nil {
			c.faults(l, err, personKeys)
		}
	}
	if utf8.RuneCountInString(p.account.Name) > 100 {
		c.add(l, "name", refusal{"maxLength", "超过 100 个字", "请缩短"})
	}
	who, err := c.named(p.account.Username)
	if err != nil {
		return err
	}
	if who != nil {
		c.add(l, "username", refusal{"account.exists", "用户名已被使用", "请换一个用户名；如果是同一人，请删去此行"})
	}
	c.rolesOf(l)
	c.untilOf(l)
	return c.postOf(l)
}

func (c *checker) unitOfPerson(l *checked) {
	typed := l.Text("org")
	if typed == "" {
		return // said already
	}
	o, why := c.units.find(typed)
	if why != nil {
		c.add(l, "org", *why)
		return
	}
	l.person.account.Org, l.person.scope = o.ID, o.ID
	for _, permission := range []string{Permission, "account.manage"} {
		if iam.Allow(c.ctx, permission, o.ID) != nil {
			c.add(l, "org", refusal{"onboard.scope", "该单位不在您管理的范围内", "请由管理该单位的系统管理员导入"})
		}
	}
}

// rolesOf checks the roles that are asked for: they may be given, they may stand
// beside each other (三员分立), and for the unit by who asks.
func (c *checker) rolesOf(l *checked) {
	var chosen []policy.Role
	for _, typed := range split(l.Text("roles")) {
		role, ok := roleCalled(c.IAM.InForce(), typed)
		if !ok {
			c.add(l, "roles", refusal{"role.unknown", "没有角色“" + brief(typed) + "”，或它不能授予", "请从“说明”表列出的角色中选择"})
			continue
		}
		for _, other := range chosen {
			if other.Admin != role.Admin {
				c.add(l, "roles", refusal{"grant.separation", "三员分立：" + role.Name + "与" + other.Name + "不得由同一账号担任", "请只留一个，或分给两个人"})
			}
		}
		chosen = append(chosen, role)
		l.person.roles = append(l.person.roles, role.Code)
	}
	typed := l.Text("scope")
	if typed != "" {
		o, why := c.units.find(typed)
		if why != nil {
			c.add(l, "scope", *why)
			return
		}
		l.person.scope = o.ID
		if len(chosen) == 0 {
			c.add(l, "scope", refusal{"onboard.scope-alone", "没有角色，却填写了角色范围", "请填写角色，或清空角色范围"})
		}
	}
	if len(chosen) > 0 && l.person.scope != "" && iam.Allow(c.ctx, "grant.propose", l.person.scope) != nil {
		key := "scope"
		if typed == "" {
			key = "org"
		}
		c.add(l, key, refusal{"onboard.scope", "不能在该单位提出授权", "请由管理该单位的系统管理员导入"})
	}
}

func roleCalled(set *policy.Set, typed string) (policy.Role, bool) {
	for _, r := range grantable(set) {
		if r.Name == typed || r.Code == typed {
			return r, true
		}
	}
	return policy.Role{}, false
}

// untilOf reads the last day of a role.
func (c *checker) untilOf(l *checked) {
	typed := l.Text("until")
	if typed == "" {
		return
	}
	day, ok := dayOf(l.Cells["until"])
	switch {
	case !ok:
		c.add(l, "until", refusal{"format.date", "不是日期", "请填写如 2027-12-31 的日期"})
	case !day.After(c.DB.Now()):
		c.add(l, "until", refusal{"grant.until", "到期日已过", "请填写将来的日期"})
	default:
		l.person.until = day
	}
}

// dayOf is the end of a day, in Beijing. A number below 40000 was no day.
func dayOf(c table.Cell) (time.Time, bool) {
	day, ok := c.Day(beijing)
	return day.AddDate(0, 0, 1).Add(-time.Second), ok && !(c.Number && day.Before(time.Date(1899, 12, 30+40_000, 0, 0, 0, 0, beijing)))
}

// postOf checks the post that somebody is to hold in their unit. In bulk nobody
// is put out of a post.
func (c *checker) postOf(l *checked) error {
	typed := l.Text("post")
	if typed == "" {
		return nil
	}
	code, ok := codeOf(posts, typed)
	if !ok {
		c.add(l, "post", refusal{"post.unknown", "没有这个岗位", "请从下拉列表中选择；每人在本单位只能担任一个岗位"})
		return nil
	}
	l.person.post = code
	org := l.person.account.Org
	if org == "" {
		return nil
	}
	if iam.Allow(c.ctx, "org.manage", org) != nil {
		c.add(l, "post", refusal{"onboard.scope", "不能在该单位任命岗位", "请由管理该单位的系统管理员导入"})
		return nil
	}
	held, err := c.holders(org)
	if err != nil {
		return err
	}
	if held[code] != "" {
		c.add(l, "post", refusal{"post.taken", "该单位的" + nameOf(posts, code) + "已有人担任", "请清空；确要更换的，在“单位”页面办理"})
	}
	return nil
}

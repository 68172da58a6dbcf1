package iam

import (
	"strconv"
	"strings"
	"time"

	"sidian/internal/db"
)

const orgColumns = `id, coalesce(parent, ''), name, uscc, region, tier, type, sort, closed_at, path, mac`

func scanOrg(scan func(...any) error, more ...any) (o Org, err error) {
	var closed *int64
	var mac []byte
	err = scan(append([]any{&o.ID, &o.Parent, &o.Name, &o.USCC, &o.Region, &o.Tier, &o.Type, &o.Sort, &closed, &o.path, &mac}, more...)...)
	o.closedAt, o.mac = plainMillis(closed), string(mac)
	o.Closed = closed != nil
	return o, err
}

func (o *Org) id() string    { return o.ID }
func (o *Org) had() []byte   { return []byte(o.mac) }
func (o *Org) fields() []any { return []any{o.Parent, o.path, o.Tier, o.closedAt} }

// fold is the form in which names are searched.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (s *Service) insertOrg(tx *db.Tx, o Org) (int64, error) {
	mac := macOf(s.guards.orgs, &o)
	n, err := tx.Exec(`
		insert into iam_org (id, parent, name, folded, uscc, region, tier, type, sort, path, created_at, mac)
		values ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict do nothing`, o.ID, o.Parent, o.Name, fold(o.Name), o.USCC, o.Region, o.Tier, o.Type, o.Sort, o.path, tx.Now().UnixMilli(), mac)
	if err != nil || n == 0 {
		return n, err
	}
	return n, s.guards.orgs.Insert(tx, mac)
}

// saveOrg writes what an organisation has become; another with its credit code
// is a race that the unique index decides.
func (s *Service) saveOrg(tx *db.Tx, o *Org) error {
	mac, err := change(tx, s.guards.orgs, o)
	if err != nil {
		return err
	}
	o.mac = string(mac)
	_, err = tx.Exec(`update iam_org set name = $2, folded = $3, uscc = $4, region = $5, type = $6, sort = $7, closed_at = $8, mac = $9 where id = $1`,
		o.ID, o.Name, fold(o.Name), o.USCC, o.Region, o.Type, o.Sort, millis(o.closedAt), mac)
	return err
}

// placeOrg gives an organisation its path and folded name, before it carries a MAC.
func placeOrg(tx *db.Tx, o Org) error {
	_, err := tx.Exec(`update iam_org set path = $2, folded = $3 where id = $1`, o.ID, o.path, fold(o.Name))
	return err
}

func queryOrgs(tx *db.Tx, rest string, args ...any) (list []Org, err error) {
	err = tx.All(`select `+orgColumns+` from iam_org `+rest, args, func(scan func(...any) error) error {
		o, err := scanOrg(scan)
		list = append(list, o)
		return err
	})
	return list, err
}

func getOrg(tx *db.Tx, id string) (o Org, err error) {
	list, err := queryOrgs(tx, `where id = $1 order by id`, id)
	if err != nil {
		return Org{}, err
	}
	if len(list) == 0 {
		return Org{}, errNoOrg()
	}
	return list[0], nil
}

func allOrgs(tx *db.Tx) ([]Org, error) { return queryOrgs(tx, `order by sort, id`) }

func orgsByID(tx *db.Tx, ids []string) ([]Org, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := db.Marks(nil, ids)
	return queryOrgs(tx, `where id in (`+marks+`) order by id`, args...)
}

func withCode(tx *db.Tx, uscc, except string) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_org where uscc = $1 and id <> $2`, []any{uscc, except}, &n)
	return n, err
}

func eachOrg(tx *db.Tx, see func(guarded)) error {
	return tx.All(`select `+orgColumns+` from iam_org order by id`, nil, func(scan func(...any) error) error {
		o, err := scanOrg(scan)
		if err == nil {
			see(&o)
		}
		return err
	})
}

func openChildren(tx *db.Tx, id string) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_org where parent = $1 and closed_at is null`, []any{id}, &n)
	return n, err
}

// A span is the paths of an organisation and all below it: from, up to but
// without to. '0' follows '/'.
type span struct{ from, to string }

func spanOf(path string) span {
	if path == "" {
		return span{"", ""}
	}
	return span{path, path[:len(path)-1] + "0"}
}

// orgFilter is what a page of organisations is made of.
type orgFilter struct {
	parent  *string // children of one
	in      []span  // stand here
	roots   []string
	text    string // in the folded name
	kind    string
	without string // nobody holds this post
	closed  bool
}

func (f *orgFilter) where() (string, []any) {
	var args []any
	var b strings.Builder
	b.WriteString(`1 = 1`)
	mark := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	if !f.closed {
		b.WriteString(` and closed_at is null`)
	}
	if f.parent != nil {
		b.WriteString(` and coalesce(parent, '') = ` + mark(*f.parent))
	}
	if f.roots != nil {
		b.WriteString(` and id in (''`)
		for _, r := range f.roots {
			b.WriteString(`, ` + mark(r))
		}
		b.WriteString(`)`)
	}
	if f.in != nil {
		b.WriteString(` and (1 = 0`)
		for _, sp := range f.in {
			b.WriteString(` or (path >= ` + mark(sp.from) + ` and path < ` + mark(sp.to) + `)`)
		}
		b.WriteString(`)`)
	}
	if f.text != "" {
		b.WriteString(` and folded like ` + mark("%"+escaped(f.text)+"%") + ` escape '~'`)
	}
	if f.kind != "" {
		b.WriteString(` and type = ` + mark(f.kind))
	}
	if f.without != "" {
		b.WriteString(` and not exists (select 1 from iam_post p where p.org = iam_org.id and p.post = ` + mark(f.without) + ` and p.until_at is null)`)
	}
	return b.String(), args
}

// escaped is a text in which like finds no wildcard.
func escaped(s string) string {
	return strings.NewReplacer("~", "~~", "%", "~%", "_", "~_").Replace(s)
}

func pageOfOrgs(tx *db.Tx, f *orgFilter, sort int64, after string, limit int) ([]Org, error) {
	where, args := f.where()
	n := len(args)
	return queryOrgs(tx, `where `+where+` and (sort, id) > ($`+strconv.Itoa(n+1)+`, $`+strconv.Itoa(n+2)+`) order by sort, id limit $`+strconv.Itoa(n+3),
		append(args, sort, after, limit)...)
}

// countOrgs counts up to most.
func countOrgs(tx *db.Tx, f *orgFilter, most int) (n int64, err error) {
	where, args := f.where()
	err = tx.Get(`select count(*) from (select id from iam_org where `+where+` order by id limit $`+strconv.Itoa(len(args)+1)+`) counted`, append(args, most), &n)
	return n, err
}

// countsOf are how many open children and staff each of some organisations has.
func countsOf(tx *db.Tx, ids []string) (children, people map[string]int64, err error) {
	children, people = map[string]int64{}, map[string]int64{}
	if len(ids) == 0 {
		return children, people, nil
	}
	marks, args := db.Marks(nil, ids)
	read := func(q string, into map[string]int64) error {
		return tx.All(q, args, func(scan func(...any) error) error {
			var id string
			var n int64
			err := scan(&id, &n)
			into[id] = n
			return err
		})
	}
	if err := read(`select parent, count(*) from iam_org where closed_at is null and parent in (`+marks+`) group by parent order by parent`, children); err != nil {
		return nil, nil, err
	}
	return children, people, read(`select org, count(*) from iam_account where closed_at is null and org in (`+marks+`) group by org order by org`, people)
}

func insertFormer(tx *db.Tx, org, name, by, reason string) error {
	_, err := tx.Exec(`insert into iam_former (id, org, name, until_at, account, reason) values ($1, $2, $3, $4, $5, $6)`,
		newID(), org, name, tx.Now().UnixMilli(), by, reason)
	return err
}

func formersOf(tx *db.Tx, org string) (list []FormerName, err error) {
	err = tx.All(`select name, until_at, reason from iam_former where org = $1 order by until_at, id`, []any{org}, func(scan func(...any) error) error {
		var f FormerName
		var until int64
		err := scan(&f.Name, &until, &f.Reason)
		f.Until = time.UnixMilli(until).UTC()
		list = append(list, f)
		return err
	})
	return list, err
}

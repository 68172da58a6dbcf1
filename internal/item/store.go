package item

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is an item as it is listed: the newest version of it.
type row struct {
	id, code, org, path, name, base, typ, tier string
	makes                                      bool // a certificate, or so it says
	version                                    int64
	first, starts, ends                        string
	created                                    int64
}

const columns = `i.id, i.code, i.org, i.path, i.name, i.base, i.type, i.tier, i.makes, i.version, i.first, i.starts, i.ends, i.created_at`

func (r *row) dest() []any {
	return []any{&r.id, &r.code, &r.org, &r.path, &r.name, &r.base, &r.typ, &r.tier, &r.makes, &r.version, &r.first, &r.starts, &r.ends, &r.created}
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from item_item i `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		list = append(list, r)
		return scan(r.dest()...)
	})
	return list, err
}

func errUnknown() error {
	return fault.NotFound.New("没有这个事项").WithCode("item.unknown").WithHint("请从事项列表中选择")
}

// byCode is an item, locked for who will change it; nil where there is none.
func byCode(tx *db.Tx, code string, lock bool) (*row, error) {
	q := `where i.code = $1`
	if lock {
		q += ` for update`
	}
	list, err := query(tx, q, code)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// insertItem writes the head of a new item, and tells whether its code was free.
func insertItem(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into item_item (id, code, org, path, name, folded, base, type, tier, makes, version, first, starts, ends, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		on conflict do nothing`,
		r.id, r.code, r.org, r.path, r.name, fold(r.name), r.base, r.typ, r.tier, r.makes, r.version, r.first, r.starts, r.ends, r.created)
	return n == 1, err
}

// saveItem writes the head of an item after a version was added.
func saveItem(tx *db.Tx, r *row) error {
	n, err := tx.Exec(`
		update item_item
		   set name = $2, folded = $3, base = $4, type = $5, tier = $6, version = $7, starts = $8, ends = $9, makes = $10
		 where id = $1 and version = $11`,
		r.id, r.name, fold(r.name), r.base, r.typ, r.tier, r.version, r.starts, r.ends, r.makes, r.version-1)
	if err == nil && n == 0 {
		return fault.Conflict.New("事项刚刚被他人修改").WithCode("item.moved").WithHint("请刷新后重试")
	}
	return err
}

func fold(s string) string { return strings.ToLower(s) }

// A versionRow is one version of an item.
type versionRow struct {
	version         int64
	content         Content
	reason, account string
	at              int64
}

func insertVersion(tx *db.Tx, item string, v *versionRow) error {
	raw, err := json.Marshal(v.content)
	if err != nil {
		return fmt.Errorf("item: writing a version: %w", err)
	}
	_, err = tx.Exec(`
		insert into item_version (item, version, starts, ends, content, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		item, v.version, v.content.Starts, v.content.Ends, string(raw), v.reason, v.account, v.at)
	return err
}

func versions(tx *db.Tx, rest string, args ...any) (list []*versionRow, err error) {
	err = tx.All(`select version, content, reason, account, at from item_version `+rest, args, func(scan func(...any) error) error {
		v, raw := &versionRow{}, ""
		if err := scan(&v.version, &raw, &v.reason, &v.account, &v.at); err != nil {
			return err
		}
		list = append(list, v)
		return json.Unmarshal([]byte(raw), &v.content)
	})
	return list, err
}

// versionsOf are the newest versions of an item, newest first.
func versionsOf(tx *db.Tx, item string) ([]*versionRow, error) {
	return versions(tx, `where item = $1 order by version desc limit 200`, item)
}

// newestOf is the newest version of an item.
func newestOf(tx *db.Tx, item string) (*versionRow, error) {
	return oneOf(versions(tx, `where item = $1 order by version desc limit 1`, item))
}

// inForceOn is the version that counts on a day: the newest that has begun. It is
// nil where none has, or where that one has ended.
func inForceOn(tx *db.Tx, item, day string) (*versionRow, error) {
	v, err := oneOf(versions(tx, `where item = $1 and starts <= $2 order by version desc limit 1`, item, day))
	if err != nil || v == nil || v.content.state(day) != InForce {
		return nil, err
	}
	return v, nil
}

func oneOf(list []*versionRow, err error) (*versionRow, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// A filter says which items a list holds.
type filter struct {
	paths      []string // of units, one of which it must be below; nil: everybody's
	everybody  bool
	org        string
	text, typ  string
	kind, role string // bound to it
	day        string // begun and not ended on
	unbound    bool   // without a binding that makes a certificate
	due        bool   // that say that they make one
	after      string
	limit      int
}

// where puts the conditions of a filter together.
func (f *filter) where() (q string, args []any) {
	args = []any{f.after}
	put := func(v any) string { args = append(args, v); return mark(len(args)) }
	q = `where i.code > $1`
	if !f.everybody {
		var below string
		below, args = db.Below(args, "i.path", f.paths)
		q += ` and ` + below
	}
	if f.org != "" {
		q += ` and i.org = ` + put(f.org)
	}
	if f.typ != "" {
		q += ` and i.type = ` + put(f.typ)
	}
	if f.text != "" {
		t := put("%" + strings.NewReplacer(`%`, ``, `_`, ``, `\`, ``).Replace(fold(f.text)) + "%")
		q += ` and (i.folded like ` + t + ` or lower(i.code) like ` + t + `)`
	}
	if f.day != "" {
		d := put(f.day)
		q += ` and i.first <= ` + d + ` and (i.ends = '' or i.ends >= ` + d + ` or i.starts > ` + d + `)`
	}
	if f.kind != "" {
		q += ` and exists (select 1 from item_binding b where b.item = i.id and b.ended_at is null and b.kind = ` + put(f.kind)
		if f.role != "" {
			q += ` and b.role = ` + put(f.role)
		}
		q += `)`
	}
	if f.unbound {
		q += ` and not exists (select 1 from item_binding b where b.item = i.id and b.ended_at is null and b.role = 'result')`
	}
	if f.due {
		q += ` and i.makes`
	}
	return q, args
}

// list pages through items by code.
func list(tx *db.Tx, f filter) ([]*row, error) {
	if !f.everybody && len(f.paths) == 0 {
		return nil, nil
	}
	q, args := f.where()
	args = append(args, f.limit)
	return query(tx, q+` order by i.code, i.id limit `+mark(len(args)), args...)
}

func count(tx *db.Tx, f filter) (n int64, err error) {
	if !f.everybody && len(f.paths) == 0 {
		return 0, nil
	}
	q, args := f.where()
	err = tx.Get(`select count(*) from item_item i `+q, args, &n)
	return n, err
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

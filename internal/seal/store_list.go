package seal

import (
	"fmt"
	"strings"

	"sidian/internal/db"
)

// A filter says which seals a list holds: those whose organisation's path
// begins with one of the paths, and of these what the other fields say.
type filter struct {
	paths             []string
	state, kind, text string
	now               int64 // what is expired is told from it
	before            int64
	beforeID          string
	limit             int
}

// list returns the seals of a filter, newest first: those before the one that
// was made at (ms) with id.
func list(tx *db.Tx, f filter) ([]*Seal, error) {
	if len(f.paths) == 0 {
		return nil, nil
	}
	keys, err := f.keys(tx)
	if err != nil {
		return nil, err
	}
	args := []any{f.before, f.beforeID, f.limit}
	bind := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	// Sum and empty text keep the engines from walking through all seals by time or
	// by unit where the few that come into question are known.
	at, path := `created_at`, `path`
	if keys != nil {
		at, path = `created_at + 0`, `path || ''`
	}
	var in []string
	for _, p := range f.paths {
		in = append(in, `(`+path+` >= `+bind(p)+` and `+path+` < `+bind(after(p))+`)`)
	}
	where := `(` + at + `, id) < ($1, $2) and (` + strings.Join(in, ` or `) + `)`
	for _, k := range keys {
		where += ` and id in (` + k(bind) + `)`
	}
	switch f.state {
	case "":
	case Effective:
		where += ` and state = 'effective' and valid_to >= ` + bind(f.now)
	case Expired:
		where += ` and state = 'effective' and valid_to < ` + bind(f.now)
	default:
		where += ` and state = ` + bind(f.state)
	}
	if f.kind != "" {
		where += ` and kind = ` + bind(f.kind)
	}
	if f.text != "" { // said again where it is a key: no harm
		where += ` and (name >= ` + bind(f.text) + ` and name < ` + bind(f.text+last) + ` or id = ` + bind(f.text) + ` or number = ` + bind(f.text) + `)`
	}
	return seals(tx, `select `+columns+` from seal_seal
		 where `+where+`
		 order by `+at+` desc, id desc
		 limit $3`, args...)
}

// few is how many seals are looked at one by one. More than that are so many that
// a page of them is soon found by time.
const few = 1000

// keys are the conditions of a filter that leave few seals, each as a statement
// that finds their ids: nil if there are none such.
func (f filter) keys(tx *db.Tx) (out []func(bind func(any) string) string, err error) {
	if f.text != "" {
		n, err := atMost(tx, `select id from seal_seal where name >= $2 and name < $3 order by name, id limit $1`, f.text, f.text+last)
		if err != nil {
			return nil, err
		}
		if n <= few {
			out = append(out, func(bind func(any) string) string {
				return `select id from seal_seal where name >= ` + bind(f.text) + ` and name < ` + bind(f.text+last) + `
				 union all select id from seal_seal where id = ` + bind(f.text) + `
				 union all select id from seal_seal where number = ` + bind(f.text) + ` and number <> ''`
			})
		}
	}
	if f.state == Expired && out == nil {
		n, err := atMost(tx, `select id from seal_seal where state = 'effective' and valid_to < $2 order by valid_to, id limit $1`, f.now)
		if err != nil {
			return nil, err
		}
		if n <= few {
			out = append(out, func(bind func(any) string) string {
				return `select id from seal_seal where state = 'effective' and valid_to < ` + bind(f.now)
			})
		}
	}
	return out, nil
}

// atMost counts rows, up to one more than are few.
func atMost(tx *db.Tx, rows string, args ...any) (n int64, err error) {
	err = tx.Get(`select count(*) from (`+rows+`) r`, append([]any{few + 1}, args...), &n)
	return n, err
}

// last is behind every text that begins with what stands before it.
const last = "\U0010FFFF"

// after is the first path behind those that begin with a path: "/a/" ends in a
// slash, and "0" comes after it.
func after(path string) string { return strings.TrimSuffix(path, "/") + "0" }

// publicNamed lists filed seals of units by the beginning of their names.
func publicNamed(tx *db.Tx, prefix string, limit int) ([]*Seal, error) {
	return seals(tx, `select `+columns+` from seal_seal
		 where name >= $1 and name < $2 and kind not in ('name', 'personal') and (filed_at is not null or imprint = '')
		 order by name, id
		 limit $3`, prefix, prefix+last, limit)
}

// publicKnown lists filed seals by identifier or filing number.
func publicKnown(tx *db.Tx, text string, limit int) ([]*Seal, error) {
	return seals(tx, `select `+columns+` from seal_seal
		 where (id = $1 or (number = $1 and number <> '')) and (filed_at is not null or imprint = '')
		 order by id
		 limit $2`, text, limit)
}

// keptBy lists the seals that live and that an account keeps.
func keptBy(tx *db.Tx, account string) ([]*Seal, error) {
	return seals(tx, `select `+columns+` from seal_seal
		 where custodian = $1 and custodian <> '' and state in ('made', 'effective', 'frozen')
		 order by id`, account)
}

// offeredTo lists the seals that are offered to an account.
func offeredTo(tx *db.Tx, account string) ([]*Seal, error) {
	return seals(tx, `select `+columns+` from seal_seal
		 where id in (select seal_id from seal_handover where to_account = $1 and closed_at is null)
		 order by id`, account)
}

func filedAfter(tx *db.Tx, after string, limit int) (ids []string, err error) {
	err = tx.All(`select id from seal_seal where id > $1 and state <> 'made' order by id limit $2`, []any{after, limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

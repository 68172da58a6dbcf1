package catalogue

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sidian/internal/db"
)

// An entryRow is an entry as it is stored. files are nil in lists.
type entryRow struct {
	id, name, title, code, org, path, manager, state string
	version, base                                    int
	starts, reason, account                          string
	files                                            map[string][]byte
	digest                                           []byte
	issuerBy, issuerOrg, managerBy, managerOrg       string
	published                                        int
	created, changed                                 int64
}

const entryColumns = `e.id, e.name, e.title, e.code, e.org, e.path, e.manager, e.state, e.version, e.base, e.starts, e.reason, e.account,
	e.digest, e.issuer_by, e.issuer_org, e.manager_by, e.manager_org, coalesce(e.published, 0), e.created_at, e.changed_at`

func (r *entryRow) dest() []any {
	return []any{&r.id, &r.name, &r.title, &r.code, &r.org, &r.path, &r.manager, &r.state, &r.version, &r.base, &r.starts, &r.reason, &r.account,
		&r.digest, &r.issuerBy, &r.issuerOrg, &r.managerBy, &r.managerOrg, &r.published, &r.created, &r.changed}
}

func (r *entryRow) open() bool {
	return r.state == string(EntryDraft) || r.state == string(EntrySubmitted)
}

// entryTx is an entry with its files; nil where there is none. A writer locks it.
func entryTx(tx *db.Tx, id string, lock bool) (*entryRow, error) {
	q := `select ` + entryColumns + `, e.files from catalogue_entry e where e.id = $1`
	if lock {
		q += ` for update`
	}
	var found *entryRow
	err := tx.All(q, []any{id}, func(scan func(...any) error) error {
		r, files := &entryRow{}, ""
		if err := scan(append(r.dest(), &files)...); err != nil {
			return err
		}
		found = r
		if err := json.Unmarshal([]byte(files), &r.files); err != nil {
			return fmt.Errorf("catalogue: files of entry %s: %w", id, err)
		}
		return nil
	})
	return found, err
}

func filesText(files map[string][]byte) (string, error) {
	if files == nil {
		files = map[string][]byte{}
	}
	raw, err := json.Marshal(files)
	if err != nil {
		return "", fmt.Errorf("catalogue: writing the files of an entry: %w", err)
	}
	return string(raw), nil
}

// insertEntry tells whether the kind had no entry under way.
func insertEntry(tx *db.Tx, r *entryRow) (made bool, err error) {
	files, err := filesText(r.files)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		insert into catalogue_entry (id, name, title, code, org, path, manager, state, version, base, starts, reason, account, files, digest, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		on conflict do nothing`,
		r.id, r.name, r.title, r.code, r.org, r.path, r.manager, r.state, r.version, r.base, r.starts, r.reason, r.account, files, r.digest, r.created, r.changed)
	return n == 1, err
}

// saveEntry writes an entry that was locked.
func saveEntry(tx *db.Tx, r *entryRow) error {
	files, err := filesText(r.files)
	if err != nil {
		return err
	}
	var published *int64
	if r.published > 0 {
		n := int64(r.published)
		published = &n
	}
	_, err = tx.Exec(`
		update catalogue_entry
		   set title = $2, code = $3, state = $4, version = $5, starts = $6, reason = $7, files = $8, digest = $9, issuer_by = $10,
		       issuer_org = $11, manager_by = $12, manager_org = $13, published = $14, changed_at = $15
		 where id = $1`,
		r.id, r.title, r.code, r.state, r.version, r.starts, r.reason, files, r.digest, r.issuerBy, r.issuerOrg, r.managerBy, r.managerOrg, published, r.changed)
	return err
}

// submittedLike is another entry under agreement that has the title or the code.
func submittedLike(tx *db.Tx, id, code, title string) (name string, err error) {
	err = tx.All(`
		select name from catalogue_entry
		 where state = 'submitted' and id <> $1 and (code = $2 or title = $3)
		 order by created_at, id limit 1`, []any{id, code, title}, func(scan func(...any) error) error { return scan(&name) })
	return name, err
}

// openEntry is the id of the entry of a kind that is under way; "" when none is.
func openEntry(tx *db.Tx, name string) (id string, err error) {
	err = tx.All(`select id from catalogue_entry where name = $1 and state in ('draft', 'submitted') order by id limit 1`, []any{name},
		func(scan func(...any) error) error { return scan(&id) })
	return id, err
}

// An entryFilter says which entries a list holds.
type entryFilter struct {
	paths            []string // of units, one of which it must be below
	manages          []string // units, or it is managed by one of these
	state, org, name string
	at               int64 // before this one
	id               string
	limit            int
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

func listEntries(tx *db.Tx, f entryFilter) (list []*entryRow, err error) {
	if len(f.paths)+len(f.manages) == 0 {
		return nil, nil
	}
	args := []any{f.at, f.id}
	put := func(v any) string { args = append(args, v); return mark(len(args)) }
	q := `select ` + entryColumns + ` from catalogue_entry e where (e.created_at, e.id) < ($1, $2) and (`
	for i, p := range f.paths {
		if i > 0 {
			q += ` or `
		}
		q += `e.path like ` + put(p+"%")
	}
	for i, m := range f.manages {
		if i > 0 || len(f.paths) > 0 {
			q += ` or `
		}
		q += `e.manager = ` + put(m)
	}
	q += `)`
	for _, c := range []struct{ column, value string }{{"e.state", f.state}, {"e.org", f.org}, {"e.name", f.name}} {
		if c.value != "" {
			q += ` and ` + c.column + ` = ` + put(c.value)
		}
	}
	q += ` order by e.created_at desc, e.id desc limit ` + put(f.limit)
	err = tx.All(q, args, func(scan func(...any) error) error {
		r := &entryRow{}
		list = append(list, r)
		return scan(r.dest()...)
	})
	return list, err
}

// A stepRow is one thing that happened to an entry.
type stepRow struct {
	action, account, org, reason string
	digest                       []byte
	at                           int64
}

func insertStep(tx *db.Tx, entry string, s stepRow) error {
	var last int64
	if err := tx.Get(`select coalesce(max(number), 0) from catalogue_step where entry = $1`, []any{entry}, &last); err != nil {
		return err
	}
	_, err := tx.Exec(`
		insert into catalogue_step (entry, number, action, account, org, reason, digest, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, entry, last+1, s.action, s.account, s.org, s.reason, s.digest, s.at)
	return err
}

// stepsOf are the last steps of an entry, the oldest first.
func stepsOf(tx *db.Tx, entry string) (list []stepRow, err error) {
	err = tx.All(`select action, account, org, reason, digest, at from catalogue_step where entry = $1 order by number limit 1000`, []any{entry},
		func(scan func(...any) error) error {
			var s stepRow
			err := scan(&s.action, &s.account, &s.org, &s.reason, &s.digest, &s.at)
			list = append(list, s)
			return err
		})
	return list, err
}

// A standardRow is what the country published of a kind.
type standardRow struct {
	title, code, standard, since, account, reason string
	at                                            int64
}

func insertStandard(tx *db.Tx, s standardRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into catalogue_standard (title, code, standard, since, account, reason, at)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, s.title, s.code, s.standard, s.since, s.account, s.reason, s.at)
	return n == 1, err
}

// lastStandard is the newest of a title; nil where there is none.
func lastStandard(tx *db.Tx, title string) (found *standardRow, err error) {
	err = tx.All(`select title, code, standard, since, account, reason, at from catalogue_standard where title = $1 order by since desc limit 1`, []any{title},
		func(scan func(...any) error) error {
			found = &standardRow{}
			return scan(&found.title, &found.code, &found.standard, &found.since, &found.account, &found.reason, &found.at)
		})
	return found, err
}

// standards are all that was published, by title, the newest first.
func standards(tx *db.Tx) (list []standardRow, err error) {
	err = tx.All(`select title, code, standard, since, account, reason, at from catalogue_standard order by title, since desc limit 10000`, nil,
		func(scan func(...any) error) error {
			var s standardRow
			err := scan(&s.title, &s.code, &s.standard, &s.since, &s.account, &s.reason, &s.at)
			list = append(list, s)
			return err
		})
	return list, err
}

package composite

import (
	"encoding/json"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A schemeRow is a version of a scheme as it is stored; times are milliseconds.
type schemeRow struct {
	id, unit, path, code         string
	version                      int64
	title, industry, kind, basis string
	parts, state                 string
	revision                     int64
	account                      string
	madeAt                       int64
	decidedBy                    string
	decidedAt                    *int64
	reason                       string
	mac                          []byte
}

const schemeColumns = `id, unit, path, code, version, title, industry, kind, parts, basis, state, revision, account, made_at, decided_by, decided_at, reason, mac`

func encodeParts(parts []Fold) (string, error) {
	b, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("composite: writing the parts of a scheme: %w", err)
	}
	return string(b), nil
}

func decodeParts(r *schemeRow) (parts []Fold, err error) {
	if err = json.Unmarshal([]byte(r.parts), &parts); err != nil {
		return nil, fmt.Errorf("composite: reading the parts of scheme %s: %w", r.id, err)
	}
	return parts, nil
}

// insertScheme tells whether the code had no version on its way.
func insertScheme(tx *db.Tx, r *schemeRow) (bool, error) {
	n, err := tx.Exec(`
		insert into composite_scheme (id, unit, path, code, version, title, industry, kind, parts, basis, state, account, made_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict do nothing`,
		r.id, r.unit, r.path, r.code, r.version, r.title, r.industry, r.kind, r.parts, r.basis, r.state, r.account, r.madeAt, r.mac)
	return n == 1, err
}

// lastVersion is whose a code is, and its newest version; "" and 0 for none.
func lastVersion(tx *db.Tx, code string) (unit string, version int64, err error) {
	err = tx.All(`select unit, version from composite_scheme where code = $1 order by version desc, id limit 1`, []any{code}, func(scan func(...any) error) error {
		return scan(&unit, &version)
	})
	return unit, version, err
}

func saveScheme(tx *db.Tx, r *schemeRow) error {
	n, err := tx.Exec(`
		update composite_scheme set state = $3, decided_by = $4, decided_at = $5, reason = $6, mac = $7, revision = revision + 1
		 where id = $1 and revision = $2`, r.id, r.revision, r.state, r.decidedBy, r.decidedAt, r.reason, r.mac)
	if err == nil && n == 0 {
		return fault.Conflict.New("方案刚刚由他人办理").WithCode("composite.moved").WithHint("请刷新后查看")
	}
	return err
}

// inForce is the version of a scheme that is, locked; nil: none is.
func inForce(tx *db.Tx, code string) (*schemeRow, error) {
	list, err := querySchemes(tx, `where code = $1 and state = 'published' for update`, code)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func errNoScheme() error {
	return fault.NotFound.New("没有这个行业综合许可方案").WithCode("composite.scheme-unknown").WithHint("请从方案列表中选择")
}

func querySchemes(tx *db.Tx, rest string, args ...any) (list []*schemeRow, err error) {
	err = tx.All(`select `+schemeColumns+` from composite_scheme `+rest, args, func(scan func(...any) error) error {
		r := &schemeRow{}
		err := scan(&r.id, &r.unit, &r.path, &r.code, &r.version, &r.title, &r.industry, &r.kind, &r.parts, &r.basis, &r.state, &r.revision, &r.account, &r.madeAt, &r.decidedBy, &r.decidedAt, &r.reason, &r.mac)
		list = append(list, r)
		return err
	})
	return list, err
}

func schemeByID(tx *db.Tx, id string, lock bool) (*schemeRow, error) {
	rest := `where id = $1`
	if lock {
		rest += ` for update`
	}
	list, err := querySchemes(tx, rest, id)
	if err == nil && len(list) == 0 {
		err = errNoScheme()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// mostSchemes bounds what a list shows.
const mostSchemes = 500

func schemes(tx *db.Tx, state string) ([]*schemeRow, error) {
	if state != "" {
		return querySchemes(tx, `where state = $1 order by made_at desc, id desc limit $2`, state, mostSchemes)
	}
	return querySchemes(tx, `order by made_at desc, id desc limit $1`, mostSchemes)
}

package iam

import (
	"strconv"
	"strings"

	"sidian/internal/db"
)

// accountRow is a row of iam_account; nil where a column is null.
type accountRow struct {
	key, username string
	kind          Kind
	org           string
	name          []byte
	nameIndex     []byte
	citizen       []byte
	citizenIndex  []byte
	phone         []byte
	phoneIndex    []byte
	closedAt      int64
	mac           []byte
}

func (r *accountRow) id() string   { return r.key }
func (r *accountRow) had() []byte  { return r.mac }
func (r *accountRow) closed() bool { return r.closedAt != 0 }

// fields are what an account is known by to others: a username, citizen ID or
// organisation that was exchanged would make somebody somebody else.
func (r *accountRow) fields() []any {
	return []any{r.username, r.kind, r.org, r.citizenIndex, r.closedAt}
}

const accountColumns = `id, username, kind, org, name, name_index, citizen, citizen_index, phone, phone_index, closed_at, mac`

func scanAccount(scan func(...any) error) (r accountRow, err error) {
	var closed *int64
	err = scan(&r.key, &r.username, (*string)(&r.kind), &r.org, &r.name, &r.nameIndex, &r.citizen, &r.citizenIndex, &r.phone, &r.phoneIndex, &closed, &r.mac)
	r.closedAt = plainMillis(closed)
	return r, err
}

func (s *Service) insertAccount(tx *db.Tx, r accountRow) (int64, error) {
	return tx.Exec(`
		insert into iam_account (id, username, kind, org, name, name_index, citizen, citizen_index, phone, phone_index, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict do nothing`,
		r.key, r.username, string(r.kind), r.org, r.name, r.nameIndex, r.citizen, r.citizenIndex, r.phone, r.phoneIndex, tx.Now().UnixMilli(), macOf(s.guards.accounts, &r))
}

func oneAccount(tx *db.Tx, where string, arg any) (r accountRow, err error) {
	err = tx.Get(`select `+accountColumns+` from iam_account where `+where, []any{arg},
		&r.key, &r.username, (*string)(&r.kind), &r.org, &r.name, &r.nameIndex, &r.citizen, &r.citizenIndex, &r.phone, &r.phoneIndex, (*closing)(&r.closedAt), &r.mac)
	return r, err
}

// closing scans a nullable time; null is zero.
type closing int64

// Scan is sql.Scanner.
func (c *closing) Scan(v any) error {
	n, _ := v.(int64)
	*c = closing(n)
	return nil
}

func getAccount(tx *db.Tx, id string) (accountRow, error) { return oneAccount(tx, `id = $1`, id) }

func accountNamed(tx *db.Tx, username string) (accountRow, error) {
	return oneAccount(tx, `username = $1`, username)
}

func queryAccounts(tx *db.Tx, rest string, args ...any) (list []accountRow, err error) {
	err = tx.All(`select `+accountColumns+` from iam_account `+rest, args, func(scan func(...any) error) error {
		r, err := scanAccount(scan)
		list = append(list, r)
		return err
	})
	return list, err
}

func accountsOf(tx *db.Tx, org, after string, limit int) ([]accountRow, error) {
	return queryAccounts(tx, `where org = $1 and id > $2 order by id limit $3`, org, after, limit)
}

func accountsAfter(tx *db.Tx, after string, n int) ([]accountRow, error) {
	return queryAccounts(tx, `where id > $1 order by id limit $2`, after, n)
}

func accountsByID(tx *db.Tx, ids []string) ([]accountRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := db.Marks(nil, ids)
	return queryAccounts(tx, `where id in (`+marks+`) order by id`, args...)
}

// accountsWithout are those that were written before accounts carried a MAC.
func accountsWithout(tx *db.Tx, n int) ([]accountRow, error) {
	return queryAccounts(tx, `where mac is null order by id limit $1`, n)
}

func adoptAccountRow(tx *db.Tx, r accountRow) error {
	_, err := tx.Exec(`update iam_account set name_index = $2, mac = $3 where id = $1 and mac is null`, r.key, r.nameIndex, r.mac)
	return err
}

// saveAccount writes what an account has become.
func (s *Service) saveAccount(tx *db.Tx, r *accountRow) error {
	r.mac = macOf(s.guards.accounts, r)
	_, err := tx.Exec(`update iam_account set org = $2, name = $3, name_index = $4, phone = $5, phone_index = $6, closed_at = $7, mac = $8 where id = $1`,
		r.key, r.org, r.name, r.nameIndex, r.phone, r.phoneIndex, millis(r.closedAt), r.mac)
	return err
}

func countAccounts(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_account`, nil, &n)
	return n, err
}

func holderBy(tx *db.Tx, citizen [32]byte) (id string, err error) {
	err = tx.Get(`select id from iam_account where citizen_index = $1 and kind = 'holder' and closed_at is null`, []any{citizen}, &id)
	return id, err
}

// foundAccounts is a page of AccountQuery. Holders belong to no organisation:
// they are found by who they are, and never listed (SEC-05). The shapes of the statement are few:
// each condition stands in it or not.
func foundAccounts(tx *db.Tx, q AccountQuery, in []span, name, phone, citizen []byte, limit int) ([]accountRow, error) {
	args := []any{q.Cursor}
	var where strings.Builder
	where.WriteString(`where id > $1`)
	add := func(condition string, v any) {
		args = append(args, v)
		where.WriteString(strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if !q.Closed {
		where.WriteString(` and closed_at is null`)
	}
	if q.Kind != "" {
		add(` and kind = ?`, string(q.Kind))
	}
	if name != nil {
		add(` and name_index = ?`, name)
	}
	if phone != nil {
		add(` and phone_index = ?`, phone)
	}
	if citizen != nil {
		add(` and citizen_index = ?`, citizen)
	}
	if q.Username != "" {
		add(` and username >= ?`, q.Username)
		add(` and username < ?`, q.Username+"\U0010FFFF")
	}
	if q.Org != "" && !q.Below {
		add(` and org = ?`, q.Org)
	} else {
		var some []string
		for _, sp := range in {
			args = append(args, sp.from, sp.to)
			some = append(some, `(o.path >= $`+strconv.Itoa(len(args)-1)+` and o.path < $`+strconv.Itoa(len(args))+`)`)
		}
		some = append(some, `1 = 0`)
		scope := `exists (select 1 from iam_org o where o.id = iam_account.org and (` + strings.Join(some, ` or `) + `))`
		if asked := name != nil || phone != nil || citizen != nil || q.Username != ""; asked && q.Org == "" {
			scope = `(kind = 'holder' or ` + scope + `)`
		}
		where.WriteString(` and ` + scope)
	}
	args = append(args, limit)
	where.WriteString(` order by id limit $` + strconv.Itoa(len(args)))
	return queryAccounts(tx, where.String(), args...)
}

// replaceSealed writes a value that was sealed again where it still is the one
// that was read.
func replaceSealed(tx *db.Tx, column, id string, before, after []byte) (int64, error) {
	statement := `update iam_account set name = $3 where id = $1 and name = $2`
	switch column {
	case "citizen":
		statement = `update iam_account set citizen = $3 where id = $1 and citizen = $2`
	case "phone":
		statement = `update iam_account set phone = $3 where id = $1 and phone = $2`
	}
	return tx.Exec(statement, id, before, after)
}

package sealapply

import (
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// A sealedCell is one encrypted value, by the key of its row.
type sealedCell struct {
	key    string
	sealed []byte
}

// A sealedTable is a table with an encrypted column.
type sealedTable struct {
	prefix  string
	cell    func(key string) keys.Cell
	after   func(tx *db.Tx, key string, n int) ([]sealedCell, error)
	replace func(tx *db.Tx, key string, was, is []byte) (int64, error)
}

var sealedTables = []sealedTable{
	{"a/", contentCell, byKey(`select id, content from sealapply_application where id > $1 order by id limit $2`),
		swap(`update sealapply_application set content = $3 where id = $1 and content = $2`)},
	{"f/", nameCell, byKey(`select id, name from sealapply_attachment where id > $1 order by id limit $2`),
		swap(`update sealapply_attachment set name = $3 where id = $1 and name = $2`)},
	{"r/", rowCell, sealedRows, func(tx *db.Tx, key string, was, is []byte) (int64, error) {
		campaign, line := splitRow(key)
		return tx.Exec(`update sealapply_row set name = $4 where campaign = $1 and line = $2 and name = $3`, campaign, line, was, is)
	}},
}

func byKey(q string) func(*db.Tx, string, int) ([]sealedCell, error) {
	return func(tx *db.Tx, key string, n int) (list []sealedCell, err error) {
		err = tx.All(q, []any{strings.TrimPrefix(key, " "), n}, func(scan func(...any) error) error {
			var c sealedCell
			err := scan(&c.key, &c.sealed)
			list = append(list, c)
			return err
		})
		return list, err
	}
}

func swap(q string) func(*db.Tx, string, []byte, []byte) (int64, error) {
	return func(tx *db.Tx, key string, was, is []byte) (int64, error) { return tx.Exec(q, key, was, is) }
}

// rowKey names a row of a campaign: its id, and the line.
func rowKey(campaign string, line int64) string { return campaign + "/" + strconv.FormatInt(line, 10) }

func splitRow(key string) (campaign string, line int64) {
	campaign, at, _ := strings.Cut(strings.TrimPrefix(key, " "), "/")
	line, _ = strconv.ParseInt(at, 10, 64) // "" is before all
	return campaign, line
}

func rowCell(key string) keys.Cell {
	return keys.Cell{Table: "sealapply_row", Column: "name", Row: key}
}

func sealedRows(tx *db.Tx, key string, n int) (list []sealedCell, err error) {
	campaign, line := splitRow(key)
	err = tx.All(`
		select campaign, line, name from sealapply_row
		 where (campaign, line) > ($1, $2)
		 order by campaign, line limit $3`, []any{campaign, line, n}, func(scan func(...any) error) error {
		var id string
		var at int64
		var c sealedCell
		err := scan(&id, &at, &c.sealed)
		c.key = rowKey(id, at)
		list = append(list, c)
		return err
	})
	return list, err
}

func countSealed(tx *db.Tx) (sum int64, err error) {
	for _, q := range []string{
		`select count(*) from sealapply_application`, `select count(*) from sealapply_attachment`, `select count(*) from sealapply_row`,
	} {
		var n int64
		if err := tx.Get(q, nil, &n); err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

package keys

import (
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// censusOf returns the census of a table; there is false for none.
func censusOf(tx *db.Tx, table string, lock bool) (c Census, mac []byte, there bool, err error) {
	q := `select table_name, rows, revision, digest, mac from keys_census where table_name = $1`
	if lock {
		q += ` for update`
	}
	var digest []byte
	err = tx.Get(q, []any{table}, &c.Table, &c.Rows, &c.Revision, &digest, &mac)
	if errors.Is(err, fault.NotFound) {
		return Census{Table: table}, nil, false, nil
	}
	copy(c.Digest[:], digest)
	return c, mac, err == nil, err
}

func putCensus(tx *db.Tx, c Census, mac []byte) error {
	_, err := tx.Exec(`
		insert into keys_census (table_name, rows, revision, digest, mac)
		values ($1, $2, $3, $4, $5)
		    on conflict (table_name) do update
		   set rows = excluded.rows, revision = excluded.revision, digest = excluded.digest, mac = excluded.mac`,
		c.Table, c.Rows, c.Revision, c.Digest, mac)
	return err
}

// censusTables names the tables that have a census.
func censusTables(tx *db.Tx) (names []string, err error) {
	err = tx.All(`select table_name from keys_census where table_name <> '' order by table_name`, nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

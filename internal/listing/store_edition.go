package listing

import (
	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An editionRow is a published version of a list.
type editionRow struct {
	id, list, org   string
	version         int64
	round, title    string
	content         string
	digest          gm.Digest
	entries         int64
	reason, account string
	at              int64
}

func editions(tx *db.Tx, rest string, args ...any) (list []*editionRow, err error) {
	err = tx.All(`
		select e.id, e.list, e.org, e.version, e.round, e.title, e.content, e.digest, e.entries, e.reason, e.account, e.at
		  from listing_edition e `+rest, args, func(scan func(...any) error) error {
		e, digest := &editionRow{}, []byte(nil)
		err := scan(&e.id, &e.list, &e.org, &e.version, &e.round, &e.title, &e.content, &digest, &e.entries, &e.reason, &e.account, &e.at)
		copy(e.digest[:], digest)
		list = append(list, e)
		return err
	})
	return list, err
}

func first[T any](list []*T, err error) (*T, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// newestEdition is the newest version of a unit's list; nil where there is none.
func newestEdition(tx *db.Tx, list, org string) (*editionRow, error) {
	return first(editions(tx, `where e.list = $1 and e.org = $2 order by e.version desc limit 1`, list, org))
}

// editionBefore is the version before one; nil where that is the first.
func editionBefore(tx *db.Tx, e *editionRow) (*editionRow, error) {
	return first(editions(tx, `where e.list = $1 and e.org = $2 and e.version = $3`, e.list, e.org, e.version-1))
}

func editionByID(tx *db.Tx, id string) (*editionRow, error) {
	e, err := first(editions(tx, `where e.id = $1`, id))
	if err == nil && e == nil {
		err = fault.NotFound.New("没有这个清单或版本").WithCode("listing.edition").WithHint("请从公布的清单中选择")
	}
	return e, err
}

// editionOf is the id of what a round published.
func editionOf(tx *db.Tx, round string) (id string, err error) {
	err = tx.Get(`select id from listing_edition where round = $1`, []any{round}, &id)
	return id, err
}

// newestEditions are the newest versions of all lists.
func newestEditions(tx *db.Tx) ([]*editionRow, error) {
	return editions(tx, `where not exists (select 1 from listing_edition n where n.list = e.list and n.org = e.org and n.version > e.version) order by e.list, e.org, e.id limit 1000`)
}

// editionHeads are all versions of a list without their contents, newest first.
func editionHeads(tx *db.Tx, list, org string) (heads []*editionRow, err error) {
	err = tx.All(`
		select id, version, title, entries, reason, at from listing_edition
		 where list = $1 and org = $2 order by version desc limit 200`, []any{list, org}, func(scan func(...any) error) error {
		e := &editionRow{list: list, org: org}
		heads = append(heads, e)
		return scan(&e.id, &e.version, &e.title, &e.entries, &e.reason, &e.at)
	})
	return heads, err
}

func insertEdition(tx *db.Tx, e *editionRow) error {
	_, err := tx.Exec(`
		insert into listing_edition (id, list, org, version, round, title, content, digest, entries, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.id, e.list, e.org, e.version, e.round, e.title, e.content, e.digest, e.entries, e.reason, e.account, e.at)
	return err
}

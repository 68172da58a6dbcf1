package listing

import (
	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A normRow is a norm of the register.
type normRow struct {
	id, kind, unit, path, title, edition, issued, link string
	digest                                             []byte
	media, account                                     string
	at                                                 int64
}

func norms(tx *db.Tx, rest string, args ...any) (list []*normRow, err error) {
	err = tx.All(`select n.id, n.kind, n.unit, n.path, n.title, n.edition, n.issued, n.link, n.digest, n.media, n.account, n.at from listing_norm n `+rest, args, func(scan func(...any) error) error {
		r := &normRow{}
		list = append(list, r)
		return scan(&r.id, &r.kind, &r.unit, &r.path, &r.title, &r.edition, &r.issued, &r.link, &r.digest, &r.media, &r.account, &r.at)
	})
	return list, err
}

func errNorm() error {
	return fault.NotFound.New("没有这个规范，或已撤下").WithCode("listing.norm-unknown").WithHint("请从规范目录中选择")
}

// normByID is a norm that was not withdrawn.
func normByID(tx *db.Tx, id string) (*normRow, error) {
	r, err := first(norms(tx, `where n.id = $1 and n.withdrawn_at is null`, id))
	if err == nil && r == nil {
		err = errNorm()
	}
	return r, err
}

func listNorms(tx *db.Tx, kind, unit string, before int64, id string, limit int) ([]*normRow, error) {
	args := []any{before, id, limit}
	q := `where n.withdrawn_at is null and (n.at, n.id) < ($1, $2)`
	if kind != "" {
		args = append(args, kind)
		q += ` and n.kind = ` + mark(len(args))
	}
	if unit != "" {
		args = append(args, unit)
		q += ` and n.unit = ` + mark(len(args))
	}
	return norms(tx, q+` order by n.at desc, n.id desc limit $3`, args...)
}

// newestNorms is the day of the newest norm of each kind by unit: key "unit kind".
func newestNorms(tx *db.Tx) (days map[string]string, err error) {
	days = map[string]string{}
	err = tx.All(`select unit, kind, max(issued) from listing_norm where withdrawn_at is null group by unit, kind order by unit, kind`, nil, func(scan func(...any) error) error {
		var unit, kind, day string
		err := scan(&unit, &kind, &day)
		days[unit+" "+kind] = day
		return err
	})
	return days, err
}

func insertNorm(tx *db.Tx, r *normRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_norm (id, kind, unit, path, title, edition, issued, link, digest, media, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict do nothing`, r.id, r.kind, r.unit, r.path, r.title, r.edition, r.issued, r.link, r.digest, r.media, r.account, r.at)
	return n == 1, err
}

func withdrawNorm(tx *db.Tx, id, by, why string) error {
	n, err := tx.Exec(`
		update listing_norm set withdrawn_at = $2, withdrawn_by = $3, withdrawn_why = $4
		 where id = $1 and withdrawn_at is null`, id, tx.Now().UnixMilli(), by, why)
	if err == nil && n == 0 {
		return errNorm()
	}
	return err
}

// namedDigests are those of digests that norms name, withdrawn ones included.
func namedDigests(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select digest from listing_norm where digest in (`)
}

package listing

import (
	"sidian/internal/db"
)

// A ripeRow is what was said of a kind's maturity.
type ripeRow struct {
	kind            string
	mature          bool
	reason, account string
	at              int64
}

func maturity(tx *db.Tx, org string) (list []*ripeRow, err error) {
	err = tx.All(`select kind, mature, reason, account, at from listing_maturity where org = $1 order by kind`, []any{org}, func(scan func(...any) error) error {
		r := &ripeRow{}
		list = append(list, r)
		return scan(&r.kind, &r.mature, &r.reason, &r.account, &r.at)
	})
	return list, err
}

func putMaturity(tx *db.Tx, org, kind string, mature bool, reason, account string) error {
	_, err := tx.Exec(`
		insert into listing_maturity (org, kind, mature, reason, account, at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (org, kind) do update set mature = excluded.mature, reason = excluded.reason, account = excluded.account, at = excluded.at`,
		org, kind, mature, reason, account, tx.Now().UnixMilli())
	return err
}

// launchedBy are the batches in which a unit's kinds were published, by kind.
func launchedBy(tx *db.Tx, org string) (batches map[string]string, err error) {
	batches = map[string]string{}
	err = tx.All(`select kind, batch from listing_launch where org = $1 order by kind`, []any{org}, func(scan func(...any) error) error {
		var kind, batch string
		err := scan(&kind, &batch)
		batches[kind] = batch
		return err
	})
	return batches, err
}

// A batchRow is a batch with its kinds.
type batchRow struct {
	id, org       string
	number        int64
	title, reason string
	at            int64
	kinds         []string
}

// listBatches are the newest batches: of a unit, or with "" of all.
func listBatches(tx *db.Tx, org string) (list []*batchRow, err error) {
	byID := map[string]*batchRow{}
	err = tx.All(`
		select id, org, number, title, reason, at from listing_batch
		 where cast($1 as text) = '' or org = $1
		 order by at desc, id desc limit 200`, []any{org}, func(scan func(...any) error) error {
		b := &batchRow{}
		err := scan(&b.id, &b.org, &b.number, &b.title, &b.reason, &b.at)
		list, byID[b.id] = append(list, b), b
		return err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	err = tx.All(`select batch, kind from listing_launch where cast($1 as text) = '' or org = $1 order by batch, kind`, []any{org}, func(scan func(...any) error) error {
		var batch, kind string
		err := scan(&batch, &kind)
		if b := byID[batch]; b != nil {
			b.kinds = append(b.kinds, kind)
		}
		return err
	})
	return list, err
}

// insertBatch writes a batch under the unit's next number.
func insertBatch(tx *db.Tx, id, org, title, reason, account string) error {
	var number int64
	if err := tx.Get(`select coalesce(max(number), 0) + 1 from listing_batch where org = $1`, []any{org}, &number); err != nil {
		return err
	}
	_, err := tx.Exec(`insert into listing_batch (id, org, number, title, reason, account, at) values ($1, $2, $3, $4, $5, $6, $7)`,
		id, org, number, title, reason, account, tx.Now().UnixMilli())
	return err
}

// insertLaunch puts a kind into a batch, and tells whether it was in none.
func insertLaunch(tx *db.Tx, org, kind, batch string) (made bool, err error) {
	n, err := tx.Exec(`insert into listing_launch (org, kind, batch) values ($1, $2, $3) on conflict do nothing`, org, kind, batch)
	return n == 1, err
}

// A periodRow is a dated period after which what was published is stale.
type periodRow struct {
	id, org, topic string
	months         int64
	starts, basis  string
	account        string
	at             int64
}

func periods(tx *db.Tx) (list []*periodRow, err error) {
	err = tx.All(`select id, org, topic, months, starts, basis, account, at from listing_period order by starts, at, id limit 5000`, nil, func(scan func(...any) error) error {
		p := &periodRow{}
		list = append(list, p)
		return scan(&p.id, &p.org, &p.topic, &p.months, &p.starts, &p.basis, &p.account, &p.at)
	})
	return list, err
}

// insertPeriod writes a period, and tells whether none of its topic began that day.
func insertPeriod(tx *db.Tx, p *periodRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_period (id, org, topic, months, starts, basis, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, p.id, p.org, p.topic, p.months, p.starts, p.basis, p.account, p.at)
	return n == 1, err
}

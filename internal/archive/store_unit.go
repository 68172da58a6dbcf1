package archive

import (
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// unitTx returns how an organisation files, nil where that is not said.
func unitTx(tx *db.Tx, org string) (*Unit, error) {
	u := &Unit{Org: org}
	var at int64
	err := tx.Get(`select fonds, category, agency, archives, archives_code, pattern, at from archive_unit where org = $1`, []any{org},
		&u.Fonds, &u.Category, &u.Agency, &u.Archives, &u.ArchivesCode, &u.Pattern, &at)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	u.At = ms(at)
	return u, err
}

func putUnit(tx *db.Tx, u *Unit, account string) error {
	_, err := tx.Exec(`
		insert into archive_unit (org, fonds, category, agency, archives, archives_code, pattern, account, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (org) do update set fonds = excluded.fonds, category = excluded.category, agency = excluded.agency, archives = excluded.archives,
		       archives_code = excluded.archives_code, pattern = excluded.pattern, account = excluded.account, at = excluded.at`,
		u.Org, u.Fonds, u.Category, u.Agency, u.Archives, u.ArchivesCode, u.Pattern, account, tx.Now().UnixMilli())
	return err
}

// takeNumber takes the lowest number of a series that was given back, or the
// next one.
func takeNumber(tx *db.Tx, series string) (n int64, err error) {
	err = tx.Get(`select number from archive_free where series = $1 order by series, number limit 1`, []any{series}, &n)
	if err == nil {
		_, err = tx.Exec(`delete from archive_free where series = $1 and number = $2`, series, n)
		return n, err
	}
	if !errors.Is(err, fault.NotFound) {
		return 0, err
	}
	err = tx.Get(`
		insert into archive_series (series, last) values ($1, 1)
		on conflict (series) do update set last = archive_series.last + 1 returning last`, []any{series}, &n)
	return n, err
}

// freeNumber gives a number back. The last of a series is not remembered but
// never given: the series ends before it.
func freeNumber(tx *db.Tx, series string, number int64) error {
	n, err := tx.Exec(`update archive_series set last = last - 1 where series = $1 and last = $2`, series, number)
	if err != nil || n == 1 {
		return err
	}
	_, err = tx.Exec(`insert into archive_free (series, number) values ($1, $2) on conflict do nothing`, series, number)
	return err
}

func setCode(tx *db.Tx, it *Item) error {
	_, err := tx.Exec(`update archive_item set series = $2, number = $3, code = $4 where id = $1`, it.ID, it.series, it.number, it.Code)
	return err
}

// sweptUntil is how far the sweep has come, zero before the first.
func sweptUntil(tx *db.Tx, source string) (time.Time, error) {
	var at int64
	err := tx.Get(`select at from archive_sweep where source = $1`, []any{source}, &at)
	if errors.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	return ms(at), err
}

func setSwept(tx *db.Tx, source string, at time.Time) error {
	_, err := tx.Exec(`
		insert into archive_sweep (source, at) values ($1, $2)
		on conflict (source) do update set at = excluded.at where excluded.at > archive_sweep.at`, source, at.UnixMilli())
	return err
}

// signingKey returns the key that signs packages and its digital certificate,
// "" where there is none yet.
func signingKey(tx *db.Tx) (key string, c *gm.Certificate, err error) {
	var der []byte
	err = tx.Get(`select key, certificate from archive_key where id = 1`, nil, &key, &der)
	if errors.Is(err, fault.NotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	c, err = gm.ParseCertificate(der)
	return key, c, err
}

// putSigningKey keeps the first that comes, or one in place of another that ends.
func putSigningKey(tx *db.Tx, old, key string, c *gm.Certificate) (bool, error) {
	if old != "" {
		n, err := tx.Exec(`update archive_key set key = $2, certificate = $3, at = $4 where id = 1 and key = $1`, old, key, c.Raw, tx.Now().UnixMilli())
		return n == 1, err
	}
	n, err := tx.Exec(`insert into archive_key (id, key, certificate, at) values (1, $1, $2, $3) on conflict do nothing`, key, c.Raw, tx.Now().UnixMilli())
	return n == 1, err
}

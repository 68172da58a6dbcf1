package pki

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// serialText is a serial number as it stands in the tables and in paths.
func serialText(c *gm.Certificate) string { return c.SerialNumber.Text(16) }

func insertAuthority(tx *db.Tx, a *Authority) error {
	_, err := tx.Exec(`
		insert into pki_authority (id, certificate, key_id, created_at)
		values ($1, $2, $3, $4)`, a.ID, a.Certificate.Raw, a.keyID, tx.Now().UnixMilli())
	return err
}

// replaceAuthority reports whether the old one still stood there.
func replaceAuthority(tx *db.Tx, old, a *Authority) (int64, error) {
	return tx.Exec(`update pki_authority set certificate = $3, key_id = $4 where id = $1 and key_id = $2`, old.ID, old.keyID, a.Certificate.Raw, a.keyID)
}

func authorities(tx *db.Tx) (out []*Authority, err error) {
	err = tx.All(`select id, certificate, key_id from pki_authority order by id`, nil, func(scan func(...any) error) error {
		a := &Authority{}
		var der []byte
		if err := scan(&a.ID, &der, &a.keyID); err != nil {
			return err
		}
		if a.Certificate, err = gm.ParseCertificate(der); err != nil {
			return fmt.Errorf("pki: authority %s: %w", a.ID, err)
		}
		out = append(out, a)
		return nil
	})
	return out, err
}

// markRevoked reports how many rows it changed: none if the certificate is not
// ours or is revoked already.
func markRevoked(tx *db.Tx, c *gm.Certificate, reason int) (int64, error) {
	return tx.Exec(`
		update pki_certificate set revoked_at = $2, reason = $3
		 where digest = $1 and authority <> '' and revoked_at is null`, c.Digest(), tx.Now().UnixMilli(), reason)
}

func countRevoked(tx *db.Tx, authority string) (n int64, err error) {
	err = tx.Get(`select count(*) from pki_certificate where authority = $1 and revoked_at is not null`, []any{authority}, &n)
	return n, err
}

func revokedBy(tx *db.Tx, authority string) (out []gm.Revoked, err error) {
	err = tx.All(`
		select serial, revoked_at, reason
		  from pki_certificate
		 where authority = $1 and revoked_at is not null
		 order by revoked_at, serial`, []any{authority}, func(scan func(...any) error) error {
		var serial string
		var at, reason int64
		if err := scan(&serial, &at, &reason); err != nil {
			return err
		}
		n, ok := new(big.Int).SetString(serial, 16)
		if !ok {
			return fmt.Errorf("pki: malformed serial number in the store")
		}
		out = append(out, gm.Revoked{Serial: n, At: time.UnixMilli(at).UTC(), Reason: int(reason)})
		return nil
	})
	return out, err
}

// A list is a revocation list as it is stored.
type list struct {
	number, entries int64
	der             []byte
	this, next      time.Time
}

// listOf returns nil if no list was made yet.
func listOf(tx *db.Tx, authority string) (*list, error) {
	l := &list{}
	var this, next int64
	err := tx.Get(`select number, entries, list, this_at, next_at from pki_list where authority = $1`, []any{authority},
		&l.number, &l.entries, &l.der, &this, &next)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	l.this, l.next = time.UnixMilli(this).UTC(), time.UnixMilli(next).UTC()
	return l, err
}

// putList keeps the list unless a newer one stands there.
func putList(tx *db.Tx, authority string, l *list) error {
	_, err := tx.Exec(`
		insert into pki_list (authority, number, entries, list, this_at, next_at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (authority) do update
		   set number = excluded.number, entries = excluded.entries, list = excluded.list, this_at = excluded.this_at, next_at = excluded.next_at
		 where pki_list.number < excluded.number`, authority, l.number, l.entries, l.der, l.this.UnixMilli(), l.next.UnixMilli())
	return err
}

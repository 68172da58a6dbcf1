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

func authorityByID(tx *db.Tx, id string) (*Authority, error) {
	a := &Authority{ID: id}
	var der []byte
	if err := tx.Get(`select certificate, key_id from pki_authority where id = $1`, []any{id}, &der, &a.keyID); err != nil {
		return nil, err
	}
	var err error
	a.Certificate, err = gm.ParseCertificate(der)
	return a, err
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

func insertCertificate(tx *db.Tx, use, org, authority string, c *gm.Certificate) error {
	_, err := tx.Exec(`
		insert into pki_certificate (serial, authority, use, org_id, certificate, issued_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		serialText(c), authority, use, org, c.Raw, tx.Now().UnixMilli(), c.NotAfter.UnixMilli())
	return err
}

// markRevoked reports how many rows it changed: none if the certificate is not
// ours or is revoked already.
func markRevoked(tx *db.Tx, serial string, reason int) (int64, error) {
	return tx.Exec(`
		update pki_certificate set revoked_at = $2, reason = $3
		 where serial = $1 and authority <> '' and revoked_at is null`, serial, tx.Now().UnixMilli(), reason)
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

// listOf returns nil if no list was made yet.
func listOf(tx *db.Tx, authority string) (der []byte, next time.Time, err error) {
	var ms int64
	err = tx.Get(`select list, next_at from pki_list where authority = $1`, []any{authority}, &der, &ms)
	if errors.Is(err, fault.NotFound) {
		return nil, time.Time{}, nil
	}
	return der, time.UnixMilli(ms).UTC(), err
}

// putList keeps the list unless a newer one stands there.
func putList(tx *db.Tx, authority string, number int64, der []byte, this, next time.Time) error {
	_, err := tx.Exec(`
		insert into pki_list (authority, number, list, this_at, next_at)
		values ($1, $2, $3, $4, $5)
		on conflict (authority) do update
		   set number = excluded.number, list = excluded.list, this_at = excluded.this_at, next_at = excluded.next_at
		 where pki_list.number < excluded.number`, authority, number, der, this.UnixMilli(), next.UnixMilli())
	return err
}

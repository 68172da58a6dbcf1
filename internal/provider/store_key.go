package provider

import (
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertKey(tx *db.Tx, k *ourKey) error {
	_, err := tx.Exec(`insert into provider_key (id, secret, certificate, expires_at, created_at) values ($1, $2, $3, $4, $5)`,
		k.id, k.sealed, k.certificate.Raw, k.certificate.NotAfter.UnixMilli(), tx.Now().UnixMilli())
	return err
}

// keyAfter returns the oldest key that is valid after a time.
func keyAfter(tx *db.Tx, after time.Time) (*ourKey, error) {
	k := &ourKey{}
	var der []byte
	err := tx.Get(`
		select id, secret, certificate
		  from provider_key
		 where expires_at > $1
		 order by created_at, id
		 limit 1`, []any{after.UnixMilli()}, &k.id, &k.sealed, &der)
	if err != nil {
		return nil, err
	}
	k.certificate, err = gm.ParseCertificate(der)
	return k, err
}

func countKeys(tx *db.Tx) (n int64, err error) {
	return n, tx.Get(`select count(*) from provider_key`, nil, &n)
}

func keysAfter(tx *db.Tx, after string, n int) (out []*ourKey, err error) {
	err = tx.All(`select id, secret from provider_key where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		k := &ourKey{}
		out = append(out, k)
		return scan(&k.id, &k.sealed)
	})
	return out, err
}

func resealKey(tx *db.Tx, id string, was, again []byte) (int64, error) {
	return tx.Exec(`update provider_key set secret = $3 where id = $1 and secret = $2`, id, was, again)
}

// A peer is a platform whose list of trust was imported.
type peer struct {
	id          string
	certificate []byte
	issued      time.Time
}

// peerOf returns nil for one that is new.
func peerOf(tx *db.Tx, id string) (*peer, error) {
	p := &peer{id: id}
	var at int64
	err := tx.Get(`select certificate, issued_at from provider_peer where id = $1`, []any{id}, &p.certificate, &at)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	p.issued = time.UnixMilli(at).UTC()
	return p, err
}

func putPeer(tx *db.Tx, p *peer, by string) error {
	_, err := tx.Exec(`
		insert into provider_peer (id, certificate, issued_at, imported_by, imported_at)
		values ($1, $2, $3, $4, $5)
		on conflict (id) do update
		   set certificate = excluded.certificate, issued_at = excluded.issued_at, imported_by = excluded.imported_by, imported_at = excluded.imported_at`,
		p.id, p.certificate, p.issued.UnixMilli(), by, tx.Now().UnixMilli())
	return err
}

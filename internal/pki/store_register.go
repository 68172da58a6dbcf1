package pki

import (
	"encoding/hex"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An entry is what is put into the register.
type entry struct {
	use, org, account, key string
	authority              string // Issuing, or empty
	certificate            *gm.Certificate
	replaces               []byte // digest of the one before; nil: none
}

// insertCertificate reports how many rows it made: none if it is there already.
func insertCertificate(tx *db.Tx, e entry) (int64, error) {
	c := e.certificate
	n, err := tx.Exec(`
		insert into pki_certificate (digest, authority, serial, use, org_id, account_id, key_id, certificate, issued_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict do nothing`,
		c.Digest(), e.authority, serialText(c), e.use, e.org, e.account, e.key, c.Raw, tx.Now().UnixMilli(), c.NotAfter.UnixMilli())
	if err != nil || n == 0 || len(e.replaces) == 0 {
		return n, err
	}
	_, err = tx.Exec(`update pki_certificate set replaced_by = $2 where digest = $1 and replaced_by is null`, e.replaces, c.Digest())
	return n, err
}

const registeredFrom = `
	select c.digest, c.serial, c.use, c.org_id, c.account_id, c.key_id, c.authority, c.certificate, c.issued_at, c.revoked_at, c.reason, c.replaced_by
	  from pki_certificate c `

func registered(tx *db.Tx, q string, args ...any) (all []Registered, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		var r Registered
		var digest, der, next []byte
		var issued, reason int64
		var revoked *int64
		if err := scan(&digest, &r.Serial, &r.Use, &r.Org, &r.Account, &r.Key, &r.Authority, &der, &issued, &revoked, &reason, &next); err != nil {
			return err
		}
		if r.Certificate, err = gm.ParseCertificate(der); err != nil {
			return err
		}
		r.ID, r.ReplacedBy, r.Reason, r.IssuedAt = hex.EncodeToString(digest), hex.EncodeToString(next), int(reason), time.UnixMilli(issued).UTC()
		if revoked != nil {
			r.RevokedAt = time.UnixMilli(*revoked).UTC()
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

func errUnknown() error {
	return fault.NotFound.New("没有登记过这张数字证书").WithCode("pki.unknown")
}

// byRef finds one by its digest or its serial number.
func byRef(tx *db.Tx, ref string) (*Registered, error) {
	all, err := byRefs(tx, ref)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, errUnknown()
	case len(all) > 1:
		return nil, fault.Conflict.New("有多张数字证书是这个序列号").WithCode("pki.ambiguous").WithHint("请改用数字证书的编号（SM3 摘要）")
	}
	return &all[0], nil
}

func byRefs(tx *db.Tx, ref string) ([]Registered, error) {
	if b, err := hex.DecodeString(ref); err == nil && len(b) == len(gm.Digest{}) {
		return registered(tx, registeredFrom+`where c.digest = $1`, b)
	}
	return registered(tx, registeredFrom+`where c.serial = $1 order by c.digest limit 2`, ref)
}

// byDigest returns nil where it is not registered.
func byDigest(tx *db.Tx, digest gm.Digest) (*Registered, error) {
	all, err := registered(tx, registeredFrom+`where c.digest = $1`, digest)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// maxHeld bounds what one organisation, or one person, is shown.
const maxHeld = 200

func ofOrg(tx *db.Tx, org string) ([]Registered, error) {
	return registered(tx, registeredFrom+`where c.org_id = $1 order by c.issued_at desc, c.digest limit $2`, org, maxHeld)
}

func heldByOrg(tx *db.Tx, org string, now time.Time) ([]Registered, error) {
	return registered(tx, registeredFrom+`
		 where c.org_id = $1 and c.use = 'unit' and c.account_id = '' and c.revoked_at is null and c.expires_at > $2 and c.replaced_by is null
		 order by c.issued_at desc, c.digest
		 limit $3`, org, now.UnixMilli(), maxHeld)
}

func heldByAccount(tx *db.Tx, account string, now time.Time) ([]Registered, error) {
	return registered(tx, registeredFrom+`
		 where c.account_id = $1 and c.revoked_at is null and c.expires_at > $2 and c.replaced_by is null
		 order by c.issued_at desc, c.digest
		 limit $3`, account, now.UnixMilli(), maxHeld)
}

func expiring(tx *db.Tx, now, until time.Time) ([]Registered, error) {
	return registered(tx, registeredFrom+`
		 where c.use <> 'maker' and c.revoked_at is null and c.replaced_by is null and c.expires_at > $1 and c.expires_at <= $2
		 order by c.expires_at, c.digest
		 limit $3`, now.UnixMilli(), until.UnixMilli(), maxHeld)
}

// outsideInUse lists what outside authorities issued and is used still.
func outsideInUse(tx *db.Tx, now time.Time) ([]Registered, error) {
	return registered(tx, registeredFrom+`
		 where c.authority = '' and c.revoked_at is null and c.expires_at > $1
		 order by c.digest`, now.UnixMilli())
}

// endOutside notes that what an outside authority issued is not used here any
// more. It reports how many rows it changed.
func endOutside(tx *db.Tx, c *gm.Certificate, reason int) (int64, error) {
	return tx.Exec(`
		update pki_certificate set revoked_at = $2, reason = $3
		 where digest = $1 and authority = '' and revoked_at is null`, c.Digest(), tx.Now().UnixMilli(), reason)
}

func insertBetween(tx *db.Tx, c *gm.Certificate) error {
	_, err := tx.Exec(`insert into pki_between (digest, certificate, created_at) values ($1, $2, $3) on conflict do nothing`,
		c.Digest(), c.Raw, tx.Now().UnixMilli())
	return err
}

func between(tx *db.Tx) (all []*gm.Certificate, err error) {
	err = tx.All(`select certificate from pki_between order by digest`, nil, func(scan func(...any) error) error {
		var der []byte
		if err := scan(&der); err != nil {
			return err
		}
		c, err := gm.ParseCertificate(der)
		all = append(all, c)
		return err
	})
	return all, err
}

func orgOf(tx *db.Tx, c *gm.Certificate) (org string, err error) {
	err = tx.Get(`select org_id from pki_certificate where digest = $1`, []any{c.Digest()}, &org)
	if errors.Is(err, fault.NotFound) {
		err = errUnknown()
	}
	return org, err
}

package seal

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertMaker(tx *db.Tx, keyID string, c *gm.Certificate) error {
	_, err := tx.Exec(`insert into seal_maker (id, key_id, certificate, created_at) values (1, $1, $2, $3)`, keyID, c.Raw, tx.Now().UnixMilli())
	return err
}

func makerOf(tx *db.Tx) (keyID string, c *gm.Certificate, err error) {
	var der []byte
	if err := tx.Get(`select key_id, certificate from seal_maker where id = 1`, nil, &keyID, &der); err != nil {
		return "", nil, err
	}
	c, err = gm.ParseCertificate(der)
	return keyID, c, err
}

// insertSeal tells whether it was not there already.
func insertSeal(tx *db.Tx, x *Seal, keyID string, sealDER, certificateDER []byte) (bool, error) {
	n, err := tx.Exec(`
		insert into seal_seal (id, org_id, path, kind, name, state, custodian, person, key_id, seal, certificate, serial, imprint, statement,
		       application, replaces, replaced_by, authority, number, renew_at, valid_from, valid_to, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '', '', '', $17, $18, $19, $20)
		on conflict do nothing`,
		x.ID, x.Org, x.path, x.Kind, x.Name, x.State, x.Custodian, x.Person, keyID, sealDER, certificateDER, x.Certificate, x.Imprint, x.Statement,
		x.Application, x.Replaces, x.RenewFrom.UnixMilli(), x.ValidFrom.UnixMilli(), x.ValidTo.UnixMilli(), tx.Now().UnixMilli())
	return n == 1, err
}

const columns = `id, org_id, path, kind, name, state, custodian, person, serial, imprint, statement, application, replaces, replaced_by,
	authority, number, filed_at, lost_at, renew_at, valid_from, valid_to, created_at`

func scanSeal(scan func(...any) error) (*Seal, error) {
	x := &Seal{}
	var renew, from, to, at int64
	var filed, lost *int64
	err := scan(&x.ID, &x.Org, &x.path, &x.Kind, &x.Name, &x.State, &x.Custodian, &x.Person, &x.Certificate, &x.Imprint, &x.Statement, &x.Application,
		&x.Replaces, &x.ReplacedBy, &x.Authority, &x.Number, &filed, &lost, &renew, &from, &to, &at)
	x.FiledAt, x.LostAt = maybe(filed), maybe(lost)
	x.RenewFrom, x.ValidFrom, x.ValidTo, x.CreatedAt = ms(renew), ms(from), ms(to), ms(at)
	return x, err
}

func seals(tx *db.Tx, q string, args ...any) (out []*Seal, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		x, err := scanSeal(scan)
		out = append(out, x)
		return err
	})
	return out, err
}

// one returns the first row of a query for a seal.
func one(tx *db.Tx, q string, args ...any) (*Seal, error) {
	found, err := seals(tx, q, args...)
	if err == nil && len(found) == 0 {
		return nil, fault.NotFound.New("没有这枚印章").WithCode("seal.unknown")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func byID(tx *db.Tx, id string) (*Seal, error) {
	return one(tx, `select `+columns+` from seal_seal where id = $1`, id)
}

// newestOf returns the seal of an organisation that was filed last; one that is
// cancelled or replaced does not count, nor one that waits to be filed.
func newestOf(tx *db.Tx, org, kind string) (*Seal, error) {
	return one(tx, `select `+columns+` from seal_seal
		 where org_id = $1 and kind = $2 and state in ('effective', 'frozen')
		 order by created_at desc, id desc
		 limit 1`, org, kind)
}

// ofKey lists the filed seals that live and have the key of a seal, itself
// included.
func ofKey(tx *db.Tx, keyID string) ([]*Seal, error) {
	return seals(tx, `select `+columns+` from seal_seal
		 where key_id = $1 and state in ('made', 'effective', 'frozen')
		 order by id`, keyID)
}

func setState(tx *db.Tx, id, state string) error {
	_, err := tx.Exec(`update seal_seal set state = $2 where id = $1`, id, state)
	return err
}

func setLost(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update seal_seal set state = 'frozen', lost_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}

func setReplaced(tx *db.Tx, id, by string) error {
	_, err := tx.Exec(`update seal_seal set state = 'replaced', replaced_by = $2 where id = $1`, id, by)
	return err
}

func setCustodian(tx *db.Tx, id, account string) error {
	_, err := tx.Exec(`update seal_seal set custodian = $2 where id = $1`, id, account)
	return err
}

func setFiled(tx *db.Tx, x *Seal) error {
	_, err := tx.Exec(`update seal_seal set state = 'effective', authority = $2, number = $3, filed_at = $4, renew_at = $5 where id = $1`,
		x.ID, x.Authority, x.Number, x.FiledAt.UnixMilli(), x.RenewFrom.UnixMilli())
	return err
}

func numbered(tx *db.Tx, authority, number string) (n int64, err error) {
	err = tx.Get(`select count(*) from seal_seal where number = $1 and authority = $2 and number <> ''`, []any{number, authority}, &n)
	return n, err
}

func materialOf(tx *db.Tx, id string) (keyID string, sealDER, certificateDER []byte, err error) {
	err = tx.Get(`select key_id, seal, certificate from seal_seal where id = $1`, []any{id}, &keyID, &sealDER, &certificateDER)
	return keyID, sealDER, certificateDER, err
}

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

// maybe is the zero time for null.
func maybe(v *int64) time.Time {
	if v == nil {
		return time.Time{}
	}
	return ms(*v)
}

package signature

import (
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// identityRow is a row of signature_identity.
type identityRow struct {
	id, account, state, key string
	certificate             []byte // sealed DER
	serial, issuer          string
	from, to                int64
	created, ended          int64
}

func (r *identityRow) at(now time.Time) string {
	if r.state == Effective && now.UnixMilli() > r.to {
		return Expired
	}
	return r.state
}

const identityColumns = `id, account, state, key_id, certificate, serial, issuer, valid_from, valid_to, created_at, coalesce(ended_at, 0)`

func queryIdentities(tx *db.Tx, rest string, args ...any) (list []*identityRow, err error) {
	err = tx.All(`select `+identityColumns+` from signature_identity `+rest, args, func(scan func(...any) error) error {
		r := &identityRow{}
		err := scan(&r.id, &r.account, &r.state, &r.key, &r.certificate, &r.serial, &r.issuer, &r.from, &r.to, &r.created, &r.ended)
		list = append(list, r)
		return err
	})
	return list, err
}

// identityIn returns an account's identity in a state, or nil: there is one at most.
func identityIn(tx *db.Tx, account, state string) (*identityRow, error) {
	list, err := queryIdentities(tx, `where account = $1 and state = $2 order by id`, account, state)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// latestOf returns the identity of an account that was made last, or nil; one that
// was replaced does not count.
func latestOf(tx *db.Tx, account string) (*identityRow, error) {
	list, err := queryIdentities(tx, `where account = $1 and state <> 'replaced' order by created_at desc, id desc limit 1`, account)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func identityByID(tx *db.Tx, id string) (*identityRow, error) {
	list, err := queryIdentities(tx, `where id = $1 order by id`, id)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("没有这个签名身份").WithCode("signature.identity").WithHint("请先申请个人数字证书")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// insertIdentity tells whether no other application was there.
func insertIdentity(tx *db.Tx, r *identityRow) (bool, error) {
	n, err := tx.Exec(`
		insert into signature_identity (id, account, state, key_id, created_at) values ($1, $2, $3, $4, $5)
		on conflict do nothing`, r.id, r.account, r.state, r.key, r.created)
	return n == 1, err
}

// activate makes an application effective, once: else errMoved.
func activate(tx *db.Tx, r *identityRow) error {
	n, err := tx.Exec(`
		update signature_identity set state = 'effective', certificate = $2, serial = $3, issuer = $4, valid_from = $5, valid_to = $6
		 where id = $1 and state = 'applied'`, r.id, r.certificate, r.serial, r.issuer, r.from, r.to)
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

func endIdentity(tx *db.Tx, id, was, state, reason string) error {
	n, err := tx.Exec(`update signature_identity set state = $3, reason = $4, ended_at = $5 where id = $1 and state = $2`,
		id, was, state, reason, tx.Now().UnixMilli())
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// insertPlatform keeps the first that comes.
func insertPlatform(tx *db.Tx, key string, c *gm.Certificate) (bool, error) {
	n, err := tx.Exec(`insert into signature_platform (id, key_id, certificate, created_at) values (1, $1, $2, $3) on conflict do nothing`,
		key, c.Raw, tx.Now().UnixMilli())
	return n == 1, err
}

// platform returns "" where there is none yet.
func platform(tx *db.Tx) (key string, c *gm.Certificate, err error) {
	var der []byte
	err = tx.Get(`select key_id, certificate from signature_platform where id = 1`, nil, &key, &der)
	if errors.Is(err, fault.NotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	c, err = gm.ParseCertificate(der)
	return key, c, err
}

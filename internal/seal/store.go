package seal

import (
	"errors"
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

func insertSeal(tx *db.Tx, x *Seal, keyID string, sealDER, certificateDER []byte) error {
	_, err := tx.Exec(`
		insert into seal_seal (id, org_id, kind, name, state, key_id, seal, certificate, serial, valid_from, valid_to, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		x.ID, x.Org, x.Kind, x.Name, x.State, keyID, sealDER, certificateDER, x.Certificate,
		x.ValidFrom.UnixMilli(), x.ValidTo.UnixMilli(), tx.Now().UnixMilli())
	return err
}

const columns = `id, org_id, kind, name, state, serial, valid_from, valid_to, created_at`

func scanSeal(scan func(...any) error) (*Seal, error) {
	x := &Seal{}
	var from, to, at int64
	if err := scan(&x.ID, &x.Org, &x.Kind, &x.Name, &x.State, &x.Certificate, &from, &to, &at); err != nil {
		return nil, err
	}
	x.ValidFrom, x.ValidTo, x.CreatedAt = ms(from), ms(to), ms(at)
	return x, nil
}

// one returns the first row of a query for a seal.
func one(tx *db.Tx, q string, args ...any) (x *Seal, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		if x != nil {
			return nil
		}
		x, err = scanSeal(scan)
		return err
	})
	if err == nil && x == nil {
		return nil, fault.NotFound.New("没有这枚印章").WithCode("seal.unknown")
	}
	return x, err
}

func byID(tx *db.Tx, id string) (*Seal, error) {
	return one(tx, `select `+columns+` from seal_seal where id = $1`, id)
}

// newestOf returns the seal of an organisation that was made last; one that is
// cancelled does not count.
func newestOf(tx *db.Tx, org, kind string) (*Seal, error) {
	return one(tx, `select `+columns+` from seal_seal
		 where org_id = $1 and kind = $2 and state <> 'cancelled'
		 order by created_at desc, id desc
		 limit 1`, org, kind)
}

// page lists seals of organisations, newest first: those before the one that
// was made at (ms) with id.
func page(tx *db.Tx, orgs []string, before int64, beforeID string, limit int) (out []*Seal, err error) {
	if len(orgs) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{before, beforeID, limit}, orgs)
	err = tx.All(`select `+columns+` from seal_seal
		 where (created_at, id) < ($1, $2) and org_id in (`+marks+`)
		 order by created_at desc, id desc
		 limit $3`, args, func(scan func(...any) error) error {
		x, err := scanSeal(scan)
		out = append(out, x)
		return err
	})
	return out, err
}

func setState(tx *db.Tx, id, state string) error {
	_, err := tx.Exec(`update seal_seal set state = $2 where id = $1`, id, state)
	return err
}

func materialOf(tx *db.Tx, id string) (keyID string, sealDER, certificateDER []byte, err error) {
	err = tx.Get(`select key_id, seal, certificate from seal_seal where id = $1`, []any{id}, &keyID, &sealDER, &certificateDER)
	return keyID, sealDER, certificateDER, err
}

func insertPolicy(tx *db.Tx, p *Policy) error {
	_, err := tx.Exec(`
		insert into seal_policy (id, seal_id, app, purpose, until, reason, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`, p.ID, p.Seal, p.App, p.Purpose, p.Until.UnixMilli(), p.Reason, tx.Now().UnixMilli())
	return err
}

func policyByID(tx *db.Tx, id string) (*Policy, error) {
	p := &Policy{ID: id}
	var until int64
	err := tx.Get(`select seal_id, app, purpose, until, reason from seal_policy where id = $1`, []any{id}, &p.Seal, &p.App, &p.Purpose, &until, &p.Reason)
	if errors.Is(err, fault.NotFound) {
		err = fault.NotFound.New("没有这项常备用印授权").WithCode("seal.policy-unknown")
	}
	p.Until = ms(until)
	return p, err
}

func endPolicy(tx *db.Tx, id string) (int64, error) {
	return tx.Exec(`update seal_policy set ended_at = $2 where id = $1 and ended_at is null`, id, tx.Now().UnixMilli())
}

// policyFor returns the id of a policy that allows the use now.
func policyFor(tx *db.Tx, sealID, app, purpose string) (id string, err error) {
	err = tx.Get(`
		select id from seal_policy
		 where seal_id = $1 and app = $2 and (purpose = $3 or purpose = '*') and until >= $4 and ended_at is null
		 order by until desc, id
		 limit 1`, []any{sealID, app, purpose, tx.Now().UnixMilli()}, &id)
	return id, err
}

func insertUse(tx *db.Tx, u *Use) error {
	_, err := tx.Exec(`
		insert into seal_use (id, seal_id, policy_id, object, plan, state, attempts, account, app, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		u.ID, u.Seal, u.Policy, u.Object, u.Plan[:], u.State, u.Attempts, u.Account, u.App, tx.Now().UnixMilli())
	return err
}

func useByID(tx *db.Tx, id string) (*Use, error) {
	uses, err := queryUses(tx, `id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(uses) == 0 {
		return nil, fault.NotFound.New("没有这条用印记录").WithCode("seal.use")
	}
	return uses[0], nil
}

func usesOf(tx *db.Tx, object string) ([]*Use, error) { return queryUses(tx, `object = $1`, object) }

func queryUses(tx *db.Tx, where string, args ...any) (out []*Use, err error) {
	err = tx.All(`
		select id, seal_id, policy_id, object, plan, state, document, attempts, account, app, created_at, closed_at
		  from seal_use where `+where+`
		 order by created_at, id`, args, func(scan func(...any) error) error {
		u, err := scanUse(scan)
		out = append(out, u)
		return err
	})
	return out, err
}

func scanUse(scan func(...any) error) (*Use, error) {
	u := &Use{}
	var plan, document []byte
	var at int64
	var closed *int64
	err := scan(&u.ID, &u.Seal, &u.Policy, &u.Object, &plan, &u.State, &document, &u.Attempts, &u.Account, &u.App, &at, &closed)
	copy(u.Plan[:], plan)
	copy(u.Document[:], document)
	u.CreatedAt = ms(at)
	if closed != nil {
		u.ClosedAt = ms(*closed)
	}
	return u, err
}

func countAttempt(tx *db.Tx, use string) error {
	_, err := tx.Exec(`update seal_use set attempts = attempts + 1 where id = $1`, use)
	return err
}

func closeUse(tx *db.Tx, use, state string, document gm.Digest) error {
	var d []byte
	if state == Done {
		d = document[:]
	}
	n, err := tx.Exec(`update seal_use set state = $2, document = $3, closed_at = $4 where id = $1 and state = 'intended'`,
		use, state, d, tx.Now().UnixMilli())
	if err == nil && n == 0 {
		return fault.Conflict.New("用印记录已经关闭").WithCode("seal.use")
	}
	return err
}

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

package pki

import (
	"encoding/hex"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

const requestFrom = `
	select id, use, org_id, account_id, authority, subject, replaces, state, key_id, request, created_at, until_at, ended_at, certificate
	  from pki_request `

func requests(tx *db.Tx, q string, args ...any) (all []CertificateRequest, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		var r CertificateRequest
		var subject, replaces, request, certificate []byte
		var at, until int64
		var ended *int64
		if err := scan(&r.ID, &r.Use, &r.Org, &r.Account, &r.Authority, &subject, &replaces, &r.State, &r.Key, &request, &at, &until, &ended, &certificate); err != nil {
			return err
		}
		r.Name, r.Code = splitSubject(subject)
		r.Replaces, r.Certificate = hex.EncodeToString(replaces), hex.EncodeToString(certificate)
		r.At, r.Until = moment(at), moment(until)
		if ended != nil {
			r.EndedAt = moment(*ended)
		}
		if len(request) > 0 {
			if r.Request, err = gm.ParseRequest(request); err != nil {
				return err
			}
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// requestByID locks the row where it is to be changed: a transaction that only
// reads may not.
func requestByID(tx *db.Tx, id string, lock bool) (*CertificateRequest, error) {
	q := requestFrom + `where id = $1 order by id`
	if lock {
		q += ` for update`
	}
	all, err := requests(tx, q, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.NotFound.New("没有这个证书请求").WithCode("pki.request.unknown").WithHint("请核对编号")
	}
	return &all[0], nil
}

func requestsOf(tx *db.Tx, org string) ([]CertificateRequest, error) {
	return requests(tx, requestFrom+`where org_id = $1 order by created_at desc, id limit $2`, org, maxHeld)
}

// waitingLike lists the requests that wait for the same.
func waitingLike(tx *db.Tx, r RequestFor) ([]CertificateRequest, error) {
	return requests(tx, requestFrom+`
		 where state = 'waiting' and org_id = $1 and account_id = $2 and use = $3
		 order by id`, r.Org, r.Account, r.Use)
}

// unsigned lists the requests whose making was cut off.
func unsigned(tx *db.Tx) ([]CertificateRequest, error) {
	return requests(tx, requestFrom+`where state = 'waiting' and length(request) = 0 order by id`)
}

func insertRequest(tx *db.Tx, r *CertificateRequest) error {
	_, err := tx.Exec(`
		insert into pki_request (id, use, org_id, account_id, authority, subject, replaces, state, key_id, request, created_at, until_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID, r.Use, r.Org, r.Account, r.Authority, joinSubject(r.Name, r.Code), unhex(r.Replaces), r.State, r.Key, []byte{}, millis(r.At), millis(r.Until))
	return err
}

// setRequest keeps what was signed, once.
func setRequest(tx *db.Tx, id string, der []byte) error {
	_, err := tx.Exec(`update pki_request set request = $2 where id = $1 and length(request) = 0`, id, der)
	return err
}

func endRequest(tx *db.Tx, id, state string, certificate []byte) error {
	_, err := tx.Exec(`update pki_request set state = $2, ended_at = $3, certificate = $4 where id = $1 and state = 'waiting'`,
		id, state, tx.Now().UnixMilli(), certificate)
	return err
}

// joinSubject is how the name and the code stand in a row.
func joinSubject(name, code string) []byte { return []byte(name + "\x00" + code) }

func splitSubject(b []byte) (name, code string) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), string(b[i+1:])
		}
	}
	return string(b), ""
}

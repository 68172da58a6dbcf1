package iam

import (
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

func insertClient(tx *db.Tx, c Client) error {
	_, err := tx.Exec(`insert into iam_client (id, name, org, scopes, orgs, created_at) values ($1, $2, $3, $4, $5, $6)`,
		c.ID, c.Name, c.Org, strings.Join(c.Scopes, " "), strings.Join(c.Orgs, " "), tx.Now().UnixMilli())
	return err
}

func getClient(tx *db.Tx, id string) (c Client, err error) {
	var scopes, orgs string
	var closed *int64
	err = tx.Get(`select id, name, org, scopes, orgs, closed_at from iam_client where id = $1`, []any{id},
		&c.ID, &c.Name, &c.Org, &scopes, &orgs, &closed)
	c.Scopes, c.Orgs, c.Closed = strings.Fields(scopes), strings.Fields(orgs), closed != nil
	return c, err
}

func allClients(tx *db.Tx) (list []Client, err error) {
	err = tx.All(`select id, name, org, scopes, orgs, closed_at from iam_client order by created_at, id`, nil, func(scan func(...any) error) error {
		var c Client
		var scopes, orgs string
		var closed *int64
		err := scan(&c.ID, &c.Name, &c.Org, &scopes, &orgs, &closed)
		c.Scopes, c.Orgs, c.Closed = strings.Fields(scopes), strings.Fields(orgs), closed != nil
		list = append(list, c)
		return err
	})
	return list, err
}

func closeClient(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update iam_client set closed_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}

type secretRow struct {
	id      string
	hash    []byte
	created int64
}

func insertSecret(tx *db.Tx, id, client string, hash gm.Digest) error {
	_, err := tx.Exec(`insert into iam_secret (id, client, hash, created_at) values ($1, $2, $3, $4)`, id, client, hash, tx.Now().UnixMilli())
	return err
}

func liveSecrets(tx *db.Tx, client string) (list []secretRow, err error) {
	err = tx.All(`select id, hash, created_at from iam_secret where client = $1 and ends_at is null order by created_at, id`, []any{client},
		func(scan func(...any) error) error {
			var r secretRow
			err := scan(&r.id, &r.hash, &r.created)
			list = append(list, r)
			return err
		})
	return list, err
}

func endSecret(tx *db.Tx, client, id string) (int64, error) {
	return tx.Exec(`update iam_secret set ends_at = $3 where client = $1 and id = $2 and ends_at is null`, client, id, tx.Now().UnixMilli())
}

func insertToken(tx *db.Tx, hash gm.Digest, client, scopes string, life time.Duration) error {
	_, err := tx.Exec(`insert into iam_token (hash, client, scopes, created_at, expires_at) values ($1, $2, $3, $4, $5)`,
		hash, client, scopes, tx.Now().UnixMilli(), tx.Now().Add(life).UnixMilli())
	return err
}

func getToken(tx *db.Tx, hash gm.Digest) (client, scopes string, expires int64, err error) {
	err = tx.Get(`select client, scopes, expires_at from iam_token where hash = $1`, []any{hash}, &client, &scopes, &expires)
	return client, scopes, expires, err
}

func endTokens(tx *db.Tx, client string) error {
	_, err := tx.Exec(`delete from iam_token where client = $1`, client)
	return err
}

// sweepTokens forgets tokens that are over.
func sweepTokens(tx *db.Tx) error {
	_, err := tx.Exec(`delete from iam_token where expires_at < $1`, tx.Now().UnixMilli())
	return err
}

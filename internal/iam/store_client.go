package iam

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// clientRow is a row of iam_client: Client with what guards it.
type clientRow struct {
	Client
	closedAt int64
	mac      []byte
}

func (r *clientRow) id() string  { return r.ID }
func (r *clientRow) had() []byte { return r.mac }
func (r *clientRow) fields() []any {
	return []any{r.Org, r.Scopes, r.Orgs, r.Until, r.closedAt}
}

// dead tells whether a client can do nothing any more.
func (r *clientRow) dead(now time.Time) bool {
	return r.closedAt != 0 || !r.Until.IsZero() && !now.Before(r.Until)
}

const clientColumns = `id, name, org, scopes, orgs, created_at, closed_at, until_at, mac`

func queryClients(tx *db.Tx, rest string, args ...any) (list []*clientRow, err error) {
	err = tx.All(`select `+clientColumns+` from iam_client `+rest, args, func(scan func(...any) error) error {
		r := &clientRow{}
		var scopes, orgs string
		var created int64
		var closed, until *int64
		err := scan(&r.ID, &r.Name, &r.Org, &scopes, &orgs, &created, &closed, &until, &r.mac)
		r.Scopes, r.Orgs, r.Created = strings.Fields(scopes), strings.Fields(orgs), timeOf(created)
		r.closedAt, r.Until = plainMillis(closed), timeOf(plainMillis(until))
		r.Closed = closed != nil
		list = append(list, r)
		return err
	})
	return list, err
}

func getClient(tx *db.Tx, id string) (*clientRow, error) {
	list, err := queryClients(tx, `where id = $1 order by id`, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func eachClient(tx *db.Tx, see func(guarded)) error {
	list, err := queryClients(tx, `order by id`)
	for _, r := range list {
		see(r)
	}
	return err
}

func (s *Service) insertClient(tx *db.Tx, r *clientRow) error {
	mac, err := add(tx, s.guards.clients, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`insert into iam_client (id, name, org, scopes, orgs, created_at, until_at, mac) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.ID, r.Name, r.Org, strings.Join(r.Scopes, " "), strings.Join(r.Orgs, " "), tx.Now().UnixMilli(), msOf(r.Until), r.mac)
	return err
}

func (s *Service) saveClient(tx *db.Tx, r *clientRow) error {
	mac, err := change(tx, s.guards.clients, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`update iam_client set name = $2, scopes = $3, orgs = $4, closed_at = $5, until_at = $6, mac = $7 where id = $1`,
		r.ID, r.Name, strings.Join(r.Scopes, " "), strings.Join(r.Orgs, " "), millis(r.closedAt), msOf(r.Until), r.mac)
	return err
}

// pageOfClients are clients of organisations on some paths, newest first.
func pageOfClients(tx *db.Tx, q ClientQuery, in []span, before int64, id string, limit int) ([]*clientRow, error) {
	args := []any{before, id}
	var b strings.Builder
	b.WriteString(`where (created_at, id) < ($1, $2) and exists (select 1 from iam_org o where o.id = iam_client.org and (1 = 0`)
	mark := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	for _, sp := range in {
		b.WriteString(` or (o.path >= ` + mark(sp.from) + ` and o.path < ` + mark(sp.to) + `)`)
	}
	b.WriteString(`))`)
	if !q.Closed {
		b.WriteString(` and closed_at is null`)
	}
	if q.Text != "" {
		b.WriteString(` and lower(name) like ` + mark("%"+escaped(fold(q.Text))+"%") + ` escape '~'`)
	}
	b.WriteString(` order by created_at desc, id desc limit ` + mark(limit))
	return queryClients(tx, b.String(), args...)
}

// usedAt is when each of some clients last asked for a token.
func usedAt(tx *db.Tx, ids []string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, ids)
	err := tx.All(`select client, max(used_at) from iam_secret where used_at is not null and client in (`+marks+`) group by client order by client`, args,
		func(scan func(...any) error) error {
			var id string
			var at int64
			err := scan(&id, &at)
			out[id] = timeOf(at)
			return err
		})
	return out, err
}

// secretRow is a row of iam_secret.
type secretRow struct {
	key, client string
	hash        []byte
	created     int64
	ended       int64
	until       int64
	used        int64 // no part of what is guarded: it gives nothing
	mac         []byte
}

func (r *secretRow) id() string  { return r.key }
func (r *secretRow) had() []byte { return r.mac }
func (r *secretRow) fields() []any {
	return []any{r.client, r.hash, r.created, r.ended, r.until}
}

const secretColumns = `id, client, hash, created_at, ends_at, until_at, used_at, mac`

func querySecrets(tx *db.Tx, rest string, args ...any) (list []*secretRow, err error) {
	err = tx.All(`select `+secretColumns+` from iam_secret `+rest, args, func(scan func(...any) error) error {
		r := &secretRow{}
		var ended, until, used *int64
		err := scan(&r.key, &r.client, &r.hash, &r.created, &ended, &until, &used, &r.mac)
		r.ended, r.until, r.used = plainMillis(ended), plainMillis(until), plainMillis(used)
		list = append(list, r)
		return err
	})
	return list, err
}

func (s *Service) insertSecret(tx *db.Tx, r *secretRow) error {
	mac, err := add(tx, s.guards.secrets, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`insert into iam_secret (id, client, hash, created_at, until_at, mac) values ($1, $2, $3, $4, $5, $6)`,
		r.key, r.client, r.hash, r.created, millis(r.until), r.mac)
	return err
}

// liveSecrets are those that count now.
func liveSecrets(tx *db.Tx, client string) ([]*secretRow, error) {
	return querySecrets(tx, `where client = $1 and ends_at is null and (until_at is null or until_at > $2) order by created_at, id`, client, tx.Now().UnixMilli())
}

func eachSecret(tx *db.Tx, see func(guarded)) error {
	list, err := querySecrets(tx, `order by id`)
	for _, r := range list {
		see(r)
	}
	return err
}

func (s *Service) saveSecret(tx *db.Tx, r *secretRow) error {
	mac, err := change(tx, s.guards.secrets, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`update iam_secret set ends_at = $2, until_at = $3, mac = $4 where id = $1`, r.key, millis(r.ended), millis(r.until), r.mac)
	return err
}

func useSecret(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update iam_secret set used_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}

// tokenFields are what the MAC of a token is over: who inserts a row into the
// table gets no token that counts.
func (s *Service) tokenMac(hash gm.Digest, client, scopes string, expires int64) []byte {
	return s.guards.tokens.Mac(hex.EncodeToString(hash[:]), client, scopes, expires)
}

func (s *Service) insertToken(tx *db.Tx, hash gm.Digest, client, scopes string, life time.Duration) error {
	expires := tx.Now().Add(life).UnixMilli()
	_, err := tx.Exec(`insert into iam_token (hash, client, scopes, created_at, expires_at, mac) values ($1, $2, $3, $4, $5, $6)`,
		hash, client, scopes, tx.Now().UnixMilli(), expires, s.tokenMac(hash, client, scopes, expires))
	return err
}

func getToken(tx *db.Tx, hash gm.Digest) (client, scopes string, expires int64, mac []byte, err error) {
	err = tx.Get(`select client, scopes, expires_at, mac from iam_token where hash = $1`, []any{hash}, &client, &scopes, &expires, &mac)
	return client, scopes, expires, mac, err
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

package iam

import (
	"strconv"
	"strings"
	"time"

	"sidian/internal/db"
)

// grantRow is a row of iam_grant: Grant with what guards it.
type grantRow struct {
	Grant
	mac []byte
}

func (r *grantRow) id() string  { return r.ID }
func (r *grantRow) had() []byte { return r.mac }
func (r *grantRow) fields() []any {
	return []any{r.Account, r.Role, r.Org, r.State, r.Until, r.By, r.At, r.Decided, r.DecidedAt}
}

const grantColumns = `id, account, role, org, state, reason, proposed_by, proposed_at, decided_by, decided_at, until_at, basis, note, mac`

func scanGrant(scan func(...any) error) (*grantRow, error) {
	g := &grantRow{}
	var decided, until *int64
	err := scan(&g.ID, &g.Account, &g.Role, &g.Org, &g.State, &g.Reason, &g.By, &g.At, &g.Decided, &decided, &until, &g.Basis, &g.Note, &g.mac)
	g.DecidedAt, g.Until = plainMillis(decided), timeOf(plainMillis(until))
	return g, err
}

// timeOf is a time from a column; zero is none.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// msOf is a time for a nullable column; the zero time is null.
func msOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return millis(t.UnixMilli())
}

func (s *Service) insertGrant(tx *db.Tx, g *grantRow) (int64, error) {
	g.mac = macOf(s.guards.grants, g)
	n, err := tx.Exec(`
		insert into iam_grant (id, account, role, org, state, reason, proposed_by, proposed_at, decided_by, decided_at, until_at, basis, note, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict do nothing`, g.ID, g.Account, g.Role, g.Org, g.State, g.Reason, g.By, g.At, g.Decided, millis(g.DecidedAt), msOf(g.Until), g.Basis, g.Note, g.mac)
	if err != nil || n == 0 {
		return n, err
	}
	return n, s.guards.grants.Insert(tx, g.mac)
}

// saveGrant writes what became of a grant.
func (s *Service) saveGrant(tx *db.Tx, g *grantRow) error {
	mac, err := change(tx, s.guards.grants, g)
	if err != nil {
		return err
	}
	g.mac = mac
	_, err = tx.Exec(`update iam_grant set state = $2, decided_by = $3, decided_at = $4, note = $5, mac = $6 where id = $1`,
		g.ID, g.State, g.Decided, millis(g.DecidedAt), g.Note, g.mac)
	return err
}

func queryGrants(tx *db.Tx, rest string, args ...any) (list []*grantRow, err error) {
	err = tx.All(`select `+grantColumns+` from iam_grant `+rest, args, func(scan func(...any) error) error {
		g, err := scanGrant(scan)
		list = append(list, g)
		return err
	})
	return list, err
}

func getGrant(tx *db.Tx, id string) (*grantRow, error) {
	list, err := queryGrants(tx, `where id = $1 order by id`, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// liveGrants are those that have effect or may get it.
func liveGrants(tx *db.Tx, account string) ([]*grantRow, error) {
	return queryGrants(tx, `where account = $1 and state in ('proposed', 'effective') order by id`, account)
}

func effectiveOf(tx *db.Tx, account string) ([]*grantRow, error) {
	return queryGrants(tx, `where account = $1 and state = 'effective' order by id`, account)
}

func effectiveIn(tx *db.Tx, role string) ([]*grantRow, error) {
	return queryGrants(tx, `where role = $1 and state = 'effective' order by id`, role)
}

// overGrants are effective ones whose time is over.
func overGrants(tx *db.Tx, n int) ([]*grantRow, error) {
	return queryGrants(tx, `where state = 'effective' and until_at is not null and until_at <= $1 order by until_at, id limit $2`, tx.Now().UnixMilli(), n)
}

func eachGrant(tx *db.Tx, see func(guarded)) error {
	return tx.All(`select `+grantColumns+` from iam_grant order by id`, nil, func(scan func(...any) error) error {
		g, err := scanGrant(scan)
		if err == nil {
			see(g)
		}
		return err
	})
}

// pageOfGrants are grants for organisations on some paths, newest first.
func pageOfGrants(tx *db.Tx, q GrantQuery, in []span, before int64, id string, limit int) ([]*grantRow, error) {
	args := []any{before, id}
	mark := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	var b strings.Builder
	b.WriteString(`where (proposed_at, id) < ($1, $2) and exists (select 1 from iam_org o where o.id = iam_grant.org and (1 = 0`)
	for _, sp := range in {
		b.WriteString(` or (o.path >= ` + mark(sp.from) + ` and o.path < ` + mark(sp.to) + `)`)
	}
	b.WriteString(`))`)
	for _, f := range []struct{ column, value string }{{"state", q.State}, {"account", q.Account}, {"org", q.Org}, {"role", q.Role}} {
		if f.value != "" {
			b.WriteString(` and ` + f.column + ` = ` + mark(f.value))
		}
	}
	b.WriteString(` order by proposed_at desc, id desc limit ` + mark(limit))
	return queryGrants(tx, b.String(), args...)
}

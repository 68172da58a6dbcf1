package iam

import (
	"strconv"
	"strings"

	"sidian/internal/db"
)

// glassRow is a row of iam_glass: Glass with what guards it.
type glassRow struct {
	Glass
	closedBy string
	mac      []byte
}

func (r *glassRow) id() string  { return r.ID }
func (r *glassRow) had() []byte { return r.mac }
func (r *glassRow) fields() []any {
	return []any{r.Account, r.Org, r.Object, r.Opened, r.Until, r.Closed, r.Verdict, r.ReviewedBy}
}

const glassColumns = `id, account, org, object, reason, opened_at, until_at, closed_at, closed_by, verdict, note, reviewed_by, reviewed_at, mac`

func queryGlasses(tx *db.Tx, rest string, args ...any) (list []*glassRow, err error) {
	err = tx.All(`select `+glassColumns+` from iam_glass `+rest, args, func(scan func(...any) error) error {
		r := &glassRow{}
		var opened, until int64
		var closed, reviewed *int64
		err := scan(&r.ID, &r.Account, &r.Org, &r.Object, &r.Reason, &opened, &until, &closed, &r.closedBy, &r.Verdict, &r.Note, &r.ReviewedBy, &reviewed, &r.mac)
		r.Opened, r.Until, r.Closed, r.Reviewed = timeOf(opened), timeOf(until), timeOf(plainMillis(closed)), timeOf(plainMillis(reviewed))
		list = append(list, r)
		return err
	})
	return list, err
}

func oneGlass(tx *db.Tx, rest string, args ...any) (*glassRow, error) {
	list, err := queryGlasses(tx, rest, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func glassOf(tx *db.Tx, id string) (*glassRow, error) {
	return oneGlass(tx, `where id = $1 order by id`, id)
}

// openGlass is the one of an account that was not closed, though its time may
// be over.
func openGlass(tx *db.Tx, account string) (*glassRow, error) {
	return oneGlass(tx, `where account = $1 and closed_at is null order by id`, account)
}

func overGlasses(tx *db.Tx, n int) ([]*glassRow, error) {
	return queryGlasses(tx, `where closed_at is null and until_at <= $1 order by until_at, id limit $2`, tx.Now().UnixMilli(), n)
}

func eachGlass(tx *db.Tx, see func(guarded)) error {
	list, err := queryGlasses(tx, `order by id`)
	for _, r := range list {
		see(r)
	}
	return err
}

func (s *Service) insertGlass(tx *db.Tx, r *glassRow) error {
	mac, err := add(tx, s.guards.glasses, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`
		insert into iam_glass (id, account, org, object, reason, opened_at, until_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, r.ID, r.Account, r.Org, r.Object, r.Reason, r.Opened.UnixMilli(), r.Until.UnixMilli(), r.mac)
	return err
}

func (s *Service) saveGlass(tx *db.Tx, r *glassRow) error {
	mac, err := change(tx, s.guards.glasses, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`update iam_glass set closed_at = $2, closed_by = $3, verdict = $4, note = $5, reviewed_by = $6, reviewed_at = $7, mac = $8 where id = $1`,
		r.ID, msOf(r.Closed), r.closedBy, r.Verdict, r.Note, r.ReviewedBy, msOf(r.Reviewed), r.mac)
	return err
}

// pageOfGlasses are those of an account and of organisations on some paths,
// newest first.
func pageOfGlasses(tx *db.Tx, account string, in []span, waiting bool, before int64, id string, limit int) ([]*glassRow, error) {
	args := []any{before, id, account}
	mark := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	var b strings.Builder
	b.WriteString(`where (opened_at, id) < ($1, $2) and (account = $3 or exists (select 1 from iam_org o where o.id = iam_glass.org and (1 = 0`)
	for _, sp := range in {
		b.WriteString(` or (o.path >= ` + mark(sp.from) + ` and o.path < ` + mark(sp.to) + `)`)
	}
	b.WriteString(`)))`)
	if waiting {
		b.WriteString(` and verdict = ''`)
	}
	b.WriteString(` order by opened_at desc, id desc limit ` + mark(limit))
	return queryGlasses(tx, b.String(), args...)
}

package due

import (
	"fmt"
	"slices"

	"sidian/internal/db"
)

// A branch is a condition whose rows stand in one index by their order, so that
// a page of them costs the page and not the list. A query is a union of
// branches: one condition with "or" would be sorted whole.
type branch struct {
	where string
	args  []any
}

// eachOrg is how many organisations are asked one by one. Who oversees more
// sees most of the list anyway, which is then walked by its order.
const eachOrg = 200

const (
	whereAccount = `account = $1`
	whereHeld    = `permission = $1 and org = $2 and account = ''`
	whereOrg     = `org = $1`
	// The empty text keeps the engines from gathering the rows of each
	// organisation and sorting them all.
	whereAnyHeld = `permission = $1 and account = '' and org || '' in (%s)`
	whereAnyOrg  = `org || '' in (%s)`
)

// mine are the branches of what the caller is to do; no row is in two of them.
func (q Query) mine() (all []branch) {
	if q.Account != "" {
		all = append(all, branch{whereAccount, []any{q.Account}})
	}
	held := map[string][]string{}
	for _, h := range q.Holds {
		if h.Permission != "" {
			held[h.Permission] = append(held[h.Permission], h.Orgs...)
		}
	}
	for permission, orgs := range held {
		orgs = compact(orgs)
		for chunk := range chunks(orgs) {
			if len(orgs) > eachOrg {
				marks, args := db.Marks([]any{permission}, chunk)
				all = append(all, branch{fmt.Sprintf(whereAnyHeld, marks), args})
				continue
			}
			for _, org := range chunk {
				all = append(all, branch{whereHeld, []any{permission, org}})
			}
		}
	}
	return all
}

// unit are the branches of what the caller oversees.
func (q Query) unit() (all []branch) {
	orgs := compact(q.Orgs)
	for chunk := range chunks(orgs) {
		if len(orgs) > eachOrg {
			marks, args := db.Marks(nil, chunk)
			all = append(all, branch{fmt.Sprintf(whereAnyOrg, marks), args})
			continue
		}
		for _, org := range chunk {
			all = append(all, branch{whereOrg, []any{org}})
		}
	}
	return all
}

// chunks are as many organisations as one statement takes.
func chunks(orgs []string) func(func([]string) bool) { return slices.Chunk(orgs, 5000) }

// listQuery asks for a page of a branch; after its arguments come where the
// page before ended, and how many rows.
func listQuery(b branch) string {
	n := len(b.args)
	return fmt.Sprintf(`
		select `+columns+`
		  from due_promise
		 where `+b.where+` and closed_at is null and (order_at, id) > ($%d, $%d)
		 order by order_at, id
		 limit $%d`, n+1, n+2, n+3)
}

func listOf(tx *db.Tx, b branch, after int64, id string, limit int) ([]Promise, error) {
	return promises(tx, listQuery(b), append(slices.Clone(b.args), after, id, limit)...)
}

// countQuery counts the first rows of a branch; after its arguments come the
// time and how many rows.
func countQuery(b branch) string {
	n := len(b.args)
	return fmt.Sprintf(`
		select count(*), count(*) filter (where order_at < $%d), count(*) filter (where order_at >= $%d and care_at <= $%d and state = 'open'),
		       count(*) filter (where state = 'paused')
		  from (select order_at, care_at, state
		          from due_promise
		         where `+b.where+` and closed_at is null
		         order by order_at, id
		         limit $%d) as first`, n+1, n+1, n+1, n+2)
}

func count(tx *db.Tx, b branch, limit int) (c Count, err error) {
	err = tx.Get(countQuery(b), append(slices.Clone(b.args), tx.Now().UnixMilli(), limit), &c.Open, &c.Overdue, &c.Soon, &c.Paused)
	return c, err
}

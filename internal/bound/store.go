package bound

import (
	"strconv"
	"strings"

	"sidian/internal/db"
)

// A row is an offer as it is stored; times are milliseconds.
type row struct {
	id, series, sort, kind  string
	certificate, identifier string
	version                 int64
	issuer, path            string
	follows                 bool
	rule                    string
	holder, agent           []byte
	agentBy                 string
	wished                  bool
	content                 []byte
	state                   State
	until                   int64
	later                   *int64
	account, application    string
	seal, reason            string
	revision, created       int64
	taken, done, ended      *int64
}

const offerColumns = `id, series, sort, kind, certificate, identifier, version, issuer, path, follows, rule, holder, agent, agent_by, wished, content,
	state, until_at, later_at, account, application, seal, reason, revision, created_at, taken_at, done_at, ended_at`

// insertOffer writes a new offer, unless there is one.
func insertOffer(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into bound_offer
		       (id, series, sort, kind, certificate, identifier, version, issuer, path, follows, rule, holder, agent, agent_by, wished, content,
		        state, until_at, later_at, account, application, seal, reason, revision, created_at, taken_at, done_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		on conflict do nothing`,
		r.id, r.series, r.sort, r.kind, r.certificate, r.identifier, r.version, r.issuer, r.path, r.follows, r.rule, r.holder, r.agent, r.agentBy, r.wished, r.content,
		string(r.state), r.until, r.later, r.account, r.application, r.seal, r.reason, r.revision, r.created, r.taken, r.done, r.ended)
	return n == 1, err
}

// saveOffer writes what may change of an offer.
func saveOffer(tx *db.Tx, r *row) error {
	r.revision++
	n, err := tx.Exec(`
		update bound_offer
		   set certificate = $2, identifier = $3, version = $4, agent = $5, agent_by = $6, content = $7, state = $8, until_at = $9, later_at = $10,
		       account = $11, application = $12, seal = $13, reason = $14, revision = $15, taken_at = $16, done_at = $17, ended_at = $18
		 where id = $1 and revision = $19`,
		r.id, r.certificate, r.identifier, r.version, r.agent, r.agentBy, r.content, string(r.state), r.until, r.later,
		r.account, r.application, r.seal, r.reason, r.revision, r.taken, r.done, r.ended, r.revision-1)
	if err == nil && n == 0 {
		return errMoved()
	}
	return err
}

func queryOffers(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+offerColumns+` from bound_offer o `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(&r.id, &r.series, &r.sort, &r.kind, &r.certificate, &r.identifier, &r.version, &r.issuer, &r.path, &r.follows, &r.rule,
			&r.holder, &r.agent, &r.agentBy, &r.wished, &r.content, &r.state, &r.until, &r.later, &r.account, &r.application, &r.seal, &r.reason,
			&r.revision, &r.created, &r.taken, &r.done, &r.ended)
		list = append(list, r)
		return err
	})
	return list, err
}

// one is the only row of a list, or nil.
func one(list []*row, err error) (*row, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// offerByID returns an offer, locked for who will change it.
func offerByID(tx *db.Tx, id string, lock bool) (*row, error) {
	where := `where id = $1`
	if lock {
		where += ` for update`
	}
	r, err := one(queryOffers(tx, where, id))
	if err == nil && r == nil {
		err = errUnknown()
	}
	return r, err
}

func offerBySeries(tx *db.Tx, series, sort string) (*row, error) {
	return one(queryOffers(tx, `where series = $1 and sort = $2 for update`, series, sort))
}

func offersBySeries(tx *db.Tx, series []string) ([]*row, error) {
	marks, args := db.Marks(nil, db.Padded(series))
	return queryOffers(tx, `where series in (`+marks+`) order by id for update`, args...)
}

func isOffered(tx *db.Tx, series, sort string) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from bound_offer where series = $1 and sort = $2`, []any{series, sort}, &n)
	return n > 0, err
}

func offerByApplication(tx *db.Tx, application string) (*row, error) {
	return one(queryOffers(tx, `where application = $1 and application <> ''`, application))
}

func offersByCertificate(tx *db.Tx, certificate string) ([]*row, error) {
	return queryOffers(tx, `where certificate = $1 order by id for update`, certificate)
}

func offersBySeal(tx *db.Tx, seal string) ([]*row, error) {
	return queryOffers(tx, `where seal = $1 and seal <> '' order by id for update`, seal)
}

// offersOf are those of holders, or of whose agent somebody is, newest first.
func offersOf(tx *db.Tx, holders [][]byte, agent []byte) ([]*row, error) {
	var args []any
	where := ""
	if len(holders) > 0 {
		var marks string
		marks, args = db.Marks(args, holders)
		where = `holder in (` + marks + `)`
	}
	if len(agent) > 0 {
		args = append(args, agent)
		where = strings.TrimPrefix(where+` or agent = `+mark(len(args)), ` or `)
	}
	if where == "" {
		return nil, nil
	}
	return queryOffers(tx, `where `+where+` order by created_at desc, id desc limit 100`, args...)
}

// A bounds is what a list shows: below paths, of a state.
type bounds struct {
	paths []string
	state State
}

func (b bounds) where(args []any) (string, []any) {
	where, args := db.Below(args, "o.path", b.paths)
	if b.state != "" {
		args = append(args, string(b.state))
		where += ` and o.state = ` + mark(len(args))
	}
	return where, args
}

func offersIn(tx *db.Tx, b bounds, before int64, id string, limit int) ([]*row, error) {
	if len(b.paths) == 0 {
		return nil, nil
	}
	where, args := b.where([]any{before, id, limit})
	return queryOffers(tx, `where (o.created_at, o.id) < ($1, $2) and `+where+` order by o.created_at desc, o.id desc limit $3`, args...)
}

// A tally is how many offers are in a state, and how long they took together.
type tally struct {
	state            State
	kind             string
	count, took, all int64 // milliseconds to being taken, and to the seal
}

func tallies(tx *db.Tx, b bounds, since int64) (list []tally, err error) {
	if len(b.paths) == 0 {
		return nil, nil
	}
	where, args := b.where([]any{since})
	err = tx.All(`
		select o.kind, o.state, count(*), coalesce(cast(sum(o.taken_at - o.created_at) as bigint), 0), coalesce(cast(sum(o.done_at - o.created_at) as bigint), 0)
		  from bound_offer o
		 where o.created_at >= $1 and `+where+`
		 group by o.kind, o.state
		 order by o.kind, o.state`, args, func(scan func(...any) error) error {
		var t tally
		err := scan(&t.kind, &t.state, &t.count, &t.took, &t.all)
		list = append(list, t)
		return err
	})
	return list, err
}

// dueOffers are open ones whose time is over, or that are to be reminded of.
func dueOffers(tx *db.Tx, now int64, limit int) (ids []string, err error) {
	for _, q := range []string{
		`select id from bound_offer where state = 'open' and until_at <= $1 order by until_at, id limit $2`,
		`select id from bound_offer where state = 'open' and later_at is not null and later_at <= $1 order by later_at, id limit $2`,
	} {
		err = tx.All(q, []any{now, limit}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

package complaint

import (
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is a complaint as it is stored; times are milliseconds, 0 none.
type row struct {
	id, account, org, path, region, authority string
	what, way, happened                       string
	named                                     bool
	sealed, same, document                    []byte
	size                                      int64
	state                                     State
	outcome                                   State
	month                                     string
	days                                      int64
	explainDue, decideDue, rectifyDue         int64
	revision, created                         int64
	decided, ended                            *int64
}

const columns = `id, account, org, path, region, authority, what, way, happened, named, content, same, document, size, state, outcome, month, days,
	explain_due, decide_due, rectify_due, revision, created_at, decided_at, ended_at`

func (r *row) dest() []any {
	return []any{&r.id, &r.account, &r.org, &r.path, &r.region, &r.authority, &r.what, &r.way, &r.happened, &r.named, &r.sealed, &r.same, &r.document, &r.size,
		&r.state, &r.outcome, &r.month, &r.days, &r.explainDue, &r.decideDue, &r.rectifyDue, &r.revision, &r.created, &r.decided, &r.ended}
}

// insert writes a new complaint, and tells whether none like it was open.
func insert(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into complaint_complaint
		       (id, account, org, path, region, authority, what, way, happened, named, content, same, document, size, state, outcome, month, days,
		        explain_due, decide_due, rectify_due, revision, created_at, decided_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		on conflict do nothing`,
		r.id, r.account, r.org, r.path, r.region, r.authority, r.what, r.way, r.happened, r.named, r.sealed, r.same, r.document, r.size,
		string(r.state), string(r.outcome), r.month, r.days, r.explainDue, r.decideDue, r.rectifyDue, r.revision, r.created, r.decided, r.ended)
	return n == 1, err
}

// save writes what may change of a complaint.
func save(tx *db.Tx, r *row) error {
	r.revision++
	n, err := tx.Exec(`
		update complaint_complaint
		   set document = $2, size = $3, state = $4, outcome = $5, days = $6, explain_due = $7, decide_due = $8, rectify_due = $9,
		       revision = $10, decided_at = $11, ended_at = $12
		 where id = $1 and revision = $13`,
		r.id, r.document, r.size, string(r.state), string(r.outcome), r.days, r.explainDue, r.decideDue, r.rectifyDue,
		r.revision, r.decided, r.ended, r.revision-1)
	if err == nil && n == 0 {
		return fault.Conflict.New("投诉刚刚被他人办理").WithCode("complaint.moved").WithHint("请刷新后重试")
	}
	return err
}

func errUnknown() error {
	return fault.NotFound.New("没有这件投诉").WithCode("complaint.unknown").WithHint("请从投诉列表中选择")
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from complaint_complaint c `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(r.dest()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// byID returns a complaint, locked for who will change it.
func byID(tx *db.Tx, id string, lock bool) (*row, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	list, err := query(tx, q, id)
	if err == nil && len(list) == 0 {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// openLike is the open complaint that is the same, or nil.
func openLike(tx *db.Tx, same []byte) (*row, error) {
	list, err := query(tx, `where same = $1 and state in ('filed', 'explained') order by id limit 1`, same)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// filedSince counts what an account has filed since a time.
func filedSince(tx *db.Tx, account string, since int64) (n int64, err error) {
	err = tx.Get(`select count(*) from complaint_complaint where account = $1 and created_at > $2`, []any{account, since}, &n)
	return n, err
}

// A scope says which complaints a list may show.
type scope struct {
	account     string   // filed by
	paths       []string // about units below
	authorities []string // decided by
}

// list pages through complaints, newest first.
func list(tx *db.Tx, v scope, q Query, states []State, before int64, id string, limit int) ([]*row, error) {
	args := []any{before, id, limit}
	var seen []string
	if v.account != "" {
		args = append(args, v.account)
		seen = append(seen, `c.account = `+mark(len(args)))
	}
	if len(v.paths) > 0 {
		var below string
		below, args = db.Below(args, "c.path", v.paths)
		seen = append(seen, below)
	}
	if len(v.authorities) > 0 {
		var marks string
		marks, args = db.Marks(args, v.authorities)
		seen = append(seen, `c.authority in (`+marks+`)`)
	}
	if len(seen) == 0 {
		return nil, nil
	}
	where := `where (c.created_at, c.id) < ($1, $2) and (` + strings.Join(seen, ` or `) + `)`
	if q.Unit != "" {
		args = append(args, q.Unit)
		where += ` and c.org = ` + mark(len(args))
	}
	if len(states) > 0 {
		words := make([]string, len(states))
		for i, x := range states {
			words[i] = string(x)
		}
		var marks string
		marks, args = db.Marks(args, words)
		where += ` and c.state in (` + marks + `)`
	}
	return query(tx, where+` order by c.created_at desc, c.id desc limit $3`, args...)
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

// A historyRow is what one side did.
type historyRow struct {
	seq, at              int64
	account, org, action string
	state                string
	note                 []byte
}

func putHistory(tx *db.Tx, complaint string, h *historyRow) error {
	_, err := tx.Exec(`
		insert into complaint_history (complaint, seq, at, account, org, action, state, note)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, complaint, h.seq, h.at, h.account, h.org, h.action, h.state, h.note)
	return err
}

func historyOf(tx *db.Tx, complaint string) (out []*historyRow, err error) {
	err = tx.All(`
		select seq, at, account, org, action, state, note
		  from complaint_history where complaint = $1 order by seq`, []any{complaint}, func(scan func(...any) error) error {
		h := &historyRow{}
		err := scan(&h.seq, &h.at, &h.account, &h.org, &h.action, &h.state, &h.note)
		out = append(out, h)
		return err
	})
	return out, err
}

// namedDigests are those of digests that complaints name.
func namedDigests(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select document from complaint_complaint where document in (`)
}

// milli is a time as it is stored.
func milli(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func momentOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return moment(*ms)
}

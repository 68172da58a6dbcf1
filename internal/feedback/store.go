package feedback

import (
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A row is a feedback as it is stored; times are milliseconds, 0 none.
type row struct {
	id, number, org, account, app string
	certificate, identifier       string
	kind, kindName, unit, path    string
	action, on, until             string
	content, same, document       []byte
	size                          int64
	media                         string
	state                         State
	decider, deciderApp           string
	seen, act                     int64
	month                         string
	due, lease, revision          int64
	looked                        string
	created                       int64
	answered, ended               *int64
	mac                           []byte
}

const columns = `id, number, org, account, app, certificate, identifier, kind, kind_name, unit, path, action, decided_on, until, content, same,
	document, size, media, state, decider, decider_app, seen, act, month, due_at, lease_until, revision, looked_on, created_at, answered_at, ended_at, mac`

func (r *row) dest() []any {
	return []any{&r.id, &r.number, &r.org, &r.account, &r.app, &r.certificate, &r.identifier, &r.kind, &r.kindName, &r.unit, &r.path, &r.action, &r.on, &r.until,
		&r.content, &r.same, &r.document, &r.size, &r.media, &r.state, &r.decider, &r.deciderApp, &r.seen, &r.act, &r.month, &r.due, &r.lease, &r.revision, &r.looked,
		&r.created, &r.answered, &r.ended, &r.mac}
}

// insert writes a new feedback, and tells whether none like it stands.
func insert(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into feedback_feedback
		       (id, number, org, account, app, certificate, identifier, kind, kind_name, unit, path, action, decided_on, until, content, same,
		        document, size, media, state, month, due_at, looked_on, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		on conflict do nothing`,
		r.id, r.number, r.org, r.account, r.app, r.certificate, r.identifier, r.kind, r.kindName, r.unit, r.path, r.action, r.on, r.until, r.content, r.same,
		r.document, r.size, r.media, string(r.state), r.month, r.due, r.looked, r.created, r.mac)
	return n == 1, err
}

// save writes what may change of a feedback, once for what was read; lease is how
// long nobody else goes on with it.
func save(tx *db.Tx, r *row, lease time.Duration) error {
	r.revision++
	n, err := tx.Exec(`
		update feedback_feedback
		   set unit = $2, path = $3, content = $4, state = $5, decider = $6, decider_app = $7, seen = $8, act = $9, due_at = $10, lease_until = $11,
		       looked_on = $12, answered_at = $13, ended_at = $14, mac = $15, revision = $16
		 where id = $1 and revision = $17`,
		r.id, r.unit, r.path, r.content, string(r.state), r.decider, r.deciderApp, r.seen, r.act, r.due, tx.Now().Add(lease).UnixMilli(),
		r.looked, r.answered, r.ended, r.mac, r.revision, r.revision-1)
	if err == nil && n == 0 {
		return fault.Conflict.New("此件刚刚被他人办理").WithCode("feedback.moved").WithHint("请刷新后查看")
	}
	return err
}

func errUnknown() error {
	return fault.NotFound.New("没有这件执法反馈").WithCode("feedback.unknown").WithHint("请从反馈列表中选择")
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from feedback_feedback f `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(r.dest()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// byID returns a feedback, locked for who will change it.
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

// like is what was told already by the same document; nil: nothing.
func like(tx *db.Tx, same []byte) (*row, error) {
	list, err := query(tx, `where same = $1 and state in ('filed', 'confirming', 'done', 'moot') order by id limit 1`, same)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// list pages through feedback told by bodies below some paths, or about
// certificates of units below others, newest first.
func list(tx *db.Tx, orgs, paths []string, state State, before int64, id string, limit int) ([]*row, error) {
	args := []any{before, id, limit}
	var seen []string
	if len(orgs) > 0 {
		var marks string
		marks, args = db.Marks(args, orgs)
		seen = append(seen, `f.org in (`+marks+`)`)
	}
	if len(paths) > 0 {
		var below string
		below, args = db.Below(args, "f.path", paths)
		seen = append(seen, below)
	}
	if len(seen) == 0 {
		return nil, nil
	}
	where := `where (f.created_at, f.id) < ($1, $2) and (` + strings.Join(seen, ` or `) + `)`
	if state != "" {
		args = append(args, string(state))
		where += ` and f.state = ` + mark(len(args))
	}
	return query(tx, where+` order by f.created_at desc, f.id desc limit $3`, args...)
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

// going are the feedbacks whose confirming nobody goes on with.
func going(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.All(`
		select id from feedback_feedback where state = 'confirming' and lease_until <= $1
		 order by lease_until, id limit $2`, []any{tx.Now().UnixMilli(), limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// unlooked are open feedbacks that were not looked at on a day.
func unlooked(tx *db.Tx, day string, limit int) (list []*row, err error) {
	return query(tx, `where state = 'filed' and looked_on < $1 order by looked_on, id limit $2`, day, limit)
}

// documentsNamed tells which of these documents a feedback names.
func documentsNamed(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select document from feedback_feedback where document in (`)
}

// A sum is what one unit answered in one month.
type sum struct {
	month, unit                                       string
	filed, done, moot, refused, withdrawn, open, late int64
	answered, spent                                   int64 // how many were answered, and in how many milliseconds together
}

// sums adds up by month and unit, for units below paths.
func sums(tx *db.Tx, paths []string, from, to string, now int64, limit int) (out []*sum, err error) {
	if len(paths) == 0 {
		return nil, nil
	}
	below, args := db.Below([]any{from, to, now, limit}, "path", paths)
	err = tx.All(`
		select month, unit, count(*), count(*) filter (where state = 'done'), count(*) filter (where state = 'moot'),
		       count(*) filter (where state = 'refused'), count(*) filter (where state = 'withdrawn'), count(*) filter (where state in ('filed', 'confirming')),
		       count(*) filter (where state <> 'withdrawn' and due_at > 0 and due_at < coalesce(ended_at, $3)),
		       count(*) filter (where answered_at is not null), cast(coalesce(sum(answered_at - created_at), 0) as bigint)
		  from feedback_feedback
		 where month >= $1 and month <= $2 and `+below+`
		 group by month, unit order by month, unit limit $4`, args, func(scan func(...any) error) error {
		x := &sum{}
		err := scan(&x.month, &x.unit, &x.filed, &x.done, &x.moot, &x.refused, &x.withdrawn, &x.open, &x.late, &x.answered, &x.spent)
		out = append(out, x)
		return err
	})
	return out, err
}

func sealedAfter(tx *db.Tx, after string, n int) (out []keys.Sealed, err error) {
	err = tx.All(`select id, content from feedback_feedback where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var content []byte
		err := scan(&id, &content)
		out = append(out, keys.Sealed{Cell: cellOf(id), Value: content})
		return err
	})
	return out, err
}

func replaceContent(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update feedback_feedback set content = $3 where id = $1 and content = $2`, was.Cell.Row, was.Value, again)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from feedback_feedback`, nil, &n)
	return n, err
}

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

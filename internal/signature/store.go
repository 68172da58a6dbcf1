package signature

import (
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// taskRow is a row of signature_task.
type taskRow struct {
	id, org, account, app, item, state string
	title, message                     []byte
	until, created, closed             int64
	pages, revision                    int64
	original, document                 gm.Digest
	warned                             bool
	reminded                           int64
	evidenceAt, evidenceLease          int64
	evidenceUse                        string
	evidenceContent, evidence          []byte
}

func (t *taskRow) over(now time.Time) bool { return t.state == Open && now.UnixMilli() > t.until }

const taskColumns = `id, org, account, app, item, title, message, state, until, pages, original, document, revision, warned, reminded_at,
       evidence_at, evidence_use, evidence_content, evidence_lease, evidence, created_at, coalesce(closed_at, 0)`

func scanTask(scan func(...any) error) (*taskRow, error) {
	t := &taskRow{}
	var original, document []byte
	err := scan(&t.id, &t.org, &t.account, &t.app, &t.item, &t.title, &t.message, &t.state, &t.until, &t.pages, &original, &document, &t.revision,
		&t.warned, &t.reminded, &t.evidenceAt, &t.evidenceUse, &t.evidenceContent, &t.evidenceLease, &t.evidence, &t.created, &t.closed)
	copy(t.original[:], original)
	copy(t.document[:], document)
	return t, err
}

func queryTasks(tx *db.Tx, rest string, args ...any) (list []*taskRow, err error) {
	err = tx.All(`select `+taskColumns+` from signature_task `+rest, args, func(scan func(...any) error) error {
		t, err := scanTask(scan)
		list = append(list, t)
		return err
	})
	return list, err
}

func errNoTask() error {
	return fault.NotFound.New("没有这个签署任务，或不属于您").WithCode("signature.unknown").WithHint("请核对链接，或向发起方询问")
}

func taskByID(tx *db.Tx, id string) (*taskRow, error) {
	list, err := queryTasks(tx, `where id = $1 order by id`, id)
	if err == nil && len(list) == 0 {
		return nil, errNoTask()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func taskByRepetition(tx *db.Tx, repetition string) (*taskRow, error) {
	list, err := queryTasks(tx, `where repetition = $1 order by id`, repetition)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// insertTask tells whether the repetition was free.
func insertTask(tx *db.Tx, t *taskRow, repetition string) (bool, error) {
	var r any
	if repetition != "" {
		r = repetition
	}
	n, err := tx.Exec(`
		insert into signature_task (id, org, account, app, item, title, message, state, until, pages, original, document, repetition, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict do nothing`,
		t.id, t.org, t.account, t.app, t.item, t.title, t.message, t.state, t.until, t.pages, t.original[:], t.document[:], r, t.created)
	return n == 1, err
}

// closeTask ends an open task, once.
func closeTask(tx *db.Tx, id, state string) error {
	n, err := tx.Exec(`update signature_task set state = $2, closed_at = $3 where id = $1 and state = 'open'`, id, state, tx.Now().UnixMilli())
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// putDocument puts a new document in the place of the one at a revision. It tells
// whether that one still stood there.
func putDocument(tx *db.Tx, id string, revision int64, document gm.Digest) (bool, error) {
	n, err := tx.Exec(`update signature_task set document = $3, revision = revision + 1 where id = $1 and revision = $2 and state = 'open'`,
		id, revision, document[:])
	return n == 1, err
}

func markReminded(tx *db.Tx, id string, warned bool) error {
	_, err := tx.Exec(`update signature_task set reminded_at = $2, warned = $3 where id = $1`, id, tx.Now().UnixMilli(), warned)
	return err
}

// A listing is what of the tasks is wanted: of units, or begun by an account.
type listing struct {
	orgs           []string
	account, state string
	before         int64
	beforeID       string
	limit          int
}

func listTasks(tx *db.Tx, q listing) ([]*taskRow, error) {
	args := []any{q.before, q.beforeID, q.limit, q.account}
	whose := `(account = $4 and account <> '')`
	if len(q.orgs) > 0 {
		marks, all := db.Marks(args, q.orgs)
		args, whose = all, `(`+whose+` or org in (`+marks+`))`
	}
	where := `where (created_at, id) < ($1, $2) and ` + whose
	if q.state != "" {
		args = append(args, q.state)
		where += fmt.Sprintf(` and state = $%d`, len(args))
	}
	return queryTasks(tx, where+` order by created_at desc, id desc limit $3`, args...)
}

// listToSign are the tasks in which an account is a signer, or may become one.
func listToSign(tx *db.Tx, account string, person gm.Digest, before int64, beforeID string, limit int) ([]*taskRow, error) {
	return queryTasks(tx, `
		 where (created_at, id) < ($1, $2)
		   and id in (select task from signature_signer where account = $4
		               union all
		              select task from signature_signer where account is null and person = $5)
		 order by created_at desc, id desc
		 limit $3`, before, beforeID, limit, account, person[:])
}

// overdue are open tasks that end before a time, longest first.
func overdue(tx *db.Tx, before int64, limit int) ([]*taskRow, error) {
	return queryTasks(tx, `where state = 'open' and until < $1 order by until, id limit $2`, before, limit)
}

// unwarned are open tasks that end before a time and whose signers were not told.
func unwarned(tx *db.Tx, before int64, limit int) ([]*taskRow, error) {
	return queryTasks(tx, `where state = 'open' and until < $1 and not warned order by until, id limit $2`, before, limit)
}

// tasksOf are the tasks that a document belongs to.
func tasksOf(tx *db.Tx, document gm.Digest) ([]*taskRow, error) {
	return queryTasks(tx, `
		 where original = $1 or id in (select task from signature_signer where after_document = $1)
		 order by created_at desc, id`, document[:])
}

// known tells which of these documents a task or signer names.
func known(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	out := map[gm.Digest]bool{}
	if len(digests) == 0 {
		return out, nil
	}
	values := make([][]byte, len(digests))
	for i := range digests {
		values[i] = digests[i][:]
	}
	marks, args := db.Marks(nil, values)
	for _, q := range []string{
		`select original from signature_task where original in (` + marks + `)`,
		`select document from signature_task where document in (` + marks + `)`,
		`select evidence from signature_task where evidence in (` + marks + `)`,
		`select after_document from signature_signer where after_document in (` + marks + `)`,
	} {
		err := tx.All(q, args, func(scan func(...any) error) error {
			var b []byte
			err := scan(&b)
			var d gm.Digest
			copy(d[:], b)
			out[d] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func ms(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}

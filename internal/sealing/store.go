package sealing

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

func insertRequest(tx *db.Tx, r *Request, repetition string) (fresh bool, err error) {
	findings, err := json.Marshal(r.Findings)
	if err != nil {
		return false, fmt.Errorf("sealing: writing findings: %w", err)
	}
	var rep any
	if repetition != "" {
		rep = repetition
	}
	n, err := tx.Exec(`
		insert into sealing_request (id, title, purpose, reason, org, account, asker, state, ord, manual, pages,
		                             original, base, document, converted, findings, repetition, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		on conflict do nothing`,
		r.ID, r.Title, r.Purpose, r.Reason, r.Org, r.Account, r.Asker, r.State, r.Order, r.Manual, r.Pages,
		r.original[:], r.base[:], r.document[:], r.Converted, string(findings), rep, tx.Now().UnixMilli())
	return n == 1, err
}

const requestColumns = `id, title, purpose, reason, org, account, asker, state, ord, manual, pages,
       original, base, document, converted, findings, closing, created_at, closed_at`

func scanRequest(scan func(...any) error) (*Request, error) {
	r := &Request{}
	var original, base, document []byte
	var findings string
	var at int64
	var closed *int64
	var ord, pages int64
	err := scan(&r.ID, &r.Title, &r.Purpose, &r.Reason, &r.Org, &r.Account, &r.Asker, &r.State, &ord, &r.Manual, &pages,
		&original, &base, &document, &r.Converted, &findings, &r.Closing, &at, &closed)
	if err != nil {
		return nil, err
	}
	r.Order, r.Pages = int(ord), int(pages)
	copy(r.original[:], original)
	copy(r.base[:], base)
	copy(r.document[:], document)
	r.Original, r.Base, r.Document = hexOf(r.original), hexOf(r.base), hexOf(r.document)
	r.StateName, r.CreatedAt = Label(r.State), ms(at)
	if closed != nil {
		r.ClosedAt = ms(*closed)
	}
	if err := json.Unmarshal([]byte(findings), &r.Findings); err != nil {
		return nil, fmt.Errorf("sealing: reading findings: %w", err)
	}
	return r, nil
}

func hexOf(d gm.Digest) string {
	if d == (gm.Digest{}) {
		return ""
	}
	return fmt.Sprintf("%x", d[:])
}

func queryRequests(tx *db.Tx, where string, args ...any) (out []*Request, err error) {
	err = tx.All(`select `+requestColumns+` from sealing_request where `+where, args, func(scan func(...any) error) error {
		r, err := scanRequest(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

// requestByID returns a request with its steps.
func requestByID(tx *db.Tx, id string) (*Request, error) {
	list, err := queryRequests(tx, `id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, unknown()
	}
	return list[0], withSteps(tx, list)
}

func unknown() error {
	return fault.NotFound.New("没有这件用印申请").WithCode("sealing.unknown").WithHint("请核对编号")
}

func requestByRepetition(tx *db.Tx, repetition string) (*Request, error) {
	list, err := queryRequests(tx, `repetition = $1`, repetition)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], withSteps(tx, list)
}

// requestsBefore pages through the requests of one column's values, newest first.
func requestsBefore(tx *db.Tx, column string, values []string, state string, before int64, beforeID string, limit int) ([]*Request, error) {
	if len(values) == 0 {
		return nil, nil
	}
	// With the empty text the rows of many values are not gathered and sorted, but
	// found by time.
	if len(values) > 1 {
		column += ` || ''`
	}
	marks, args := db.Marks([]any{before, beforeID, limit}, values)
	where := `(created_at, id) < ($1, $2) and ` + column + ` in (` + marks + `)`
	if state != "" {
		args = append(args, state)
		where += fmt.Sprintf(` and state = $%d`, len(args))
	}
	return queryRequests(tx, where+` order by created_at desc, id desc limit $3`, args...)
}

// requestsWaiting pages through open requests with a step that waits at one of
// these organisations. The sum keeps the engines from walking through all that
// were ever asked for to find the few that wait.
func requestsWaiting(tx *db.Tx, orgs []string, before int64, beforeID string, limit int) ([]*Request, error) {
	if len(orgs) == 0 {
		return nil, nil
	}
	marks, args := db.Marks([]any{before, beforeID, limit}, orgs)
	return queryRequests(tx, `(created_at + 0, id) < ($1, $2) and state || '' = 'open'
		 and id in (select request from sealing_step where state = 'waiting' and seal_org in (`+marks+`))
		 order by created_at + 0 desc, id desc limit $3`, args...)
}

func setDocument(tx *db.Tx, id string, from, to gm.Digest) error {
	n, err := tx.Exec(`update sealing_request set document = $3 where id = $1 and document = $2 and state = 'open'`, id, from[:], to[:])
	return moved(n, err)
}

func setGroup(tx *db.Tx, id string, base gm.Digest, order int) error {
	_, err := tx.Exec(`update sealing_request set base = $2, ord = $3 where id = $1`, id, base[:], order)
	return err
}

func closeRequest(tx *db.Tx, id, state, closing string) error {
	n, err := tx.Exec(`update sealing_request set state = $2, closing = $3, closed_at = $4 where id = $1 and state = 'open'`,
		id, state, closing, tx.Now().UnixMilli())
	return moved(n, err)
}

// underWay counts the open requests of an account under a rule.
func underWay(tx *db.Tx, rule, account string) (n int64, err error) {
	err = tx.Get(`
		select count(*) from sealing_request r
		 where r.account = $2 and r.state = 'open'
		   and exists (select 1 from sealing_step t where t.request = r.id and t.rule = $1)`, []any{rule, account}, &n)
	return n, err
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// named tells which of these documents a row names.
func named(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select original from sealing_request where original in (`, `select base from sealing_request where base in (`,
		`select document from sealing_request where document in (`, `select after from sealing_step where after in (`,
		`select original from sealing_item where original in (`, `select document from sealing_item where document in (`)
}

func listOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

package issuing

import (
	"strconv"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is a draft as it is stored; times are milliseconds.
type row struct {
	id, unit, path, region, kind string
	kindVersion                  int64
	state                        State
	version                      int64
	mode, origin, ref            string
	said                         []byte
	batch, owed, applicant       string
	caseNo                       string
	finished                     *int64
	late                         bool
	content                      []byte // sealed; nil when the way has ended
	certificate, issuer          string
	revision, created, updated   int64
	ended                        *int64
	pending                      string
	request                      string // for the seals of others
	mac                          []byte
	steps                        int64
	due                          int64 // the work that waits
	sentBack                     bool

	done []*stepRow // what was done with it, once it is read
}

const columns = `id, unit, path, region, kind, kind_version, state, version, mode, origin, ref, said, batch, owed, applicant, case_no,
	finished_at, late, content, certificate, issuer, revision, created_at, updated_at, ended_at, pending,
	request, mac, steps, due_at, sent_back`

func (r *row) dest() []any {
	return []any{&r.id, &r.unit, &r.path, &r.region, &r.kind, &r.kindVersion, &r.state, &r.version, &r.mode, &r.origin, &r.ref, &r.said, &r.batch, &r.owed,
		&r.applicant, &r.caseNo, &r.finished, &r.late, &r.content, &r.certificate, &r.issuer, &r.revision, &r.created, &r.updated, &r.ended, &r.pending,
		&r.request, &r.mac, &r.steps, &r.due, &r.sentBack}
}

// insert writes a new draft, and tells whether its reference was free.
func insert(tx *db.Tx, g *guards, r *row) (made bool, err error) {
	r.mac = g.drafts.Mac(r.id, r.fields()...)
	n, err := tx.Exec(`
		insert into issuing_draft
		       (id, unit, path, region, kind, kind_version, state, version, mode, origin, ref, said, batch, owed, applicant, case_no,
		        finished_at, late, content, certificate, issuer, revision, created_at, updated_at, ended_at, mac, steps, due_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		on conflict do nothing`,
		r.id, r.unit, r.path, r.region, r.kind, r.kindVersion, string(r.state), r.version, r.mode, r.origin, r.ref, r.said, r.batch, r.owed,
		r.applicant, r.caseNo, r.finished, r.late, r.content, r.certificate, r.issuer, r.revision, r.created, r.updated, r.ended, r.mac, r.steps, r.due)
	return n == 1, err
}

// save writes what may change of a draft.
func save(tx *db.Tx, g *guards, r *row) error {
	r.revision++
	r.updated = milli(tx.Now())
	if r.state.Ended() {
		r.ended, r.content, r.pending, r.sentBack = &r.updated, nil, "", false
	}
	if r.pending == "" {
		r.request = ""
	}
	r.mac = g.drafts.Mac(r.id, r.fields()...)
	n, err := tx.Exec(`
		update issuing_draft
		   set kind_version = $2, state = $3, version = $4, case_no = $5, finished_at = $6, late = $7, content = $8, certificate = $9, issuer = $10,
		       revision = $11, updated_at = $12, ended_at = $13, pending = $14, request = $15, mac = $16, steps = $17, due_at = $18, sent_back = $19
		 where id = $1 and revision = $20`,
		r.id, r.kindVersion, string(r.state), r.version, r.caseNo, r.finished, r.late, r.content, r.certificate, r.issuer,
		r.revision, r.updated, r.ended, r.pending, r.request, r.mac, r.steps, r.due, r.sentBack, r.revision-1)
	if err == nil && n == 0 {
		return fault.Conflict.New("此件刚刚被他人办理").WithCode("issuing.moved").WithHint("请刷新后重试")
	}
	return err
}

func errUnknown() error {
	return fault.NotFound.New("没有这件证照经办件").WithCode("issuing.unknown").WithHint("请从经办列表中选择")
}

func query(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+columns+` from issuing_draft d `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(r.dest()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// byID returns a draft, locked for who will change it.
func byID(tx *db.Tx, id string, lock bool) (*row, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	return first(query(tx, q, id))
}

func first(list []*row, err error) (*row, error) {
	if err == nil && len(list) == 0 {
		err = errUnknown()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func byRef(tx *db.Tx, unit, ref string) (*row, error) {
	return first(query(tx, `where unit = $1 and ref = $2`, unit, ref))
}

// going lists drafts whose sealing was begun before a time, longest first.
func going(tx *db.Tx, before int64, limit int) ([]*row, error) {
	return query(tx, `where state = 'issuing' and updated_at <= $1 order by updated_at, id limit $2`, before, limit)
}

// openOf counts what an applicant has asked for that has not ended.
func openOf(tx *db.Tx, applicant, unit, kind string) (all, same int64, err error) {
	err = tx.Get(`
		select count(*), count(*) filter (where unit = $2 and kind = $3)
		  from issuing_draft
		 where applicant = $1 and state not in ('issued', 'dropped')`, []any{applicant, unit, kind}, &all, &same)
	return all, same, err
}

// ownList pages through what an applicant asked for, newest first.
func ownList(tx *db.Tx, applicant string, before int64, id string, limit int) ([]*row, error) {
	return query(tx, `where applicant = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4`, applicant, before, id, limit)
}

// A part of a queue is what one permission shows: states, below paths.
type part struct {
	paths  []string
	states []State
}

// narrowed is what a list is narrowed by.
type narrowed struct {
	unit, kind, batch string
	sentBack          bool
	late              int64 // due before then; 0: whenever
}

// list pages through drafts: by when they are due where they are waited for.
func list(tx *db.Tx, parts []part, by narrowed, newest bool, at int64, id string, limit int) ([]*row, error) {
	args := []any{at, id, limit}
	var any []string
	for _, p := range parts {
		if len(p.paths) == 0 || len(p.states) == 0 {
			continue
		}
		var below string
		below, args = db.Below(args, "d.path", p.paths)
		words := make([]string, len(p.states))
		for i, x := range p.states {
			words[i] = string(x)
		}
		var marks string
		marks, args = db.Marks(args, words)
		any = append(any, `(`+below+` and d.state in (`+marks+`))`)
	}
	if len(any) == 0 {
		return nil, nil
	}
	where := `where d.ended_at is null and (d.due_at, d.id) > ($1, $2)`
	order := ` order by d.due_at, d.id limit $3`
	if newest {
		where, order = `where (d.created_at, d.id) < ($1, $2)`, ` order by d.created_at desc, d.id desc limit $3`
	}
	where += ` and (` + strings.Join(any, ` or `) + `)`
	for _, c := range []struct{ column, value string }{{"unit", by.unit}, {"kind", by.kind}, {"batch", by.batch}} {
		if c.value != "" {
			args = append(args, c.value)
			where += ` and d.` + c.column + ` = ` + mark(len(args))
		}
	}
	if by.sentBack {
		where += ` and d.sent_back`
	}
	if by.late != 0 {
		args = append(args, by.late)
		where += ` and d.due_at < ` + mark(len(args))
	}
	return query(tx, where+order, args...)
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

// A stepRow is what somebody did with a draft.
type stepRow struct {
	seq, at, version int64
	actor            string
	action           Action
	state            State
	note             []byte
	mac              []byte
}

func putStep(tx *db.Tx, draft string, x *stepRow) error {
	_, err := tx.Exec(`
		insert into issuing_step (draft, seq, at, actor, action, state, version, note, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, draft, x.seq, x.at, x.actor, string(x.action), string(x.state), x.version, x.note, x.mac)
	return err
}

func stepsOf(tx *db.Tx, draft string) (out []*stepRow, err error) {
	err = tx.All(`
		select seq, at, actor, action, state, version, note, mac
		  from issuing_step where draft = $1 order by seq`, []any{draft}, func(scan func(...any) error) error {
		x := &stepRow{}
		err := scan(&x.seq, &x.at, &x.actor, &x.action, &x.state, &x.version, &x.note, &x.mac)
		out = append(out, x)
		return err
	})
	return out, err
}

func setStepMac(tx *db.Tx, draft string, x *stepRow) error {
	_, err := tx.Exec(`update issuing_step set mac = $3 where draft = $1 and seq = $2 and mac is null`, draft, x.seq, x.mac)
	return err
}

// unguarded lists drafts without a MAC, to give them theirs.
func unguarded(tx *db.Tx, limit int) ([]*row, error) {
	return query(tx, `where mac is null order by id limit $1 for update`, limit)
}

// adopt gives a draft of before its MAC.
func adopt(tx *db.Tx, g *guards, r *row) error {
	r.mac = g.drafts.Mac(r.id, r.fields()...)
	_, err := tx.Exec(`
		update issuing_draft
		   set mac = $2, steps = $3, due_at = $4, sent_back = $5, revision = revision + 1
		 where id = $1 and mac is null`, r.id, r.mac, r.steps, r.due, r.sentBack)
	return err
}

// moved notes when the work that waits is due now, if it is still that of a topic.
func moved(tx *db.Tx, draft, topic string, due int64) error {
	list, err := query(tx, `where id = $1 and ended_at is null for update`, draft)
	if err != nil || len(list) == 0 || clocks[list[0].state].topic != topic {
		return err
	}
	_, err = tx.Exec(`update issuing_draft set due_at = $2 where id = $1`, draft, due)
	return err
}

// byRequest is the draft that waits for the seals of a request, or nil.
func byRequest(tx *db.Tx, request string) (*row, error) {
	list, err := query(tx, `where request = $1 order by id limit 1`, request)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// milli is a time as it is stored.
func milli(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func momentOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return moment(*ms)
}

func milliOf(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	ms := milli(*t)
	return &ms
}

func timeOf(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	t := moment(*ms)
	return &t
}

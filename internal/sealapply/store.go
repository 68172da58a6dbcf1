package sealapply

import (
	"errors"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A row is an application as it is stored; times are milliseconds, 0 none.
type row struct {
	id                             string
	kind                           Kind
	org, path, sealKind            string
	seal, makes, person, custodian string
	state                          State
	round, step                    int64
	formRegion, formVersion        string
	sealed                         []byte // name and fields: see content
	imprint                        []byte
	width, height                  int64
	statementVersion, statementBy  string
	statementAt                    int64
	statementImprint               []byte
	mode, serial, key, request     string
	account                        string
	submitted                      *int64
	acting, authority, number      string
	reason, trouble, campaign      string
	revision, created              int64
	ended                          *int64
}

const appColumns = `id, kind, org, path, seal_kind, seal, makes, person, custodian, state, round, step, form_region, form_version, content,
	imprint, width, height, statement_version, statement_by, statement_at, statement_imprint,
	certificate_mode, certificate, certificate_key, certificate_request, account, submitted_at, acting, authority, number,
	reason, trouble, campaign, revision, created_at, ended_at`

func (r *row) dest() []any {
	return []any{&r.id, &r.kind, &r.org, &r.path, &r.sealKind, &r.seal, &r.makes, &r.person, &r.custodian, &r.state, &r.round, &r.step,
		&r.formRegion, &r.formVersion, &r.sealed, &r.imprint, &r.width, &r.height, &r.statementVersion, &r.statementBy, &r.statementAt,
		&r.statementImprint, &r.mode, &r.serial, &r.key, &r.request, &r.account, &r.submitted, &r.acting, &r.authority, &r.number,
		&r.reason, &r.trouble, &r.campaign, &r.revision, &r.created, &r.ended}
}

// insertApp writes a new application, and tells whether it was there already.
func insertApp(tx *db.Tx, r *row) (made bool, err error) {
	n, err := tx.Exec(`
		insert into sealapply_application
		       (id, kind, org, path, seal_kind, seal, makes, person, custodian, state, round, step, form_region, form_version, content,
		        imprint, width, height, statement_version, statement_by, statement_at, statement_imprint,
		        certificate_mode, certificate, certificate_key, certificate_request, account, submitted_at, acting, authority, number,
		        reason, trouble, campaign, revision, created_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
		        $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
		on conflict do nothing`, r.values()...)
	return n == 1, err
}

func (r *row) values() []any {
	return []any{r.id, string(r.kind), r.org, r.path, r.sealKind, r.seal, r.makes, r.person, r.custodian, string(r.state), r.round, r.step,
		r.formRegion, r.formVersion, r.sealed, r.imprint, r.width, r.height, r.statementVersion, r.statementBy, r.statementAt,
		r.statementImprint, r.mode, r.serial, r.key, r.request, r.account, r.submitted, r.acting, r.authority, r.number,
		r.reason, r.trouble, r.campaign, r.revision, r.created, r.ended}
}

// saveApp writes what may change of an application.
func saveApp(tx *db.Tx, r *row) error {
	r.revision++
	n, err := tx.Exec(`
		update sealapply_application
		   set person = $2, custodian = $3, state = $4, round = $5, step = $6, form_region = $7, form_version = $8, content = $9,
		       imprint = $10, width = $11, height = $12, statement_version = $13, statement_by = $14, statement_at = $15,
		       statement_imprint = $16, certificate_mode = $17, certificate = $18, certificate_key = $19, certificate_request = $20,
		       submitted_at = $21, acting = $22, authority = $23, number = $24, reason = $25, trouble = $26, revision = $27, ended_at = $28
		 where id = $1 and revision = $29`,
		r.id, r.person, r.custodian, string(r.state), r.round, r.step, r.formRegion, r.formVersion, r.sealed,
		r.imprint, r.width, r.height, r.statementVersion, r.statementBy, r.statementAt,
		r.statementImprint, r.mode, r.serial, r.key, r.request,
		r.submitted, r.acting, r.authority, r.number, r.reason, r.trouble, r.revision, r.ended, r.revision-1)
	if err == nil && n == 0 {
		return errMoved()
	}
	return err
}

func errMoved() error {
	return fault.Conflict.New("申请刚刚被他人改动").WithCode("sealapply.moved").WithHint("请刷新后重试")
}

func errUnknown() error {
	return fault.NotFound.New("没有这项申请").WithCode("sealapply.unknown").WithHint("请从申请列表中选择")
}

func queryApps(tx *db.Tx, rest string, args ...any) (list []*row, err error) {
	err = tx.All(`select `+appColumns+` from sealapply_application a `+rest, args, func(scan func(...any) error) error {
		r := &row{}
		err := scan(r.dest()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// appByID returns an application, locked for who will change it.
func appByID(tx *db.Tx, id string, lock bool) (*row, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	list, err := queryApps(tx, q, id)
	if err == nil && len(list) == 0 {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// halfDone are applications that somebody's making, filing or cancelling left.
func halfDone(tx *db.Tx, after int64, id string, limit int) ([]*row, error) {
	return queryApps(tx, `where state in ('making', 'filing', 'cancelling') and (created_at, id) > ($1, $2) order by created_at, id limit $3`, after, id, limit)
}

// openOf counts the applications for a seal of a kind of a unit that are under
// way, but one.
func openOf(tx *db.Tx, org, sealKind, person, but string) (n int64, err error) {
	err = tx.Get(`
		select count(*) from sealapply_application
		 where org = $1 and seal_kind = $2 and person = $3 and id <> $4 and kind <> 'cancel'
		   and state in ('submitted', 'approved', 'making', 'made', 'filing')`, []any{org, sealKind, person, but}, &n)
	return n, err
}

// openAbout counts the applications about a seal that are under way, but one.
func openAbout(tx *db.Tx, seal, but string) (n int64, err error) {
	err = tx.Get(`
		select count(*) from sealapply_application
		 where seal = $1 and id <> $2 and state in ('submitted', 'approved', 'making', 'made', 'filing', 'cancelling')`, []any{seal, but}, &n)
	return n, err
}

// madeBy is the application that made a seal.
func madeBy(tx *db.Tx, seal string) (*row, error) {
	list, err := queryApps(tx, `where makes = $1 and state = 'filed' order by created_at, id limit 1`, seal)
	if err == nil && len(list) == 0 {
		return nil, errUnknown()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// visible says which applications a list may show: those begun by an account,
// of units below paths, and that authorities review or reviewed.
type visible struct {
	account     string
	paths       []string
	authorities []string
}

// listApps pages through applications, newest first.
func listApps(tx *db.Tx, v visible, q Query, before int64, id string, limit int) ([]*row, error) {
	args := []any{before, id, limit, v.account}
	seen := []string{`a.account = $4`}
	if len(v.paths) > 0 {
		var below string
		below, args = db.Below(args, "a.path", v.paths)
		seen = append(seen, below)
	}
	if len(v.authorities) > 0 {
		var marks string
		marks, args = db.Marks(args, v.authorities)
		seen = append(seen, `exists (select 1 from sealapply_step s where s.object = a.id and s.org in (`+marks+`))`)
	}
	where := `where (a.created_at, a.id) < ($1, $2) and (` + strings.Join(seen, ` or `) + `)`
	add := func(condition string, v any) {
		args = append(args, v)
		where += ` and ` + condition + mark(len(args))
	}
	if q.State != "" {
		add(`a.state = `, string(q.State))
	}
	if q.Kind != "" {
		add(`a.kind = `, string(q.Kind))
	}
	if q.Unit != "" {
		add(`a.org = `, q.Unit)
	}
	if q.Mine {
		where += ` and a.account = $4`
	}
	if q.Tier != "" {
		args = append(args, q.Tier)
		where += ` and exists (select 1 from sealapply_step s where s.object = a.id and s.state = 'waiting' and s.tier = ` + mark(len(args)) + `)`
	}
	if q.Waiting {
		if len(v.authorities) == 0 {
			return nil, nil
		}
		var marks string
		marks, args = db.Marks(args, v.authorities)
		where += ` and exists (select 1 from sealapply_step s where s.object = a.id and s.state = 'waiting' and s.org in (` + marks + `))`
	}
	return queryApps(tx, where+` order by a.created_at desc, a.id desc limit $3`, args...)
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
	return time.UnixMilli(*ms).UTC()
}

func isNotFound(err error) bool { return errors.Is(err, fault.NotFound) }

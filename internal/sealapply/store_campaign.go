package sealapply

import (
	"encoding/json"

	"sidian/internal/db"
)

// States of a row of a campaign.
const (
	rowPending = "pending"
	rowBegun   = "begun"
	rowDone    = "done"
	rowRefused = "refused"
)

type campaignRow struct {
	id, title, org, path, sealKind string
	until                          int64
	basis                          string
	state                          State
	round, step                    int64
	account, acting, trouble       string
	declared                       []byte // JSON of declaration
	revision, created              int64
	submitted, started, ended      *int64
	worked                         int64
	worker                         string
	lease                          int64
}

// A declaration is the statement that was signed for every imprint.
type declaration struct {
	Region  string `json:"region"`
	Form    string `json:"form"`
	Version string `json:"version"`
	By      string `json:"by"`
	At      int64  `json:"at"`
}

func (c *campaignRow) declaration() (d declaration) {
	if json.Unmarshal(c.declared, &d) != nil { // none yet
		return declaration{}
	}
	return d
}

func (c *campaignRow) statement() string { return c.declaration().Version }

func (c *campaignRow) declare(f *Form, by string, at int64) {
	b, err := json.Marshal(declaration{f.Region, f.Version.String(), f.Statement.Version, by, at})
	if err == nil { // texts and a number
		c.declared = b
	}
}

const campaignColumns = `id, title, org, path, seal_kind, until, basis, state, round, step, account, acting, trouble, content, revision,
	created_at, submitted_at, started_at, ended_at, worked, worker, lease_at`

func (c *campaignRow) dest() []any {
	return []any{&c.id, &c.title, &c.org, &c.path, &c.sealKind, &c.until, &c.basis, &c.state, &c.round, &c.step, &c.account, &c.acting, &c.trouble, &c.declared, &c.revision,
		&c.created, &c.submitted, &c.started, &c.ended, &c.worked, &c.worker, &c.lease}
}

func insertCampaign(tx *db.Tx, c *campaignRow) error {
	_, err := tx.Exec(`
		insert into sealapply_campaign (id, title, org, path, seal_kind, until, basis, state, account, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.id, c.title, c.org, c.path, c.sealKind, c.until, c.basis, string(c.state), c.account, c.created)
	return err
}

func saveCampaign(tx *db.Tx, c *campaignRow) error {
	c.revision++
	n, err := tx.Exec(`
		update sealapply_campaign
		   set state = $2, round = $3, step = $4, acting = $5, trouble = $6, content = $7, revision = $8,
		       submitted_at = $9, started_at = $10, ended_at = $11, worked = $12, worker = $13, lease_at = $14
		 where id = $1 and revision = $15`,
		c.id, string(c.state), c.round, c.step, c.acting, c.trouble, c.declared, c.revision,
		c.submitted, c.started, c.ended, c.worked, c.worker, c.lease, c.revision-1)
	if err == nil && n == 0 {
		return errMoved()
	}
	return err
}

func queryCampaigns(tx *db.Tx, rest string, args ...any) (list []*campaignRow, err error) {
	err = tx.All(`select `+campaignColumns+` from sealapply_campaign `+rest, args, func(scan func(...any) error) error {
		c := &campaignRow{}
		err := scan(c.dest()...)
		list = append(list, c)
		return err
	})
	return list, err
}

func campaignByID(tx *db.Tx, id string, lock bool) (*campaignRow, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	list, err := queryCampaigns(tx, q, id)
	if err == nil && len(list) == 0 {
		return nil, errNoCampaign()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func listCampaigns(tx *db.Tx, before int64, id string, limit int) ([]*campaignRow, error) {
	return queryCampaigns(tx, `where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3`, before, id, limit)
}

// waitingCampaigns are those that run and nobody works on.
func waitingCampaigns(tx *db.Tx, now int64) ([]*campaignRow, error) {
	return queryCampaigns(tx, `where state = 'running' and lease_at < $1 order by created_at, id limit 5`, now)
}

type campaignLine struct {
	line               int64
	org, orgName, uscc string
	sealKind           string
	sealedName         []byte
	custodian, picture string
	width, height      int64
	state              string
	application, seal  string
	problems           string
}

const rowColumns = `line, org, org_name, uscc, seal_kind, name, custodian, picture, width, height, state, application, seal, problems`

func insertRow(tx *db.Tx, campaign string, r *campaignLine) error {
	_, err := tx.Exec(`
		insert into sealapply_row (campaign, line, org, org_name, uscc, seal_kind, name, custodian, picture, width, height, state, problems)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		campaign, r.line, r.org, r.orgName, r.uscc, r.sealKind, r.sealedName, r.custodian, r.picture, r.width, r.height, r.state, r.problems)
	return err
}

func deleteRows(tx *db.Tx, campaign string) error {
	_, err := tx.Exec(`delete from sealapply_row where campaign = $1`, campaign)
	return err
}

func queryRows(tx *db.Tx, rest string, args ...any) (list []*campaignLine, err error) {
	err = tx.All(`select `+rowColumns+` from sealapply_row `+rest, args, func(scan func(...any) error) error {
		r := &campaignLine{}
		err := scan(&r.line, &r.org, &r.orgName, &r.uscc, &r.sealKind, &r.sealedName, &r.custodian, &r.picture, &r.width, &r.height, &r.state, &r.application, &r.seal, &r.problems)
		list = append(list, r)
		return err
	})
	return list, err
}

// rowsAfter are rows after a line, of a state or with "" of any.
func rowsAfter(tx *db.Tx, campaign, state string, after int64, limit int) ([]*campaignLine, error) {
	if state == "" {
		return queryRows(tx, `where campaign = $1 and line > $2 order by line, campaign limit $3`, campaign, after, limit)
	}
	return queryRows(tx, `where campaign = $1 and state = $4 and line > $2 order by line, campaign limit $3`, campaign, after, limit, state)
}

// nextRows are those to be made next; what was begun before comes first.
func nextRows(tx *db.Tx, campaign string, n int) ([]*campaignLine, error) {
	return queryRows(tx, `where campaign = $1 and state in ('begun', 'pending') order by case when state = 'begun' then 0 else 1 end, line, campaign limit $2`, campaign, n)
}

func beginRows(tx *db.Tx, campaign string, lines []int64) error {
	marks, args := db.Marks([]any{campaign}, lines)
	_, err := tx.Exec(`update sealapply_row set state = 'begun' where campaign = $1 and state = 'pending' and line in (`+marks+`)`, args...)
	return err
}

func saveRow(tx *db.Tx, campaign string, r *campaignLine) error {
	_, err := tx.Exec(`update sealapply_row set state = $3, application = $4, seal = $5, problems = $6 where campaign = $1 and line = $2`,
		campaign, r.line, r.state, r.application, r.seal, r.problems)
	return err
}

func countRows(tx *db.Tx, campaign string) (map[string]int, error) {
	n := map[string]int{}
	err := tx.All(`select state, count(*) from sealapply_row where campaign = $1 group by state order by state`, []any{campaign}, func(scan func(...any) error) error {
		var state string
		var count int64
		err := scan(&state, &count)
		n[state] = int(count)
		return err
	})
	return n, err
}

func putPicture(tx *db.Tx, campaign, name string, digest []byte) error {
	_, err := tx.Exec(`
		insert into sealapply_picture (campaign, name, digest) values ($1, $2, $3)
		on conflict (campaign, name) do update set digest = excluded.digest`, campaign, name, digest)
	return err
}

func picturesOf(tx *db.Tx, campaign string) (map[string][]byte, error) {
	all := map[string][]byte{}
	err := tx.All(`select name, digest from sealapply_picture where campaign = $1 order by name, campaign`, []any{campaign}, func(scan func(...any) error) error {
		var name string
		var digest []byte
		err := scan(&name, &digest)
		all[name] = digest
		return err
	})
	return all, err
}

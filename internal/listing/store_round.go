package listing

import (
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A roundRow is a round as it stands.
type roundRow struct {
	id, list, org, path, title, basis, reportBy, reviewBy, state, account string
	at                                                                    int64
	ended                                                                 *int64
	endedBy, endedWhy                                                     string
}

func rounds(tx *db.Tx, rest string, args ...any) (list []*roundRow, err error) {
	err = tx.All(`
		select r.id, r.list, r.org, r.path, r.title, r.basis, r.report_by, r.review_by, r.state, r.account, r.at, r.ended_at, r.ended_by, r.ended_why
		  from listing_round r `+rest, args, func(scan func(...any) error) error {
		r := &roundRow{}
		list = append(list, r)
		return scan(&r.id, &r.list, &r.org, &r.path, &r.title, &r.basis, &r.reportBy, &r.reviewBy, &r.state, &r.account, &r.at, &r.ended, &r.endedBy, &r.endedWhy)
	})
	return list, err
}

// roundByID is a round; lock it to end it.
func roundByID(tx *db.Tx, id string, lock bool) (*roundRow, error) {
	q := `where r.id = $1`
	if lock {
		q += ` for update`
	}
	list, err := rounds(tx, q, id)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("没有这一轮编制").WithCode("listing.round").WithHint("请从清单编制的列表中选择")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// listRounds pages through the rounds that lie on, above or below paths, newest first.
func listRounds(tx *db.Tx, paths []string, before int64, id string, limit int) ([]*roundRow, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	args := []any{before, id, limit}
	var near []string
	for _, p := range paths {
		args = append(args, p+"%", p)
		near = append(near, `r.path like `+mark(len(args)-1)+` or cast(`+mark(len(args))+` as text) like r.path || '%'`)
	}
	return rounds(tx, `where (r.at, r.id) < ($1, $2) and (`+strings.Join(near, ` or `)+`) order by r.at desc, r.id desc limit $3`, args...)
}

// insertRound writes a round, and tells whether none like it was open.
func insertRound(tx *db.Tx, r *roundRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_round (id, list, org, path, title, basis, report_by, review_by, state, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)
		on conflict do nothing`, r.id, r.list, r.org, r.path, r.title, r.basis, r.reportBy, r.reviewBy, r.account, r.at)
	return n == 1, err
}

// endRound ends a round that is open.
func endRound(tx *db.Tx, id, state, by, why string) error {
	n, err := tx.Exec(`
		update listing_round set state = $2, ended_at = $3, ended_by = $4, ended_why = $5
		 where id = $1 and state = 'open'`, id, state, tx.Now().UnixMilli(), by, why)
	if err == nil && n == 0 {
		return errEnded()
	}
	return err
}

func errEnded() error {
	return fault.Conflict.New("这一轮编制已经结束").WithCode("listing.ended").WithHint("请查看已公布的清单，或等待下一轮编制")
}

// A partRow is what a unit owes a round.
type partRow struct {
	round, unit, path, authority, state, note string
	late                                      bool
	submittedBy                               string
	submitted                                 *int64
	decidedBy                                 string
	decided                                   *int64
	decidedWhy                                string
}

func partsWhere(tx *db.Tx, rest string, args ...any) (list []*partRow, err error) {
	err = tx.All(`
		select p.round, p.unit, p.path, p.authority, p.state, p.note, p.late, p.submitted_by, p.submitted_at, p.decided_by, p.decided_at, p.decided_why
		  from listing_part p `+rest, args, func(scan func(...any) error) error {
		p := &partRow{}
		list = append(list, p)
		return scan(&p.round, &p.unit, &p.path, &p.authority, &p.state, &p.note, &p.late, &p.submittedBy, &p.submitted, &p.decidedBy, &p.decided, &p.decidedWhy)
	})
	return list, err
}

func partsOf(tx *db.Tx, round string) ([]*partRow, error) {
	return partsWhere(tx, `where p.round = $1 order by p.path, p.unit limit 600`, round)
}

// overdueParts are the parts of open rounds that were to be reported before a day
// and were not, by unit.
func overdueParts(tx *db.Tx, day string) (late map[string]string, err error) {
	late = map[string]string{}
	err = tx.All(`
		select p.unit, r.title
		  from listing_part p join listing_round r on r.id = p.round
		 where r.state = 'open' and r.report_by < $1 and p.state in ('open', 'returned')
		 order by p.unit, r.id`, []any{day}, func(scan func(...any) error) error {
		var unit, title string
		err := scan(&unit, &title)
		late[unit] = title
		return err
	})
	return late, err
}

// partByID is a part, locked where it will be changed.
func partByID(tx *db.Tx, round, unit string, lock bool) (*partRow, error) {
	q := `where p.round = $1 and p.unit = $2`
	if lock {
		q += ` for update`
	}
	list, err := partsWhere(tx, q, round, unit)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("这个单位不参加这一轮编制").WithCode("listing.part").WithHint("请从参加单位中选择")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func insertPart(tx *db.Tx, p *partRow) error {
	_, err := tx.Exec(`insert into listing_part (round, unit, path, authority, state) values ($1, $2, $3, $4, 'open')`, p.round, p.unit, p.path, p.authority)
	return err
}

func savePart(tx *db.Tx, p *partRow) error {
	_, err := tx.Exec(`
		update listing_part
		   set state = $3, note = $4, late = $5, submitted_by = $6, submitted_at = $7, decided_by = $8, decided_at = $9, decided_why = $10
		 where round = $1 and unit = $2`,
		p.round, p.unit, p.state, p.note, p.late, p.submittedBy, p.submitted, p.decidedBy, p.decided, p.decidedWhy)
	return err
}

// A lineRow is a row of a part.
type lineRow struct {
	id, round, unit, name, code, kind string
	items                             []string
	basis, note, state, account       string
	at                                int64
	reviewedBy                        string
	reviewed                          *int64
	reviewedWhy                       string
	chosen                            bool
	chosenBy, chosenWhy               string
}

func linesWhere(tx *db.Tx, rest string, args ...any) (list []*lineRow, err error) {
	err = tx.All(`
		select l.id, l.round, l.unit, l.name, l.code, l.kind, l.items, l.basis, l.note, l.state, l.account, l.at,
		       l.reviewed_by, l.reviewed_at, l.reviewed_why, l.chosen, l.chosen_by, l.chosen_why
		  from listing_row l `+rest, args, func(scan func(...any) error) error {
		l, items := &lineRow{}, ""
		err := scan(&l.id, &l.round, &l.unit, &l.name, &l.code, &l.kind, &items, &l.basis, &l.note, &l.state, &l.account, &l.at,
			&l.reviewedBy, &l.reviewed, &l.reviewedWhy, &l.chosen, &l.chosenBy, &l.chosenWhy)
		l.items = lineSplit(items)
		list = append(list, l)
		return err
	})
	return list, err
}

func lineSplit(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// linesOf are the rows of a part, those that were dropped at the end.
func linesOf(tx *db.Tx, round, unit string) ([]*lineRow, error) {
	return linesWhere(tx, `where l.round = $1 and l.unit = $2 order by case when l.state = 'dropped' then 1 else 0 end, l.at, l.id limit 1500`, round, unit)
}

// acceptedOf are the accepted rows of a round.
func acceptedOf(tx *db.Tx, round string) ([]*lineRow, error) {
	return linesWhere(tx, `where l.round = $1 and l.state = 'accepted' order by l.at, l.id`, round)
}

func lineByID(tx *db.Tx, id string) (*lineRow, error) {
	list, err := linesWhere(tx, `where l.id = $1 for update`, id)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("没有这一行").WithCode("listing.row").WithHint("请从单位报送的内容中选择")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// insertLine writes a row, and tells whether the unit had none of that name.
func insertLine(tx *db.Tx, l *lineRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_row (id, round, unit, name, folded, code, kind, items, basis, note, state, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'draft', $11, $12)
		on conflict do nothing`,
		l.id, l.round, l.unit, l.name, fold(l.name), l.code, l.kind, strings.Join(l.items, "\n"), l.basis, l.note, l.account, l.at)
	return n == 1, err
}

func saveLine(tx *db.Tx, l *lineRow) error {
	_, err := tx.Exec(`
		update listing_row
		   set name = $2, folded = $3, code = $4, kind = $5, items = $6, basis = $7, note = $8, state = $9, account = $10,
		       reviewed_by = $11, reviewed_at = $12, reviewed_why = $13
		 where id = $1`,
		l.id, l.name, fold(l.name), l.code, l.kind, strings.Join(l.items, "\n"), l.basis, l.note, l.state, l.account, l.reviewedBy, l.reviewed, l.reviewedWhy)
	return err
}

// namedElsewhere tells whether another row of the part bears a name.
func namedElsewhere(tx *db.Tx, l *lineRow) (yes bool, err error) {
	var n int64
	err = tx.Get(`select count(*) from listing_row where round = $1 and unit = $2 and folded = $3 and id <> $4 and state <> 'dropped'`,
		[]any{l.round, l.unit, fold(l.name), l.id}, &n)
	return n > 0, err
}

// submitLines gives the drafts of a part to the review.
func submitLines(tx *db.Tx, round, unit string) (int64, error) {
	return tx.Exec(`update listing_row set state = 'submitted' where round = $1 and unit = $2 and state = 'draft'`, round, unit)
}

// countLines counts the rows of a part by state.
func countLines(tx *db.Tx, round, unit string) (n map[string]int64, err error) {
	n = map[string]int64{}
	err = tx.All(`select state, count(*) from listing_row where round = $1 and unit = $2 group by state order by state`, []any{round, unit}, func(scan func(...any) error) error {
		var state string
		var k int64
		err := scan(&state, &k)
		n[state] = k
		return err
	})
	return n, err
}

// countRound counts the rows of a round by unit and state.
func countRound(tx *db.Tx, round string) (n map[string]map[string]int64, err error) {
	n = map[string]map[string]int64{}
	err = tx.All(`select unit, state, count(*) from listing_row where round = $1 group by unit, state order by unit, state`, []any{round}, func(scan func(...any) error) error {
		var unit, state string
		var k int64
		err := scan(&unit, &state, &k)
		if n[unit] == nil {
			n[unit] = map[string]int64{}
		}
		n[unit][state] = k
		return err
	})
	return n, err
}

// choose settles which of some rows stands for all of them.
func choose(tx *db.Tx, group []*lineRow, id, by, why string) error {
	for _, l := range group {
		_, err := tx.Exec(`update listing_row set chosen = $2, chosen_by = $3, chosen_why = $4 where id = $1`, l.id, l.id == id, by, why)
		if err != nil {
			return err
		}
	}
	return nil
}

func mark(n int) string { return "$" + strconv.Itoa(n) }

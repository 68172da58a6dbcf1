package listing

import (
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A sceneRow is a scene as it stands.
type sceneRow struct {
	id, unit, path            string
	said                      Scenery
	version                   int64
	account                   string
	at                        int64
	withdrawn                 *int64
	withdrawnBy, withdrawnWhy string
}

func scenesWhere(tx *db.Tx, rest string, args ...any) (list []*sceneRow, err error) {
	err = tx.All(`
		select s.id, s.unit, s.path, s.name, s.kinds, s.guide, s.contact, s.starts, s.ends, s.version, s.account, s.at, s.withdrawn_at, s.withdrawn_by, s.withdrawn_why
		  from listing_scene s `+rest, args, func(scan func(...any) error) error {
		r, kinds := &sceneRow{}, ""
		err := scan(&r.id, &r.unit, &r.path, &r.said.Name, &kinds, &r.said.Guide, &r.said.Contact, &r.said.Starts, &r.said.Ends, &r.version, &r.account, &r.at, &r.withdrawn, &r.withdrawnBy, &r.withdrawnWhy)
		r.said.Kinds = lineSplit(kinds)
		list = append(list, r)
		return err
	})
	return list, err
}

func sceneByID(tx *db.Tx, id string, lock bool) (*sceneRow, error) {
	q := `where s.id = $1`
	if lock {
		q += ` for update`
	}
	r, err := first(scenesWhere(tx, q, id))
	if err == nil && r == nil {
		err = fault.NotFound.New("没有这个场景").WithCode("listing.scene").WithHint("请从场景清单中选择")
	}
	return r, err
}

// listScenes pages through scenes, newest first: of a unit, and with public those
// that are published on a day.
func listScenes(tx *db.Tx, unit string, public bool, day string, before int64, id string, limit int) ([]*sceneRow, error) {
	args := []any{before, id, limit}
	q := `where (s.at, s.id) < ($1, $2)`
	if unit != "" {
		args = append(args, unit)
		q += ` and s.unit = ` + mark(len(args))
	}
	if public {
		args = append(args, day)
		q += ` and s.withdrawn_at is null and s.starts <= ` + mark(len(args)) + ` and (s.ends = '' or s.ends >= ` + mark(len(args)) + `)`
	}
	return scenesWhere(tx, q+` order by s.at desc, s.id desc limit $3`, args...)
}

// insertScene writes a scene, and tells whether its unit had none of that name.
func insertScene(tx *db.Tx, r *sceneRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into listing_scene (id, unit, path, name, kinds, guide, contact, starts, ends, version, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict do nothing`,
		r.id, r.unit, r.path, r.said.Name, strings.Join(r.said.Kinds, "\n"), r.said.Guide, r.said.Contact, r.said.Starts, r.said.Ends, r.version, r.account, r.at)
	return n == 1, err
}

func sceneNamed(tx *db.Tx, r *sceneRow) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from listing_scene where unit = $1 and name = $2 and id <> $3 and withdrawn_at is null`, []any{r.unit, r.said.Name, r.id}, &n)
	return n > 0, err
}

func saveScene(tx *db.Tx, r *sceneRow) error {
	_, err := tx.Exec(`
		update listing_scene
		   set name = $2, kinds = $3, guide = $4, contact = $5, starts = $6, ends = $7, version = $8, account = $9, at = $10,
		       withdrawn_at = $11, withdrawn_by = $12, withdrawn_why = $13
		 where id = $1`,
		r.id, r.said.Name, strings.Join(r.said.Kinds, "\n"), r.said.Guide, r.said.Contact, r.said.Starts, r.said.Ends, r.version, r.account, r.at, r.withdrawn, r.withdrawnBy, r.withdrawnWhy)
	return err
}

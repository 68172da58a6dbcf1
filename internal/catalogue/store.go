package catalogue

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// row is a version of a kind as it is stored.
type row struct {
	Record
	digest []byte
	files  map[string][]byte
}

const columns = `name, version, code, title, category, state, digest, files, created_at, created_by, published_at, starts, org, manager, entry`

func scanRow(scan func(...any) error) (*row, error) {
	r := &row{}
	var files string
	var created int64
	var published *int64
	if err := scan(&r.Name, &r.Version, &r.Code, &r.Title, &r.Category, &r.State, &r.digest, &files, &created, &r.CreatedBy, &published,
		&r.Starts, &r.Org, &r.Manager, &r.Entry); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(files), &r.files); err != nil {
		return nil, fmt.Errorf("catalogue: files of kind %s version %d: %w", r.Name, r.Version, err)
	}
	r.CreatedAt = time.UnixMilli(created).UTC()
	if published != nil {
		at := time.UnixMilli(*published).UTC()
		r.PublishedAt = &at
	}
	return r, nil
}

// get runs a query for at most one row; nil when there is none.
func get(tx *db.Tx, where string, args ...any) (*row, error) {
	var found *row
	err := tx.All(`select `+columns+` from catalogue_kind `+where, args, func(scan func(...any) error) (err error) {
		if found == nil {
			found, err = scanRow(scan)
		}
		return err
	})
	return found, err
}

// newest is the newest version of a kind in any state.
func newest(tx *db.Tx, name string) (*row, error) {
	return get(tx, `where name = $1 order by version desc limit 1`, name)
}

// inForce are editions by what they are asked for and the day.
var inForce = db.NewMemo[[2]string, *edition]("catalogue_kind")

// current is the newest published version by name or code that is in force, nil
// where there is none.
func current(tx *db.Tx, ref string) (*edition, error) {
	day := today(tx.Now())
	return inForce.Get(tx, [2]string{ref, day}, func(tx *db.Tx) (*edition, error) {
		e, found, err := currentOn(tx, ref, day)
		if !found {
			return nil, err
		}
		return &e, err
	})
}

// currentOn looks by name and by code. A code that the kind had before it moved to
// another still means the kind.
func currentOn(tx *db.Tx, ref, day string) (e edition, found bool, err error) {
	one := func(where string) error {
		return tx.All(`select name, version from catalogue_kind where `+where+` and state = 'published' and starts <= $2 order by version desc, name limit 1`,
			[]any{ref, day}, func(scan func(...any) error) error {
				found = true
				return scan(&e.name, &e.version)
			})
	}
	if err = one(`name = $1`); err != nil || found {
		return e, found, err
	}
	if err = one(`code = $1`); err != nil || !found {
		return e, found, err
	}
	ref = e.name
	return e, found, one(`name = $1`)
}

func version(tx *db.Tx, name string, n int) (*row, error) {
	return get(tx, `where name = $1 and version = $2`, name, n)
}

// history is all versions of a kind, the newest first.
func history(tx *db.Tx, name string) (records []Record, err error) {
	err = tx.All(`select `+columns+` from catalogue_kind where name = $1 order by version desc`, []any{name}, func(scan func(...any) error) error {
		r, err := scanRow(scan)
		if err == nil {
			records = append(records, r.Record)
		}
		return err
	})
	return records, err
}

// rival is another kind that already has the code or the title: one name, one
// code, one face (省级统一).
func rival(tx *db.Tx, name, code, title string) (*row, error) {
	return get(tx, `where name <> $1 and (code = $2 or title = $3) and state <> 'disabled' order by name, version desc limit 1`, name, code, title)
}

func insert(tx *db.Tx, r *row) error {
	files, err := json.Marshal(r.files)
	if err != nil {
		return fmt.Errorf("catalogue: writing the files of kind %s: %w", r.Name, err)
	}
	var published *int64
	if r.PublishedAt != nil {
		at := r.PublishedAt.UnixMilli()
		published = &at
	}
	_, err = tx.Exec(`
		insert into catalogue_kind (`+columns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.Name, r.Version, r.Code, r.Title, r.Category, string(r.State), r.digest, string(files), r.CreatedAt.UnixMilli(), r.CreatedBy, published,
		r.Starts, r.Org, r.Manager, r.Entry)
	return err
}

func publish(tx *db.Tx, name string, n int) error {
	changed, err := tx.Exec(`
		update catalogue_kind set state = 'published', published_at = $1
		 where name = $2 and version = $3 and state = 'draft'`, tx.Now().UnixMilli(), name, n)
	if err == nil && changed == 0 {
		return fault.Conflict.New("这一版不是草稿，不能发布").WithCode("catalogue.state").WithHint("请核对版本号；停用的类型请重新导入")
	}
	return err
}

func disable(tx *db.Tx, name string) error {
	changed, err := tx.Exec(`update catalogue_kind set state = 'disabled' where name = $1 and state = 'published'`, name)
	if err == nil && changed == 0 {
		return fault.Conflict.New("这个证照类型没有已发布的版本").WithCode("catalogue.state").WithHint("请在目录中核对名称")
	}
	return err
}

// list gives the version in force of each kind after a name, by name.
func list(tx *db.Tx, after string, most int) (found []edition, err error) {
	err = tx.All(`
		select name, max(version) from catalogue_kind
		 where state = 'published' and name > $1 and starts <= $2
		 group by name order by name limit $3`, []any{after, today(tx.Now()), most}, func(scan func(...any) error) error {
		var e edition
		err := scan(&e.name, &e.version)
		found = append(found, e)
		return err
	})
	return found, err
}

// digestOf is the digest of a folder's files in the order of their names; the
// golden text does not belong to the kind.
func digestOf(files map[string][]byte) gm.Digest {
	names := make([]string, 0, len(files))
	for name := range files {
		if name != goldenFile {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	h := gm.NewHash()
	for _, name := range names {
		fmt.Fprintf(h, "%d %s %d ", len(name), name, len(files[name]))
		h.Write(files[name])
	}
	return gm.Digest(h.Sum(nil))
}

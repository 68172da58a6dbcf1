package archive

import (
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/sealing"
)

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

func insertItem(tx *db.Tx, it *Item) (fresh bool, err error) {
	n, err := tx.Exec(`
		insert into archive_item (id, source, source_id, batch, org, purpose, asker, original, document, sealed_at, created_at, state, title, responsible, year, agency)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		on conflict do nothing`,
		it.ID, it.Source, it.SourceID, it.Batch, it.Org, it.Purpose, it.Asker, it.original[:], it.document[:], it.SealedAt.UnixMilli(), tx.Now().UnixMilli(),
		it.State, it.Title, it.Responsible, it.Year, it.Agency)
	if err != nil || n == 0 {
		return false, err
	}
	return true, count(tx, it.Org, it.State, 1)
}

// count keeps how many items of an organisation are in a state.
func count(tx *db.Tx, org, state string, more int64) error {
	_, err := tx.Exec(`
		insert into archive_count (org, state, items) values ($1, $2, $3)
		on conflict (org, state) do update set items = archive_count.items + excluded.items`, org, state, more)
	return err
}

// passed says that an item went from its state to another. n and err are those
// of the statement that moved it.
func passed(tx *db.Tx, it *Item, to string, n int64, err error) error {
	if err := moved(n, err); err != nil || to == it.State {
		return err
	}
	if err := count(tx, it.Org, it.State, -1); err != nil {
		return err
	}
	return count(tx, it.Org, to, 1)
}

// knownSources tells which documents have a row.
func knownSources(tx *db.Tx, list []*sealing.Sealed) (map[string]bool, error) {
	out := map[string]bool{}
	by := map[string][]string{}
	for _, d := range list {
		by[d.From] = append(by[d.From], d.ID)
	}
	for from, ids := range by {
		marks, args := db.Marks([]any{from}, ids)
		err := tx.All(`select source_id from archive_item where source = $1 and source_id in (`+marks+`)`, args, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			out[sourceKey(from, id)] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

const itemColumns = `id, source, source_id, batch, org, purpose, asker, original, document, sealed_at, state, title, responsible, year, term, agency, secrecy, note,
       series, number, code, round, result, package, package_size, packed_at, receipt, handed_at, worker, lease_until`

func queryItems(tx *db.Tx, where string, args ...any) (out []*Item, err error) {
	err = tx.All(`select `+itemColumns+` from archive_item where `+where, args, func(scan func(...any) error) error {
		it := &Item{}
		var original, document, packed []byte
		var sealed, year int64
		var packedAt, handedAt *int64
		err := scan(&it.ID, &it.Source, &it.SourceID, &it.Batch, &it.Org, &it.Purpose, &it.Asker, &original, &document, &sealed, &it.State, &it.Title, &it.Responsible,
			&year, &it.Term, &it.Agency, &it.Secrecy, &it.Note, &it.series, &it.number, &it.Code, &it.round, &it.Result, &packed, &it.PackageSize, &packedAt,
			&it.Receipt, &handedAt, &it.worker, &it.leaseUntil)
		if err != nil {
			return err
		}
		copy(it.original[:], original)
		copy(it.document[:], document)
		copy(it.packed[:], packed)
		it.Original, it.Document, it.Package = hexOf(it.original), hexOf(it.document), hexOf(it.packed)
		it.SealedAt, it.Year, it.StateName = ms(sealed), int(year), Label(it.State)
		if packedAt != nil {
			it.PackedAt = ms(*packedAt)
		}
		if handedAt != nil {
			it.HandedAt = ms(*handedAt)
		}
		out = append(out, it)
		return nil
	})
	return out, err
}

func hexOf(d gm.Digest) string {
	if d == (gm.Digest{}) {
		return ""
	}
	return fmt.Sprintf("%x", d[:])
}

func unknown() error {
	return fault.NotFound.New("没有这份归档文件").WithCode("archive.unknown").WithHint("请核对编号")
}

func itemByID(tx *db.Tx, id string) (*Item, error) {
	list, err := queryItems(tx, `id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, unknown()
	}
	return list[0], nil
}

// itemsOf pages through items of some organisations: what is still to be done
// oldest first, what is over newest first.
func itemsOf(tx *db.Tx, orgs []string, states []string, oldest bool, at int64, id string, limit int) ([]*Item, error) {
	if len(orgs) == 0 {
		return nil, nil
	}
	// With the empty text the rows of many values are not gathered and sorted, but
	// found by time.
	org, state := "org", "state"
	if len(orgs) > 1 {
		org = "org || ''"
	}
	if len(states) > 1 {
		state = "state || ''"
	}
	marks, args := db.Marks([]any{at, id, limit}, orgs)
	where := org + ` in (` + marks + `)`
	if len(states) > 0 {
		marks, args = db.Marks(args, states)
		where += ` and ` + state + ` in (` + marks + `)`
	}
	if oldest {
		return queryItems(tx, `(sealed_at, id) > ($1, $2) and `+where+` order by sealed_at, id limit $3`, args...)
	}
	return queryItems(tx, `(sealed_at, id) < ($1, $2) and `+where+` order by sealed_at desc, id desc limit $3`, args...)
}

// sameBatch are up to n items of a batch that wait to be filed.
func sameBatch(tx *db.Tx, batch string, n int) ([]*Item, error) {
	return queryItems(tx, `batch = $1 and state = 'waiting' order by sealed_at, id limit $2`, batch, n)
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// errMoved says that a row is no longer what was read.
var errMoved = errors.New("archive: the item moved meanwhile")

func setState(tx *db.Tx, it *Item, to, note string) error {
	n, err := tx.Exec(`update archive_item set state = $3, note = $4 where id = $1 and state = $2 and lease_until <= $5`, it.ID, it.State, to, note, tx.Now().UnixMilli())
	return passed(tx, it, to, n, err)
}

func setFiling(tx *db.Tx, it *Item, to string) error {
	n, err := tx.Exec(`
		update archive_item set state = $3, title = $4, responsible = $5, year = $6, term = $7, agency = $8, secrecy = $9, note = ''
		 where id = $1 and state = $2 and lease_until <= $10`,
		it.ID, it.State, to, it.Title, it.Responsible, it.Year, it.Term, it.Agency, it.Secrecy, tx.Now().UnixMilli())
	return passed(tx, it, to, n, err)
}

// hold gives an item to one worker for a while.
func hold(tx *db.Tx, it *Item, worker string, lease time.Duration) error {
	now := tx.Now().UnixMilli()
	n, err := tx.Exec(`update archive_item set worker = $3, lease_until = $4 where id = $1 and state = $2 and lease_until <= $5`,
		it.ID, it.State, worker, now+lease.Milliseconds(), now)
	return moved(n, err)
}

// release gives it back before the time.
func release(tx *db.Tx, id, worker string) error {
	_, err := tx.Exec(`update archive_item set worker = '', lease_until = 0 where id = $1 and worker = $2`, id, worker)
	return err
}

// setPacked keeps what came of packing, if the worker still holds the item.
func setPacked(tx *db.Tx, it *Item, to string, r *pack.Report, digest gm.Digest) error {
	n, err := tx.Exec(`
		update archive_item set state = $3, round = round + 1, result = $4, package = $5, package_size = $6, packed_at = $7, worker = '', lease_until = 0, note = ''
		 where id = $1 and worker = $2 and state = $8`,
		it.ID, it.worker, to, string(r.Result), digest[:], r.Size, tx.Now().UnixMilli(), it.State)
	if err := passed(tx, it, to, n, err); err != nil {
		return err
	}
	for i, c := range r.Checks {
		_, err := tx.Exec(`insert into archive_check (item, round, position, code, property, name, result, evidence) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			it.ID, it.round+1, i, c.ID, string(c.Property), c.Name, string(c.Result), c.Evidence)
		if err != nil {
			return err
		}
	}
	return nil
}

func setHanded(tx *db.Tx, it *Item, receipt string) error {
	n, err := tx.Exec(`update archive_item set state = 'handed', receipt = $2, handed_at = $3 where id = $1 and state = 'packed'`, it.ID, receipt, tx.Now().UnixMilli())
	return passed(tx, it, Handed, n, err)
}

func checksOf(tx *db.Tx, it *Item) (out []pack.Row, err error) {
	err = tx.All(`select code, property, name, result, evidence from archive_check where item = $1 and round = $2 order by position`, []any{it.ID, it.round},
		func(scan func(...any) error) error {
			var r pack.Row
			var property, result string
			err := scan(&r.ID, &property, &r.Name, &result, &r.Evidence)
			r.Property, r.Result = pack.Property(property), pack.Result(result)
			out = append(out, r)
			return err
		})
	return out, err
}

func insertAct(tx *db.Tx, item string, a Act) error {
	_, err := tx.Exec(`
		insert into archive_act (item, nth, act, account, name, reason, at)
		select $1, coalesce(max(nth), 0) + 1, $2, $3, $4, $5, $6 from archive_act where item = $1`,
		item, a.Act, a.account, a.Who, a.Reason, tx.Now().UnixMilli())
	return err
}

func actsOf(tx *db.Tx, item string) (out []Act, err error) {
	err = tx.All(`select act, name, reason, at from archive_act where item = $1 order by nth`, []any{item}, func(scan func(...any) error) error {
		var a Act
		var at int64
		err := scan(&a.Act, &a.Who, &a.Reason, &at)
		a.Name, a.At = actNames[act(a.Act)], ms(at)
		out = append(out, a)
		return err
	})
	return out, err
}

// counted are how many items of an organisation are in a state.
func counted(tx *db.Tx, orgs []string) (map[string]map[string]int64, error) {
	out := map[string]map[string]int64{}
	if len(orgs) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, orgs)
	err := tx.All(`select org, state, items from archive_count where org in (`+marks+`) and items > 0`, args, func(scan func(...any) error) error {
		var org, state string
		var n int64
		if err := scan(&org, &state, &n); err != nil {
			return err
		}
		if out[org] == nil {
			out[org] = map[string]int64{}
		}
		out[org][state] = n
		return nil
	})
	return out, err
}

// named tells which of these documents a row names.
func named(tx *db.Tx, digests []gm.Digest) (map[gm.Digest]bool, error) {
	return blob.NamedTx(tx, digests, `select original from archive_item where original in (`, `select document from archive_item where document in (`,
		`select package from archive_item where package in (`)
}

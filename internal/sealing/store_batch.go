package sealing

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertBatch(tx *db.Tx, b *Batch) (fresh bool, err error) {
	places, err := placesText(b.Places)
	if err != nil {
		return false, err
	}
	var rep any
	if b.repetition != "" {
		rep = b.repetition
	}
	n, err := tx.Exec(`
		insert into sealing_batch (id, title, purpose, reason, org, account, app, asker, device, seal, seal_name, seal_org, places, width, height,
		                           state, single, repetition, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		on conflict do nothing`,
		b.ID, b.Title, b.Purpose, b.Reason, b.Org, b.Account, b.App, b.Asker, b.device, b.Seal, b.SealName, b.sealOrg, places, b.width, b.height,
		b.State, b.single, rep, tx.Now().UnixMilli())
	return n == 1, err
}

const batchColumns = `id, title, purpose, reason, org, account, app, asker, device, seal, seal_name, seal_org, places, width, height, state, trouble,
       single, worked, worker, lease_until, created_at, started_at, finished_at`

func queryBatches(tx *db.Tx, where string, args ...any) (out []*Batch, err error) {
	err = tx.All(`select `+batchColumns+` from sealing_batch where `+where, args, func(scan func(...any) error) error {
		b := &Batch{}
		var places string
		var width, height, at int64
		var started, finished *int64
		err := scan(&b.ID, &b.Title, &b.Purpose, &b.Reason, &b.Org, &b.Account, &b.App, &b.Asker, &b.device, &b.Seal, &b.SealName, &b.sealOrg, &places,
			&width, &height, &b.State, &b.Trouble, &b.single, &b.worked, &b.worker, &b.lease, &at, &started, &finished)
		if err != nil {
			return err
		}
		b.width, b.height, b.CreatedAt = int(width), int(height), ms(at)
		if started != nil {
			b.StartedAt = ms(*started)
		}
		if finished != nil {
			b.FinishedAt = ms(*finished)
		}
		out = append(out, b)
		if err := json.Unmarshal([]byte(places), &b.Places); err != nil {
			return fmt.Errorf("sealing: reading places: %w", err)
		}
		return nil
	})
	return out, err
}

// withCounts fills in how far batches are.
func withCounts(tx *db.Tx, list []*Batch) error {
	for _, b := range list {
		err := tx.Get(`
			select count(*), count(*) filter (where state = 'done'), count(*) filter (where state = 'failed'),
			       count(*) filter (where state = 'waiting' or state = 'stamping')
			  from sealing_item where batch = $1`, []any{b.ID}, &b.Total, &b.Done, &b.Failed, &b.Remaining)
		if err != nil {
			return err
		}
	}
	return nil
}

// batchByID returns a batch with how far it is.
func batchByID(tx *db.Tx, id string) (*Batch, error) {
	b, err := batchAlone(tx, id)
	if err != nil {
		return nil, err
	}
	return b, withCounts(tx, []*Batch{b})
}

// batchAlone returns a batch without counting its items.
func batchAlone(tx *db.Tx, id string) (*Batch, error) {
	list, err := queryBatches(tx, `id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, unknownBatch()
	}
	return list[0], nil
}

func batchByRepetition(tx *db.Tx, key string) (*Batch, error) {
	list, err := queryBatches(tx, `repetition = $1`, key)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], withCounts(tx, list)
}

// batchesBefore pages through batches of an account or program, and of units.
// Those of one document that was stamped at once are not listed.
func batchesBefore(tx *db.Tx, account, app string, orgs []string, before int64, beforeID string, limit int) ([]*Batch, error) {
	args := []any{before, beforeID, limit, account, app}
	where := `(created_at, id) < ($1, $2) and single = false and (account = $4 and app = $5`
	if len(orgs) > 0 {
		var marks string
		marks, args = db.Marks(args, orgs)
		where += ` or org in (` + marks + `)`
	}
	list, err := queryBatches(tx, where+`) order by created_at desc, id desc limit $3`, args...)
	if err != nil {
		return nil, err
	}
	return list, withCounts(tx, list)
}

func moveBatch(tx *db.Tx, id, from, to string) error {
	now := tx.Now().UnixMilli()
	n, err := tx.Exec(`
		update sealing_batch
		   set state = $3, trouble = '',
		       started_at = case when $3 = 'running' then coalesce(started_at, $4) else started_at end,
		       finished_at = case when $3 = 'cancelled' then $4 else finished_at end
		 where id = $1 and state = $2`, id, from, to, now)
	return moved(n, err)
}

func pauseBatch(tx *db.Tx, id, trouble string) error {
	_, err := tx.Exec(`update sealing_batch set state = 'paused', trouble = $2 where id = $1 and state = 'running'`, id, trouble)
	return err
}

func finishBatch(tx *db.Tx, id string) error {
	n, err := tx.Exec(`update sealing_batch set state = 'finished', finished_at = $2 where id = $1 and state = 'running'`, id, tx.Now().UnixMilli())
	return moved(n, err)
}

// holdBatch makes a batch the worker's for a while, and adds the time worked. It
// reports whether it is: another may have it.
func holdBatch(tx *db.Tx, id, worker string, lease time.Duration, worked time.Duration) (bool, error) {
	n, err := tx.Exec(`
		update sealing_batch set worker = $2, lease_until = $3, worked = worked + $5
		 where id = $1 and (worker = $2 or lease_until <= $4)`,
		id, worker, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli(), worked.Milliseconds())
	return n == 1, err
}

func releaseBatch(tx *db.Tx, id, worker string) error {
	_, err := tx.Exec(`update sealing_batch set worker = '', lease_until = 0 where id = $1 and worker = $2`, id, worker)
	return err
}

// batchesToWork lists batches that run, or that ended with items under way, and
// that nobody works on.
func batchesToWork(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.All(`
		select id, lease_until from sealing_batch
		 where state = 'running' and lease_until <= $1
		union all
		select id, lease_until from sealing_batch
		 where state in ('paused', 'cancelled') and lease_until <= $1 and id in (select batch from sealing_item where state = 'stamping')
		 order by lease_until, id
		 limit $2`, []any{tx.Now().UnixMilli(), limit}, func(scan func(...any) error) error {
		var id string
		var until int64
		err := scan(&id, &until)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// lastLine is the number of the last document of a batch.
func lastLine(tx *db.Tx, batch string) (n int64, err error) {
	err = tx.Get(`select coalesce(max(line), 0) from sealing_item where batch = $1`, []any{batch}, &n)
	return n, err
}

// insertItem adds a document, unless the batch has the same already.
func insertItem(tx *db.Tx, batch string, it *Item) (fresh bool, err error) {
	n, err := tx.Exec(`
		insert into sealing_item (batch, line, name, original, state, trouble, at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, batch, it.Line, it.Name, it.original[:], it.State, it.Trouble, tx.Now().UnixMilli())
	return n == 1, err
}

func queryItems(tx *db.Tx, where string, args ...any) (out []*Item, err error) {
	err = tx.All(`select line, name, original, state, content, use_id, document, trouble, at from sealing_item where `+where, args,
		func(scan func(...any) error) error {
			it := &Item{}
			var original, content, document []byte
			var at int64
			if err := scan(&it.Line, &it.Name, &original, &it.State, &content, &it.Use, &document, &it.Trouble, &at); err != nil {
				return err
			}
			copy(it.original[:], original)
			copy(it.content[:], content)
			copy(it.document[:], document)
			it.Original, it.Document, it.StateName, it.At = hexOf(it.original), hexOf(it.document), itemNames[it.State], ms(at)
			out = append(out, it)
			return nil
		})
	return out, err
}

func itemsAfter(tx *db.Tx, batch, state string, after int64, limit int) ([]*Item, error) {
	if state == "" {
		return queryItems(tx, `batch = $1 and line > $2 order by line limit $3`, batch, after, limit)
	}
	return queryItems(tx, `batch = $1 and state = $4 and line > $2 order by line limit $3`, batch, after, limit, state)
}

func itemByLine(tx *db.Tx, batch string, line int64) (*Item, error) {
	list, err := queryItems(tx, `batch = $1 and line = $2`, batch, line)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.NotFound.New("这批用印没有这一件").WithCode("sealing.item-unknown").WithHint("请核对件号")
	}
	return list[0], nil
}

// itemOfUse returns the batch and line that a use was made for.
func itemOfUse(tx *db.Tx, use string) (batch string, line int64, err error) {
	err = tx.Get(`select batch, line from sealing_item where use_id = $1 and use_id <> ''`, []any{use}, &batch, &line)
	if errors.Is(err, fault.NotFound) {
		err = fault.NotFound.New("没有这次用印的记录").WithCode("sealing.use-unknown").WithHint("请核对用印记录编号")
	}
	return batch, line, err
}

func setItemIntended(tx *db.Tx, batch string, line int64, use string, content gm.Digest) error {
	n, err := tx.Exec(`update sealing_item set state = 'stamping', use_id = $3, content = $4, at = $5 where batch = $1 and line = $2 and state = 'waiting'`,
		batch, line, use, content[:], tx.Now().UnixMilli())
	return moved(n, err)
}

func setItemDone(tx *db.Tx, batch string, line int64, document gm.Digest) error {
	n, err := tx.Exec(`update sealing_item set state = 'done', document = $3, at = $4 where batch = $1 and line = $2 and state = 'stamping'`,
		batch, line, document[:], tx.Now().UnixMilli())
	return moved(n, err)
}

func setItemFailed(tx *db.Tx, batch string, it *Item, trouble string) error {
	n, err := tx.Exec(`update sealing_item set state = 'failed', trouble = $3, at = $4 where batch = $1 and line = $2 and state = $5`,
		batch, it.Line, trouble, tx.Now().UnixMilli(), it.State)
	return moved(n, err)
}

func dropItems(tx *db.Tx, batch string) error {
	_, err := tx.Exec(`update sealing_item set state = 'dropped', at = $2 where batch = $1 and state = 'waiting'`, batch, tx.Now().UnixMilli())
	return err
}

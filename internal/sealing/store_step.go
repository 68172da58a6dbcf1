package sealing

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

func insertStep(tx *db.Tx, st *Step, position int) error {
	places, err := json.Marshal(st.Places)
	if err != nil {
		return fmt.Errorf("sealing: writing places: %w", err)
	}
	_, err = tx.Exec(`
		insert into sealing_step (id, request, position, ord, slot, seal, seal_name, seal_org, rule, levels, state, places)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		st.ID, st.request, position, st.Order, st.slot, st.Seal, st.SealName, st.SealOrg, st.Rule, strings.Join(st.Levels, ","), st.State, string(places))
	return err
}

const stepColumns = `id, request, ord, slot, seal, seal_name, seal_org, rule, levels, level, state, places, content, approval, use_id, before, after,
       trouble, lease_until, stamped_at`

func scanStep(scan func(...any) error) (*Step, error) {
	st := &Step{}
	var ord, slot, level int64
	var levels, places string
	var content, before, after []byte
	var stamped *int64
	err := scan(&st.ID, &st.request, &ord, &slot, &st.Seal, &st.SealName, &st.SealOrg, &st.Rule, &levels, &level, &st.State, &places,
		&content, &st.approval, &st.Use, &before, &after, &st.Trouble, &st.lease, &stamped)
	if err != nil {
		return nil, err
	}
	st.Order, st.slot, st.Level, st.Levels = int(ord), int(slot), int(level), listOf(levels)
	st.StateName = Label(st.State)
	copy(st.content[:], content)
	copy(st.before[:], before)
	copy(st.after[:], after)
	st.After = hexOf(st.after)
	if stamped != nil {
		st.StampedAt = ms(*stamped)
	}
	if err := json.Unmarshal([]byte(places), &st.Places); err != nil {
		return nil, fmt.Errorf("sealing: reading places: %w", err)
	}
	return st, nil
}

func querySteps(tx *db.Tx, where string, args ...any) (out []*Step, err error) {
	err = tx.All(`select `+stepColumns+` from sealing_step where `+where, args, func(scan func(...any) error) error {
		st, err := scanStep(scan)
		out = append(out, st)
		return err
	})
	return out, err
}

// withSteps fills in the steps of requests, and their approvals.
func withSteps(tx *db.Tx, list []*Request) error {
	if len(list) == 0 {
		return nil
	}
	byID := map[string]*Request{}
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i], byID[r.ID] = r.ID, r
		r.Steps = []*Step{}
	}
	marks, args := db.Marks(nil, ids)
	steps, err := querySteps(tx, `request in (`+marks+`) order by request, position`, args...)
	if err != nil {
		return err
	}
	for _, st := range steps {
		r := byID[st.request]
		r.Steps = append(r.Steps, st)
	}
	return withApprovals(tx, steps)
}

func withApprovals(tx *db.Tx, steps []*Step) error {
	if len(steps) == 0 {
		return nil
	}
	byID := map[string]*Step{}
	ids := make([]string, len(steps))
	for i, st := range steps {
		ids[i], byID[st.ID] = st.ID, st
	}
	marks, args := db.Marks(nil, ids)
	return tx.All(`
		select id, step, level, account, approver, factor, device, document, note, lapsed, at from sealing_approval
		 where step in (`+marks+`)
		 order by at, id`, args, func(scan func(...any) error) error {
		var a Approval
		var document []byte
		var at int64
		if err := scan(&a.ID, &a.step, &a.Level, &a.Account, &a.Approver, &a.Factor, &a.Device, &document, &a.Note, &a.Lapsed, &at); err != nil {
			return err
		}
		copy(a.document[:], document)
		a.Document, a.At = hexOf(a.document), ms(at)
		byID[a.step].Approvals = append(byID[a.step].Approvals, a)
		return nil
	})
}

func insertApproval(tx *db.Tx, a *Approval) error {
	_, err := tx.Exec(`
		insert into sealing_approval (id, step, level, account, approver, factor, device, document, note, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, a.step, a.Level, a.Account, a.Approver, a.Factor, a.Device, a.document[:], a.Note, tx.Now().UnixMilli())
	return err
}

// setLevel records that one more level approved, and perhaps the right to use
// the seal.
func setLevel(tx *db.Tx, st *Step, to, approval string, content gm.Digest, lease time.Duration) error {
	n, err := tx.Exec(`
		update sealing_step set level = level + 1, state = $2, approval = case when $3 = '' then approval else $3 end, content = $4, trouble = '', lease_until = $5
		 where id = $1 and state = 'waiting' and level = $6`,
		st.ID, to, approval, content[:], tx.Now().Add(lease).UnixMilli(), st.Level)
	return moved(n, err)
}

func setStepState(tx *db.Tx, id, from, to string) error {
	n, err := tx.Exec(`update sealing_step set state = $3 where id = $1 and state = $2`, id, from, to)
	return moved(n, err)
}

func setIntended(tx *db.Tx, id, use string, lease time.Duration) error {
	n, err := tx.Exec(`update sealing_step set state = 'stamping', use_id = $2, lease_until = $3 where id = $1 and state = 'approved'`,
		id, use, tx.Now().Add(lease).UnixMilli())
	return moved(n, err)
}

func setStamped(tx *db.Tx, id string, before, after gm.Digest) error {
	n, err := tx.Exec(`update sealing_step set state = 'stamped', before = $2, after = $3, stamped_at = $4, trouble = '' where id = $1 and state = 'stamping'`,
		id, before[:], after[:], tx.Now().UnixMilli())
	return moved(n, err)
}

// setLost sends a step back to be approved again.
func setLost(tx *db.Tx, id, from, trouble string) error {
	n, err := tx.Exec(`
		update sealing_step set state = 'waiting', level = 0, approval = '', use_id = '', content = null, trouble = $3
		 where id = $1 and state = $2`, id, from, trouble)
	if err := moved(n, err); err != nil {
		return err
	}
	_, err = tx.Exec(`update sealing_approval set lapsed = true where step = $1`, id)
	return err
}

func setTrouble(tx *db.Tx, id, trouble string) error {
	_, err := tx.Exec(`update sealing_step set trouble = $2 where id = $1`, id, trouble)
	return err
}

// takeStep takes over a step whose attempt has run out; another may have been
// faster.
func takeStep(tx *db.Tx, id string, lease time.Duration) (bool, error) {
	n, err := tx.Exec(`update sealing_step set lease_until = $2 where id = $1 and (state = 'approved' or state = 'stamping') and lease_until <= $3`,
		id, tx.Now().Add(lease).UnixMilli(), tx.Now().UnixMilli())
	return n == 1, err
}

// leftSteps lists steps whose attempt has run out, longest first; of those that
// are only approved, the ones that are stamped without the asker.
func leftSteps(tx *db.Tx, limit int) (ids []string, err error) {
	err = tx.All(`
		select t.id from sealing_step t join sealing_request r on r.id = t.request
		 where t.lease_until <= $1 and (t.state = 'approved' or t.state = 'stamping') and (t.state = 'stamping' or r.manual = false)
		 order by t.lease_until, t.id
		 limit $2`, []any{tx.Now().UnixMilli(), limit}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// requestOfStep returns the id of the request that a step belongs to.
func requestOfStep(tx *db.Tx, step string) (id string, err error) {
	err = tx.Get(`select request from sealing_step where id = $1`, []any{step}, &id)
	return id, err
}

// requestOfUse returns the request and the step that a use was made for.
func requestOfUse(tx *db.Tx, use string) (request, step string, err error) {
	err = tx.Get(`select request, id from sealing_step where use_id = $1 and use_id <> ''`, []any{use}, &request, &step)
	return request, step, err
}

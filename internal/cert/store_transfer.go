package cert

import (
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// insertTransfer reports how many rows it made: none where one is proposed already.
func insertTransfer(tx *db.Tx, t *Transfer) (int64, error) {
	return tx.Exec(`
		insert into cert_transfer (id, kind, issuer, successor, starts_on, basis, reason, state, account, org, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict do nothing`,
		t.ID, t.Kind, t.Issuer, t.Successor, t.From, t.Basis, t.Reason, t.State, t.account, t.org, t.CreatedAt.UnixMilli())
}

// closeTransfer ends what is proposed, once: else errMoved.
func closeTransfer(tx *db.Tx, t *Transfer) error {
	return moved(tx.Exec(`update cert_transfer set state = $2, decider = $3, decision = $4, decided_at = $5 where id = $1 and state = 'proposed'`,
		t.ID, t.State, t.decider, t.Decision, t.DecidedAt.UnixMilli()))
}

func queryTransfers(tx *db.Tx, where string, args ...any) (out []*Transfer, err error) {
	err = tx.All(`
		select id, kind, issuer, successor, starts_on, basis, reason, state, account, org, decider, decision, created_at, decided_at
		  from cert_transfer where `+where, args, func(scan func(...any) error) error {
		t := &Transfer{}
		var created int64
		var decided *int64
		err := scan(&t.ID, &t.Kind, &t.Issuer, &t.Successor, &t.From, &t.Basis, &t.Reason, &t.State, &t.account, &t.org, &t.decider, &t.Decision, &created, &decided)
		t.CreatedAt = time.UnixMilli(created).UTC()
		if decided != nil {
			t.DecidedAt = time.UnixMilli(*decided).UTC()
		}
		out = append(out, t)
		return err
	})
	return out, err
}

// agreed are the transfers of a kind that were agreed to, by their day; of all
// kinds where it is empty.
func agreed(tx *db.Tx, kind string) ([]*Transfer, error) {
	if kind == "" {
		return queryTransfers(tx, `state = 'agreed' order by kind, starts_on, id limit $1`, maxSteps)
	}
	return queryTransfers(tx, `kind = $1 and state = 'agreed' order by starts_on, id limit $2`, kind, maxSteps)
}

func transferByID(tx *db.Tx, id string) (*Transfer, error) {
	list, err := queryTransfers(tx, `id = $1 order by id`, id)
	if err == nil && len(list) == 0 {
		err = unknownTransfer()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func unknownTransfer() error {
	return fault.NotFound.New("没有这项移交，或者与您的单位无关").WithCode("cert.transfer-unknown").WithHint("请从“颁证职责移交”的列表进入")
}

func transfers(tx *db.Tx, limit int) ([]*Transfer, error) {
	return queryTransfers(tx, `1 = 1 order by created_at desc, id desc limit $1`, limit)
}

// countIssued counts what has a number of a kind of some units, and what of it is still
// being sealed: both by indexes alone, for it may be a million.
func countIssued(tx *db.Tx, kind string, units []string) (numbered, sealing int64, err error) {
	marks, args := db.Marks([]any{kind}, units)
	err = tx.Get(`select count(*) from cert_certificate where kind = $1 and issuer in (`+marks+`) and status <> 'withdrawn'`, args, &numbered)
	if err != nil {
		return 0, 0, err
	}
	err = tx.Get(`select count(*) from cert_certificate where status = 'sealing' and kind = $1 and issuer in (`+marks+`)`, args, &sealing)
	return numbered, sealing, err
}

// countEnded counts what is not effective any more, or for a while, by its state.
func countEnded(tx *db.Tx, kind string, units []string) (map[string]int64, error) {
	marks, args := db.Marks([]any{kind}, units)
	out := map[string]int64{}
	err := tx.All(`select life, count(*) from cert_certificate
		 where kind = $1 and issuer in (`+marks+`) and status = 'effective' and life <> 'effective'
		 group by life order by life`, args, func(scan func(...any) error) error {
		var life string
		var n int64
		err := scan(&life, &n)
		out[life] = n
		return err
	})
	return out, err
}

// countOver counts what has run out and is not written down as such yet.
func countOver(tx *db.Tx, kind string, units []string) (n int64, err error) {
	marks, args := db.Marks([]any{kind, tx.Now().UnixMilli()}, units)
	err = tx.Get(`select count(*) from cert_certificate
		 where life = 'effective' and expires_at is not null and expires_at <= $2 and status = 'effective' and kind = $1 and issuer in (`+marks+`)`, args, &n)
	return n, err
}

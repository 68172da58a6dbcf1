package httpx

import (
	"bytes"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// reserveTx takes the key, or finds what stands under it.
func reserveTx(tx *db.Tx, id, request gm.Digest, hold, keep time.Duration) (reservation, error) {
	now := tx.Now()
	n, err := tx.Exec(`
		insert into httpx_idempotency (id, request, held_until, expires_at) values ($1, $2, $3, $4)
		on conflict do nothing`, id, request, now.Add(hold).UnixMilli(), now.Add(keep).UnixMilli())
	if err != nil || n == 1 {
		return reservation{fresh: n == 1}, err
	}
	var r reservation
	var stored []byte
	var held, expires int64
	if err := tx.Get(`select request, answer, held_until, expires_at from httpx_idempotency where id = $1`,
		[]any{id}, &stored, &r.answer, &held, &expires); err != nil {
		return r, err
	}
	over := expires <= now.UnixMilli()
	if !over && !bytes.Equal(stored, request[:]) {
		return r, fault.Conflict.New("这个 Idempotency-Key 已用于内容不同的请求").WithCode("idempotency.reused").WithHint("新的请求请用新的键")
	}
	if !over && (r.answer != nil || held > now.UnixMilli()) {
		return r, nil
	}
	_, err = tx.Exec(`update httpx_idempotency set request = $2, answer = null, held_until = $3, expires_at = $4 where id = $1`,
		id, request, now.Add(hold).UnixMilli(), now.Add(keep).UnixMilli())
	return reservation{fresh: true}, err
}

func storeAnswer(tx *db.Tx, id gm.Digest, sealed []byte, keep time.Duration) error {
	return tx.Send(`update httpx_idempotency set answer = $2, expires_at = $3 where id = $1`, id, sealed, tx.Now().Add(keep).UnixMilli())
}

func deleteHeld(tx *db.Tx, id gm.Digest) error {
	_, err := tx.Exec(`delete from httpx_idempotency where id = $1 and answer is null`, id)
	return err
}

func deleteExpired(tx *db.Tx) (int64, error) {
	return tx.Exec(`delete from httpx_idempotency where expires_at < $1 and held_until < $1`, tx.Now().UnixMilli())
}

package signature

import (
	"errors"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Kinds of link.
const (
	linkSign = "sign"
	linkPad  = "pad"
)

// linkRow is a row of signature_link.
type linkRow struct {
	hash   gm.Digest
	task   string
	number int
	kind   string
	device []byte
	until  int64
}

func insertLink(tx *db.Tx, r linkRow) error {
	_, err := tx.Exec(`insert into signature_link (hash, task, number, kind, created_at, until) values ($1, $2, $3, $4, $5, $6)`,
		r.hash, r.task, r.number, r.kind, tx.Now().UnixMilli(), r.until)
	return err
}

func errLink() error {
	return fault.NotFound.New("链接无效、已用过或已过期").WithCode("signature.link").WithHint("请向发起方索取新的链接；手写签名请在电脑上重新生成二维码")
}

// liveLink returns a link that may be opened now; any other is errLink.
func liveLink(tx *db.Tx, hash gm.Digest, kind string) (linkRow, error) {
	r := linkRow{hash: hash, kind: kind}
	var number int64
	err := tx.Get(`
		select task, number, device, until from signature_link
		 where hash = $1 and kind = $2 and ended_at is null and until > $3`, []any{hash, kind, tx.Now().UnixMilli()},
		&r.task, &number, &r.device, &r.until)
	if errors.Is(err, fault.NotFound) {
		return r, errLink()
	}
	r.number = int(number)
	return r, err
}

func countOpen(tx *db.Tx, hash gm.Digest) error {
	_, err := tx.Exec(`update signature_link set opens = opens + 1 where hash = $1`, hash)
	return err
}

// bindDevice ties a pad to the first device.
func bindDevice(tx *db.Tx, hash, device gm.Digest) (bool, error) {
	n, err := tx.Exec(`update signature_link set device = $2, opens = opens + 1 where hash = $1 and device is null and ended_at is null`, hash, device[:])
	return n == 1, err
}

// endLink uses a link: of two at once, one does.
func endLink(tx *db.Tx, hash gm.Digest) (bool, error) {
	n, err := tx.Exec(`update signature_link set ended_at = $2 where hash = $1 and ended_at is null`, hash, tx.Now().UnixMilli())
	return n == 1, err
}

// endLinks ends the links of a kind of a signer.
func endLinks(tx *db.Tx, task string, number int, kind string) error {
	_, err := tx.Exec(`update signature_link set ended_at = $4 where task = $1 and number = $2 and kind = $3 and ended_at is null`,
		task, number, kind, tx.Now().UnixMilli())
	return err
}

// endTaskLinks ends all links of a task.
func endTaskLinks(tx *db.Tx, task string) error {
	_, err := tx.Exec(`update signature_link set ended_at = $2 where task = $1 and ended_at is null`, task, tx.Now().UnixMilli())
	return err
}

// sweepLinks forgets what ended long ago: the evidence has its events.
func sweepLinks(tx *db.Tx, before int64) error {
	_, err := tx.Exec(`delete from signature_link where until < $1`, before)
	return err
}

// eventRow is a row of signature_event.
type eventRow struct {
	id, task, kind string
	number         int
	agent, address string
	document       []byte
	at             int64
}

func insertEvent(tx *db.Tx, e eventRow) error {
	_, err := tx.Exec(`
		insert into signature_event (id, task, number, kind, agent, address, document, at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.id, e.task, e.number, e.kind, e.agent, e.address, e.document, e.at)
	return err
}

// eventsOf are the events of a task up to a time, oldest first.
func eventsOf(tx *db.Tx, task string, until int64, limit int) (list []eventRow, err error) {
	err = tx.All(`
		select id, task, number, kind, agent, address, document, at from signature_event
		 where task = $1 and at <= $2
		 order by at, id
		 limit $3`, []any{task, until, limit}, func(scan func(...any) error) error {
		var e eventRow
		var number int64
		err := scan(&e.id, &e.task, &number, &e.kind, &e.agent, &e.address, &e.document, &e.at)
		e.number = int(number)
		list = append(list, e)
		return err
	})
	return list, err
}

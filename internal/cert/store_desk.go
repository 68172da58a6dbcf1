package cert

import (
	"time"

	"sidian/internal/db"
)

// never is the end of the lease of what nobody goes on with by himself.
const never = int64(1) << 62

// setAsking takes an open certificate to ask for its seals, once: else errMoved.
func setAsking(tx *db.Tx, id, account string, lease time.Duration) error {
	return moved(tx.Exec(`
		update cert_certificate set desk = 'asking', desk_account = $2, lease_until = $3
		 where id = $1 and status = 'sealing' and desk = 'open'`, id, account, tx.Now().Add(lease).UnixMilli()))
}

// setOpen gives a certificate back whose seals could not be asked for.
func setOpen(tx *db.Tx, id string) error {
	_, err := tx.Exec(`
		update cert_certificate set desk = 'open', desk_account = '', lease_until = $2
		 where id = $1 and status = 'sealing' and desk = 'asking'`, id, never)
	return err
}

// setWaiting records the request for the seals, once: else errMoved.
func setWaiting(tx *db.Tx, id, request string) error {
	return moved(tx.Exec(`
		update cert_certificate set desk = 'waiting', desk_request = $2, lease_until = $3
		 where id = $1 and status = 'sealing' and desk = 'asking'`, id, request, never))
}

// ofRequest is the certificate that waits for a request for seals, or "".
func ofRequest(tx *db.Tx, request string) (id string, err error) {
	err = tx.All(`select id from cert_certificate where desk_request = $1 and desk_request <> '' order by id limit 1`, []any{request}, func(scan func(...any) error) error {
		return scan(&id)
	})
	return id, err
}

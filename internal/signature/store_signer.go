package signature

import (
	"errors"

	"sidian/gm"
	"sidian/internal/db"
)

// errMoved says that something is not in the state any more in which it was read;
// never shown to anyone.
var errMoved = errors.New("signature: it has moved on")

// signerRow is a row of signature_signer.
type signerRow struct {
	task                                 string
	number, turn                         int
	role, way, state                     string
	account, identity                    *string
	person                               []byte
	name, citizen, drawing, picture      []byte
	reason                               []byte
	places                               string
	factor, intent, agent, address       string
	attempts, lease                      int64
	before, after, mark                  []byte
	created                              int64
	invited, viewed, captured, confirmed int64
	ended                                int64
}

func (r *signerRow) is(account string) bool {
	return account != "" && r.account != nil && *r.account == account
}

const signerColumns = `task, number, turn, role, way, state, account, person, name, citizen, places, drawing, picture, identity, factor, intent,
       agent, address, attempts, lease_until, before_document, after_document, mark, reason, created_at, invited_at, viewed_at, captured_at,
       confirmed_at, ended_at`

func scanSigner(scan func(...any) error) (*signerRow, error) {
	r := &signerRow{}
	var number, turn int64
	err := scan(&r.task, &number, &turn, &r.role, &r.way, &r.state, &r.account, &r.person, &r.name, &r.citizen, &r.places, &r.drawing, &r.picture,
		&r.identity, &r.factor, &r.intent, &r.agent, &r.address, &r.attempts, &r.lease, &r.before, &r.after, &r.mark, &r.reason, &r.created,
		&r.invited, &r.viewed, &r.captured, &r.confirmed, &r.ended)
	r.number, r.turn = int(number), int(turn)
	return r, err
}

func querySigners(tx *db.Tx, rest string, args ...any) (list []*signerRow, err error) {
	err = tx.All(`select `+signerColumns+` from signature_signer `+rest, args, func(scan func(...any) error) error {
		r, err := scanSigner(scan)
		list = append(list, r)
		return err
	})
	return list, err
}

func signersOf(tx *db.Tx, task string) ([]*signerRow, error) {
	return querySigners(tx, `where task = $1 order by task, number`, task)
}

func signerBy(tx *db.Tx, task string, number int) (*signerRow, error) {
	list, err := querySigners(tx, `where task = $1 and number = $2 order by task, number`, task, number)
	if err == nil && len(list) == 0 {
		return nil, errNoTask()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func insertSigner(tx *db.Tx, r *signerRow) error {
	_, err := tx.Exec(`
		insert into signature_signer (task, number, turn, role, way, state, account, person, name, citizen, places, created_at, invited_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.task, r.number, r.turn, r.role, r.way, r.state, r.account, r.person, r.name, r.citizen, r.places, r.created, r.invited)
	return err
}

// claim ties a signer to an account, once.
func claim(tx *db.Tx, task string, number int, account string) (bool, error) {
	n, err := tx.Exec(`update signature_signer set account = $3 where task = $1 and number = $2 and account is null`, task, number, account)
	return n == 1, err
}

// moveSigner moves a signer to a state from one of those that lead there: else
// errMoved. The column of that state's time is set where it has one.
func moveSigner(tx *db.Tx, r *signerRow, to string) error {
	if !may(signerMoves, r.state, to) {
		return errTurn(r.state)
	}
	column := map[string]string{Invited: `, invited_at = $4`, Viewed: `, viewed_at = $4`, Captured: `, captured_at = $4`, Confirmed: `, confirmed_at = $4`,
		Refused: `, ended_at = $4`}[to]
	args := []any{r.task, r.number, to, tx.Now().UnixMilli(), r.state}
	n, err := tx.Exec(`update signature_signer set state = $3`+column+` where task = $1 and number = $2 and state = $5`, args...)
	if err == nil && n == 0 {
		return errMoved
	}
	if err == nil {
		r.state = to
	}
	return err
}

func saveDrawing(tx *db.Tx, r *signerRow) error {
	_, err := tx.Exec(`update signature_signer set drawing = $3, picture = $4 where task = $1 and number = $2`, r.task, r.number, r.drawing, r.picture)
	return err
}

// confirm keeps what a signer confirmed with.
func confirmSigner(tx *db.Tx, r *signerRow) error {
	_, err := tx.Exec(`
		update signature_signer set identity = $3, factor = $4, intent = $5, agent = $6, address = $7, lease_until = $8
		 where task = $1 and number = $2`, r.task, r.number, r.identity, r.factor, r.intent, r.agent, r.address, r.lease)
	return err
}

// unconfirm takes a confirmation back whose signature cannot be made.
func unconfirm(tx *db.Tx, r *signerRow) error {
	n, err := tx.Exec(`update signature_signer set state = $3, lease_until = 0 where task = $1 and number = $2 and state = 'confirmed'`,
		r.task, r.number, ready(r.way))
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// countAttempt is before each call of the key.
func countAttempt(tx *db.Tx, task string, number int, lease int64) error {
	n, err := tx.Exec(`update signature_signer set attempts = attempts + 1, lease_until = $3 where task = $1 and number = $2 and state = 'confirmed'`,
		task, number, lease)
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

// takeOver takes over a signer whose attempt has run out; another may be faster.
func takeOver(tx *db.Tx, task string, number int, lease int64) (bool, error) {
	n, err := tx.Exec(`update signature_signer set lease_until = $3 where task = $1 and number = $2 and state = 'confirmed' and lease_until <= $4`,
		task, number, lease, tx.Now().UnixMilli())
	return n == 1, err
}

// left are signers whose attempt has run out, longest first.
func left(tx *db.Tx, limit int) ([]*signerRow, error) {
	return querySigners(tx, `where state = 'confirmed' and lease_until <= $1 order by lease_until, task, number limit $2`, tx.Now().UnixMilli(), limit)
}

// markSigned ends a signer's part; their handwriting is forgotten.
func markSigned(tx *db.Tx, r *signerRow, before, after, mark gm.Digest) error {
	n, err := tx.Exec(`
		update signature_signer
		   set state = 'signed', before_document = $3, after_document = $4, mark = $5, drawing = null, picture = null, lease_until = 0, ended_at = $6
		 where task = $1 and number = $2 and state = 'confirmed'`, r.task, r.number, before[:], after[:], mark[:], tx.Now().UnixMilli())
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

func saveReason(tx *db.Tx, r *signerRow) error {
	_, err := tx.Exec(`update signature_signer set reason = $3 where task = $1 and number = $2`, r.task, r.number, r.reason)
	return err
}

// forgetDrawings is when a task ends: what was written and not signed goes.
func forgetDrawings(tx *db.Tx, task string) error {
	_, err := tx.Exec(`update signature_signer set drawing = null, picture = null where task = $1 and (drawing is not null or picture is not null)`, task)
	return err
}

// signersMarked are those whose signatures are described by these digests.
func signersMarked(tx *db.Tx, marks []gm.Digest) ([]*signerRow, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	values := make([][]byte, len(marks))
	for i := range marks {
		values[i] = marks[i][:]
	}
	in, args := db.Marks(nil, values)
	return querySigners(tx, `where mark in (`+in+`) order by task, number`, args...)
}

// confirmedOf counts the tasks in which an account has confirmed and not signed yet.
func confirmedOf(tx *db.Tx, account string) (n int64, err error) {
	err = tx.Get(`select count(*) from signature_signer where account = $1 and state = 'confirmed'`, []any{account}, &n)
	return n, err
}

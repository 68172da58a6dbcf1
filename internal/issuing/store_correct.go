package issuing

import "sidian/internal/db"

// A correctionRow ties a draft to the certificate whose place it takes.
type correctionRow struct {
	draft, certificate, number, action, reason, basis string
	acts                                              int64
	decided                                           string // day, once it is being issued
	before                                            []byte // sealed; nil when the way has ended
	ended                                             bool
}

func insertCorrection(tx *db.Tx, x *correctionRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into issuing_correction (draft, certificate, number, action, reason, basis, acts, before)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, x.draft, x.certificate, x.number, x.action, x.reason, x.basis, x.acts, x.before)
	return n == 1, err
}

func saveCorrection(tx *db.Tx, x *correctionRow) error {
	_, err := tx.Exec(`update issuing_correction set acts = $2, decided_on = $3, before = $4 where draft = $1`, x.draft, x.acts, x.decided, x.before)
	return err
}

// endCorrection frees the certificate for another, when a draft has ended.
func endCorrection(tx *db.Tx, draft string) error {
	_, err := tx.Exec(`update issuing_correction set ended = true, before = null where draft = $1`, draft)
	return err
}

func corrections(tx *db.Tx, rest string, args ...any) (list []*correctionRow, err error) {
	err = tx.All(`
		select draft, certificate, number, action, reason, basis, acts, decided_on, before, ended
		  from issuing_correction `+rest, args, func(scan func(...any) error) error {
		x := &correctionRow{}
		err := scan(&x.draft, &x.certificate, &x.number, &x.action, &x.reason, &x.basis, &x.acts, &x.decided, &x.before, &x.ended)
		list = append(list, x)
		return err
	})
	return list, err
}

// correctionOf is what a draft follows, or nil.
func correctionOf(tx *db.Tx, draft string) (*correctionRow, error) {
	return one(corrections(tx, `where draft = $1`, draft))
}

// openCorrection is the one of a certificate that is under way, or nil.
func openCorrection(tx *db.Tx, certificate string) (*correctionRow, error) {
	return one(corrections(tx, `where certificate = $1 and not ended`, certificate))
}

func one(list []*correctionRow, err error) (*correctionRow, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

package cert

import (
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// insertPhysical returns errTaken if the number is taken, or another is alive.
func insertPhysical(tx *db.Tx, x *Physical) error {
	n, err := tx.Exec(`
		insert into cert_physical (id, certificate_id, kind, issuer, number, state, status, version, replaces, account, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict do nothing`,
		x.ID, x.Certificate, x.kind, x.issuer, x.Number, x.State, x.Status, x.Version, x.Replaces, x.account, x.CreatedAt.UnixMilli(), x.ChangedAt.UnixMilli())
	if err == nil && n == 0 {
		return errTaken
	}
	return err
}

// movePhysical moves one from the state that was seen, once: else errMoved.
func movePhysical(tx *db.Tx, x *Physical, from string) error {
	return moved(tx.Exec(`update cert_physical set state = $3, status = $4, reason = $5, changed_at = $6 where id = $1 and state = $2`,
		x.ID, from, x.State, x.Status, x.Reason, x.ChangedAt.UnixMilli()))
}

const physicalColumns = `p.id, p.certificate_id, p.number, p.state, p.status, p.version, p.reason, p.replaces, p.created_at, p.changed_at`

func scanPhysical(scan func(...any) error, more ...any) (*Physical, error) {
	x := &Physical{}
	var created, changed int64
	err := scan(append([]any{&x.ID, &x.Certificate, &x.Number, &x.State, &x.Status, &x.Version, &x.Reason, &x.Replaces, &created, &changed}, more...)...)
	x.CreatedAt, x.ChangedAt = time.UnixMilli(created).UTC(), time.UnixMilli(changed).UTC()
	return x, err
}

func physicalsOf(tx *db.Tx, certificate string) (out []*Physical, err error) {
	err = tx.All(`select `+physicalColumns+` from cert_physical p where p.certificate_id = $1 order by p.created_at, p.id limit $2`, []any{certificate, maxSteps},
		func(scan func(...any) error) error {
			x, err := scanPhysical(scan)
			out = append(out, x)
			return err
		})
	return out, err
}

// physicalByID is a physical certificate of one electronic one.
func physicalByID(tx *db.Tx, certificate, id string) (*Physical, error) {
	var out *Physical
	err := tx.All(`select `+physicalColumns+` from cert_physical p where p.id = $1 and p.certificate_id = $2 order by p.id`, []any{id, certificate},
		func(scan func(...any) error) (err error) {
			out, err = scanPhysical(scan)
			return err
		})
	if err == nil && out == nil {
		err = fault.NotFound.New("这份证照没有这张实体证照").WithCode("cert.physical-unknown").WithHint("请刷新后核对")
	}
	return out, err
}

// drifts pages through the physical certificates of units, and of kinds that units
// gave to them, that are not what the
// record says, the latest first. Where a later version exists, its number of the
// version is one more than what gave way.
func drifts(tx *db.Tx, units []string, taken [][2]string, before int64, beforeID string, limit int) (out []*Drift, err error) {
	if len(units) == 0 {
		return []*Drift{}, nil
	}
	marks, args := db.Marks([]any{before, beforeID, limit}, units)
	mine := `p.issuer in (` + marks + `)`
	for _, pair := range taken {
		args = append(args, pair[0], pair[1])
		mine += fmt.Sprintf(` or p.kind = $%d and p.issuer = $%d`, len(args)-1, len(args))
	}
	err = tx.All(fmt.Sprintf(`
		select `+physicalColumns+`, c.life, case when c.successor = '' then c.version else c.version + 1 end
		  from cert_physical p join cert_certificate c on c.id = p.certificate_id
		 where (p.created_at, p.id) < ($1, $2) and (%s) and (p.state = 'printed' or p.state = 'handed')
		   and (p.status <> c.life and c.life <> 'expired' or c.successor <> '')
		 order by p.created_at desc, p.id desc limit $3`, mine), args, func(scan func(...any) error) error {
		d := &Drift{}
		var err error
		d.Physical, err = scanPhysical(scan, &d.Status, &d.Version)
		out = append(out, d)
		return err
	})
	return out, err
}

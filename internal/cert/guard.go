package cert

import (
	"cmp"
	"context"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// A Guard makes a certificate's row worthless that was edited by somebody who has
// the database alone (GB/T 39786-2021, integrity of important records). Business
// writes these rows all day: they carry a MAC and no census.
type Guard struct {
	rows    *keys.Rows
	adopted *keys.Adoption
	alarms  iam.Alarms
}

// NewGuard opens the guard of the certificates' rows.
func NewGuard(ctx context.Context, k *keys.Store) (*Guard, error) {
	rows, err := k.Rows(ctx, "cert_certificate")
	if err != nil {
		return nil, fmt.Errorf("cert: opening the guard of the register: %w", err)
	}
	adopted, err := k.Adoption(ctx, "cert_guarded")
	if err != nil {
		return nil, fmt.Errorf("cert: opening the guard of the register: %w", err)
	}
	return &Guard{rows: rows, adopted: adopted}, nil
}

// Altered is the status of a certificate whose row is not the one that was
// written: nothing that the register says of it is to be relied on.
const Altered = "altered"

// macOf is the MAC of an issued row as it stands; nil where none is kept. What is
// under it and in which order never changes. The plan is bound to its row by its
// encryption.
func (s *Service) macOf(r *row) []byte {
	if s.Guard == nil {
		return nil
	}
	return s.Guard.rows.Mac(r.ID, r.guarded()...)
}

func (r *row) guarded() []any {
	return []any{r.Identifier, r.Kind, r.KindVersion, r.Issuer, r.Number, r.Version, r.Code, r.content, r.Digest, r.Size,
		r.IssuedAt, r.ValidFrom, r.ValidTo, cmp.Or(r.life, Effective), r.Since, r.Basis, r.marks, r.Acts, r.actedOn, r.Prior, r.Successor}
}

// genuine tells whether an issued row is the one that was written. A row of before
// there were MACs counts as such until all have theirs.
func (s *Service) genuine(tx *db.Tx, r *row) (bool, error) {
	switch {
	case s.Guard == nil || r.Status == Altered:
		return r.Status != Altered, nil
	case r.IssuedAt.IsZero():
		return r.mac == nil, nil // what is not issued has none
	case r.mac == nil:
		all, err := s.Guard.adopted.Done(tx)
		return !all, err
	}
	return s.Guard.rows.Check(r.mac, r.ID, r.guarded()...) == nil, nil
}

// vet makes the status of a row that was edited say so.
func (s *Service) vet(tx *db.Tx, rows ...*row) error {
	for _, r := range rows {
		ok, err := s.genuine(tx, r)
		if err != nil {
			return err
		}
		if !ok {
			r.Status, r.Since, r.Basis, r.Marks, r.marks = Altered, "", "", nil, ""
		}
	}
	return nil
}

// Adopt gives the certificates of before MACs, once; from then on one without a
// MAC is one that was put there by hand. It reports how many it gave. Any number
// of processes may do it at once.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	if s.Guard == nil {
		return 0, nil
	}
	return s.Guard.adopted.Run(ctx, s.DB, func(tx *db.Tx) (int, error) {
		rows, err := unguarded(tx, expiring)
		for _, r := range rows {
			if err == nil {
				err = adopt(tx, r, s.macOf(r))
			}
		}
		return len(rows), err
	})
}

// errAltered refuses to go on with a row that was edited: what followed would make
// it good.
func errAltered() error {
	return fault.Conflict.New("登记数据异常：这份证照的登记可能在数据库中被改动，不能办理").WithCode("cert.altered").
		WithHint("请勿再次办理，联系平台运维人员核查数据库的访问记录，从备份恢复这条登记")
}

// alarm tells of a row that was edited, once an hour.
func (s *Service) alarm(ctx context.Context, r *row) error {
	return s.Guard.alarms.Raise(ctx, s.DB, s.Outbox, "cert_certificate", r.ID, "cert.altered", "cert")
}

package composite

import (
	"context"
	"fmt"
	"strconv"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// Altered is the state of a scheme or composite whose row is not the one that was
// written: nothing can be done with it, and what it says is not to be relied on.
const Altered = "altered"

// AlteredName is Altered in Chinese.
const AlteredName = "登记数据异常"

// guards make rows worthless that say what folds in, who agreed and what stands when
// they were written by somebody who has the database alone (GB/T 39786-2021,
// integrity of important records). Business writes them all day: they carry a MAC
// and no census. A composite says how many members it has, so that none can be taken
// away from it.
type guards struct {
	schemes, composites, members *keys.Rows
	adopted                      *keys.Adoption
	alarms                       iam.Alarms
}

func newGuards(ctx context.Context, k *keys.Store) (*guards, error) {
	g := &guards{}
	for table, to := range map[string]**keys.Rows{tableSchemes: &g.schemes, tableComposites: &g.composites, "composite_member": &g.members} {
		var err error
		if *to, err = k.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("composite: opening the guard of %s: %w", table, err)
		}
	}
	var err error
	if g.adopted, err = k.Adoption(ctx, "composite_guarded"); err != nil {
		return nil, fmt.Errorf("composite: opening the guard: %w", err)
	}
	return g, nil
}

const (
	tableSchemes    = "composite_scheme"
	tableComposites = "composite_composite"
)

// fields of a scheme that its MAC is over, in an order that never changes.
func (r *schemeRow) fields() []any {
	return []any{r.unit, r.path, r.code, r.version, r.title, r.industry, r.kind, r.parts, r.basis, r.state, r.account, r.madeAt, r.decidedBy, at(r.decidedAt), r.reason}
}

// fields of a composite; when it is looked at, and what went wrong then, is not
// among them.
func (r *row) fields() []any {
	return []any{r.scheme, r.code, r.unit, r.path, r.kind, r.title, r.industry, r.holder, r.holderName, r.state, r.standing, r.because, r.held, r.certificate, r.number,
		r.prior, r.successor, r.proposedBy, r.proposedAt, r.decidedBy, at(r.decidedAt), r.decidedOn, at(r.endedAt), r.folds}
}

func (m *memberRow) fields() []any {
	return []any{m.kind, m.title, m.required, m.certificate, m.named, m.number, m.issuer, m.till, m.status}
}

func (m *memberRow) key(composite string) string {
	return composite + "/" + strconv.FormatInt(m.place, 10)
}

func at(ms *int64) int64 {
	if ms == nil {
		return 0
	}
	return *ms
}

func (g *guards) member(composite string, m *memberRow) []byte {
	return g.members.Mac(m.key(composite), m.fields()...)
}

// genuineScheme tells whether a version of a scheme is the one that was written. One
// of before there were MACs counts as such until all have theirs.
func (s *Service) genuineScheme(tx *db.Tx, r *schemeRow) (bool, error) {
	if r.mac == nil {
		all, err := s.guard.adopted.Done(tx)
		return !all, err
	}
	return s.guard.schemes.Check(r.mac, r.id, r.fields()...) == nil, nil
}

// genuine tells so of a composite, without its members.
func (s *Service) genuine(tx *db.Tx, r *row) (bool, error) {
	if r.mac == nil {
		all, err := s.guard.adopted.Done(tx)
		return !all, err
	}
	return s.guard.composites.Check(r.mac, r.id, r.fields()...) == nil, nil
}

// whole tells so of the members of a composite that is genuine.
func (s *Service) whole(r *row, members []memberRow) bool {
	if r.mac == nil {
		return true // so are they
	}
	for i := range members {
		if s.guard.members.Check(members[i].mac, members[i].key(r.id), members[i].fields()...) != nil {
			return false
		}
	}
	return r.folds == int64(len(members))
}

// altered names a row that was edited.
func altered(table, id string) *iam.AlteredError {
	object := "composite"
	if table == tableSchemes {
		object = "composite-scheme"
	}
	return &iam.AlteredError{Table: table, ID: id, Object: object}
}

func errAltered(table, id string) error {
	return fault.Conflict.Wrap(altered(table, id), "登记数据异常：这份登记可能在数据库中被改动，不能办理").WithCode("composite.altered").
		WithHint("请勿再次办理，联系平台运维人员核查数据库的访问记录，从备份恢复这条登记")
}

// take returns a composite for who acts on it, locked for who will change it. One
// that was edited is refused.
func (s *Service) take(tx *db.Tx, id string, lock bool) (*row, error) {
	r, err := byID(tx, id, lock)
	if err != nil {
		return nil, err
	}
	return r, s.vet(tx, r)
}

func (s *Service) vet(tx *db.Tx, r *row) error {
	ok, err := s.genuine(tx, r)
	if err == nil && !ok {
		err = errAltered(tableComposites, r.id)
	}
	return err
}

// members are those of a composite that was taken. One that was edited is refused.
func (s *Service) members(tx *db.Tx, r *row) ([]memberRow, error) {
	all, err := membersOf(tx, r.id)
	if err == nil && !s.whole(r, all) {
		err = errAltered(tableComposites, r.id)
	}
	return all, err
}

// takeScheme returns a version of a scheme for who acts by it.
func (s *Service) takeScheme(tx *db.Tx, id string, lock bool) (*schemeRow, error) {
	r, err := schemeByID(tx, id, lock)
	if err != nil {
		return nil, err
	}
	return r, s.vetScheme(tx, r)
}

func (s *Service) vetScheme(tx *db.Tx, r *schemeRow) error {
	ok, err := s.genuineScheme(tx, r)
	if err == nil && !ok {
		err = errAltered(tableSchemes, r.id)
	}
	return err
}

// save writes what changed of a composite that was taken; one of before there were
// MACs gets its own, and so do its members.
func (s *Service) save(tx *db.Tx, r *row) error {
	if r.mac == nil {
		if err := s.adoptMembers(tx, r); err != nil {
			return err
		}
	}
	r.mac = s.guard.composites.Mac(r.id, r.fields()...)
	return save(tx, r)
}

// keep writes what a member is today; its composite was taken.
func (s *Service) keepMember(tx *db.Tx, composite, was string, m *memberRow) error {
	m.mac = s.guard.member(composite, m)
	return keepMember(tx, composite, was, m)
}

func (s *Service) saveScheme(tx *db.Tx, r *schemeRow) error {
	r.mac = s.guard.schemes.Mac(r.id, r.fields()...)
	return saveScheme(tx, r)
}

func (s *Service) adoptMembers(tx *db.Tx, r *row) error {
	all, err := membersOf(tx, r.id)
	if err != nil {
		return err
	}
	r.folds = int64(len(all))
	for i := range all {
		if err := setMemberMac(tx, r.id, all[i].place, s.guard.member(r.id, &all[i])); err != nil {
			return err
		}
	}
	return nil
}

// adoptBatch is how many rows get their MACs in one transaction.
const adoptBatch = 100

// Adopt gives the schemes and composites of before MACs, once; from then on one
// without a MAC is one that was put there by hand. It reports how many it gave. Any
// number of processes may do it at once.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	return s.guard.adopted.Run(ctx, s.DB, func(tx *db.Tx) (int, error) {
		schemes, err := unguardedSchemes(tx, adoptBatch)
		if err != nil {
			return 0, err
		}
		for _, r := range schemes {
			if err := setSchemeMac(tx, r.id, s.guard.schemes.Mac(r.id, r.fields()...)); err != nil {
				return 0, err
			}
		}
		rows, err := unguarded(tx, adoptBatch)
		if err != nil {
			return 0, err
		}
		for _, r := range rows {
			if err := s.adoptMembers(tx, r); err != nil {
				return 0, err
			}
			if err := setMac(tx, r, s.guard.composites.Mac(r.id, r.fields()...)); err != nil {
				return 0, err
			}
		}
		return len(schemes) + len(rows), nil
	})
}

// read and write are transactions; an edited row that one met is told of, once an
// hour.
func (s *Service) read(ctx context.Context, do func(*db.Tx) error) error {
	return s.alarmed(ctx, s.DB.Read(ctx, do))
}

func (s *Service) write(ctx context.Context, do func(*db.Tx) error) error {
	return s.alarmed(ctx, s.DB.Write(ctx, do))
}

func (s *Service) alarmed(ctx context.Context, err error) error {
	return s.guard.alarms.Heed(ctx, s.DB, s.IAM.Outbox, err, "composite.altered")
}

// alarm tells of an edited row that was shown as one.
func (s *Service) alarm(ctx context.Context, table, id string) {
	_ = s.alarmed(ctx, altered(table, id)) // it is no error of the reader's
}

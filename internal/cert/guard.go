package cert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// A Guard makes a certificate's row worthless that was edited by somebody who has
// the database alone (GB/T 39786-2021, integrity of important records). Business
// writes these rows all day: they carry a MAC and no census.
type Guard struct {
	rows    *keys.Rows
	begun   *keys.Rows // has one row once the rows of before carry MACs
	adopted atomic.Bool

	mu   sync.Mutex
	told map[string]time.Time // alarms, and when
}

// NewGuard opens the guard of the certificates' rows.
func NewGuard(ctx context.Context, k *keys.Store) (*Guard, error) {
	g := &Guard{told: map[string]time.Time{}}
	for table, to := range map[string]**keys.Rows{"cert_certificate": &g.rows, "cert_guarded": &g.begun} {
		var err error
		if *to, err = k.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("cert: opening the guard of %s: %w", table, err)
		}
	}
	return g, nil
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
		all, err := s.Guard.marked(tx)
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

const adoptedRow = "adopted"

// marked tells whether every issued row must carry a MAC. A mark that was edited
// or deleted is not one that never was.
func (g *Guard) marked(tx *db.Tx) (bool, error) {
	if g.adopted.Load() {
		return true, nil
	}
	c, err := g.begun.Census(tx)
	if err != nil && !errors.Is(err, keys.ErrAltered) {
		return false, err
	}
	yes := err != nil || c.Revision > 0
	if yes {
		g.adopted.Store(true)
	}
	return yes, nil
}

// Adopt gives the certificates of before MACs, once; from then on one without a
// MAC is one that was put there by hand. It reports how many it gave. Any number
// of processes may do it at once.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	if s.Guard == nil {
		return 0, nil
	}
	for more := !s.Guard.adopted.Load(); more && ctx.Err() == nil; {
		var some int
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			some, more, err = s.adoptTx(tx)
			return err
		})
		if err != nil {
			return n, fmt.Errorf("cert: giving old rows their MACs: %w", err)
		}
		n += some
	}
	return n, ctx.Err()
}

func (s *Service) adoptTx(tx *db.Tx) (n int, more bool, err error) {
	if done, err := s.Guard.marked(tx); err != nil || done {
		return 0, false, err
	}
	rows, err := unguarded(tx, expiring)
	if err != nil {
		return 0, false, err
	}
	if len(rows) == 0 { // from the next look on, none may be without
		return 0, false, s.Guard.begun.Insert(tx, s.Guard.begun.Mac(adoptedRow))
	}
	for _, r := range rows {
		if err := adopt(tx, r, s.macOf(r)); err != nil {
			return n, false, err
		}
	}
	return len(rows), true, nil
}

// errAltered refuses to go on with a row that was edited: what followed would make
// it good.
func errAltered() error {
	return fault.Conflict.New("登记数据异常：这份证照的登记可能在数据库中被改动，不能办理").WithCode("cert.altered").
		WithHint("请勿再次办理，联系平台运维人员核查数据库的访问记录，从备份恢复这条登记")
}

var plainID = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// alarm tells of a row that was edited, once an hour.
func (s *Service) alarm(ctx context.Context, r *row) error {
	id := r.ID
	if !plainID.MatchString(id) {
		id = "unknown" // whoever wrote it chose it
	}
	now := s.DB.Now()
	s.Guard.mu.Lock()
	last, told := s.Guard.told[id]
	due := !told || now.Sub(last) >= time.Hour
	if due {
		s.Guard.told[id] = now
	}
	s.Guard.mu.Unlock()
	if !due {
		return nil
	}
	err := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error { return s.alarmTx(tx, id) })
	if err != nil { // told by the next look
		s.Guard.mu.Lock()
		delete(s.Guard.told, id)
		s.Guard.mu.Unlock()
	}
	return err
}

func (s *Service) alarmTx(tx *db.Tx, id string) error {
	if err := audit.Put(tx, audit.Entry{Action: "cert.altered", Object: object(id), Result: audit.Refused}); err != nil {
		return err
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: iam.TopicAlarm, Key: id, Body: iam.Alarm{Table: "cert_certificate", ID: id, At: tx.Now()}})
}

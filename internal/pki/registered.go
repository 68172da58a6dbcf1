package pki

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Registered is a digital certificate as it stands in the register.
type Registered struct {
	ID          string // hex of SM3 over the digital certificate
	Serial      string // hex; unique below one authority alone
	Use         string // Maker, Unit or Personal
	Org         string // id of the organisation; may be empty
	Account     string // id of the person; with Personal alone
	Key         string // id of the key in package keys; empty: its key is not here
	Authority   string // Issuing, or empty for an outside authority
	Certificate *gm.Certificate
	IssuedAt    time.Time // when it was registered
	RevokedAt   time.Time // since when it is not used here: revoked, or given up; zero: it is
	Reason      int       // of the revocation
	ReplacedBy  string    // id of its successor; empty: none
	// Notes say in Chinese what was left aside when it was installed, such as the
	// encryption half of a double certificate. Install alone fills them in.
	Notes []string
}

// UsableAt reports whether it may be signed with at a time, as far as the
// register knows.
func (r Registered) UsableAt(at time.Time) bool {
	return r.RevokedAt.IsZero() && !at.Before(r.Certificate.NotBefore) && at.Before(r.Certificate.NotAfter)
}

// Renewal is how long before its end a digital certificate is renewed (N6: 30
// days).
const Renewal = 30 * 24 * time.Hour

// Get returns a registered digital certificate by its id, or by its serial
// number where that is the only one. It needs pki.manage or org.read at its
// organisation; a person may see their own.
func (s *Service) Get(ctx context.Context, ref string) (*Registered, error) {
	var r *Registered
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = GetTx(tx, ref); return err })
	if err != nil {
		return nil, err
	}
	if mayRead(ctx, r.Org, r.Account) != nil {
		return nil, errUnknown() // whoever may not, learns nothing
	}
	return r, nil
}

// GetTx is Get in a caller's transaction, who asks himself who may.
func GetTx(tx *db.Tx, ref string) (*Registered, error) { return byRef(tx, ref) }

// mayRead lets those read who manage or see the organisation, and each their own.
func mayRead(ctx context.Context, org, account string) error {
	if p, ok := iam.From(ctx); ok && account != "" && p.Account == account {
		return nil
	}
	if iam.Allow(ctx, "pki.manage", org) == nil {
		return nil
	}
	return iam.Allow(ctx, "org.read", org)
}

// ListOf returns what is registered for an organisation and its people, newest
// first. It needs pki.manage or org.read there.
func (s *Service) ListOf(ctx context.Context, org string) (all []Registered, err error) {
	if org == "" {
		return nil, fault.Invalid.New("须指明单位").WithCode("pki.request").WithHint("请给出单位编号")
	}
	if err := mayRead(ctx, org, ""); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = ofOrg(tx, org); return err })
	return all, err
}

// HeldBy lists what an organisation holds that may be signed with now, for
// reuse, newest first: of its own, without its people's. Who may is the caller's
// to ask.
func (s *Service) HeldBy(ctx context.Context, org string) (all []Registered, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = heldByOrg(tx, org, tx.Now()); return err })
	return usable(all, s.DB.Now()), err
}

// HeldByAccount lists what a person holds that may be signed with now, newest
// first. Who may is the caller's to ask.
func (s *Service) HeldByAccount(ctx context.Context, account string) (all []Registered, err error) {
	if account == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = heldByAccount(tx, account, tx.Now()); return err })
	return usable(all, s.DB.Now()), err
}

func usable(all []Registered, now time.Time) (out []Registered) {
	for _, r := range all {
		if r.UsableAt(now) {
			out = append(out, r)
		}
	}
	return out
}

// Expiring lists what ends within a time and has no successor, the soonest
// first: what is due to be renewed.
func (s *Service) Expiring(ctx context.Context, within time.Duration) (all []Registered, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = expiring(tx, tx.Now(), tx.Now().Add(within)); return err })
	return all, err
}

// RevokeAccountTx revokes every digital certificate of the built-in authority
// that a person holds, and marks the outside ones as not to be used here. It
// returns how many there were. The caller calls Publish once it is committed.
func RevokeAccountTx(tx *db.Tx, account string, code int, reason string) (int, error) {
	all, err := heldByAccount(tx, account, tx.Now())
	if err != nil {
		return 0, err
	}
	for _, r := range all {
		if err := endTx(tx, &r, code, reason); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// endTx revokes what is ours, and gives up what is not.
func endTx(tx *db.Tx, r *Registered, code int, reason string) error {
	if r.Authority != "" {
		return RevokeTx(tx, r.Certificate, code, reason)
	}
	n, err := endOutside(tx, r.Certificate, code)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("该数字证书已经停用").WithCode("pki.revoked").WithHint("无需再次停用")
	}
	return audit.Put(tx, audit.Entry{Action: "pki.end", Object: object(r.Certificate), Reason: reason, Before: r.Certificate.Digest()})
}

// End revokes a digital certificate of the built-in authority, or notes that one
// of an outside authority is not used here any more: that authority revokes it.
// It needs pki.manage at its organisation.
func (s *Service) End(ctx context.Context, ref string, code int, reason string) error {
	if reason == "" || code < 0 || code > maxReason || code == onHold {
		return fault.Invalid.New("停用数字证书须有理由和 RFC 5280 的原因代码").WithCode("pki.request").WithHint("请填写理由；原因代码如 1 私钥泄露、4 被代替、5 停止使用")
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := byRef(tx, ref)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "pki.manage", r.Org); err != nil {
			return err
		}
		return endTx(tx, r, code, reason)
	})
	if err != nil {
		return err
	}
	return s.Publish(ctx)
}

// Reasons beside those that we use (RFC 5280 §5.3.1): a revocation is for good.
const (
	onHold    = 6
	maxReason = 10
)

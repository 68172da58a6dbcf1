package signature

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/signature/event"
)

// States of an identity.
const (
	Applied   = "applied"   // its key stands, its digital certificate does not yet
	Effective = "effective" // may sign
	Cancelled = "cancelled" // 注销: revoked, the key retired
	Replaced  = "replaced"  // another took its place: renewal
	Expired   = "expired"   // comes from time, is never stored; also of tasks, where it is
)

// How long a personal digital certificate is valid, and when before its end it
// may be renewed.
const (
	identityYears = 3
	renewBefore   = 60 * 24 * time.Hour
)

// An Identity is a person's right to sign as themselves: a digital certificate
// for a key that the platform keeps.
type Identity struct {
	ID        string    `json:"id"`
	State     string    `json:"state" enum:"applied,effective,cancelled,replaced,expired"`
	Name      string    `json:"name" doc:"本人姓名"`
	Serial    string    `json:"serial,omitempty" doc:"数字证书序列号"`
	Issuer    string    `json:"issuer,omitempty" doc:"数字证书签发机构"`
	ValidFrom time.Time `json:"valid_from,omitzero"`
	ValidTo   time.Time `json:"valid_to,omitzero"`
	Renewable bool      `json:"renewable" doc:"可以续期：将到期或已到期"`
	CreatedAt time.Time `json:"created_at"`
}

func identityObject(id string) string { return "signature/" + id }

// Enrol gives whoever acts an identity: a key and a personal digital certificate
// in their name. Who has an effective one gets it; a repetition after a crash goes
// on where the first stopped. It takes a person whose name is verified.
func (s *Service) Enrol(ctx context.Context) (*Identity, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.enrol", "signature/identity", err)
	}
	return s.enrol(ctx, p, false)
}

// Renew puts a new identity in the place of the caller's, which is about to expire
// or has.
func (s *Service) Renew(ctx context.Context) (*Identity, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.enrol", "signature/identity", err)
	}
	return s.enrol(ctx, p, true)
}

// enrol makes an identity in two transactions: the key, and what makes it
// effective. Between them the authority issues the digital certificate.
func (s *Service) enrol(ctx context.Context, p *iam.Principal, renew bool) (*Identity, error) {
	var r *identityRow
	var old *identityRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		r = nil
		if old, err = identityIn(tx, p.Account, Effective); err != nil {
			return err
		}
		if err := mayEnrol(old, renew, tx.Now()); err != nil || old != nil && !renew {
			return err
		}
		if r, err = identityIn(tx, p.Account, Applied); err != nil || r != nil {
			return err
		}
		r = &identityRow{id: newID(), account: p.Account, state: Applied, created: tx.Now().UnixMilli()}
		if r.key, err = s.Keys.GenerateTx(tx, keys.Personal); err != nil {
			return err
		}
		fresh, err := insertIdentity(tx, r)
		if err != nil || !fresh {
			return errors.Join(err, errRepeated(fresh))
		}
		return audit.Put(tx, audit.Entry{Action: "signature.apply", Object: identityObject(r.id)})
	})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return s.identity(old, p.Name), nil // stands already
	}
	s.step("apply")
	return s.issue(ctx, p, r, old)
}

// mayEnrol refuses a renewal of nothing, or too early.
func mayEnrol(old *identityRow, renew bool, now time.Time) error {
	switch {
	case old != nil && !renew && old.at(now) == Expired:
		return fault.Conflict.New("您的个人数字证书已到期").WithCode("signature.expired-identity").WithHint("请办理续期")
	case renew && old == nil:
		return fault.NotFound.New("您还没有个人数字证书，或已注销").WithCode("signature.identity").WithHint("请先申请")
	case renew && !renewable(old, now):
		return fault.Conflict.New("个人数字证书到期前 60 日内才能续期").WithCode("signature.early").WithHint("现有证书可以继续使用")
	}
	return nil
}

func renewable(r *identityRow, now time.Time) bool {
	return r.state == Effective && now.Add(renewBefore).UnixMilli() >= r.to
}

// issue has the digital certificate issued and makes the identity effective.
func (s *Service) issue(ctx context.Context, p *iam.Principal, r, old *identityRow) (*Identity, error) {
	me, err := s.IAM.Self(ctx)
	if err != nil {
		return nil, err
	}
	public, err := s.Keys.Public(ctx, r.key)
	if err != nil {
		return nil, fmt.Errorf("signature: reading a personal key: %w", err)
	}
	c, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Personal, Account: r.account, Name: me.Name, Public: public, Key: r.key, Years: identityYears})
	if err != nil {
		return nil, err
	}
	s.step("issue")
	if r.certificate, err = s.Box.Seal(identityCell(r.id), c.Raw); err != nil {
		return nil, err
	}
	r.serial, r.issuer = c.SerialNumber.Text(16), c.Issuer.CommonName
	r.from, r.to = c.NotBefore.UnixMilli(), c.NotAfter.UnixMilli()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if old != nil {
			if err := s.endTx(tx, old, Replaced, pki.Superseded, "续期"); err != nil {
				return err
			}
		}
		if err := activate(tx, r); err != nil {
			return err
		}
		r.state = Effective
		if err := audit.Put(tx, audit.Entry{Action: "signature.enrol", Object: identityObject(r.id), After: c.Digest()}); err != nil {
			return err
		}
		return s.tellIdentity(tx, r, event.Enrolled)
	})
	if err != nil {
		return nil, again(err)
	}
	if old != nil {
		if err := s.PKI.Publish(ctx); err != nil {
			return nil, err
		}
	}
	return s.identity(r, me.Name), nil
}

func (s *Service) tellIdentity(tx *db.Tx, r *identityRow, topic string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.id, Body: event.Identity{ID: r.id, Serial: r.serial, At: tx.Now().UnixMilli()}})
}

// endTx ends an identity: its digital certificate is revoked, its key retired. Who
// calls it publishes the list afterwards.
func (s *Service) endTx(tx *db.Tx, r *identityRow, state string, code int, reason string) error {
	if !may(identityMoves, r.state, state) {
		return errMoved
	}
	if err := endIdentity(tx, r.id, r.state, state, reason); err != nil {
		return err
	}
	if r.certificate != nil {
		c, err := s.certificate(r)
		if err != nil {
			return err
		}
		if err := pki.RevokeTx(tx, c, code, reason); err != nil {
			return err
		}
	}
	return s.Keys.RetireTx(tx, r.key)
}

func (s *Service) certificate(r *identityRow) (*gm.Certificate, error) {
	der, err := s.Box.Open(identityCell(r.id), r.certificate)
	if err != nil {
		return nil, err
	}
	c, err := gm.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("signature: reading a personal digital certificate: %w", err)
	}
	return c, nil
}

func (s *Service) identity(r *identityRow, name string) *Identity {
	now := s.DB.Now()
	return &Identity{
		ID: r.id, State: r.at(now), Name: name, Serial: r.serial, Issuer: r.issuer, ValidFrom: ms(r.from), ValidTo: ms(r.to),
		Renewable: renewable(r, now), CreatedAt: ms(r.created),
	}
}

// Mine returns the caller's latest identity, or fault.NotFound.
func (s *Service) Mine(ctx context.Context) (*Identity, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, err
	}
	var r *identityRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = latestOf(tx, p.Account); return err }); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fault.NotFound.New("您还没有个人数字证书").WithCode("signature.identity").WithHint("请先申请")
	}
	return s.identity(r, p.Name), nil
}

// Cancel ends the caller's identity for good: its digital certificate is revoked
// and its key retired. What was signed before, under a time stamp, stays valid.
func (s *Service) Cancel(ctx context.Context, reason string) error {
	p, err := signing(ctx)
	if err != nil {
		return s.refused(ctx, "signature.cancel", "signature/identity", err)
	}
	if reason = strings.TrimSpace(reason); reason == "" || len([]rune(reason)) > maxReason {
		return needReason("注销")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := confirmedOf(tx, p.Account)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.Conflict.New("您有签名正在生成，暂不能注销").WithCode("signature.busy").WithHint("请稍候一分钟再试")
		}
		return s.cancelTx(tx, p.Account, reason, true)
	})
	if err != nil {
		return again(err)
	}
	return s.PKI.Publish(ctx)
}

// cancelTx cancels what an account has; need says whether there must be something.
func (s *Service) cancelTx(tx *db.Tx, account, reason string, need bool) error {
	none := true
	for _, state := range []string{Effective, Applied} {
		r, err := identityIn(tx, account, state)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		none = false
		if err := s.endTx(tx, r, Cancelled, pki.Ceased, reason); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "signature.cancel", Object: identityObject(r.id), Reason: reason}); err != nil {
			return err
		}
		if err := s.tellIdentity(tx, r, event.Cancelled); err != nil {
			return err
		}
	}
	if none && need {
		return fault.NotFound.New("您没有可注销的个人数字证书").WithCode("signature.identity").WithHint("可能已经注销，请刷新后核对")
	}
	return nil
}

// Watcher ends the identity of an account that is closed.
func (s *Service) Watcher() iam.Watcher {
	return iam.Watcher{Closing: func(tx *db.Tx, account string) error { return s.cancelTx(tx, account, "账号停用", false) }}
}

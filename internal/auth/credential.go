package auth

import (
	"strings"

	"sidian/internal/db"
)

// credential returns what an account signs in with, or fault.NotFound. Of a row
// that was edited it tells that alone: it is good for nothing, and yet is not
// one that was never there.
func (s *Service) credential(tx *db.Tx, account string) (credential, error) {
	c, err := getCredential(tx, account)
	if err != nil {
		return credential{account: account}, err
	}
	if s.guards.credentials.Check(c.mac, account, c.guarded()...) != nil {
		s.guards.suspect("auth_credential", account, account)
		return credential{account: account, altered: true}, nil
	}
	return c, nil
}

// keep stores what an account signs in with.
func (s *Service) keep(tx *db.Tx, c credential) error {
	if c.altered {
		return errAltered()
	}
	if err := s.mark(tx); err != nil {
		return err
	}
	c.mac = s.guards.credentials.Mac(c.account, c.guarded()...)
	return putCredential(tx, c)
}

// change changes what an account signs in with; one that has nothing yet begins
// with nothing.
func (s *Service) change(tx *db.Tx, account string, by func(*credential)) error {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil {
		return err
	}
	by(&c)
	return s.keep(tx, c)
}

// renew makes an account's row that was edited one without anything: for who
// is recovered.
func (s *Service) renew(tx *db.Tx, account string) error {
	c, err := s.credential(tx, account)
	if err != nil || !c.altered {
		return unlessNotFound(err)
	}
	return s.keep(tx, credential{account: account})
}

// setPassword replaces a password that still is the one that was read.
func (s *Service) setPassword(tx *db.Tx, account, was, hash string) (bool, error) {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil || c.altered || c.password != was {
		return false, unlessNotFound(err)
	}
	c.password, c.passwordAt, c.mustChange = hash, tx.Now().UnixMilli(), false
	return true, s.keep(tx, c)
}

// setTOTP enrols a secret whose code of a step was used to confirm it; nil
// ends one-time codes.
func (s *Service) setTOTP(tx *db.Tx, account string, sealed []byte, step int64) error {
	return s.change(tx, account, func(c *credential) {
		c.totp, c.step, c.totpAt = sealed, step, 0
		if sealed != nil {
			c.totpAt = tx.Now().UnixMilli()
		}
	})
}

// takeStep uses a step of the one-time code, once. confirms makes it the
// confirmation of a secret that was told and never confirmed.
func (s *Service) takeStep(tx *db.Tx, account string, step int64, confirms bool) (bool, error) {
	fresh, err := stepTo(tx, account, step)
	if err != nil || !fresh || !confirms {
		return fresh, err
	}
	c, err := s.credential(tx, account)
	if err != nil || c.altered || c.totpAt != 0 {
		return err == nil && !c.altered, err
	}
	c.totpAt = tx.Now().UnixMilli()
	return true, s.keep(tx, c)
}

// holds tells whether a factor or link, "passkey/id", belongs to the account.
func (c credential) holds(what string) bool {
	for h := range strings.FieldsSeq(c.held) {
		if h == what {
			return true
		}
	}
	return false
}

// factors counts the passkeys and digital certificates among what is held.
func (c credential) factors() int {
	return strings.Count(c.held, heldPasskey) + strings.Count(c.held, heldCertificate)
}

func (c *credential) take(what string) { c.held = strings.TrimSpace(c.held + " " + what) }

func (c *credential) drop(what string) {
	var rest []string
	for h := range strings.FieldsSeq(c.held) {
		if h != what {
			rest = append(rest, h)
		}
	}
	c.held = strings.Join(rest, " ")
}

// Kinds of what an account holds.
const (
	heldPasskey     = "passkey/"
	heldCertificate = "certificate/"
	heldLink        = "link/"
)

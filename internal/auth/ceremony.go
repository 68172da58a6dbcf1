package auth

import (
	"context"
	"encoding/json"
	"time"

	"sidian/gm"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// A ceremony has two halves: what the first one leaves is sealed, belongs to
// one session or pending sign-in, and is used by the first answer, whatever
// comes of it.

func ceremonyCell(owner, kind string) keys.Cell {
	return keys.Cell{Table: "auth_ceremony", Column: kind, Row: owner}
}

func (s *Service) keepCeremony(ctx context.Context, owner, kind string, body []byte, life time.Duration) error {
	sealed, err := s.brief.Seal(ceremonyCell(owner, kind), body)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error { return putCeremony(tx, owner, kind, sealed, life) })
}

func (s *Service) useCeremony(ctx context.Context, owner, kind string) ([]byte, error) {
	var sealed []byte
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { sealed, err = takeCeremony(tx, owner, kind); return err })
	if err != nil {
		return nil, overCeremony(err)
	}
	return s.brief.Open(ceremonyCell(owner, kind), sealed)
}

// seeCeremony leaves it for another try.
func (s *Service) seeCeremony(ctx context.Context, owner, kind string) ([]byte, error) {
	var sealed []byte
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { sealed, err = getCeremony(tx, owner, kind); return err })
	if err != nil {
		return nil, overCeremony(err)
	}
	return s.brief.Open(ceremonyCell(owner, kind), sealed)
}

// overCeremony says what to do when there is none.
func overCeremony(err error) error {
	if unlessNotFound(err) != nil {
		return err
	}
	return fault.Conflict.New("这一步已经失效或已用过").WithCode("auth.ceremony").WithHint("请重新开始这一步")
}

// challenge makes a text to be signed with a digital certificate.
func (s *Service) challenge(ctx context.Context, owner string) (string, error) {
	if s.opts.Trust == nil {
		return "", errNotOffered()
	}
	c, err := ukey.NewChallenge(s.opts.BaseURL, owner, s.DB.Now())
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return c.Text, s.keepCeremony(ctx, owner, "certificate", body, ukey.Lifetime)
}

// signer is the digital certificate that signed the last challenge.
func (s *Service) signer(ctx context.Context, owner string, answer []byte) (*gm.Certificate, error) {
	if s.opts.Trust == nil {
		return nil, errNotOffered()
	}
	body, err := s.useCeremony(ctx, owner, "certificate")
	if err != nil {
		return nil, err
	}
	var c ukey.Challenge
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	trust, err := s.opts.Trust(ctx)
	if err != nil {
		return nil, err
	}
	trust.Now = s.DB.Now()
	return ukey.Verify(c, answer, trust)
}

// passkeyUser returns an account as authenticators know it, with its passkeys
// and how each is stored, by credential.
func (s *Service) passkeyUser(ctx context.Context, account string) (u passkey.User, creds []passkey.Credential, stored map[string][]byte, err error) {
	var rows []passkeyRow
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, account)
		if err != nil {
			return err
		}
		u = passkey.User{Handle: []byte(account), Name: who.Username}
		c, err := s.credential(tx, account)
		if unlessNotFound(err) != nil {
			return err
		}
		rows, err = s.passkeysOf(tx, c)
		return err
	})
	stored = map[string][]byte{}
	for _, r := range rows {
		var c passkey.Credential
		if err := c.UnmarshalBinary(r.body); err != nil {
			return u, nil, nil, err
		}
		creds, stored[string(r.credential)] = append(creds, c), r.body
	}
	return u, creds, stored, err
}

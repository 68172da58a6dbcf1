package auth

import (
	"context"
	"crypto/rand"
	"encoding/base32"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// EquipRequest says what an account is to sign in with.
type EquipRequest struct {
	Password   string // empty: a random one
	Level      int    // assurance of who the person is; 0: 2 for staff, 1 for holders
	MustChange bool   // the person must choose another password at the next sign-in
}

// Equipped is an account with the secrets that are told once.
type Equipped struct {
	iam.Account
	Password string `json:"password"`
	TOTP     string `json:"totp" doc:"一次性口令密钥，base32"`
}

// Equip gives an account that has none its credentials directly: for
// demonstrations, tests and the first hour of a platform. People are otherwise
// given a link: see Invite.
func (s *Service) Equip(ctx context.Context, account string, r EquipRequest) (Equipped, error) {
	a, err := s.IAM.Account(ctx, account)
	if err != nil {
		return Equipped{}, err
	}
	out := Equipped{Account: a}
	set, err := s.prepare(ctx, &out, r)
	if err != nil {
		return Equipped{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, account)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "account.manage", who.Org); err != nil {
			return err
		}
		if who.Closed {
			return fault.Conflict.New("账号已停用").WithCode("account.closed")
		}
		has, err := s.credential(tx, account)
		if unlessNotFound(err) != nil {
			return err
		}
		if has.altered {
			return errAltered()
		}
		if has.password != "" || has.totp != nil {
			return fault.Conflict.New("账号已有登录凭据").WithCode("auth.equipped").WithHint("请用一次性链接重设")
		}
		return set(tx)
	})
	s.forget(account)
	return out, err
}

// Bootstrap is iam's, with the credentials of the three administrators made in
// the same transaction.
func (s *Service) Bootstrap(ctx context.Context, r iam.BootstrapRequest) ([]Equipped, error) {
	var passwords []Equipped
	for _, a := range []iam.AccountRequest{r.System, r.Security, r.Audit} {
		e := Equipped{Account: iam.Account{Username: iam.FoldUsername(a.Username)}}
		if err := s.choose(&e, ""); err != nil {
			return nil, err
		}
		passwords = append(passwords, e)
	}
	out := make([]Equipped, len(passwords))
	also := r.Also
	r.Also = func(tx *db.Tx, made []iam.Account) error {
		for i, a := range made {
			out[i] = Equipped{Account: a, Password: passwords[i].Password}
			hash, err := s.hasher.hash(ctx, a.ID, out[i].Password) // slow, and nobody waits yet
			if err != nil {
				return err
			}
			if err := s.equipTx(tx, &out[i], hash, EquipRequest{}); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx, made)
	}
	if _, err := s.IAM.Bootstrap(ctx, r); err != nil {
		return nil, err
	}
	return out, nil
}

// prepare does what is slow, and returns what is left for the transaction.
func (s *Service) prepare(ctx context.Context, e *Equipped, r EquipRequest) (func(*db.Tx) error, error) {
	if r.Level < 0 || r.Level > 3 {
		return nil, fault.Invalid.New("实名等级应为 0 至 3").WithCode("auth.level")
	}
	if err := s.choose(e, r.Password); err != nil {
		return nil, err
	}
	hash, err := s.hasher.hash(ctx, e.ID, e.Password)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx) error { return s.equipTx(tx, e, hash, r) }, nil
}

// choose checks a password, or makes one.
func (s *Service) choose(e *Equipped, password string) error {
	e.Password = password
	if password == "" {
		e.Password = randomPassword()
		return nil
	}
	return s.checkPassword(e.Username, password)
}

func (s *Service) equipTx(tx *db.Tx, e *Equipped, hash string, r EquipRequest) error {
	secret := newTOTP()
	c := credential{account: e.ID, password: hash, passwordAt: tx.Now().UnixMilli(), mustChange: r.MustChange, level: int64(r.Level)}
	if r.Level == 0 {
		c.level = 1
		if e.Kind == iam.Staff {
			c.level = 2
		}
	}
	var err error
	if c.totp, err = s.box.Seal(totpCell(e.ID), secret); err != nil {
		return err
	}
	e.TOTP = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	if err := s.keep(tx, c); err != nil {
		return err
	}
	if err := s.promise(tx, e.ID, e.Org, e.Kind); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "account.equip", Object: "account/" + e.ID})
}

// newTOTP is a new secret for one-time codes.
func newTOTP() []byte {
	secret := make([]byte, 20) // RFC 4226 §4 R6: 160 bits
	rand.Read(secret)          // never fails: crypto/rand
	return secret
}

// totpCell is where the secret of one-time codes is sealed for. It keeps the
// name of the table in which it stood first, so that old ones open.
func totpCell(account string) keys.Cell {
	return keys.Cell{Table: "iam_account", Column: "totp", Row: account}
}

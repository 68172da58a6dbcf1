package auth

import (
	"context"

	"sidian/internal/db"
)

// For tests: the codes and the rule that a person's own app and mind know.
var (
	TOTPCode      = totpCode
	CheckPassword = func(username, password string) error { return checkPassword(username, password, 10) }
)

// Sums is how many password hashes a service has computed.
func Sums(s *Service) int64 { return s.hasher.sums.Load() }

// Stored is what a service keeps of a password, and of a secret of one-time
// codes, as the first version did.
func Stored(ctx context.Context, s *Service, account, password string, totp []byte) (hash string, sealed []byte, err error) {
	if hash, err = Unbound(ctx, s, password); err != nil {
		return "", nil, err
	}
	sealed, err = s.box.Seal(totpCell(account), totp)
	return hash, sealed, err
}

// Unbound is what the first version kept of a password: nobody's in particular.
func Unbound(ctx context.Context, s *Service, password string) (string, error) {
	salt := []byte("0123456789abcdef")
	sum, err := s.hasher.sum(ctx, []byte(password), salt, s.hasher.cost)
	return s.hasher.format(s.hasher.cost, salt, sum), err
}

// Unknown is how many characters of a password nobody guesses.
func Unknown(password string) int { return unknown([]rune(password)) }

// PutUnbound gives an account a password as the first version kept it.
func PutUnbound(ctx context.Context, s *Service, account, password string) (hash string, err error) {
	if hash, err = Unbound(ctx, s, password); err != nil {
		return "", err
	}
	return hash, s.DB.Write(ctx, func(tx *db.Tx) error {
		return s.change(tx, account, func(c *credential) { c.password = hash })
	})
}

// Right tells whether a stored hash is of an account's password.
func Right(ctx context.Context, s *Service, account, stored, password string) (bool, error) {
	return s.hasher.check(ctx, account, stored, password)
}

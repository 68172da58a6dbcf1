package auth

import "context"

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

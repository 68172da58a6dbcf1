package auth

// For tests: the codes and the rule that a person's own app and mind know.
var (
	TOTPCode      = totpCode
	CheckPassword = func(username, password string) error { return checkPassword(username, password, 10) }
)

// Sums is how many password hashes a service has computed.
func Sums(s *Service) int64 { return s.hasher.sums.Load() }

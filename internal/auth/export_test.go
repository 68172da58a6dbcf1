package auth

// For tests: the codes and the rule that a person's own app and mind know.
var (
	TOTPCode      = totpCode
	CheckPassword = checkPassword
)

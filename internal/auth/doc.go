// Package auth knows how people prove to be an account of package iam: by a
// password, and a second factor beside it; and where they are signed in.
//
// Secrets: passwords as Argon2id over HMAC-SM3 with a platform key; session
// tokens are 256 random bits of which only the SM3 hash is stored.
//
// Tables: auth_credential, auth_attempt, auth_session.
package auth

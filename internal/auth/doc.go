// Package auth knows how people prove to be an account of package iam, and
// where they are signed in.
//
// Words: a credential is what an account has beside itself: a password, and
// what assures who the person is; a factor ([Factor]) is what proves the person
// a second time: one-time codes, a passkey, an SM2 digital certificate; a step
// ([State]) is what a sign-in under way ([Pending]) still waits for; a one-time
// link ([Invitation]) lets a person choose their own credentials; a link
// ([Link]) ties an identity of a unified sign-in platform to an account.
//
// States of a sign-in: password or platform → second → expired → session, where
// each state is left out when nothing asks for it, and enrol stands in the place
// of second for who must have a factor and has none. A pending sign-in lasts
// five minutes, is nobody on every route but those of its steps, and has another
// token after each step, so that none can be planted or kept.
//
// Every attempt is counted before it is judged, by account and by network
// address; what was right is taken back, and a session alone forgets failures.
//
// Secrets: passwords as Argon2id over HMAC-SM3 of account and password with a platform key; tokens of
// sessions, steps and links are 256 random bits of which only the SM3 hash is
// stored; secrets of one-time codes are encrypted in their column.
//
// Who has the database and not the keys becomes nobody: rows by which people
// come in carry MACs (see guards), a password's hash is of its account, and what
// was edited proves nothing, raises an alarm (event.Tampered) and is found by
// Integrity. A security administrator recovers the account.
//
// Tables: auth_credential, auth_password, auth_attempt, auth_session,
// auth_pending, auth_ceremony, auth_passkey, auth_certificate, auth_link,
// auth_invitation.
package auth

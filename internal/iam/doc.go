// Package iam knows who acts, for which organisation, and what they may do.
//
// Words: an organisation ([Org]) stands in one tree; an account ([Account]) is
// a person who may sign in, staff (工作人员) or holder (持证主体); a role ([Role]) is
// a named set of permissions, kept as versioned data in roles.yaml; a grant
// ([Grant]) gives an account a role for an organisation and all below it, and
// takes effect only when a security administrator approves it; a client
// ([Client]) is a program with scopes. Whoever acts is a [Principal] in the
// context, and [Allow] decides: permission × organisation, refused unless said.
//
// States of a grant: proposed → effective → revoked, proposed → refused.
// Nobody approves a grant that they proposed or that is for themselves.
// The three administrators (三员: system, security, audit) are three people: no
// account holds two of their roles, nor one of them beside a role of business.
//
// Secrets: bearer tokens and client secrets are 256 random bits of which only
// the SM3 hash is stored. Names, citizen IDs and phone numbers are encrypted in
// their columns. How a person proves to be an account is package auth's.
//
// Tables: iam_org, iam_account, iam_grant, iam_client, iam_secret, iam_token.
package iam

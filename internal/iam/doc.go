// Package iam knows who acts, for which organisation, and what they may do.
//
// Words: an organisation ([Org]) stands in one tree, and names who holds its
// posts ([Post]); an account ([Account]) is a person who may sign in, staff
// (工作人员) or holder (持证主体); a role is a named set of permissions of the policy in
// force (package policy, [Policy]); a grant ([Grant]) gives an account a role for
// an organisation and all below it; a client ([Client]) is a program with
// scopes. Whoever acts is a [Principal] in the context, and [Ask] decides:
// permission × organisation × purpose × class of data, refused unless said.
//
// Two people: a grant is proposed by one administrator and takes effect when
// another approves it, so is a version of the policy. Nobody decides what they
// proposed or what is for themselves. The three administrators (三员: system,
// security, audit) are three people: no account holds two of their roles, nor
// one of them beside a role of business, and the last of each stays.
//
// States: a grant is proposed → effective → revoked, or proposed → refused; a
// policy is draft → effective → superseded, or draft → refused. While no policy
// was approved, the shipped one is in force.
//
// Breaking the glass ([Glass], 应急查阅) gives an operator the temporary role of
// reading, for one organisation and half an hour; it raises an alarm, and
// somebody else reviews it.
//
// Whoever has only the database gains nothing: a row that gives somebody
// something carries a MAC and counts in a census (package keys); one that was
// edited gives nothing and is alarmed about; [Service.Integrity] finds what was
// inserted, deleted or put back. Names, citizen IDs and phone numbers are
// encrypted in their columns and found by blind index. Bearer tokens and client
// secrets are 256 random bits of which only the SM3 hash is stored. How a person
// proves to be an account is package auth's.
//
// Lists of tens of thousands of organisations are scoped by roots
// ([ScopeRoots]) and the path that each organisation carries; [Orgs], one id for
// each organisation below them, is for tables that know only ids.
//
// Tables: iam_org, iam_former, iam_post, iam_account, iam_grant, iam_policy,
// iam_glass, iam_client, iam_secret, iam_token.
package iam

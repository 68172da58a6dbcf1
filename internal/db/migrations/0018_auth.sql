-- How people prove to be an account leaves the account: package auth keeps it.
-- totp stays sealed in the cell iam_account.totp, under the account's id.
-- totp_at is when the person confirmed it; 0: it was told to them, no more.
-- held names the rows of auth_passkey, auth_certificate and auth_link that belong
-- to the account, as "passkey/id", a space between two.
-- mac is that of keys.Rows, here and below: a row that was edited in the database
-- proves nothing. It is null in rows from before, until they are adopted.
create table auth_credential (
  account text primary key references iam_account (id),
  password text not null default '',
  password_at bigint not null default 0,
  must_change boolean not null default false,
  totp bytea,
  totp_step bigint not null default 0,
  totp_at bigint not null default 0,
  assurance bigint not null default 0,
  held text not null default '',
  mac bytea,
  constraint auth_credential_assurance check (assurance between 0 and 3)
);

insert into auth_credential (account, password, password_at, totp, totp_step, assurance)
select id, password, password_at, totp, totp_step, 2 from iam_account;

alter table iam_account drop column password;
alter table iam_account drop column password_at;
alter table iam_account drop column totp;
alter table iam_account drop column totp_step;

-- Counts by blind index of a username or address, whether it exists or not.
alter table iam_attempt rename to auth_attempt;
drop index iam_attempt_since;
create index auth_attempt_since on auth_attempt (since);

alter table iam_session rename to auth_session;
alter table auth_session add column level bigint not null default 2;
alter table auth_session add column mac bytea;
drop index iam_session_account;
drop index iam_session_created;
create index auth_session_account on auth_session (account, created_at, id) where ended_at is null;
create index auth_session_created on auth_session (created_at);

-- proved_at is when the person last proved themselves in the session.
alter table auth_session add column proved_at bigint not null default 0;
create index auth_session_live on auth_session (seen_at, id) where ended_at is null;

-- A sign-in under way: it grants nothing but its next step.
create table auth_pending (
  hash bytea primary key,
  id text not null unique,
  account text references iam_account (id),
  state text not null,
  how text not null,
  second boolean not null,
  level bigint not null,
  failures bigint not null default 0,
  created_at bigint not null,
  until bigint not null,
  mac bytea not null,
  constraint auth_pending_state check (state in ('second', 'enrol', 'expired', 'away')),
  constraint auth_pending_account check (state = 'away' or account is not null)
);
create index auth_pending_until on auth_pending (until);
create index auth_pending_account on auth_pending (account);

-- What a challenge was, sealed; used once. The owner is a session or a pending sign-in.
create table auth_ceremony (
  owner text not null,
  kind text not null,
  body bytea not null,
  until bigint not null,
  primary key (owner, kind)
);
create index auth_ceremony_until on auth_ceremony (until);

create table auth_password (
  id text primary key,
  account text not null references iam_account (id),
  hash text not null,
  created_at bigint not null
);
create index auth_password_account on auth_password (account, created_at, id);

create table auth_passkey (
  id text primary key,
  account text not null references iam_account (id),
  credential bytea not null unique,
  body bytea not null,
  name text not null,
  created_at bigint not null,
  used_at bigint not null default 0,
  mac bytea not null
);
create index auth_passkey_account on auth_passkey (account, created_at, id);

create table auth_certificate (
  id text primary key,
  account text not null references iam_account (id),
  fingerprint text not null unique,
  name text not null,
  shown text not null,
  until bigint not null,
  created_at bigint not null,
  used_at bigint not null default 0,
  mac bytea not null
);
create index auth_certificate_account on auth_certificate (account, created_at, id);

-- subject is a blind index of who the person is there.
create table auth_link (
  id text primary key,
  issuer text not null,
  subject bytea not null,
  platform text not null,
  account text not null references iam_account (id),
  created_at bigint not null,
  used_at bigint not null default 0,
  mac bytea not null,
  constraint auth_link_once unique (issuer, subject)
);
create index auth_link_account on auth_link (account, created_at, id);

-- One-time links. totp is sealed: what Complete will confirm.
create table auth_invitation (
  hash bytea primary key,
  id text not null unique,
  account text not null references iam_account (id),
  purpose text not null,
  totp bytea,
  failures bigint not null default 0,
  created_at bigint not null,
  until bigint not null,
  ended_at bigint,
  mac bytea not null,
  constraint auth_invitation_purpose check (purpose in ('first', 'reset', 'recover'))
);
create index auth_invitation_account on auth_invitation (account, created_at, id);
create index auth_invitation_until on auth_invitation (until);

create table iam_org (
  id text primary key,
  parent text references iam_org (id),
  name text not null,
  uscc text not null default '',
  region text not null default '',
  tier text not null,
  sort bigint not null default 0,
  created_at bigint not null,
  closed_at bigint,
  constraint iam_org_tier check (tier in ('province', 'city', 'county', 'town', 'village')),
  constraint iam_org_name check (length(name) between 1 and 200)
);
create unique index iam_org_uscc on iam_org (uscc) where uscc <> '';
create index iam_org_parent on iam_org (parent, sort, id);

-- name, citizen, phone, totp: encrypted columns. The _index columns find them again.
create table iam_account (
  id text primary key,
  username text not null unique,
  kind text not null,
  org text not null default '',
  password text not null,
  password_at bigint not null,
  name bytea not null,
  citizen bytea,
  citizen_index bytea,
  phone bytea,
  phone_index bytea,
  totp bytea not null,
  totp_step bigint not null default 0,
  created_at bigint not null,
  closed_at bigint,
  constraint iam_account_kind check (kind in ('staff', 'holder')),
  constraint iam_account_org check (kind = 'holder' or org <> '')
);
create unique index iam_account_citizen on iam_account (citizen_index) where kind = 'holder' and citizen_index is not null;
create index iam_account_listed on iam_account (org, id);

create table iam_grant (
  id text primary key,
  account text not null references iam_account (id),
  role text not null,
  org text not null references iam_org (id),
  state text not null,
  reason text not null,
  proposed_by text not null,
  proposed_at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  constraint iam_grant_state check (state in ('proposed', 'effective', 'refused', 'revoked'))
);
create unique index iam_grant_once on iam_grant (account, role, org) where state in ('proposed', 'effective');
create index iam_grant_listed on iam_grant (state, proposed_at, id);

-- Failed sign-ins by blind index of a username or address, whether it exists or not.
create table iam_attempt (
  key bytea primary key,
  failures bigint not null,
  since bigint not null,
  until bigint not null
);
create index iam_attempt_since on iam_attempt (since);

create table iam_session (
  hash bytea primary key,
  id text not null unique,
  account text not null references iam_account (id),
  second bigint not null,
  agent text not null,
  address text not null,
  created_at bigint not null,
  seen_at bigint not null,
  ended_at bigint
);
create index iam_session_account on iam_session (account, created_at, id) where ended_at is null;
create index iam_session_created on iam_session (created_at);

create table iam_client (
  id text primary key,
  name text not null,
  org text not null references iam_org (id),
  scopes text not null,
  orgs text not null,
  created_at bigint not null,
  closed_at bigint
);

create table iam_secret (
  id text primary key,
  client text not null references iam_client (id),
  hash bytea not null unique,
  created_at bigint not null,
  ends_at bigint
);
create index iam_secret_client on iam_secret (client, created_at, id);

create table iam_token (
  hash bytea primary key,
  client text not null references iam_client (id),
  scopes text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index iam_token_expires on iam_token (expires_at);

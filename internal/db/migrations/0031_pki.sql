-- Who holds a digital certificate, with which key, and what came after it.
alter table pki_certificate add column account_id text not null default '';
alter table pki_certificate add column key_id text not null default '';
alter table pki_certificate add column replaced_by bytea;
create index pki_certificate_org on pki_certificate (org_id, issued_at, digest);
create index pki_certificate_account on pki_certificate (account_id, issued_at, digest) where account_id <> '';
create index pki_certificate_by_serial on pki_certificate (serial);

-- Keys that an outside authority is asked to certify. request is empty until it is signed.
create table pki_request (
  id text primary key,
  use text not null,
  org_id text not null,
  account_id text not null,
  authority text not null,
  subject bytea not null,
  replaces bytea,
  state text not null,
  key_id text not null,
  request bytea not null,
  created_at bigint not null,
  until_at bigint not null,
  ended_at bigint,
  certificate bytea,
  constraint pki_request_use check (use in ('unit', 'personal')),
  constraint pki_request_state check (state in ('waiting', 'installed', 'withdrawn'))
);
create index pki_request_org on pki_request (org_id, created_at, id);
create index pki_request_waiting on pki_request (state, id) where state = 'waiting';

-- Authorities between a registered digital certificate and its anchor. They are trusted for nothing by standing here.
create table pki_between (
  digest bytea primary key,
  certificate bytea not null,
  created_at bigint not null
);

-- Authorities whose digital certificates are accepted.
create table pki_issuer (
  id text primary key,
  name text not null,
  certificate bytea not null,
  region text not null,
  basis text not null,
  from_at bigint not null,
  until_at bigint not null,
  state text not null,
  proposed_by text not null,
  decided_by text not null,
  reason text not null,
  note text not null,
  created_at bigint not null,
  decided_at bigint,
  mac bytea not null,
  constraint pki_issuer_state check (state in ('proposed', 'allowed', 'refused', 'ended'))
);
create index pki_issuer_age on pki_issuer (created_at, id);

-- Revocation lists of outside authorities, as fetched. list is empty until one came that can be believed.
create table pki_outside_list (
  url text primary key,
  list bytea not null,
  this_at bigint not null,
  next_at bigint not null,
  fetched_at bigint not null,
  tried_at bigint not null,
  trouble text not null
);

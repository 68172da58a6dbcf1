-- Digital certificates: our authorities, what was issued or registered, and the current revocation lists.
create table pki_authority (
  id text primary key,
  certificate bytea not null,
  key_id text not null,
  created_at bigint not null,
  constraint pki_authority_id check (id in ('root', 'issuing', 'timestamp'))
);
create table pki_certificate (
  serial text primary key,
  authority text not null,
  use text not null,
  org_id text not null,
  certificate bytea not null,
  issued_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  reason bigint not null default 0,
  constraint pki_certificate_use check (use in ('maker', 'unit', 'personal'))
);
create index pki_certificate_revoked on pki_certificate (authority, revoked_at) where revoked_at is not null;
create table pki_list (
  authority text primary key,
  number bigint not null,
  list bytea not null,
  this_at bigint not null,
  next_at bigint not null
);

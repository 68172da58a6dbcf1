-- Digital certificates: our authorities, what was issued or registered, and the current revocation lists.
create table pki_authority (
  id text primary key,
  certificate bytea not null,
  key_id text not null,
  created_at bigint not null,
  constraint pki_authority_id check (id in ('root', 'issuing', 'timestamp'))
);
-- digest is SM3 of the certificate; authority is empty where an outside one issued it.
create table pki_certificate (
  digest bytea primary key,
  authority text not null,
  serial text not null,
  use text not null,
  org_id text not null,
  certificate bytea not null,
  issued_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  reason bigint not null default 0,
  constraint pki_certificate_use check (use in ('maker', 'unit', 'personal'))
);
create unique index pki_certificate_serial on pki_certificate (authority, serial) where authority <> '';
create index pki_certificate_revoked on pki_certificate (authority, revoked_at, serial) where revoked_at is not null;
-- entries tells a list that lacks what was revoked since: nothing is ever taken off.
create table pki_list (
  authority text primary key,
  number bigint not null,
  entries bigint not null,
  list bytea not null,
  this_at bigint not null,
  next_at bigint not null
);

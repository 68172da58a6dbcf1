-- A certificate that several units seal waits at a desk: open until somebody asks
-- for the seals, asking while that is done, waiting while the units decide. Its
-- request is one of package sealing's.
alter table cert_certificate add column desk text not null default '';
alter table cert_certificate add column desk_account text not null default '';
alter table cert_certificate add column desk_request text not null default '';
create index cert_certificate_desk on cert_certificate (desk_request) where desk_request <> '';
-- Who answers for the certificates of a kind from a day on, in the place of the
-- unit that issued them.
create table cert_transfer (
  id text primary key,
  kind text not null,
  issuer text not null,
  successor text not null,
  starts_on text not null,
  basis text not null,
  reason text not null,
  state text not null,
  account text not null,
  org text not null,
  decider text not null default '',
  decision text not null default '',
  created_at bigint not null,
  decided_at bigint,
  constraint cert_transfer_state check (state in ('proposed', 'agreed', 'refused', 'withdrawn')),
  constraint cert_transfer_other check (issuer <> successor)
);
create unique index cert_transfer_one on cert_transfer (kind, issuer) where state = 'proposed';
create index cert_transfer_kind on cert_transfer (kind, starts_on, id) where state = 'agreed';
create index cert_transfer_list on cert_transfer (created_at, id);
-- The certificate of paper or plastic on the record of the electronic one.
create table cert_physical (
  id text primary key,
  certificate_id text not null references cert_certificate (id),
  kind text not null,
  issuer text not null,
  number text not null,
  state text not null,
  status text not null,
  version bigint not null,
  reason text not null default '',
  replaces text not null default '',
  account text not null,
  created_at bigint not null,
  changed_at bigint not null,
  constraint cert_physical_state check (state in ('queued', 'printed', 'handed', 'spoiled', 'returned')),
  constraint cert_physical_version check (version > 0)
);
create unique index cert_physical_number on cert_physical (kind, issuer, number);
create unique index cert_physical_live on cert_physical (certificate_id) where state in ('queued', 'printed', 'handed');
create index cert_physical_list on cert_physical (issuer, created_at, id);
create index cert_physical_of on cert_physical (certificate_id, created_at, id);

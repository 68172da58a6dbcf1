-- Electronic certificates. What is personal stands encrypted in plan and, as blind indexes, in cert_holder.
create table cert_certificate (
  id text primary key,
  identifier text not null,
  kind text not null,
  kind_version bigint not null,
  issuer text not null,
  number text not null,
  version bigint not null,
  status text not null,
  code text not null,
  plan bytea not null,
  content bytea not null,
  use_id text not null,
  document bytea,
  size bigint not null default 0,
  valid_from text not null,
  valid_to text not null,
  case_no text not null,
  finished_at bigint,
  repetition text,
  request bytea,
  lease_until bigint not null,
  created_at bigint not null,
  issued_at bigint,
  constraint cert_certificate_status check (status in ('sealing', 'effective', 'withdrawn')),
  constraint cert_certificate_issued check ((status = 'effective') = (document is not null and issued_at is not null)),
  constraint cert_certificate_identifier unique (identifier),
  constraint cert_certificate_code unique (code),
  constraint cert_certificate_repetition unique (repetition)
);
-- A number that is the holder's own code is free again when its certificate came to nothing.
create unique index cert_certificate_number on cert_certificate (kind, issuer, number, version) where status <> 'withdrawn';
create index cert_certificate_list on cert_certificate (issuer, created_at, id);
-- A caller who may read many issuers pages through all of them by time.
create index cert_certificate_recent on cert_certificate (created_at, id);
create index cert_certificate_lease on cert_certificate (lease_until, id) where status = 'sealing';
create index cert_certificate_document on cert_certificate (document) where document is not null;
create table cert_holder (
  certificate_id text not null references cert_certificate (id),
  position bigint not null,
  id_index bytea not null,
  name_index bytea not null,
  constraint cert_holder_pk primary key (certificate_id, position)
);
create index cert_holder_id on cert_holder (id_index, certificate_id);
create index cert_holder_name on cert_holder (name_index, certificate_id);
create table cert_issuer (
  kind text not null,
  org_id text not null,
  constraint cert_issuer_pk primary key (kind, org_id)
);

-- Annotated copies of certificates (加注件). For whom and what for is encrypted;
-- recipient is a keyed digest of the name, by which the copies of one recipient
-- are found. request tells a repetition from another request under the same key.
create table annotation_copy (
  id text primary key,
  number text not null,
  certificate text not null,
  kind text not null,
  issuer text not null,
  status text not null,
  content bytea not null,
  recipient bytea not null,
  expires_at bigint not null,
  plan bytea not null,
  use_id text not null,
  original bytea not null,
  document bytea,
  size bigint not null default 0,
  account text not null,
  app text not null,
  repetition text,
  request bytea,
  lease_until bigint not null,
  created_at bigint not null,
  made_at bigint,
  constraint annotation_copy_number unique (number),
  constraint annotation_copy_repetition unique (repetition),
  constraint annotation_copy_status check (status in ('sealing', 'made', 'withdrawn')),
  constraint annotation_copy_document check ((document is not null) = (status = 'made')),
  constraint annotation_copy_made check ((made_at is not null) = (status = 'made'))
);
create index annotation_copy_certificate on annotation_copy (certificate, created_at, id);
create index annotation_copy_recipient on annotation_copy (recipient, created_at, id);
create index annotation_copy_going on annotation_copy (lease_until, id) where status = 'sealing';
create index annotation_copy_document_of on annotation_copy (document) where document is not null;

-- Exports of certificates into other formats: copies without legal effect, each
-- with a number of its own.
create table cert_export (
  number text primary key,
  certificate text not null,
  format text not null,
  page bigint not null,
  purpose text not null,
  account text not null,
  app text not null,
  org text not null,
  exported_at bigint not null
);
create index cert_export_certificate on cert_export (certificate, exported_at, number);

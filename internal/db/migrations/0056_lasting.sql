-- Proof that outlasts the signer: documents by their digests, in batches under one
-- time stamp each, and time stamps renewed in batches the same way. The order of
-- what stands in a batch is that of (at, certificate) for documents, and of id for
-- time stamps: neither ever changes, so that a path can be told from the rows.
create table lasting_document (
  certificate text primary key,
  issuer text not null,
  document bytea not null,
  at bigint not null,
  stamp text not null default ''
);
create index lasting_document_waiting on lasting_document (at, certificate) where stamp = '';
create index lasting_document_stamp on lasting_document (stamp, at, certificate) where stamp <> '';

create table lasting_material (
  digest bytea primary key,
  data bytea not null,
  at bigint not null
);

-- A time stamp over a batch. It is open from the choice of its members until the
-- token is there; next is the one that renewed it.
create table lasting_stamp (
  id text primary key,
  over text not null,
  state text not null,
  members bigint not null,
  material bytea,
  token bytea,
  hash text not null default '',
  signature text not null default '',
  stamped_at bigint,
  ends_at bigint,
  lease_until bigint not null,
  next text not null default '',
  created_at bigint not null,
  constraint lasting_stamp_over check (over in ('documents', 'stamps')),
  constraint lasting_stamp_state check (state in ('open', 'done')),
  constraint lasting_stamp_done check ((state = 'done') = (token is not null) and (state = 'done') = (ends_at is not null) and (state = 'done') = (material is not null))
);
create index lasting_stamp_open on lasting_stamp (lease_until, id) where state = 'open';
create index lasting_stamp_due on lasting_stamp (ends_at, id) where state = 'done' and next = '';
create index lasting_stamp_next on lasting_stamp (next, id) where next <> '';

-- Roots that were trusted when evidence was gathered. The MAC says that it was us
-- who trusted them.
create table lasting_anchor (
  digest bytea primary key,
  data bytea not null,
  mac bytea not null,
  at bigint not null
);

-- The pre-archive queue (预归档): documents that were sealed, what the archivist
-- says of each, the package made of it, what its checks found, and what became
-- of it. Documents and packages are named by digest and kept by the blob store.
create table archive_unit (
  org text primary key,
  fonds text not null,
  category text not null,
  agency text not null,
  archives text not null,
  archives_code text not null,
  pattern text not null,
  account text not null,
  at bigint not null
);

create table archive_item (
  id text primary key,
  source text not null,
  source_id text not null,
  batch text not null default '',
  org text not null,
  purpose text not null,
  asker text not null,
  original bytea not null,
  document bytea not null,
  sealed_at bigint not null,
  created_at bigint not null,
  state text not null,
  title text not null,
  responsible text not null,
  year bigint not null,
  term text not null default '',
  agency text not null default '',
  secrecy text not null default '',
  note text not null default '',
  series text not null default '',
  number bigint not null default 0,
  code text not null default '',
  round bigint not null default 0,
  result text not null default '',
  package bytea,
  package_size bigint not null default 0,
  packed_at bigint,
  receipt text not null default '',
  handed_at bigint,
  worker text not null default '',
  lease_until bigint not null default 0,
  constraint archive_item_source unique (source, source_id),
  constraint archive_item_state check (state in ('waiting', 'ready', 'packed', 'failed', 'handed', 'excluded'))
);
create unique index archive_item_code on archive_item (code) where code <> '';
create index archive_item_time on archive_item (sealed_at, id);
create index archive_item_state on archive_item (state, sealed_at, id);
create index archive_item_org on archive_item (org, state, sealed_at, id);
create index archive_item_batch on archive_item (batch, state) where batch <> '';
create index archive_item_package on archive_item (package) where package is not null;
create index archive_item_document on archive_item (document);
create index archive_item_original on archive_item (original);

create table archive_check (
  item text not null references archive_item (id),
  round bigint not null,
  position bigint not null,
  code text not null,
  property text not null,
  name text not null,
  result text not null,
  evidence text not null,
  primary key (item, round, position)
);

create table archive_act (
  item text not null references archive_item (id),
  nth bigint not null,
  act text not null,
  account text not null,
  name text not null,
  reason text not null,
  at bigint not null,
  primary key (item, nth)
);

-- The last number of each series (全宗、门类、年度、保管期限、机构), and those that
-- were given back: they are given again first, so that no gap stays.
create table archive_series (
  series text primary key,
  last bigint not null
);
create table archive_free (
  series text not null,
  number bigint not null,
  primary key (series, number)
);

-- The key that signs packages, and its digital certificate with issuers.
create table archive_key (
  id bigint primary key,
  key text not null,
  certificate bytea not null,
  at bigint not null,
  constraint archive_key_one check (id = 1)
);

-- How far the sweep for documents that no event told of has come.
create table archive_sweep (
  source text primary key,
  at bigint not null
);

create index sealing_request_closed on sealing_request (closed_at, id) where state = 'done';
create index sealing_item_done on sealing_item (at, batch, line) where state = 'done';

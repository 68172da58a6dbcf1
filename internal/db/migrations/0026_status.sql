-- Places and states in the signed lists. A place is never given again; the time
-- of a change is null while an entry is what it was made as and valid.
create table status_entry (
  list text not null,
  object text not null,
  page bigint not null,
  idx bigint not null,
  value bigint not null,
  created_at bigint not null,
  changed_at bigint,
  primary key (list, object),
  constraint status_entry_place unique (list, page, idx),
  constraint status_entry_value check (value between 0 and 15)
);
-- What a page differs by from one where all is valid; and what changed of late.
create index status_entry_page on status_entry (list, page, idx, value, changed_at) where changed_at is not null;
create index status_entry_changed on status_entry (list, changed_at) where changed_at is not null;

-- The keys that sign the lists, wrapped.
create table status_key (
  id text primary key,
  alg text not null,
  public bytea not null,
  sealed bytea not null,
  created_at bigint not null,
  retired_at bigint
);
create unique index status_key_current on status_key (alg) where retired_at is null;

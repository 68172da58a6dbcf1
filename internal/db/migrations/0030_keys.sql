-- Keys may be wrapped, or kept, by a module; while the wrapping key is exchanged two open the same keys.
alter table keys_master add column module text not null default 'soft';
alter table keys_master add column state text not null default 'current';
alter table keys_key add column holder text not null default '';
alter table keys_key add column handle text not null default '';
create unique index keys_key_handle on keys_key (holder, handle) where holder <> '';
create index keys_key_master on keys_key (master, id);

-- A key, wrapped a second time under the wrapping key that is to come.
create table keys_rewrap (
  id text primary key references keys_key (id),
  master text not null references keys_master (id),
  wrapped bytea not null
);

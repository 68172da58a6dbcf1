-- The master key is outside the database; its check value tells a wrong one.
create table keys_master (
  id text primary key,
  check_value bytea not null,
  created_at bigint not null
);

create table keys_key (
  id text primary key,
  purpose text not null,
  kind text not null,
  public bytea,
  wrapped bytea not null,
  master text not null references keys_master (id),
  created_at bigint not null,
  retired_at bigint,
  constraint keys_key_kind check (kind in ('sm2', 'secret'))
);

create index keys_key_purpose on keys_key (purpose, kind, created_at, id);

-- What is carried between two zones that no wire joins.
create table ferry_waiting (
  kind text not null,
  object text not null,
  changed_at bigint not null,
  primary key (kind, object)
);
create table ferry_out (
  seq bigint primary key,
  digest bytea not null,
  records bigint not null,
  file bytea not null,
  made_at bigint not null,
  written_at bigint
);
create table ferry_in (
  seq bigint primary key,
  digest bytea not null,
  records bigint not null,
  made_at bigint not null,
  taken_at bigint not null
);
create table ferry_record (
  kind text not null,
  object text not null,
  name text not null,
  body text not null,
  seq bigint not null,
  taken_at bigint not null,
  primary key (kind, object)
);
create index ferry_record_name on ferry_record (kind, name, object);
create table ferry_key (
  id text primary key,
  secret bytea not null,
  certificate bytea not null,
  ends_at bigint not null,
  created_at bigint not null
);

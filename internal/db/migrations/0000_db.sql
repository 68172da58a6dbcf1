create table db_sequence (
  name text primary key,
  next bigint not null,
  constraint db_sequence_next check (next > 0)
);

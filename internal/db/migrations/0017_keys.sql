-- What a guarded table held after its last change: a row deleted or brought back behind our back does not add up.
create table keys_census (
  table_name text primary key,
  rows bigint not null,
  revision bigint not null,
  digest bytea not null,
  mac bytea not null
);

-- How far the values of one owner are sealed again under a root.
create table keys_rotation (
  root text not null references keys_key (id),
  name text not null,
  after text not null,
  pass bigint not null,
  pass_done bigint not null,
  pass_at bigint not null,
  done bigint not null,
  total bigint not null,
  started_at bigint not null,
  finished_at bigint,
  rate_at bigint not null,
  rate_done bigint not null,
  owner text not null,
  lease_until bigint not null,
  trouble text not null,
  constraint keys_rotation_pk primary key (root, name)
);

-- Purposes whose values are not sealed again for now.
create table keys_pause (
  purpose text primary key,
  since bigint not null
);

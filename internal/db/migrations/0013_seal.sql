-- Electronic seals, who may use them without asking each time, and each use.
create table seal_maker (
  id bigint primary key,
  key_id text not null,
  certificate bytea not null,
  created_at bigint not null,
  constraint seal_maker_one check (id = 1)
);
create table seal_seal (
  id text primary key,
  org_id text not null,
  kind text not null,
  name text not null,
  state text not null,
  key_id text not null,
  seal bytea not null,
  certificate bytea not null,
  serial text not null,
  valid_from bigint not null,
  valid_to bigint not null,
  created_at bigint not null,
  constraint seal_seal_kind check (kind in ('legal-name', 'internal', 'special', 'name', 'enterprise')),
  constraint seal_seal_state check (state in ('effective', 'frozen', 'cancelled'))
);
create index seal_seal_org on seal_seal (org_id, kind, created_at, id);
create table seal_policy (
  id text primary key,
  seal_id text not null references seal_seal (id),
  app text not null,
  purpose text not null,
  until bigint not null,
  reason text not null,
  created_at bigint not null,
  ended_at bigint
);
create index seal_policy_seal on seal_policy (seal_id, app, until);
-- seal_id and policy_id refer to rows that are never deleted. They are no
-- foreign keys: each stamp would lock the one row of its seal, and wait for
-- every other that does.
create table seal_use (
  id text primary key,
  seal_id text not null,
  policy_id text not null,
  object text not null,
  plan bytea not null,
  state text not null,
  document bytea,
  attempts bigint not null,
  account text not null,
  app text not null,
  created_at bigint not null,
  closed_at bigint,
  constraint seal_use_state check (state in ('intended', 'done', 'withdrawn')),
  constraint seal_use_closed check ((state = 'intended') = (closed_at is null)),
  constraint seal_use_document check ((state = 'done') = (document is not null))
);
create index seal_use_object on seal_use (object, created_at, id);

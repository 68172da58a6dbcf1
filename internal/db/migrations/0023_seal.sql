-- Seals are filed, kept by somebody, replaced by others, and used after an
-- approval. The two tables whose checks change are made anew; old rows are in
-- force as they were, and their filing is empty.
create table seal_seal_new (
  id text primary key,
  org_id text not null,
  path text not null,
  kind text not null,
  name text not null,
  state text not null,
  custodian text not null,
  person text not null,
  key_id text not null,
  seal bytea not null,
  certificate bytea not null,
  serial text not null,
  imprint text not null,
  statement text not null,
  application text not null,
  replaces text not null,
  replaced_by text not null,
  authority text not null,
  number text not null,
  filed_at bigint,
  lost_at bigint,
  renew_at bigint not null,
  valid_from bigint not null,
  valid_to bigint not null,
  created_at bigint not null,
  constraint seal_seal_kind check (kind in ('legal-name', 'internal', 'branch', 'special', 'name', 'enterprise', 'personal')),
  constraint seal_seal_state check (state in ('made', 'effective', 'frozen', 'cancelled', 'replaced')),
  constraint seal_seal_filed check (state <> 'made' or filed_at is null),
  constraint seal_seal_replaced check ((state = 'replaced') = (replaced_by <> ''))
);
insert into seal_seal_new (id, org_id, path, kind, name, state, custodian, person, key_id, seal, certificate, serial, imprint, statement, application,
  replaces, replaced_by, authority, number, renew_at, valid_from, valid_to, created_at)
with recursive tree (id, path) as (
  select o.id, '/' || o.id || '/' from iam_org o where coalesce(o.parent, '') = ''
  union all
  select o.id, t.path || o.id || '/' from iam_org o join tree t on o.parent = t.id
)
select x.id, x.org_id, coalesce(t.path, ''), x.kind, x.name, x.state, '', '', x.key_id, x.seal, x.certificate, x.serial, '', '', '',
       '', '', '', '', x.valid_to - 2592000000, x.valid_from, x.valid_to, x.created_at
  from seal_seal x
  left join tree t on t.id = x.org_id;

-- max_uses and max_daily of 0 do not limit.
create table seal_policy_new (
  id text primary key,
  seal_id text not null references seal_seal_new (id),
  app text not null,
  purpose text not null,
  until bigint not null,
  reason text not null,
  max_uses bigint not null,
  max_daily bigint not null,
  created_at bigint not null,
  ended_at bigint
);
insert into seal_policy_new (id, seal_id, app, purpose, until, reason, max_uses, max_daily, created_at, ended_at)
select id, seal_id, app, purpose, until, reason, 0, 0, created_at, ended_at from seal_policy;
drop table seal_policy;
drop table seal_seal;
alter table seal_seal_new rename to seal_seal;
alter table seal_policy_new rename to seal_policy;
create index seal_policy_seal on seal_policy (seal_id, app, until);
create index seal_seal_org on seal_seal (org_id, kind, created_at, id);
create index seal_seal_path on seal_seal (path, created_at, id);
create index seal_seal_listed on seal_seal (created_at, id);
create index seal_seal_name on seal_seal (name, id);
create index seal_seal_key on seal_seal (key_id, id);
create index seal_seal_custodian on seal_seal (custodian, id) where custodian <> '';
create unique index seal_seal_number on seal_seal (number, authority) where number <> '';

-- The making of a seal under way: written before the key and the digital
-- certificate are, so that whoever repeats it finds them. request is a digest.
create table seal_making (
  id text primary key,
  request bytea not null,
  org_id text not null,
  key_id text not null,
  serial text not null,
  account text not null,
  created_at bigint not null,
  closed_at bigint
);
create index seal_making_open on seal_making (created_at, id) where closed_at is null;

create table seal_handover (
  id text primary key,
  seal_id text not null references seal_seal (id),
  from_account text not null,
  to_account text not null,
  state text not null,
  reason text not null,
  offered_by text not null,
  created_at bigint not null,
  closed_by text not null,
  closed_at bigint,
  note text not null,
  constraint seal_handover_state check (state in ('offered', 'accepted', 'withdrawn')),
  constraint seal_handover_closed check ((state = 'offered') = (closed_at is null))
);
create unique index seal_handover_open on seal_handover (seal_id) where closed_at is null;
create index seal_handover_seal on seal_handover (seal_id, created_at, id);
create index seal_handover_to on seal_handover (to_account, id) where closed_at is null;

-- levels are joined by commas.
create table seal_rule (
  id text primary key,
  seal_id text not null references seal_seal (id),
  purpose text not null,
  asker text not null,
  levels text not null,
  max_documents bigint not null,
  until bigint not null,
  reason text not null,
  account text not null,
  created_at bigint not null,
  ended_at bigint,
  constraint seal_rule_max check (max_documents between 1 and 100000)
);
create index seal_rule_seal on seal_rule (seal_id, created_at, id);

-- used_by is the use that took it. What it refers to is no foreign key, as in
-- seal_use: it would lock the one row of its seal.
create table seal_approval (
  id text primary key,
  seal_id text not null,
  object text not null,
  content bytea not null,
  operator text not null,
  approver text not null,
  device text not null,
  factor text not null,
  basis text not null,
  until bigint not null,
  created_at bigint not null,
  used_by text,
  used_at bigint,
  constraint seal_approval_people check (operator <> '' and approver <> ''),
  constraint seal_approval_used check ((used_by is null) = (used_at is null))
);
create unique index seal_approval_use on seal_approval (used_by) where used_by is not null;
create index seal_approval_object on seal_approval (object, created_at, id);

alter table seal_use add column approval_id text not null default '';
alter table seal_use add column operator text not null default '';
alter table seal_use add column device text not null default '';
create index seal_use_seal on seal_use (seal_id, created_at, id);
create index seal_use_policy on seal_use (policy_id, created_at, id) where policy_id <> '';

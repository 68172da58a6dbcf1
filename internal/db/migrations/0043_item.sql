-- Service items. A row of item_item is an item as its newest version has it, for
-- lists and locks; versions stay. The path of the unit is there for lists: units
-- do not move.
create table item_item (
  id text primary key,
  code text not null,
  org text not null,
  path text not null,
  name text not null,
  folded text not null,
  base text not null,
  type text not null,
  tier text not null,
  makes boolean not null,
  version bigint not null,
  first text not null,
  starts text not null,
  ends text not null,
  created_at bigint not null,
  constraint item_item_version check (version > 0)
);
create unique index item_item_code on item_item (code);
create index item_item_path on item_item (path, code);

create table item_version (
  item text not null references item_item (id),
  version bigint not null,
  starts text not null,
  ends text not null,
  content text not null,
  reason text not null,
  account text not null,
  at bigint not null,
  primary key (item, version)
);

-- What certificates an item needs, makes, or is inspected by. An ended binding
-- stays. Fields are those that an officer sees, by their keys.
create table item_binding (
  id text primary key,
  item text not null references item_item (id),
  role text not null,
  kind text not null,
  material text not null default '',
  needed boolean not null,
  exempt boolean not null,
  fields text not null default '',
  reason text not null,
  account text not null,
  at bigint not null,
  ended_at bigint,
  ended_by text not null default '',
  ended_why text not null default '',
  constraint item_binding_role check (role in ('input', 'result', 'inspect')),
  constraint item_binding_exempt check (not exempt or role = 'input'),
  constraint item_binding_ended check ((ended_at is null) = (ended_by = ''))
);
create unique index item_binding_once on item_binding (item, role, kind, material) where ended_at is null;
create index item_binding_item on item_binding (item, at, id);
create index item_binding_kind on item_binding (kind, role, item) where ended_at is null;

-- What an item needs from other departments.
create table item_need (
  id text primary key,
  item text not null references item_item (id),
  name text not null,
  provider text not null,
  provider_path text not null,
  note text not null,
  state text not null,
  kind text not null default '',
  answer text not null default '',
  account text not null,
  at bigint not null,
  answered_by text not null default '',
  answered_at bigint,
  constraint item_need_state check (state in ('open', 'matched', 'declined', 'withdrawn')),
  constraint item_need_matched check ((state = 'matched') = (kind <> '')),
  constraint item_need_answered check ((state = 'open') = (answered_at is null))
);
create unique index item_need_once on item_need (item, name, provider) where state = 'open';
create index item_need_item on item_need (item, at, id);
create index item_need_listed on item_need (at, id);

-- Imports of item lists: what was sent, and what became of each line.
create table item_run (
  id text primary key,
  account text not null,
  org text not null,
  path text not null,
  digest bytea not null,
  state text not null,
  reason text not null default '',
  created_at bigint not null,
  ended_at bigint,
  constraint item_run_state check (state in ('draft', 'running', 'finished', 'over')),
  constraint item_run_ended check ((ended_at is null) = (state in ('draft', 'running')))
);
create index item_run_listed on item_run (account, created_at, id);
create unique index item_run_once on item_run (account, digest) where ended_at is null;

create table item_line (
  run text not null references item_run (id),
  line bigint not null,
  code text not null,
  state text not null,
  content text not null default '',
  problems text not null default '',
  primary key (run, line),
  constraint item_line_state check (state in ('pending', 'done', 'refused', 'repeated'))
);
create index item_line_state on item_line (run, state, line);

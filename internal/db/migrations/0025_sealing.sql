-- Requests to seal documents, the steps on them, and who approved what; and
-- batches under a standing policy. Documents are named by digest and kept by the
-- blob store.
create table sealing_request (
  id text primary key,
  title text not null,
  purpose text not null,
  reason text not null,
  org text not null,
  account text not null,
  asker text not null,
  state text not null,
  ord bigint not null,
  manual boolean not null,
  pages bigint not null,
  original bytea not null,
  base bytea not null,
  document bytea not null,
  converted boolean not null,
  findings text not null,
  closing text not null default '',
  repetition text,
  created_at bigint not null,
  closed_at bigint,
  constraint sealing_request_state check (state in ('open', 'done', 'refused', 'withdrawn'))
);
create unique index sealing_request_repetition on sealing_request (repetition) where repetition is not null;
create index sealing_request_account on sealing_request (account, created_at, id);
create index sealing_request_org on sealing_request (org, created_at, id);

create table sealing_step (
  id text primary key,
  request text not null references sealing_request (id),
  position bigint not null,
  ord bigint not null,
  slot bigint not null,
  seal text not null,
  seal_name text not null,
  seal_org text not null,
  rule text not null,
  levels text not null,
  level bigint not null default 0,
  state text not null,
  places text not null,
  content bytea,
  approval text not null default '',
  use_id text not null default '',
  before bytea,
  after bytea,
  trouble text not null default '',
  lease_until bigint not null default 0,
  stamped_at bigint,
  constraint sealing_step_place unique (request, position),
  constraint sealing_step_state check (state in ('draft', 'waiting', 'approved', 'stamping', 'stamped', 'dropped'))
);
create index sealing_step_waiting on sealing_step (seal_org, request) where state = 'waiting';
create index sealing_step_left on sealing_step (lease_until, id) where state = 'approved' or state = 'stamping';
create index sealing_step_use on sealing_step (use_id) where use_id <> '';
create index sealing_step_rule on sealing_step (rule, request);

create table sealing_approval (
  id text primary key,
  step text not null references sealing_step (id),
  level text not null,
  account text not null,
  approver text not null,
  factor text not null,
  device text not null,
  document bytea not null,
  note text not null default '',
  lapsed boolean not null default false,
  at bigint not null
);
create index sealing_approval_step on sealing_approval (step, at, id);

create table sealing_batch (
  id text primary key,
  title text not null,
  purpose text not null,
  reason text not null,
  org text not null,
  account text not null,
  app text not null,
  asker text not null,
  device text not null,
  seal text not null,
  seal_name text not null,
  seal_org text not null,
  places text not null,
  width bigint not null,
  height bigint not null,
  state text not null,
  trouble text not null default '',
  single boolean not null default false,
  repetition text,
  worked bigint not null default 0,
  worker text not null default '',
  lease_until bigint not null default 0,
  created_at bigint not null,
  started_at bigint,
  finished_at bigint,
  constraint sealing_batch_state check (state in ('ready', 'running', 'paused', 'finished', 'cancelled'))
);
create unique index sealing_batch_repetition on sealing_batch (repetition) where repetition is not null;
create index sealing_batch_listed on sealing_batch (org, created_at, id);
create index sealing_batch_running on sealing_batch (lease_until, id) where state = 'running' or state = 'cancelled';

create table sealing_item (
  batch text not null references sealing_batch (id),
  line bigint not null,
  name text not null,
  original bytea not null,
  state text not null,
  content bytea,
  use_id text not null default '',
  document bytea,
  trouble text not null default '',
  at bigint not null,
  primary key (batch, line),
  constraint sealing_item_original unique (batch, original),
  constraint sealing_item_state check (state in ('waiting', 'stamping', 'done', 'failed', 'dropped'))
);
create index sealing_item_state on sealing_item (batch, state, line);
create index sealing_item_use on sealing_item (use_id) where use_id <> '';
create index sealing_item_document on sealing_item (document) where document is not null;
create index sealing_item_source on sealing_item (original);
create index sealing_request_document on sealing_request (document);
create index sealing_request_base on sealing_request (base);
create index sealing_request_original on sealing_request (original);
create index sealing_step_after on sealing_step (after) where after is not null;

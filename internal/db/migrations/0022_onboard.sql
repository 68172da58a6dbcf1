-- Bulk onboarding: what was sent, sealed until it is dealt with, and what became
-- of each line. The digest of a line is a blind index: a line that was imported
-- once is not imported again.
create table onboard_run (
  id text primary key,
  kind text not null,
  account text not null,
  org text not null,
  file bytea not null,
  total bigint not null,
  state text not null,
  reason text not null default '',
  trouble text not null default '',
  created_at bigint not null,
  started_at bigint,
  finished_at bigint,
  worked bigint not null default 0,
  worker text not null default '',
  lease_at bigint not null default 0,
  constraint onboard_run_kind check (kind in ('units', 'people')),
  constraint onboard_run_state check (state in ('reading', 'draft', 'running', 'paused', 'finished', 'over'))
);
create index onboard_run_listed on onboard_run (created_at, id);
create index onboard_run_state on onboard_run (state, created_at, id) where state <> 'finished' and state <> 'over';

create table onboard_row (
  run text not null references onboard_run (id),
  line bigint not null,
  seq bigint not null,
  digest bytea not null,
  state text not null,
  sealed bytea,
  object text not null default '',
  grants text not null default '',
  problems text not null default '',
  primary key (run, line),
  constraint onboard_row_state check (state in ('pending', 'begun', 'done', 'refused', 'repeated'))
);
create index onboard_row_state on onboard_row (run, state, seq, line);
create index onboard_row_done on onboard_row (digest) where state = 'done';
create index onboard_row_sealed on onboard_row (run, line) where sealed is not null;

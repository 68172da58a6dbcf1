-- Bulk issue: a table of one kind, checked, approved, and issued row by row. What
-- a row says is encrypted, and gone when the row is dealt with: the certificate
-- says it then. The digest is a blind index of what a row says; no two rows that
-- say the same are issued.
create table batch_run (
  id text primary key,
  unit text not null,
  path text not null,
  kind text not null,
  kind_version bigint not null,
  corrects text not null default '',
  state text not null,
  title text not null,
  uploader text not null,
  approver text not null default '',
  starter text not null default '',
  note text not null default '',
  trouble text not null default '',
  file bytea not null,
  total bigint not null,
  created_at bigint not null,
  submitted_at bigint,
  decided_at bigint,
  started_at bigint,
  ended_at bigint,
  worked bigint not null default 0,
  worker text not null default '',
  lease_at bigint not null default 0,
  constraint batch_run_state check (state in ('reading', 'checked', 'submitted', 'approved', 'running', 'paused', 'done', 'over')),
  constraint batch_run_ended check ((ended_at is not null) = (state in ('done', 'over'))),
  constraint batch_run_people check (approver <> uploader and (starter = '' or starter <> uploader and starter <> approver))
);
create index batch_run_listed on batch_run (created_at, id);
create index batch_run_open on batch_run (state, created_at, id) where ended_at is null;
create index batch_run_file on batch_run (uploader, unit, kind, file) where ended_at is null;

create table batch_row (
  run text not null references batch_run (id),
  line bigint not null,
  digest bytea not null,
  state text not null,
  sealed bytea,
  certificate text not null default '',
  code text not null default '',
  problems text not null default '',
  primary key (run, line),
  constraint batch_row_state check (state in ('pending', 'begun', 'issued', 'refused', 'failed', 'repeated', 'cancelled')),
  constraint batch_row_sealed check (state in ('pending', 'begun') or sealed is null),
  constraint batch_row_certificate check ((certificate <> '') = (state = 'issued'))
);
create index batch_row_state on batch_row (run, state, line);
create unique index batch_row_once on batch_row (digest) where state in ('begun', 'issued');
create index batch_row_waiting on batch_row (run, line) where sealed is not null;

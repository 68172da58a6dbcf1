-- A batch of what was made offline, as it was pushed: what became of its items
-- stands in their drafts; what was refused, or had come before, only here. One
-- that was interrupted has no end, and is pushed again as a whole.
create table issuing_batch (
  id text primary key,
  unit text not null,
  path text not null,
  kind text not null,
  pushed_by text not null,
  pushed_at bigint not null,
  items bigint not null,
  refused bigint not null default 0,
  again bigint not null default 0,
  finished_at bigint
);
create index issuing_batch_listed on issuing_batch (pushed_at, id);
create index issuing_draft_batch on issuing_draft (batch, created_at, id) where batch <> '';

-- What makes a draft the next version of a certificate: which, what is done to
-- it and why, how often it had been acted upon, and what it said, encrypted like
-- what is collected and gone with it. A certificate has one such draft at a time.
create table issuing_correction (
  draft text primary key references issuing_draft (id),
  certificate text not null,
  number text not null,
  action text not null,
  reason text not null,
  basis text not null,
  acts bigint not null,
  decided_on text not null default '',
  before bytea,
  ended boolean not null default false,
  constraint issuing_correction_action check (action in ('correct', 'change', 'replace')),
  constraint issuing_correction_before check ((before is null) = ended)
);
create unique index issuing_correction_one on issuing_correction (certificate) where not ended;

-- The certificate that waits for the seals of others, until it is issued or given
-- up.
alter table issuing_draft add column pending text not null default '';

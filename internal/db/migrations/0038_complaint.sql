-- Complaints about refused seals. What the complainant wrote and what each side
-- answered is sealed; same is a blind index of what makes two complaints one. The
-- path of the unit is there for lists: units do not move.
create table complaint_complaint (
  id text primary key,
  account text not null,
  org text not null,
  path text not null,
  region text not null,
  authority text not null,
  what text not null,
  way text not null,
  happened text not null,
  named boolean not null,
  content bytea not null,
  same bytea not null,
  document bytea,
  size bigint not null default 0,
  state text not null,
  outcome text not null default '',
  month text not null,
  days bigint not null default 0,
  explain_due bigint not null default 0,
  decide_due bigint not null default 0,
  rectify_due bigint not null default 0,
  revision bigint not null default 0,
  created_at bigint not null,
  decided_at bigint,
  ended_at bigint,
  constraint complaint_complaint_what check (what in ('refused', 'paper', 'reseal')),
  constraint complaint_complaint_way check (way in ('window', 'online', 'other')),
  constraint complaint_complaint_state check (state in ('filed', 'explained', 'upheld', 'rectified', 'closed', 'dismissed', 'exempt', 'withdrawn')),
  constraint complaint_complaint_outcome check (outcome in ('', 'upheld', 'dismissed', 'exempt')),
  constraint complaint_complaint_decided check ((decided_at is not null) = (outcome <> '')),
  constraint complaint_complaint_ended check ((ended_at is not null) = (state in ('closed', 'dismissed', 'exempt', 'withdrawn')))
);
create unique index complaint_complaint_same on complaint_complaint (same) where state in ('filed', 'explained');
create index complaint_complaint_listed on complaint_complaint (created_at, id);
create index complaint_complaint_mine on complaint_complaint (account, created_at, id);
create index complaint_complaint_org on complaint_complaint (org, created_at, id);
create index complaint_complaint_authority on complaint_complaint (authority, created_at, id);
create index complaint_complaint_report on complaint_complaint (month, org, path, state, outcome, days);
create index complaint_complaint_document on complaint_complaint (document);

-- What was done, by which side. The note is sealed, and absent where nothing was
-- written.
create table complaint_history (
  complaint text not null references complaint_complaint (id),
  seq bigint not null,
  at bigint not null,
  account text not null,
  org text not null,
  action text not null,
  state text not null,
  note bytea,
  primary key (complaint, seq)
);

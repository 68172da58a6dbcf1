-- Drafts of certificates on their way from collecting to sealing. What is
-- collected is encrypted, and gone when the way ends: the certificate says it
-- then. said is a keyed digest of what a draft was made of, which tells a
-- repetition from another request under the same reference.
create table issuing_draft (
  id text primary key,
  unit text not null,
  path text not null,
  region text not null,
  kind text not null,
  kind_version bigint not null,
  state text not null,
  version bigint not null,
  mode text not null,
  origin text not null,
  ref text not null,
  said bytea not null,
  batch text not null default '',
  owed text not null default '',
  applicant text not null default '',
  case_no text not null default '',
  finished_at bigint,
  late boolean not null default false,
  content bytea,
  certificate text not null default '',
  issuer text not null default '',
  revision bigint not null default 0,
  created_at bigint not null,
  updated_at bigint not null,
  ended_at bigint,
  constraint issuing_draft_state check (state in ('draft', 'submitted', 'passed', 'issuing', 'issued', 'dropped')),
  constraint issuing_draft_mode check (mode in ('online', 'offline')),
  constraint issuing_draft_origin check (origin in ('staff', 'program', 'holder')),
  constraint issuing_draft_finished check (mode = 'online' or finished_at is not null),
  constraint issuing_draft_ended check ((ended_at is not null) = (state in ('issued', 'dropped'))),
  constraint issuing_draft_content check ((content is null) = (state in ('issued', 'dropped'))),
  constraint issuing_draft_certificate check ((certificate <> '') = (state = 'issued'))
);
create unique index issuing_draft_ref on issuing_draft (unit, ref) where ref <> '';
create unique index issuing_draft_owed on issuing_draft (owed) where owed <> '' and state <> 'dropped';
create index issuing_draft_queue on issuing_draft (state, created_at, id);
create index issuing_draft_unit on issuing_draft (unit, state, created_at, id);
create index issuing_draft_listed on issuing_draft (created_at, id);
create index issuing_draft_own on issuing_draft (applicant, created_at, id) where applicant <> '';
create index issuing_draft_going on issuing_draft (updated_at, id) where state = 'issuing';

-- What was done with a draft, by whom: who collects, who reviews and who seals
-- are told apart by it. The note is encrypted, and absent where none was given.
create table issuing_step (
  draft text not null references issuing_draft (id),
  seq bigint not null,
  at bigint not null,
  actor text not null,
  action text not null,
  state text not null,
  version bigint not null,
  note bytea,
  primary key (draft, seq)
);

-- Incidents (突发情况) that keep a unit from issuing, cancelling and updating in
-- time, and what has to be made up for when they are over.
create table issuing_incident (
  id text primary key,
  unit text not null,
  path text not null,
  region text not null,
  manager text not null,
  state text not null,
  what text not null,
  measures text not null,
  began_at bigint not null,
  cleared_at bigint,
  due_at bigint not null default 0,
  late boolean not null default false,
  declared_by text not null,
  created_at bigint not null,
  closed_at bigint,
  constraint issuing_incident_state check (state in ('open', 'cleared', 'closed')),
  constraint issuing_incident_cleared check ((cleared_at is null) = (state = 'open')),
  constraint issuing_incident_closed check ((closed_at is not null) = (state = 'closed'))
);
create index issuing_incident_listed on issuing_incident (created_at, id);
create index issuing_incident_unit on issuing_incident (unit, state);

create table issuing_owed (
  id text primary key,
  incident text not null references issuing_incident (id),
  seq bigint not null,
  operation text not null,
  kind text not null,
  about text not null,
  note text not null default '',
  draft text not null default '',
  added_by text not null,
  added_at bigint not null,
  done_by text not null default '',
  done_at bigint,
  constraint issuing_owed_operation check (operation in ('issue', 'cancel', 'update'))
);
create unique index issuing_owed_seq on issuing_owed (incident, seq);

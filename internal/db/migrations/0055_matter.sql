-- Cases (办件) of service items, until they are closed. The applicant is encrypted.
-- What the item made when the case was opened stays what it must end with.
create table matter_matter (
  id text primary key,
  unit text not null,
  path text not null,
  case_no text not null,
  item text not null,
  item_name text not null,
  item_version bigint not null,
  results text not null,
  materials text not null,
  applicant bytea not null,
  said bytea not null,
  state text not null,
  outcome text not null default '',
  reason text not null default '',
  revision bigint not null default 0,
  opened_by text not null,
  opened_at bigint not null,
  closed_by text not null default '',
  closed_at bigint,
  constraint matter_matter_state check (state in ('open', 'closed')),
  constraint matter_matter_outcome check (outcome in ('', 'issued', 'done', 'withdrawn', 'refused')),
  constraint matter_matter_closed check ((state = 'closed') = (closed_at is not null) and (state = 'closed') = (outcome <> '')),
  constraint matter_matter_reason check (outcome in ('', 'issued', 'done') or reason <> '')
);
create unique index matter_matter_case on matter_matter (unit, case_no);
create index matter_matter_listed on matter_matter (opened_at, id);
create index matter_matter_unit on matter_matter (unit, state, opened_at, id);

-- Certificates that were issued under a case number, or named for a case. One
-- counts for one case at most: matter is that case, empty while it counts for none.
create table matter_link (
  certificate text primary key,
  unit text not null,
  case_no text not null,
  kind text not null,
  matter text not null default '',
  at bigint not null
);
create index matter_link_case on matter_link (unit, case_no, at, certificate);

-- Entries of the directory (证照目录条目): the draft of a version of a kind, until its
-- issuing unit and the managing unit above agree on it. A version knows from which
-- entry it came (empty: the operator's import), which unit defined the kind, which
-- unit manages it, and the day from which it is in force.
alter table catalogue_kind add column starts text not null default '';
alter table catalogue_kind add column org text not null default '';
alter table catalogue_kind add column manager text not null default '';
alter table catalogue_kind add column entry text not null default '';

-- A row counts its changes in version, so that nobody decides on what they did not
-- see. The paths of the two units are there for lists: units do not move.
create table catalogue_entry (
  id text primary key,
  name text not null,
  title text not null,
  code text not null,
  org text not null,
  path text not null,
  manager text not null,
  state text not null,
  version bigint not null,
  base bigint not null,
  starts text not null,
  reason text not null,
  account text not null,
  files text not null,
  digest bytea not null,
  issuer_by text not null default '',
  issuer_org text not null default '',
  manager_by text not null default '',
  manager_org text not null default '',
  published bigint,
  created_at bigint not null,
  changed_at bigint not null,
  constraint catalogue_entry_state check (state in ('draft', 'submitted', 'published', 'withdrawn')),
  constraint catalogue_entry_version check (version > 0),
  constraint catalogue_entry_published check ((state = 'published') = (published is not null)),
  constraint catalogue_entry_agreed check (state <> 'published' or (issuer_by <> '' and manager_by <> '' and issuer_by <> manager_by))
);
create unique index catalogue_entry_open on catalogue_entry (name) where state in ('draft', 'submitted');
create unique index catalogue_entry_code on catalogue_entry (code) where state = 'submitted';
create unique index catalogue_entry_title on catalogue_entry (title) where state = 'submitted';
create index catalogue_entry_listed on catalogue_entry (created_at, id);

-- What happened to an entry.
create table catalogue_step (
  entry text not null references catalogue_entry (id),
  number bigint not null,
  action text not null,
  account text not null,
  org text not null,
  reason text not null,
  digest bytea not null,
  at bigint not null,
  primary key (entry, number)
);

-- What the country publishes of kinds: code and standard of each, as of a day. The
-- newest row of a title counts.
create table catalogue_standard (
  title text not null,
  code text not null,
  standard text not null,
  since text not null,
  account text not null,
  reason text not null,
  at bigint not null,
  primary key (title, since)
);

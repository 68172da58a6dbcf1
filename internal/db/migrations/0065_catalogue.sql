-- How a unit numbers certificates of a kind that another unit defined (证照编号规则):
-- asked for by its designer, agreed by the managing unit above. The agreed one with
-- the highest version holds; an empty pattern is the kind's own again. Versions are
-- counted over all units of a kind: a certificate's serial names its rule by it.
create table catalogue_numbering (
  id text primary key,
  kind text not null,
  org text not null,
  manager text not null,
  version bigint not null,
  pattern text not null,
  scope text not null,
  state text not null,
  account text not null,
  reason text not null,
  decided_by text not null default '',
  decided_org text not null default '',
  answer text not null default '',
  created_at bigint not null,
  decided_at bigint,
  constraint catalogue_numbering_state check (state in ('submitted', 'agreed', 'returned', 'withdrawn')),
  constraint catalogue_numbering_version check (version > 0),
  constraint catalogue_numbering_decided check ((state = 'submitted') = (decided_at is null)),
  constraint catalogue_numbering_agreed check (state <> 'agreed' or (decided_by <> '' and decided_by <> account))
);
create unique index catalogue_numbering_open on catalogue_numbering (kind, org) where state = 'submitted';
create unique index catalogue_numbering_version on catalogue_numbering (kind, version);
create index catalogue_numbering_listed on catalogue_numbering (created_at, id);

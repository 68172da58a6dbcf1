-- Versions of certificate kinds. A kind is its folder's files; what is asked for often stands beside them.
create table catalogue_kind (
  name text not null,
  version bigint not null,
  code text not null,
  title text not null,
  category text not null,
  state text not null,
  digest bytea not null,
  files text not null,
  created_at bigint not null,
  created_by text not null,
  published_at bigint,
  primary key (name, version),
  constraint catalogue_kind_version check (version > 0),
  constraint catalogue_kind_state check (state in ('draft', 'published', 'disabled')),
  constraint catalogue_kind_published check ((state = 'draft') = (published_at is null))
);
create index catalogue_kind_code on catalogue_kind (code, state, version);

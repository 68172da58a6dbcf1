-- Composite permits (行业综合许可证). A scheme says which kinds of permits of one
-- industry fold into one; two people make a version of it true.
create table composite_scheme (
  id text primary key,
  unit text not null,
  path text not null,
  code text not null,
  version bigint not null,
  title text not null,
  industry text not null,
  kind text not null,
  parts text not null,
  basis text not null,
  state text not null,
  revision bigint not null default 0,
  account text not null,
  made_at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  reason text not null default '',
  constraint composite_scheme_state check (state in ('draft', 'submitted', 'published', 'superseded', 'withdrawn')),
  constraint composite_scheme_two check (decided_by = '' or decided_by <> account),
  constraint composite_scheme_decided check (state not in ('published', 'superseded') or decided_by <> '')
);
create unique index composite_scheme_version on composite_scheme (code, version);
create unique index composite_scheme_force on composite_scheme (code) where state = 'published';
create unique index composite_scheme_open on composite_scheme (code) where state in ('draft', 'submitted');
create index composite_scheme_listed on composite_scheme (made_at, id);

-- Composites, from the proposal on. The holder is known by a blind index alone.
-- standing is what the members make of it; due asks for a look from then on, 0: none
-- waits; busy is until when one who looks is left alone with it.
create table composite_composite (
  id text primary key,
  scheme text not null references composite_scheme (id),
  code text not null,
  unit text not null,
  path text not null,
  kind text not null,
  title text not null,
  industry text not null,
  holder bytea not null,
  holder_name text not null,
  state text not null,
  standing text not null default '',
  because text not null default '',
  held bigint not null default 0,
  certificate text not null default '',
  number text not null default '',
  prior text not null default '',
  successor text not null default '',
  revision bigint not null default 0,
  due bigint not null default 0,
  busy bigint not null default 0,
  tries bigint not null default 0,
  trouble text not null default '',
  proposed_by text not null,
  proposed_at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  decided_on text not null default '',
  ended_at bigint,
  constraint composite_composite_state check (state in ('proposed', 'issuing', 'issued', 'refused', 'withdrawn', 'ended')),
  constraint composite_composite_two check (decided_by = '' or decided_by <> proposed_by),
  constraint composite_composite_issued check (state not in ('issued', 'ended') or certificate <> '')
);
create unique index composite_composite_one on composite_composite (code, unit, holder) where state = 'issued';
create unique index composite_composite_open on composite_composite (code, unit, holder) where state in ('proposed', 'issuing');
create unique index composite_composite_certificate on composite_composite (certificate) where certificate <> '';
create index composite_composite_listed on composite_composite (proposed_at, id);
create index composite_composite_due on composite_composite (due, id) where due > 0;

-- Members: certificate is the version that counts today, named the one that was
-- folded in. What is shown of it is as it was when it was last looked at.
create table composite_member (
  composite text not null references composite_composite (id),
  place bigint not null,
  kind text not null,
  title text not null,
  required boolean not null,
  certificate text not null,
  named text not null,
  number text not null,
  issuer_name text not null,
  valid_to text not null,
  status text not null,
  primary key (composite, place)
);
create index composite_member_certificate on composite_member (certificate, composite);

-- What was done to a composite, and what its members did to it.
create table composite_step (
  composite text not null references composite_composite (id),
  seq bigint not null,
  at bigint not null,
  account text not null,
  action text not null,
  words text not null,
  primary key (composite, seq)
);

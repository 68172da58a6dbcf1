-- Lists that are compiled in three stages. A round asks units for their rows; a
-- part is what one unit owes it; rows are reviewed one by one; an edition is what
-- was published, whole, and stays.
create table listing_round (
  id text primary key,
  list text not null,
  org text not null,
  path text not null,
  title text not null,
  basis text not null,
  report_by text not null,
  review_by text not null,
  state text not null,
  account text not null,
  at bigint not null,
  ended_at bigint,
  ended_by text not null default '',
  ended_why text not null default '',
  constraint listing_round_list check (list in ('issue', 'material')),
  constraint listing_round_state check (state in ('open', 'published', 'abandoned')),
  constraint listing_round_ended check ((ended_at is null) = (state = 'open'))
);
create unique index listing_round_once on listing_round (list, org) where state = 'open';
create index listing_round_listed on listing_round (at, id);

create table listing_part (
  round text not null references listing_round (id),
  unit text not null,
  path text not null,
  authority text not null,
  state text not null,
  note text not null default '',
  late boolean not null default false,
  submitted_by text not null default '',
  submitted_at bigint,
  decided_by text not null default '',
  decided_at bigint,
  decided_why text not null default '',
  primary key (round, unit),
  constraint listing_part_state check (state in ('open', 'submitted', 'returned', 'accepted', 'excused'))
);
create index listing_part_unit on listing_part (unit, state, round);

create table listing_row (
  id text primary key,
  round text not null,
  unit text not null,
  name text not null,
  folded text not null,
  code text not null,
  kind text not null,
  items text not null,
  basis text not null,
  note text not null,
  state text not null,
  account text not null,
  at bigint not null,
  reviewed_by text not null default '',
  reviewed_at bigint,
  reviewed_why text not null default '',
  chosen boolean not null default false,
  chosen_by text not null default '',
  chosen_why text not null default '',
  foreign key (round, unit) references listing_part (round, unit),
  constraint listing_row_state check (state in ('draft', 'submitted', 'returned', 'accepted', 'dropped'))
);
create index listing_row_part on listing_row (round, unit, state, id);
create unique index listing_row_name on listing_row (round, unit, folded) where state <> 'dropped';

create table listing_edition (
  id text primary key,
  list text not null,
  org text not null,
  version bigint not null,
  round text not null references listing_round (id),
  title text not null,
  content text not null,
  digest bytea not null,
  entries bigint not null,
  reason text not null,
  account text not null,
  at bigint not null,
  constraint listing_edition_version check (version > 0)
);
create unique index listing_edition_number on listing_edition (list, org, version);
create unique index listing_edition_round on listing_edition (round);

-- What a unit may use (用证清单), a version each; the content whole, as it was
-- agreed to.
create table listing_use (
  unit text not null,
  version bigint not null,
  authority text not null,
  state text not null,
  content text not null,
  reason text not null,
  account text not null,
  at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  decided_why text not null default '',
  primary key (unit, version),
  constraint listing_use_state check (state in ('proposed', 'effective', 'superseded', 'refused', 'withdrawn')),
  constraint listing_use_decided check ((decided_at is null) = (state = 'proposed'))
);
create unique index listing_use_proposed on listing_use (unit) where state = 'proposed';
create unique index listing_use_effective on listing_use (unit) where state = 'effective';

create table listing_scene (
  id text primary key,
  unit text not null,
  path text not null,
  name text not null,
  kinds text not null,
  guide text not null,
  contact text not null,
  starts text not null,
  ends text not null,
  version bigint not null,
  account text not null,
  at bigint not null,
  withdrawn_at bigint,
  withdrawn_by text not null default '',
  withdrawn_why text not null default '',
  constraint listing_scene_withdrawn check ((withdrawn_at is null) = (withdrawn_by = ''))
);
create index listing_scene_shown on listing_scene (starts, id) where withdrawn_at is null;
create unique index listing_scene_name on listing_scene (unit, name) where withdrawn_at is null;

-- Technical and usage norms of kinds (技术和使用规范).
create table listing_norm (
  id text primary key,
  kind text not null,
  unit text not null,
  path text not null,
  title text not null,
  edition text not null,
  issued text not null,
  link text not null,
  digest bytea,
  media text not null,
  account text not null,
  at bigint not null,
  withdrawn_at bigint,
  withdrawn_by text not null default '',
  withdrawn_why text not null default ''
);
create index listing_norm_kind on listing_norm (kind, issued, id) where withdrawn_at is null;
create index listing_norm_digest on listing_norm (digest) where digest is not null;
create unique index listing_norm_once on listing_norm (kind, unit, title, edition) where withdrawn_at is null;

-- Which kinds are fit for wide use, and the batches in which they were published.
create table listing_maturity (
  org text not null,
  kind text not null,
  mature boolean not null,
  reason text not null,
  account text not null,
  at bigint not null,
  primary key (org, kind)
);

create table listing_batch (
  id text primary key,
  org text not null,
  number bigint not null,
  title text not null,
  reason text not null,
  account text not null,
  at bigint not null
);
create unique index listing_batch_number on listing_batch (org, number);
create index listing_batch_listed on listing_batch (at, id);

create table listing_launch (
  org text not null,
  kind text not null,
  batch text not null references listing_batch (id),
  primary key (org, kind)
);
create index listing_launch_batch on listing_launch (batch, kind);

-- After how many months what was published is stale; dated, never changed.
create table listing_period (
  id text primary key,
  org text not null,
  topic text not null,
  months bigint not null,
  starts text not null,
  basis text not null,
  account text not null,
  at bigint not null,
  constraint listing_period_topic check (topic in ('norm', 'review')),
  constraint listing_period_months check (months between 1 and 120)
);
create unique index listing_period_once on listing_period (org, topic, starts);

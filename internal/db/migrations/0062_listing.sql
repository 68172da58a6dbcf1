-- Kinds of which no unit below may ask an applicant for original or copy (免提交
-- 证照清单), each from a day on; what ended stays.
create table listing_exempt (
  id text primary key,
  org text not null,
  path text not null,
  kind text not null,
  starts text not null,
  basis text not null,
  account text not null,
  at bigint not null,
  ended_at bigint,
  ended_by text not null default '',
  ended_why text not null default '',
  constraint listing_exempt_ended check ((ended_at is null) = (ended_by = ''))
);
create unique index listing_exempt_once on listing_exempt (org, kind) where ended_at is null;
create index listing_exempt_listed on listing_exempt (at, id);

-- Which units were told in a quarter of what they left lying: once.
create table listing_told (
  unit text not null,
  quarter text not null,
  findings bigint not null,
  at bigint not null,
  primary key (unit, quarter)
);

-- Which holders a reminder was told to.
create table remind_told (
  reminder text not null,
  account text not null,
  notice text not null,
  primary key (reminder, account)
);

-- The events that told programs of a case, to show what came of it.
create table matter_told (
  event text primary key,
  matter text not null,
  topic text not null,
  at bigint not null
);
create index matter_told_matter on matter_told (matter, at, event);

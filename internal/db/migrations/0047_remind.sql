-- Certificates that end, by the day on which they do. Nothing personal stands here: whose they are is read from the document when it is time.
create table remind_watch (
  certificate text primary key,
  series text not null,
  version bigint not null,
  kind text not null,
  issuer text not null,
  document bytea,
  valid_to text not null,
  state text not null,
  why text not null,
  seq bigint not null default 0,
  created_at bigint not null,
  constraint remind_watch_state check (state in ('watching', 'ended'))
);
create index remind_watch_day on remind_watch (valid_to, certificate) where state = 'watching';
create index remind_watch_series on remind_watch (series, version);
create index remind_watch_issuer on remind_watch (issuer, valid_to, certificate) where state = 'watching';

-- How far each lead time has been worked through: all of day, and of the next day those up to a certificate.
create table remind_cursor (
  lead bigint primary key,
  day text not null,
  up_to text not null
);

-- What was reminded of, once for each certificate, end and lead time.
create table remind_reminder (
  id text not null,
  certificate text not null,
  valid_to text not null,
  lead bigint not null,
  kind text not null,
  issuer text not null,
  rule text not null,
  holder text not null,
  unit boolean not null,
  at bigint not null,
  constraint remind_reminder_pk primary key (certificate, valid_to, lead),
  constraint remind_reminder_id unique (id),
  constraint remind_reminder_holder check (holder in ('told', 'no-account', 'not-asked', 'overtaken'))
);
create index remind_reminder_list on remind_reminder (issuer, at, id);

-- Lead times that administrators put, from a day.
create table remind_rule (
  id text primary key,
  kind text not null,
  region text not null,
  from_day text not null,
  leads text not null,
  holder boolean not null,
  unit boolean not null,
  basis text not null,
  reason text not null,
  account text not null,
  at bigint not null
);
create index remind_rule_kind on remind_rule (kind, from_day, id);

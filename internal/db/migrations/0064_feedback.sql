-- What officers tell the units that issued of certificates (执法结果反馈). What they
-- wrote is sealed; same is a keyed digest of who told it, of which certificate, by
-- which document, so that it is taken once. seen is how many acts the certificate
-- had when the unit agreed: the act that follows is that one or none. mac guards
-- what the platform would act upon by itself after a crash.
create table feedback_feedback (
  id text primary key,
  number text not null,
  org text not null,
  account text not null,
  app text not null,
  certificate text not null,
  identifier text not null,
  kind text not null,
  kind_name text not null,
  unit text not null,
  path text not null,
  action text not null,
  decided_on text not null,
  until text not null,
  content bytea not null,
  same bytea not null,
  document bytea,
  size bigint not null default 0,
  media text not null default '',
  state text not null,
  decider text not null default '',
  decider_app text not null default '',
  seen bigint not null default 0,
  act bigint not null default 0,
  month text not null,
  due_at bigint not null default 0,
  lease_until bigint not null default 0,
  revision bigint not null default 0,
  looked_on text not null,
  created_at bigint not null,
  answered_at bigint,
  ended_at bigint,
  mac bytea not null,
  constraint feedback_feedback_number unique (number),
  constraint feedback_feedback_state check (state in ('filed', 'confirming', 'done', 'moot', 'refused', 'withdrawn')),
  constraint feedback_feedback_ended check ((ended_at is not null) = (state in ('done', 'moot', 'refused', 'withdrawn'))),
  constraint feedback_feedback_act check ((act > 0) = (state = 'done'))
);
create unique index feedback_feedback_same on feedback_feedback (same) where state in ('filed', 'confirming', 'done', 'moot');
create index feedback_feedback_org on feedback_feedback (org, created_at, id);
create index feedback_feedback_unit on feedback_feedback (path, created_at, id);
create index feedback_feedback_going on feedback_feedback (lease_until, id) where state = 'confirming';
create index feedback_feedback_open on feedback_feedback (looked_on, id) where state = 'filed';
create index feedback_feedback_certificate on feedback_feedback (certificate, created_at, id);
create index feedback_feedback_document on feedback_feedback (document) where document is not null;
create index feedback_feedback_report on feedback_feedback (month, unit, state);

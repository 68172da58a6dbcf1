-- Applications for electronic seals. What a form holds, the seal's name and the
-- names of files are sealed. The path of the unit is there for lists: units do
-- not move.
create table sealapply_form (
  region text not null,
  version text not null,
  content bytea not null,
  account text not null,
  reason text not null,
  created_at bigint not null,
  primary key (region, version)
);

create table sealapply_application (
  id text primary key,
  kind text not null,
  org text not null,
  path text not null,
  seal_kind text not null,
  seal text not null default '',
  makes text not null default '',
  person text not null default '',
  custodian text not null default '',
  state text not null,
  round bigint not null default 0,
  step bigint not null default 0,
  form_region text not null,
  form_version text not null,
  content bytea not null,
  imprint bytea,
  width bigint not null default 0,
  height bigint not null default 0,
  statement_version text not null default '',
  statement_by text not null default '',
  statement_at bigint not null default 0,
  statement_imprint bytea,
  certificate_mode text not null default 'built-in',
  certificate text not null default '',
  certificate_key text not null default '',
  certificate_request text not null default '',
  account text not null,
  submitted_at bigint,
  acting text not null default '',
  authority text not null default '',
  number text not null default '',
  reason text not null default '',
  trouble text not null default '',
  campaign text not null default '',
  revision bigint not null default 0,
  created_at bigint not null,
  ended_at bigint,
  constraint sealapply_application_kind check (kind in ('apply', 'renew', 'change', 'remake', 'cancel')),
  constraint sealapply_application_state check (state in ('draft', 'submitted', 'approved', 'making', 'made', 'filing', 'filed', 'cancelling', 'done', 'refused', 'withdrawn')),
  constraint sealapply_application_ended check ((ended_at is not null) = (state in ('filed', 'done', 'withdrawn')))
);
create index sealapply_application_listed on sealapply_application (created_at, id);
create index sealapply_application_org on sealapply_application (org, seal_kind, created_at, id);
create index sealapply_application_path on sealapply_application (path, created_at, id);
create index sealapply_application_mine on sealapply_application (account, created_at, id);
create index sealapply_application_half on sealapply_application (created_at, id) where state in ('making', 'filing', 'cancelling');
create index sealapply_application_makes on sealapply_application (makes);
create index sealapply_application_seal on sealapply_application (seal);
create index sealapply_application_campaign on sealapply_application (campaign, created_at, id);

-- The tiers of one round of an application or a campaign.
create table sealapply_step (
  object text not null,
  round bigint not null,
  seq bigint not null,
  tier text not null,
  org text not null,
  state text not null,
  account text not null default '',
  opinion text not null default '',
  since bigint,
  due_at bigint,
  decided_at bigint,
  primary key (object, round, seq),
  constraint sealapply_step_state check (state in ('ahead', 'waiting', 'passed', 'refused', 'dropped')),
  constraint sealapply_step_decided check ((state in ('passed', 'refused')) = (decided_at is not null))
);
create index sealapply_step_waiting on sealapply_step (org, object) where state = 'waiting';
create index sealapply_step_org on sealapply_step (org, object);

create table sealapply_history (
  object text not null,
  seq bigint not null,
  at bigint not null,
  account text not null,
  action text not null,
  state text not null,
  round bigint not null,
  tier text not null default '',
  reason text not null default '',
  checks jsonb not null default '[]',
  primary key (object, seq)
);

create table sealapply_attachment (
  id text primary key,
  object text not null,
  code text not null,
  name bytea not null,
  media text not null,
  size bigint not null,
  digest bytea not null,
  account text not null,
  created_at bigint not null,
  removed_at bigint
);
create index sealapply_attachment_object on sealapply_attachment (object, created_at, id);
create index sealapply_attachment_digest on sealapply_attachment (digest);

create table sealapply_campaign (
  id text primary key,
  title text not null,
  org text not null,
  path text not null,
  seal_kind text not null,
  until bigint not null,
  basis text not null,
  state text not null,
  round bigint not null default 0,
  step bigint not null default 0,
  account text not null,
  acting text not null default '',
  trouble text not null default '',
  content bytea,
  revision bigint not null default 0,
  created_at bigint not null,
  submitted_at bigint,
  started_at bigint,
  ended_at bigint,
  worked bigint not null default 0,
  worker text not null default '',
  lease_at bigint not null default 0,
  constraint sealapply_campaign_state check (state in ('draft', 'submitted', 'approved', 'running', 'paused', 'finished', 'refused', 'withdrawn', 'over')),
  constraint sealapply_campaign_ended check ((ended_at is not null) = (state in ('finished', 'withdrawn', 'over')))
);
create index sealapply_campaign_listed on sealapply_campaign (created_at, id);
create index sealapply_campaign_running on sealapply_campaign (created_at, id) where state = 'running';

create table sealapply_row (
  campaign text not null references sealapply_campaign (id),
  line bigint not null,
  org text not null default '',
  org_name text not null,
  uscc text not null default '',
  seal_kind text not null,
  name bytea not null,
  custodian text not null default '',
  picture text not null,
  width bigint not null,
  height bigint not null,
  state text not null,
  application text not null default '',
  seal text not null default '',
  problems text not null default '',
  primary key (campaign, line),
  constraint sealapply_row_state check (state in ('pending', 'begun', 'done', 'refused'))
);
create index sealapply_row_state on sealapply_row (campaign, state, line);

create table sealapply_picture (
  campaign text not null references sealapply_campaign (id),
  name text not null,
  digest bytea not null,
  primary key (campaign, name)
);
create index sealapply_picture_digest on sealapply_picture (digest);

-- Who acts for which enterprise: verified by the authority that registered it.
create table sealapply_bond (
  id text primary key,
  account text not null,
  org text not null,
  basis text not null,
  registered_by text not null,
  created_at bigint not null,
  ended_by text not null default '',
  ended_reason text not null default '',
  ended_at bigint
);
create unique index sealapply_bond_one on sealapply_bond (account, org) where ended_at is null;
create index sealapply_bond_org on sealapply_bond (org, created_at, id);
create index sealapply_application_imprint on sealapply_application (imprint);

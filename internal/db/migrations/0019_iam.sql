-- What gives somebody something carries a MAC: iam_grant, iam_post, iam_glass,
-- iam_policy, iam_client, iam_secret and iam_org are guarded with a census as
-- well (package keys); iam_account and iam_token, which business writes to, with
-- the MAC alone. A row without one gives nothing: `sidian migrate` adopts rows
-- that stood here before.
alter table iam_org add column type text not null default 'other';
alter table iam_org add column folded text not null default '';
alter table iam_org add column path text not null default '';
alter table iam_org add column mac bytea;
create index iam_org_path on iam_org (path);
create index iam_org_tree on iam_org (coalesce(parent, ''), sort, id);

create table iam_former (
  id text primary key,
  org text not null references iam_org (id),
  name text not null,
  until_at bigint not null,
  account text not null,
  reason text not null
);
create index iam_former_org on iam_former (org, until_at, id);

create table iam_post (
  id text primary key,
  org text not null references iam_org (id),
  post text not null,
  account text not null references iam_account (id),
  since_at bigint not null,
  until_at bigint,
  reason text not null,
  appointed_by text not null,
  ended_by text not null default '',
  ended_reason text not null default '',
  mac bytea,
  constraint iam_post_post check (post in ('contact', 'custodian', 'reviewer'))
);
create unique index iam_post_once on iam_post (org, post) where until_at is null;
create unique index iam_post_person on iam_post (org, account) where until_at is null;
create index iam_post_account on iam_post (account, id) where until_at is null;
create index iam_post_org on iam_post (org, since_at, id);

alter table iam_account add column name_index bytea;
alter table iam_account add column mac bytea;
create index iam_account_name on iam_account (name_index, id) where name_index is not null;
create index iam_account_phone on iam_account (phone_index, id) where phone_index is not null;
create index iam_account_citizens on iam_account (citizen_index, id) where citizen_index is not null;

alter table iam_grant add column until_at bigint;
alter table iam_grant add column basis text not null default '';
alter table iam_grant add column note text not null default '';
alter table iam_grant add column mac bytea;
create index iam_grant_account on iam_grant (account, proposed_at, id);
create index iam_grant_org on iam_grant (org, proposed_at, id);
create index iam_grant_role on iam_grant (role, id) where state = 'effective';
create index iam_grant_until on iam_grant (until_at, id) where state = 'effective' and until_at is not null;
create index iam_grant_time on iam_grant (proposed_at, id);

create table iam_policy (
  version bigint primary key,
  roles text not null,
  rules text not null,
  digest bytea not null,
  state text not null,
  reason text not null,
  proposed_by text not null,
  proposed_at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  note text not null default '',
  mac bytea,
  constraint iam_policy_state check (state in ('draft', 'effective', 'refused', 'superseded'))
);
create unique index iam_policy_draft on iam_policy (state) where state = 'draft';
create unique index iam_policy_effective on iam_policy (state) where state = 'effective';

create table iam_glass (
  id text primary key,
  account text not null references iam_account (id),
  org text not null references iam_org (id),
  object text not null,
  reason text not null,
  opened_at bigint not null,
  until_at bigint not null,
  closed_at bigint,
  closed_by text not null default '',
  verdict text not null default '',
  note text not null default '',
  reviewed_by text not null default '',
  reviewed_at bigint,
  mac bytea,
  constraint iam_glass_verdict check (verdict in ('', 'proper', 'improper'))
);
create unique index iam_glass_open on iam_glass (account) where closed_at is null;
create index iam_glass_listed on iam_glass (opened_at, id);

alter table iam_client add column until_at bigint;
alter table iam_client add column mac bytea;
create index iam_client_listed on iam_client (created_at, id);

alter table iam_secret add column until_at bigint;
alter table iam_secret add column used_at bigint;
alter table iam_secret add column mac bytea;

alter table iam_token add column mac bytea;

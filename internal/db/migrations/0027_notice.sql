-- What people are told inside the platform: one account, or, where account is
-- empty, whoever holds a permission at an organisation when they look.
create table notice_notice (
  id text primary key,
  account text not null,
  org text not null,
  permission text not null,
  topic text not null,
  title text not null,
  body text not null,
  link text not null,
  at bigint not null,
  constraint notice_notice_audience check ((account <> '' and permission = '') or (account = '' and permission <> '' and org <> ''))
);
create index notice_notice_account on notice_notice (account, at, id);
create index notice_notice_org on notice_notice (org, at, id, permission);
create index notice_notice_at on notice_notice (at, id, permission, org);

-- Who read what. What is counted with every page is here without a join.
create table notice_read (
  account text not null,
  notice text not null references notice_notice (id),
  org text not null,
  permission text not null,
  told_at bigint not null,
  at bigint not null,
  primary key (account, notice)
);
create index notice_read_told on notice_read (account, told_at, permission, org);
create index notice_read_notice on notice_read (notice);

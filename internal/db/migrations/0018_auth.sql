-- How people prove to be an account leaves the account: package auth keeps it.
-- totp stays sealed in the cell iam_account.totp, under the account's id.
create table auth_credential (
  account text primary key references iam_account (id),
  password text not null default '',
  password_at bigint not null default 0,
  must_change boolean not null default false,
  totp bytea,
  totp_step bigint not null default 0,
  assurance bigint not null default 0,
  constraint auth_credential_assurance check (assurance between 0 and 3)
);

insert into auth_credential (account, password, password_at, totp, totp_step, assurance)
select id, password, password_at, totp, totp_step, 2 from iam_account;

alter table iam_account drop column password;
alter table iam_account drop column password_at;
alter table iam_account drop column totp;
alter table iam_account drop column totp_step;

-- Counts by blind index of a username or address, whether it exists or not.
alter table iam_attempt rename to auth_attempt;
drop index iam_attempt_since;
create index auth_attempt_since on auth_attempt (since);

alter table iam_session rename to auth_session;
alter table auth_session add column level bigint not null default 2;
drop index iam_session_account;
drop index iam_session_created;
create index auth_session_account on auth_session (account, created_at, id) where ended_at is null;
create index auth_session_created on auth_session (created_at);

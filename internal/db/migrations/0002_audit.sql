create table audit_entry (
  id text primary key,
  at bigint not null,
  account text not null,
  name text not null,
  org text not null,
  app text not null,
  address text not null,
  action text not null,
  object text not null,
  reason text not null,
  result text not null,
  before_digest bytea,
  after_digest bytea,
  canonical bytea not null
);

create index audit_entry_object on audit_entry (object, at, id);
create index audit_entry_account on audit_entry (account, at, id);
create index audit_entry_at on audit_entry (at, id);

-- What was done stays done: rows are neither changed nor deleted.
-- only sqlite
create trigger audit_entry_no_update before update on audit_entry
begin
  select raise(abort, 'audit_entry rows are not changed');
end;
create trigger audit_entry_no_delete before delete on audit_entry
begin
  select raise(abort, 'audit_entry rows are not deleted');
end;
-- only postgres
create function audit_entry_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'audit_entry rows are not changed or deleted';
end
$$;
create trigger audit_entry_no_change before update or delete or truncate on audit_entry
  for each statement execute function audit_entry_refuse();
-- all

-- What an entry lacked: within which session and request, for which purpose,
-- under which rule. version is that of its canonical bytes.
alter table audit_entry add column version bigint not null default 1;
alter table audit_entry add column session text not null default '';
alter table audit_entry add column request text not null default '';
alter table audit_entry add column purpose text not null default '';
alter table audit_entry add column rule text not null default '';

create index audit_entry_org on audit_entry (org, at, id);
create index audit_entry_action on audit_entry (action, at, id);
create index audit_entry_app on audit_entry (app, at, id) where app <> '';
create index audit_entry_address on audit_entry (address, at, id) where address <> '';
create index audit_entry_result on audit_entry (result, at, id) where result <> 'done';

-- Entries that wait to be chained.
create table audit_pending (
  entry text primary key
);
insert into audit_pending (entry) select id from audit_entry;

-- digest is HMAC-SM3 over that of the link before, seq, and the canonical bytes
-- of the entry.
create table audit_link (
  seq bigint primary key,
  entry text not null unique,
  digest bytea not null,
  constraint audit_link_seq check (seq > 0)
);

-- Signed links: what an outsider can hold against us.
create table audit_head (
  seq bigint primary key,
  digest bytea not null,
  at bigint not null,
  key text not null,
  signature bytea not null
);

-- Who holds its row may add links.
create table audit_turn (
  id text primary key
);
insert into audit_turn (id) values ('chain');

-- What was done stays done, and so does what was linked and signed. SQLite's
-- "insert or replace" deletes without firing triggers of deletion, by key or by
-- rowid: it is refused before it does.
-- only sqlite
create trigger audit_entry_no_replace before insert on audit_entry
when exists (select 1 from audit_entry where id = new.id or rowid = new.rowid)
begin
  select raise(abort, 'audit_entry rows are not changed');
end;
create trigger audit_link_no_replace before insert on audit_link
when exists (select 1 from audit_link where seq = new.seq or entry = new.entry)
begin
  select raise(abort, 'audit_link rows are not changed');
end;
create trigger audit_link_no_update before update on audit_link
begin
  select raise(abort, 'audit_link rows are not changed');
end;
create trigger audit_link_no_delete before delete on audit_link
begin
  select raise(abort, 'audit_link rows are not deleted');
end;
create trigger audit_head_no_replace before insert on audit_head
when exists (select 1 from audit_head where seq = new.seq)
begin
  select raise(abort, 'audit_head rows are not changed');
end;
create trigger audit_head_no_update before update on audit_head
begin
  select raise(abort, 'audit_head rows are not changed');
end;
create trigger audit_head_no_delete before delete on audit_head
begin
  select raise(abort, 'audit_head rows are not deleted');
end;
-- only postgres
create function audit_keep() returns trigger language plpgsql as $$
begin
  raise exception '% rows are not changed or deleted', tg_table_name;
end
$$;
create trigger audit_link_no_change before update or delete or truncate on audit_link
  for each statement execute function audit_keep();
create trigger audit_head_no_change before update or delete or truncate on audit_head
  for each statement execute function audit_keep();
-- all

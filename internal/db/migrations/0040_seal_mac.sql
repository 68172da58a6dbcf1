-- What lets a seal be used carries a MAC, so that nobody gains a stamp by writing
-- into the database. A use carries one while it may still be stamped. Rows from
-- before have none, and grant nothing until `sidian migrate` has given them one.
alter table seal_rule add column mac bytea;
alter table seal_policy add column mac bytea;
alter table seal_approval add column mac bytea;
alter table seal_use add column mac bytea;
-- An approval is taken by one use, whatever its own row says.
create unique index seal_use_approval on seal_use (approval_id) where approval_id <> '';
create index seal_use_open on seal_use (id) where state = 'intended';
create index seal_approval_open on seal_approval (id) where used_by is null;

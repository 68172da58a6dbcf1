-- What tells a row of a scheme, of a composite permit and of its members from one
-- that was edited in the database; rows of before get theirs by a chore, once. folds
-- is how many members a composite has.
alter table composite_scheme add column mac bytea;
alter table composite_composite add column mac bytea;
alter table composite_composite add column folds bigint not null default 0;
alter table composite_member add column mac bytea;
create index composite_scheme_unguarded on composite_scheme (id) where mac is null;
create index composite_composite_unguarded on composite_composite (id) where mac is null;

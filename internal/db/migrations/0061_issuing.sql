-- What tells a row of a draft, and of what was done with it, from one that was
-- edited in the database; rows of before get theirs by a chore, once. steps is
-- how many rows of issuing_step a draft has.
alter table issuing_draft add column mac bytea;
alter table issuing_draft add column steps bigint not null default 0;
alter table issuing_step add column mac bytea;
create index issuing_draft_unguarded on issuing_draft (id) where mac is null;

-- When the work that waits is due, by which the queue is sorted, and whether it
-- was sent back and has not been handed on since.
alter table issuing_draft add column due_at bigint not null default 0;
alter table issuing_draft add column sent_back boolean not null default false;
create index issuing_draft_due on issuing_draft (due_at, id) where ended_at is null;
create index issuing_draft_unit_due on issuing_draft (unit, due_at, id) where ended_at is null;
create index issuing_draft_back on issuing_draft (due_at, id) where sent_back and ended_at is null;
drop index issuing_draft_queue;

-- The request for the seals of other units that a draft waits for.
alter table issuing_draft add column request text not null default '';
create index issuing_draft_request on issuing_draft (request) where request <> '';
